import { describe, expect, it } from 'vitest'
import type { QueueStatus } from '../database/generated/enums.ts'
import { ownSubRank } from './order.ts'
import { appointmentStatusOf, type EntryFacts, type Move, transition } from './transitions.ts'

const now = new Date('2026-11-22T10:00:00Z')
const due = new Date('2026-11-22T09:00:00Z')

const entry = (status: QueueStatus, more: Partial<EntryFacts> = {}): EntryFacts => ({
  serviceId: 'service',
  status,
  urgency: 'ROUTINE',
  rank: 2,
  dueAt: due,
  ownDueAt: due,
  subRank: ownSubRank(7),
  arrivalSeq: 7,
  boundDoctorId: null,
  doctorId: null,
  room: null,
  endReason: null,
  calledAt: null,
  startedAt: null,
  finishedAt: null,
  ...more,
})

const states: QueueStatus[] = ['WAITING', 'CALLED', 'IN_SERVICE', 'ON_HOLD', 'SERVED', 'NO_SHOW', 'LEFT']

const call: Move = { kind: 'CALLED', doctorId: 'x', room: '2' }

// Columns as in `states`; a state means the move leads there, anything else is the refusal's code.
const table: [Move, string[]][] = [
  [call, ['CALLED', 'ALREADY_CALLED', 'ALREADY_CALLED', 'NOT_WAITING', 'NOT_WAITING', 'NOT_WAITING', 'NOT_WAITING']],
  [
    { kind: 'RECALLED' },
    ['NOT_CALLED', 'CALLED', 'NOT_CALLED', 'NOT_CALLED', 'NOT_CALLED', 'NOT_CALLED', 'NOT_CALLED'],
  ],
  [
    { kind: 'STARTED' },
    ['NOT_CALLED', 'IN_SERVICE', 'NOT_CALLED', 'NOT_CALLED', 'NOT_CALLED', 'NOT_CALLED', 'NOT_CALLED'],
  ],
  [{ kind: 'SERVED' }, ['NOT_CALLED', 'SERVED', 'SERVED', 'NOT_CALLED', 'NOT_CALLED', 'NOT_CALLED', 'NOT_CALLED']],
  [
    { kind: 'NO_SHOW' },
    ['NOT_CALLED', 'NO_SHOW', 'NOT_CALLED', 'NOT_CALLED', 'NOT_CALLED', 'NOT_CALLED', 'NOT_CALLED'],
  ],
  [
    { kind: 'HELD' },
    ['ON_HOLD', 'NOT_WAITING', 'NOT_WAITING', 'NOT_WAITING', 'NOT_WAITING', 'NOT_WAITING', 'NOT_WAITING'],
  ],
  [
    { kind: 'RETURNED' },
    ['NOT_RETURNABLE', 'WAITING', 'NOT_RETURNABLE', 'WAITING', 'NOT_RETURNABLE', 'WAITING', 'NOT_RETURNABLE'],
  ],
  [
    { kind: 'TRANSFERRED', serviceId: 'other', boundDoctorId: null },
    ['WAITING', 'WAITING', 'WAITING', 'NOT_ACTIVE', 'NOT_ACTIVE', 'NOT_ACTIVE', 'NOT_ACTIVE'],
  ],
  [
    { kind: 'URGENCY_SET', urgency: 'URGENT' },
    ['WAITING', 'NOT_WAITING', 'NOT_WAITING', 'NOT_WAITING', 'NOT_WAITING', 'NOT_WAITING', 'NOT_WAITING'],
  ],
  [
    { kind: 'MOVED', rank: 1, dueAt: now, subRank: 'x' },
    ['WAITING', 'NOT_WAITING', 'NOT_WAITING', 'NOT_WAITING', 'NOT_WAITING', 'NOT_WAITING', 'NOT_WAITING'],
  ],
  [{ kind: 'LEFT' }, ['LEFT', 'LEFT', 'IN_SERVICE', 'LEFT', 'NOT_ACTIVE', 'NOT_ACTIVE', 'NOT_ACTIVE']],
]

describe('moves', () => {
  it.each(table.flatMap(([move, row]) => states.map((status, i) => [move.kind, status, row[i], move] as const)))(
    '%s from %s: %s',
    (_kind, status, expected, move) => {
      const before = entry(status)
      const patch = transition(before, move, now)
      expect(typeof patch === 'string' ? patch : { ...before, ...patch }.status).toBe(expected)
    },
  )

  it('a call takes an entry bound to its doctor, and is refused one bound to another', () => {
    expect(transition(entry('WAITING', { boundDoctorId: 'x' }), call, now)).toMatchObject({
      status: 'CALLED',
      doctorId: 'x',
    })
    expect(transition(entry('WAITING', { boundDoctorId: 'y' }), call, now)).toBe('BOUND_ELSEWHERE')
  })

  it('returning clears the caller only: bound doctor and place stay', () => {
    const called = entry('CALLED', {
      doctorId: 'x',
      boundDoctorId: 'x',
      room: '2',
      calledAt: now,
      rank: 0,
      subRank: 'm',
    })
    const back = { ...called, ...(transition(called, { kind: 'RETURNED' }, now) as object) }
    expect(back).toMatchObject({
      status: 'WAITING',
      doctorId: null,
      room: null,
      calledAt: null,
      boundDoctorId: 'x',
      rank: 0,
      subRank: 'm',
    })
  })

  it('a new urgency and a transfer drop the manual place; hold keeps it', () => {
    const moved = entry('WAITING', { rank: 0, dueAt: now, subRank: 'm' })
    expect(transition(moved, { kind: 'URGENCY_SET', urgency: 'URGENT' }, now)).toMatchObject({
      rank: 1,
      dueAt: due,
      subRank: ownSubRank(7),
    })
    const sent = transition(moved, { kind: 'TRANSFERRED', serviceId: 'other', boundDoctorId: 'y' }, now)
    expect(sent).toMatchObject({ rank: 2, dueAt: due, subRank: ownSubRank(7), serviceId: 'other', boundDoctorId: 'y' })
    expect(transition(moved, { kind: 'HELD' }, now)).toEqual({ status: 'ON_HOLD' })
  })

  it('a booking follows its entry', () => {
    expect(states.map(appointmentStatusOf)).toEqual([
      'CHECKED_IN',
      'CHECKED_IN',
      'CHECKED_IN',
      'CHECKED_IN',
      'COMPLETED',
      'NO_SHOW',
      'CANCELLED',
    ])
  })
})
