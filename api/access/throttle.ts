import { createHash } from 'node:crypto'
import type { Db } from '../database/client.ts'
import { Refusal } from '../errors.ts'

const MAX_FAILURES = 10
const WINDOW_MINUTES = 15

/** So many in so many minutes. */
export type Limit = { most: number; minutes: number }

const OF_GUESSES: Limit = { most: MAX_FAILURES, minutes: WINDOW_MINUTES }

/** An account as the throttle knows it: whether it exists plays no part, and what was typed cannot be read back. */
export const accountKey = (kind: 'user' | 'patient' | `door ${string}`, name: string): string =>
  createHash('sha256').update(`${kind}:${name}`).digest('base64url')

const tooMany = (retryAfterSeconds: number): Refusal =>
  new Refusal('TOO_MANY_ATTEMPTS', undefined, { retryAfterSeconds: Math.max(1, Math.ceil(retryAfterSeconds)) })

const secondsLeft = async (db: Db, account: string, most: number): Promise<number | null> => {
  const [row] = await db.$queryRaw<{ seconds: number }[]>`
    SELECT extract(epoch FROM window_ends_at - clock_timestamp())::float8 AS seconds
    FROM login_attempts
    WHERE account = ${account} AND failures >= ${most} AND window_ends_at > clock_timestamp()`
  return row?.seconds ?? null
}

/** Refuses at once an account that has had its failures; it need not wait for its turn to hear that. */
export const demandNotBlocked = async (db: Db, account: string): Promise<void> => {
  const left = await secondsLeft(db, account, MAX_FAILURES)
  if (left !== null) throw tooMany(left)
}

/**
 * Counts a guess as a failure before it is looked at, so that parallel guesses on all instances together
 * are never more than 10 in 15 minutes (or what the limit says); success takes the count back. Answers which failure of the window this would be.
 */
export const countGuess = async (db: Db, account: string, { most, minutes } = OF_GUESSES): Promise<number> => {
  const [counted] = await db.$queryRaw<{ failures: number }[]>`
    INSERT INTO login_attempts AS a (account, failures, window_ends_at)
    VALUES (${account}, 1, clock_timestamp() + make_interval(mins => ${minutes}::int))
    ON CONFLICT (account) DO UPDATE SET
      failures = CASE WHEN a.window_ends_at <= clock_timestamp() THEN 1 ELSE a.failures + 1 END,
      window_ends_at = CASE WHEN a.window_ends_at <= clock_timestamp() THEN excluded.window_ends_at ELSE a.window_ends_at END
    WHERE a.failures < ${most} OR a.window_ends_at <= clock_timestamp()
    RETURNING failures`
  if (counted) return counted.failures
  throw tooMany((await secondsLeft(db, account, most)) ?? 1)
}

/** The right password: the account's failures are forgotten. */
export const forgetGuesses = async (db: Db, account: string): Promise<void> => {
  await db.$executeRaw`DELETE FROM login_attempts WHERE account = ${account}`
}

/** One that was counted turned out to be right: it counts no more. */
export const takeGuessBack = async (db: Db, account: string): Promise<void> => {
  await db.$executeRaw`UPDATE login_attempts SET failures = failures - 1 WHERE account = ${account} AND failures > 0`
}

export const isLastGuess = (failures: number): boolean => failures >= MAX_FAILURES
