import { describe, expect, it } from 'vitest'
import { historyOf, type QueueMove } from './history.ts'
import type { OrderKey } from './order.ts'

const at = new Date('2026-11-23T10:00:00Z')
const key = (id: string, subRank: string): OrderKey => ({ id, rank: 2, dueAt: at, subRank, arrivalSeq: 1 })
const [own, before, behind] = [key('own', 'm'), key('other', 'a'), key('other', 'z')]

/** What somebody who waits is told of a move of another entry. */
const told = (move: Pick<QueueMove, 'kind' | 'reason' | 'fromKey' | 'toKey'>) => {
  const waiting = [own, ...(move.toKey ? [move.toKey] : [])].map((place) => ({ key: place, boundDoctorId: null }))
  const [event] = historyOf('own', waiting, [{ entryId: 'other', at, boundDoctorId: null, ...move }])
  return event && [event.kind, event.cause, event.reason, event.position]
}

describe('who waits is told why somebody passed', () => {
  it.each([
    ['CHECKED_IN', null, 'EARLIER_SLOT', 'A patient came for an earlier slot.'],
    ['WALKED_IN', null, 'MORE_URGENT', 'A patient is more urgent.'],
    ['URGENCY_SET', 'Strong pain', 'MORE_URGENT', 'A patient is more urgent.'],
    ['RETURNED', null, 'CAME_BACK', 'A patient came back to their place.'],
    ['UNDONE', null, 'CAME_BACK', 'A patient came back to their place.'],
    ['TRANSFERRED', null, 'CAME_EARLIER', 'A patient who came earlier was sent over from another service.'],
    ['MOVED', 'Cannot stand', 'DESK', 'Cannot stand'],
  ])('%s (%s): %s', (kind, given, cause, reason) => {
    expect(told({ kind, reason: given, fromKey: null, toKey: before })).toEqual(['PASSED', cause, reason, 2])
  })

  it('and not of who stays behind, goes away or was before them already', () => {
    expect(told({ kind: 'WALKED_IN', reason: null, fromKey: null, toKey: behind })).toBeUndefined()
    expect(told({ kind: 'CALLED', reason: null, fromKey: before, toKey: null })).toBeUndefined()
    expect(told({ kind: 'MOVED', reason: 'x', fromKey: before, toKey: key('other', 'b') })).toBeUndefined()
  })
})
