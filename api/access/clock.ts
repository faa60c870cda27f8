import type { Logger } from 'pino'
import type { Db } from '../database/client.ts'

// Measured against the monotonic clock, which no one can set: a wrong or leaping system clock changes nothing here.
let ahead = Date.now() - performance.now()

/** The time by the database's clock, as far as this process knows it: never behind it by more than the drift of a minute. */
export const databaseNow = (): Date => new Date(performance.now() + ahead)

/** Asks the database what time it is; the quickest of a few answers is the nearest. */
export const measureClock = async (db: Db): Promise<void> => {
  let quickest = Number.POSITIVE_INFINITY
  let measured = ahead
  for (let sample = 0; sample < 5; sample++) {
    const asked = performance.now()
    const [row] = await db.$queryRaw<{ now: Date }[]>`SELECT clock_timestamp()::timestamptz(3) AS now`
    const took = performance.now() - asked
    if (!row || took >= quickest) continue
    quickest = took
    // As if the answer had been made the moment we asked: an estimate that is early accepts no expired token.
    measured = row.now.getTime() - asked
  }
  ahead = measured
}

/** Measures now and each minute; returns the way to stop. */
export const keepClock = async (db: Db, log: Logger): Promise<() => void> => {
  await measureClock(db)
  const timer = setInterval(() => {
    measureClock(db).catch((error: unknown) => log.warn({ err: error }, 'could not read the clock of the database'))
  }, 60_000)
  timer.unref()
  return () => clearInterval(timer)
}
