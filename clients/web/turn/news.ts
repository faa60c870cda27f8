import type { PassedCause } from '@anteroom/api/queue/history'
import type { ShownVisit } from '@anteroom/api/visit/shown'
import type { Words } from './words.ts'

/** What became different for somebody who waits, in a line. */
export type Change = { kind: 'up' | 'back'; from: number; to: number } | { kind: 'returned' }

/** What to say about the step from one state of a visit to the next; null where there is nothing to say. */
export const changeOf = (before: ShownVisit | null, now: ShownVisit): Change | null => {
  if (!before || now.status !== 'WAITING') return null
  if (before.status !== 'WAITING') return { kind: 'returned' }
  const { position: from } = before
  const { position: to } = now
  if (from === null || to === null || from === to) return null
  return { kind: to < from ? 'up' : 'back', from, to }
}

/** Is this the moment to chime? Also when the room is another one now. */
export const isCall = (before: ShownVisit | null, now: ShownVisit): boolean =>
  now.status === 'CALLED' && (before?.status !== 'CALLED' || before.room !== now.room)

/** Nothing follows any more, unless the clinic takes it back. */
export const isOver = (visit: ShownVisit | null): boolean => visit?.status === 'SERVED' || visit?.status === 'LEFT'

/** A change in a sentence or two. `passed`: why somebody went before, where that is known by now. */
export const changeText = (change: Change, words: Words, passed: PassedCause | null): string => {
  if (change.kind === 'returned') return words.returned
  if (change.kind === 'up') return words.movedUp(change.from, change.to)
  return `${words.movedBack(change.from, change.to)} ${passed ? words.passed[passed] : words.whyBack}`
}

const screenNames = {
  ON_HOLD: 'onHold',
  IN_SERVICE: 'inService',
  SERVED: 'served',
  LEFT: 'left',
  NO_SHOW: 'noShow',
} as const

/** Which of the screens in words a state has; null while one waits or is called. */
export const screenOf = ({ status }: ShownVisit): (typeof screenNames)[keyof typeof screenNames] | null =>
  status === 'WAITING' || status === 'CALLED' ? null : screenNames[status]

/** A visit as it is read aloud; also the title of the page. */
export const spoken = (visit: ShownVisit, words: Words): string => {
  if (visit.status === 'CALLED')
    return visit.room === null ? words.comeToDesk : `${words.room(visit.room)}. ${words.comeIn}.`
  const screen = screenOf(visit)
  if (screen) return words.screens[screen].title
  const place = visit.position === 1 ? `${words.next}.` : `${words.place}: ${visit.position}.`
  const range = visit.estimate ? ` ${words.range(visit.estimate.lowMinutes, visit.estimate.highMinutes)}.` : ''
  return `${place}${range}`
}
