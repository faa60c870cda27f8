import { parseArgs } from 'node:util'

export type Options = {
  file: string
  date: string | null
  /** How many times faster than recorded; null: as fast as the server takes it. */
  speed: number | null
  json: boolean
  /** So many instances of the replay's own, which are killed and cut off while the day is played; null: one server, left in peace. */
  instances: number | null
  /** How those tell each other what has changed. */
  wire: 'redis' | 'notify'
  /** Plays the same harm again. */
  seed: number | null
}

export class UsageError extends Error {}

export const USAGE = `npm run replay -- [FILE] [--date D] [--speed N|max] [--json] [--instances N [--wire redis|notify] [--seed N]]

Plays a recorded clinic day through the public API of a running server, and checks it.
  FILE      a CSV with visit,date,arrived_at,called_at,completed_at,doctor_type; left out, a small made-up day
  --date    the day to play, as in 2019-11-04, where the file holds several
  --speed   how many times faster than recorded (60 unless told), or max: as fast as the server takes it
  --json    prints the result as one line of JSON, too
  --instances  starts so many instances (2 to 8) on a database of their own, and kills and cuts them off meanwhile
  --wire    how these tell each other what has changed: redis (unless told, where it is installed) or notify
  --seed    the seed of that harm, as it was printed
The server is looked for on PORT (4000) of HOST (127.0.0.1); where none answers, one is started for the replay.`

const speedOf = (text: string): number | null => {
  if (text === 'max') return null
  const speed = Number(text)
  if (!(speed > 0 && speed <= 100_000))
    throw new UsageError(`--speed must be max or a number up to 100000, not "${text}".`)
  return speed
}

const numberOf = (name: string, text: string | undefined, least: number, most: number): number | null => {
  if (text === undefined) return null
  const number = Number(text)
  if (!Number.isInteger(number) || number < least || number > most)
    throw new UsageError(`--${name} must be a whole number from ${least} to ${most}, not "${text}".`)
  return number
}

const wireOf = (text: string): 'redis' | 'notify' => {
  if (text !== 'redis' && text !== 'notify') throw new UsageError(`--wire must be redis or notify, not "${text}".`)
  return text
}

/** The command line → Options. `wire` is what is taken unless told. */
export const parseOptions = (
  args: string[],
  smallDay: string,
  wire: 'redis' | 'notify' = 'notify',
): Options | 'help' => {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        date: { type: 'string' },
        speed: { type: 'string', default: '60' },
        json: { type: 'boolean', default: false },
        instances: { type: 'string' },
        wire: { type: 'string' },
        seed: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) return 'help'
    if (positionals.length > 1) throw new UsageError(`One FILE is played at a time, not ${positionals.join(', ')}.`)
    const instances = numberOf('instances', values.instances, 2, 8)
    if (instances === null && (values.wire !== undefined || values.seed !== undefined))
      throw new UsageError('--wire and --seed are for --instances.')
    return {
      file: positionals[0] ?? smallDay,
      date: values.date ?? null,
      speed: speedOf(values.speed),
      json: values.json,
      instances,
      wire: values.wire === undefined ? wire : wireOf(values.wire),
      seed: numberOf('seed', values.seed, 0, 2 ** 32 - 1),
    }
  } catch (error) {
    if (String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS'))
      throw new UsageError((error as Error).message)
    throw error
  }
}
