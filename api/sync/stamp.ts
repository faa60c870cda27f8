import { clinicDay, clinicDayBounds, type DayRule } from '../clinic/day.ts'

/** Devices' clocks are never trusted: an age of more than thirty days counts as thirty. */
export const LONGEST_AGE_MS = 30 * 86_400_000

/**
 * When an act was done, in whole microseconds since 1970 by the database's clock: now less its age, never in the future,
 * and after the last act of the same client.
 */
export const stampOf = (now: number, ageMs: number, lastStamp: number): number => {
  const age = Number.isNaN(ageMs) ? 0 : Math.min(Math.max(ageMs, 0), LONGEST_AGE_MS)
  return Math.max(lastStamp + 1, Math.min(now, Math.round(now - age * 1000)))
}

/** A stamp in whole milliseconds, as records are stamped: never later than the stamp itself. */
export const instantOfStamp = (stamp: number): Date => new Date(Math.floor(stamp / 1000))

const latest = (...instants: readonly Date[]): Date => new Date(Math.max(...instants.map((at) => at.getTime())))

/**
 * When a patient arrived who was taken in at `at` by a device without a network: not before the present clinic day began,
 * nor before the device last had nothing unsent (`since`), and never later than now.
 */
export const arrivalOf = (act: { at: Date; since: Date | null }, now: Date, clinic: DayRule): Date => {
  const { start } = clinicDayBounds(clinicDay(now, clinic), clinic)
  const arrived = latest(act.at, start, act.since ?? start)
  return arrived < now ? arrived : now
}

/** When a move was made that a device did at `at`: not before the entry's last move, and never later than now. */
export const moveTime = (at: Date, lastMove: Date, now: Date): Date => {
  const moved = latest(at, lastMove)
  return moved < now ? moved : now
}
