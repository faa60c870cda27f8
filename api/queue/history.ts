import { compareKeys, type OrderKey } from './order.ts'

/** A move as stored, with the order keys of its entry before and after it; a key is null while the entry does not wait in this queue. */
export type QueueMove = {
  entryId: string
  at: Date
  kind: string
  reason: string | null
  fromKey: OrderKey | null
  toKey: OrderKey | null
  boundDoctorId: string | null
}

export type HistoryEvent = { at: Date; kind: string; reason: string | null; position: number | null }

type Standing = { key: OrderKey; boundDoctorId: string | null }

const positionOf = (waiting: ReadonlyMap<string, Standing>, id: string): number | null => {
  const own = waiting.get(id)
  if (!own) return null
  let ahead = 0
  for (const other of waiting.values()) {
    const isSkipped =
      own.boundDoctorId !== null && other.boundDoctorId !== null && other.boundDoctorId !== own.boundDoctorId
    if (!isSkipped && compareKeys(other.key, own.key) < 0) ahead++
  }
  return ahead + 1
}

/** Why somebody passed, in words that tell nothing about who. The reason of a manual move is shown as it was given. */
const passedReason = (move: QueueMove): string | null => {
  switch (move.kind) {
    case 'MOVED':
      return move.reason
    case 'CHECKED_IN':
      return 'A patient came for an earlier slot.'
    case 'WALKED_IN':
    case 'URGENCY_SET':
      return 'A patient is more urgent.'
    case 'RETURNED':
    case 'UNDONE':
      return 'A patient came back to their place.'
    case 'TRANSFERRED':
      return 'A patient who came earlier was sent over from another service.'
    default:
      return null
  }
}

/** Did this move put its entry before `own`, where it was not before? */
const passed = (move: QueueMove, own: OrderKey): boolean =>
  move.toKey !== null &&
  compareKeys(move.toKey, own) < 0 &&
  (move.fromKey === null || compareKeys(move.fromKey, own) > 0)

/**
 * Everything that happened to one entry's state and place, oldest first: its own moves, and those by which somebody passed it
 * (kind PASSED, with the reason, never with the name). Worked out backwards from who waits now, over the queue's moves since it arrived.
 */
export const historyOf = (
  entryId: string,
  waitingNow: readonly { key: OrderKey; boundDoctorId: string | null }[],
  moves: readonly QueueMove[],
): HistoryEvent[] => {
  const waiting = new Map<string, Standing>(waitingNow.map((entry) => [entry.key.id, entry]))
  const events: HistoryEvent[] = []
  for (const move of moves.toReversed()) {
    const own = waiting.get(entryId)
    const isOwn = move.entryId === entryId
    if (isOwn)
      events.push({ at: move.at, kind: move.kind, reason: move.reason, position: positionOf(waiting, entryId) })
    else if (own && passed(move, own.key))
      events.push({ at: move.at, kind: 'PASSED', reason: passedReason(move), position: positionOf(waiting, entryId) })
    if (move.fromKey) waiting.set(move.entryId, { key: move.fromKey, boundDoctorId: move.boundDoctorId })
    else waiting.delete(move.entryId)
  }
  return events.reverse()
}
