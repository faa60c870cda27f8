import type { AppointmentStatus, NotificationKind, QueueStatus } from '../database/generated/enums.ts'
import { aboutOf } from './keys.ts'

/** Where a visit stands: `called` and `news` are the entry's versions at its last call and at the last move that patients are told of. */
export type Standing = { status: QueueStatus; called: number | null; news: number | null }

/**
 * Does a message about a visit still say what is so? "Almost your turn" is over with the first call, "your turn" with the end of
 * that call; no message outlives newer news. `version` is the entry's at the move it tells of, also of one that staff send again.
 */
export const isCurrent = (
  { kind, version }: { kind: NotificationKind; version: number | null },
  { status, called, news }: Standing,
): boolean => {
  const isSince = (other: number | null) => (version ?? 0) >= (other ?? 0)
  switch (kind) {
    case 'ALMOST_YOUR_TURN':
      return called === null && (status === 'WAITING' || status === 'ON_HOLD')
    case 'YOUR_TURN':
      return status === 'CALLED' && isSince(called)
    case 'MISSED':
      return status === 'NO_SHOW' && isSince(news)
    case 'CORRECTION':
      return isSince(news)
    default:
      return true
  }
}

/** Where a booking stands; `told` is its version at the last change that is in the ledger, 0 before any. */
export type BookingStanding = { status: AppointmentStatus; startsAt: Date; told: number }

/**
 * Does a message about a booking still say what is so, by its key? "Booked" and "moved" are over once a later change is told or the
 * booking is cancelled, a reminder with the start that it names, "cancelled" when that was taken back. So too of one that staff send again.
 */
export const isBookingCurrent = (
  { kind, key }: { kind: NotificationKind; key: string },
  { status, startsAt, told }: BookingStanding,
): boolean => {
  const about = aboutOf(key)
  switch (kind) {
    case 'BOOKED':
    case 'RESCHEDULED':
      return status !== 'CANCELLED' && (about.version ?? 0) >= told
    case 'REMINDER':
      return status === 'BOOKED' && about.startsAt?.getTime() === startsAt.getTime()
    case 'CANCELLED':
      return status === 'CANCELLED'
    default:
      return true
  }
}
