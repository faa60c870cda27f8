import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseOptions, USAGE, UsageError } from './options.ts'
import type { Progress } from './play.ts'
import { chooseDay, parseRecording, RecordingError } from './recording.ts'
import { type Listener, replayDay } from './replay.ts'
import { findServer, ServerProblem } from './server.ts'
import { clockText, jsonOf, tableOf } from './table.ts'

const SMALL_DAY = fileURLToPath(new URL('small-day.csv', import.meta.url))

/** Progress goes to stderr, so that stdout holds the result alone. */
const say = (line: string): void => console.error(line)

/** On a terminal one line that changes; elsewhere a line every few seconds. */
const createProgress = (total: number): Listener & { end: () => void } => {
  const isTerminal = process.stderr.isTTY
  const every = isTerminal ? 200 : 3_000
  let shownAt = Number.NEGATIVE_INFINITY
  const show = (line: string, isLast = false): void => {
    if (!isLast && performance.now() - shownAt < every) return
    shownAt = performance.now()
    process.stderr.write(isTerminal ? `\r\x1b[2K${line}` : `${line}\n`)
  }
  return {
    preparing: (what, done, of) => show(`Making ready: ${done} of ${of} ${what}`, done === of),
    playing: ({ at, arrivals, calls, waiting }: Progress) =>
      show(`${clockText(at)}  ${arrivals} of ${total} arrived, ${calls} called, ${waiting} waiting`),
    end: () => {
      if (isTerminal) process.stderr.write('\r\x1b[2K')
    },
  }
}

/** Set as soon as there is something to end, so that whatever ends the replay ends its server, too. */
const own: { stop?: () => Promise<void> } = {}

const replay = async (): Promise<boolean> => {
  const options = parseOptions(process.argv.slice(2), SMALL_DAY)
  if (options === 'help') {
    console.log(USAGE)
    return true
  }
  const day = chooseDay(parseRecording(readFileSync(options.file, 'utf8')), options.date)
  const server = await findServer(process.env, say, (stop) => {
    own.stop = stop
  })
  say(`Playing ${day.visits.length} visits of ${day.date}, speed ${options.speed ?? 'max'}.`)
  const progress = createProgress(day.visits.length)
  const { report, setting } = await replayDay(server.url, { ...day, speed: options.speed }, progress)
  progress.end()
  console.log(tableOf(report, setting))
  if (options.json) console.log(jsonOf(report, setting))
  return report.isRight
}

const explain = (error: unknown): string => {
  if (error instanceof UsageError) return `${error.message}\n\n${USAGE}`
  if (error instanceof RecordingError || error instanceof ServerProblem) return error.message
  const { code, path } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' && path) return `The file ${path} does not exist.`
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, async () => {
    say('\nStopping …')
    await own.stop?.()
    process.exit(130)
  })

let code = 1
try {
  code = (await replay()) ? 0 : 1
} catch (error) {
  console.error(`\n${explain(error)}`)
  code = error instanceof UsageError ? 2 : 1
} finally {
  await own.stop?.()
}
process.exit(code)
