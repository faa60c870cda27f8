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

/** Why somebody passed, for a program to say in its reader's language. DESK: by hand, with a reason of its own. */
export type PassedCause = 'EARLIER_SLOT' | 'MORE_URGENT' | 'CAME_BACK' | 'CAME_EARLIER' | 'DESK'

export type HistoryEvent = {
  at: Date
  kind: string
  reason: string | null
  /** Of PASSED. */
  cause: PassedCause | null
  position: number | null
}

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

const causes: Record<string, PassedCause> = {
  MOVED: 'DESK',
  CHECKED_IN: 'EARLIER_SLOT',
  WALKED_IN: 'MORE_URGENT',
  URGENCY_SET: 'MORE_URGENT',
  RETURNED: 'CAME_BACK',
  UNDONE: 'CAME_BACK',
  TRANSFERRED: 'CAME_EARLIER',
}

const sentences: Record<PassedCause, string | null> = {
  EARLIER_SLOT: 'A patient came for an earlier slot.',
  MORE_URGENT: 'A patient is more urgent.',
  CAME_BACK: 'A patient came back to their place.',
  CAME_EARLIER: 'A patient who came earlier was sent over from another service.',
  DESK: null,
}

/** Why somebody passed, told so that it says nothing about who. The reason of a manual move is shown as it was given. */
const passedBy = (move: QueueMove): { cause: PassedCause | null; reason: string | null } => {
  const cause = causes[move.kind] ?? null
  return { cause, reason: cause && (cause === 'DESK' ? move.reason : sentences[cause]) }
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
    const position = positionOf(waiting, entryId)
    if (isOwn) events.push({ at: move.at, kind: move.kind, reason: move.reason, cause: null, position })
    else if (own && passed(move, own.key)) events.push({ at: move.at, kind: 'PASSED', ...passedBy(move), position })
    if (move.fromKey) waiting.set(move.entryId, { key: move.fromKey, boundDoctorId: move.boundDoctorId })
    else waiting.delete(move.entryId)
  }
  return events.reverse()
}
