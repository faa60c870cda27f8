import type { NotificationChannel } from '../database/generated/enums.ts'
import type { ReminderHours } from './kinds.ts'

/** What makes one message of a kind another one than the last about the same booking, visit or code. */
export type Occasion =
  /** Once for each booking. */
  | { kind: 'BOOKED' }
  /** Once for each change of the booking, by its version. */
  | { kind: 'RESCHEDULED' | 'CANCELLED'; version: number }
  /** Once for each start that the booking has had; moved away and back, it is the same one. */
  | { kind: 'REMINDER'; hours: ReminderHours; startsAt: Date }
  /** Once for each entry, even if the position goes back. */
  | { kind: 'ALMOST_YOUR_TURN' }
  /** Once for each move, by the version of the entry that it made. */
  | { kind: 'YOUR_TURN' | 'MISSED' | 'CORRECTION'; version: number }
  /** Once for each code. */
  | { kind: 'VERIFICATION' }

const occasionText = (occasion: Occasion): string => {
  if ('version' in occasion) return `v${occasion.version}`
  if (occasion.kind === 'REMINDER') return `${occasion.hours}h ${occasion.startsAt.toISOString()}`
  return 'once'
}

/** The permanent unique key of a message in the ledger: subject (appointment, entry or code), kind, channel and occasion. */
export const messageKey = ({
  subjectId,
  channel,
  occasion,
}: {
  subjectId: string
  channel: NotificationChannel
  occasion: Occasion
}): string => [subjectId, occasion.kind, channel, occasionText(occasion)].join(' ')

/** The key of a message that staff send again: the original's, and how many times it was sent again before. */
export const resentKey = (original: string, before: number): string => `${original} again ${before + 1}`

/** The version of the move or change that a message tells of, or the start, by its key; also where staff sent it again. */
export const aboutOf = (key: string): { version: number | null; startsAt: Date | null } => {
  const [, version, startsAt] = / (?:v(\d+)|\d+h (\S+))(?: again \d+)*$/.exec(key) ?? []
  return { version: version ? Number(version) : null, startsAt: startsAt ? new Date(startsAt) : null }
}
