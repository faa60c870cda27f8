import { chmodSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { removeDataDir } from '../database/cluster.ts'
import { startEmbedded } from '../database/embedded.ts'
import { applyMigrations } from '../database/migrate.ts'
import { createRandom, testSeed } from '../test/random.ts'
import { hasRedis, startRedis } from '../test/redis.ts'
import { startFaults, startInstances } from './instances.ts'
import { type Options, parseOptions, USAGE, UsageError } from './options.ts'
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

/** How long screens may take to be right again after the last harm. */
const HEAL_MS = 5_000

/** Instances on a database of their own, and the harm that comes to them once the day begins. */
const startOwn = async (count: number, { wire, seed: given }: Options) => {
  const endings: (() => unknown)[] = []
  let ending: Promise<void> | null = null
  own.stop = () => {
    ending ??= (async () => {
      for (const end of endings.toReversed()) await end()
    })()
    return ending
  }
  const seed = given ?? testSeed()
  say(
    `Starting ${count} instances, told by ${wire === 'redis' ? 'Redis' : 'LISTEN/NOTIFY'}; the seed of the harm is ${seed}.`,
  )
  const folder = mkdtempSync(join(tmpdir(), 'anteroom-replay-'))
  // As root the database runs as another user, who must pass through.
  chmodSync(folder, 0o755)
  endings.push(() => removeDataDir(folder))
  const { url: databaseUrl, stop } = await startEmbedded({ dataDir: folder, log: () => {} })
  endings.push(stop)
  await applyMigrations(databaseUrl, () => {})
  const redis = wire === 'redis' ? await startRedis() : null
  if (redis) endings.push(redis.stop)
  const instances = await startInstances({ databaseUrl, redis, count })
  endings.push(instances.close)
  const harm = () => {
    const faults = startFaults(instances, { databaseUrl, redis }, createRandom(seed))
    endings.push(faults.stop)
    begun.faults = faults
    return { healMs: HEAL_MS, calm: faults.calm }
  }
  const begun: { faults?: ReturnType<typeof startFaults> } = {}
  const tellHarm = async (): Promise<boolean> => {
    await begun.faults?.stop()
    const { kills = 0, lostHints = 0, redisRestarts = 0 } = begun.faults?.counts ?? {}
    say(
      `Seed ${seed}: ${kills} instances killed, hints cut off ${lostHints} times, Redis restarted ${redisRestarts} times.`,
    )
    for (const failure of begun.faults?.failures ?? []) say(`Harm that could not be done: ${failure}`)
    return begun.faults?.failures.length === 0
  }
  return { url: instances.url, harm, tellHarm }
}

const replay = async (): Promise<boolean> => {
  const options = parseOptions(process.argv.slice(2), SMALL_DAY, hasRedis ? 'redis' : 'notify')
  if (options === 'help') {
    console.log(USAGE)
    return true
  }
  const day = chooseDay(parseRecording(readFileSync(options.file, 'utf8')), options.date)
  const several = options.instances === null ? null : await startOwn(options.instances, options)
  const server =
    several ??
    (await findServer(process.env, say, (stop) => {
      own.stop = stop
    }))
  say(`Playing ${day.visits.length} visits of ${day.date}, speed ${options.speed ?? 'max'}.`)
  const progress = createProgress(day.visits.length)
  const { report, setting } = await replayDay(server.url, { ...day, speed: options.speed }, progress, several?.harm)
  progress.end()
  const isHarmed = several === null || (await several.tellHarm())
  console.log(tableOf(report, setting))
  if (options.json) console.log(jsonOf(report, setting))
  return report.isRight && isHarmed
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
