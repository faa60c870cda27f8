import { parseArgs } from 'node:util'

export type Options = {
  file: string
  date: string | null
  /** How many times faster than recorded; null: as fast as the server takes it. */
  speed: number | null
  json: boolean
}

export class UsageError extends Error {}

export const USAGE = `npm run replay -- [FILE] [--date D] [--speed N|max] [--json]

Plays a recorded clinic day through the public API of a running server, and checks it.
  FILE      a CSV with visit,date,arrived_at,called_at,completed_at,doctor_type; left out, a small made-up day
  --date    the day to play, as in 2019-11-04, where the file holds several
  --speed   how many times faster than recorded (60 unless told), or max: as fast as the server takes it
  --json    prints the result as one line of JSON, too
The server is looked for on PORT (4000) of HOST (127.0.0.1); where none answers, one is started for the replay.`

const speedOf = (text: string): number | null => {
  if (text === 'max') return null
  const speed = Number(text)
  if (!(speed > 0 && speed <= 100_000))
    throw new UsageError(`--speed must be max or a number up to 100000, not "${text}".`)
  return speed
}

/** The command line → Options. */
export const parseOptions = (args: string[], smallDay: string): Options | 'help' => {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        date: { type: 'string' },
        speed: { type: 'string', default: '60' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) return 'help'
    if (positionals.length > 1) throw new UsageError(`One FILE is played at a time, not ${positionals.join(', ')}.`)
    return {
      file: positionals[0] ?? smallDay,
      date: values.date ?? null,
      speed: speedOf(values.speed),
      json: values.json,
    }
  } catch (error) {
    if (String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS'))
      throw new UsageError((error as Error).message)
    throw error
  }
}
