import type { NotificationKind, QueueStatus } from '../database/generated/enums.ts'

/** Where a visit stands: `called` and `news` are the entry's versions at its last call and at the last move that patients are told of. */
export type Standing = { status: QueueStatus; called: number | null; news: number | null }

/**
 * Does a message about a visit still say what is so? "Almost your turn" is over with the first call, "your turn" with the end of
 * that call; no message outlives newer news. `version` is the entry's at the move it tells of; null for one that staff sent again.
 */
export const isCurrent = (
  { kind, version }: { kind: NotificationKind; version: number | null },
  { status, called, news }: Standing,
): boolean => {
  const isSince = (other: number | null) => version === null || version >= (other ?? 0)
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
