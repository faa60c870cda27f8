import { clinicDay, clinicDayBounds, type DayRule } from '../clinic/day.ts'
import type { QueueStatus } from '../database/generated/enums.ts'

/** How long the end of a visit can still be seen behind its link. */
const FAREWELL_MS = 60_000

/**
 * Does the link to a visit show nothing any more? A minute after SERVED or LEFT; after NO_SHOW, from which one may come back,
 * when the clinic day ends. While the entry is open the link is, too.
 */
export const hasEnded = (
  entry: { status: QueueStatus; finishedAt: Date | null },
  clinic: DayRule,
  now: Date,
): boolean => {
  if (entry.finishedAt === null) return false
  if (entry.status !== 'NO_SHOW') return now.getTime() - entry.finishedAt.getTime() >= FAREWELL_MS
  return now >= clinicDayBounds(clinicDay(entry.finishedAt, clinic), clinic).end
}
