import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  between,
  compareKeys,
  dueTime,
  mayTake,
  type OrderKey,
  ownSubRank,
  placeBehind,
  positions,
  rankOf,
} from './order.ts'

const at = (time: string) => new Date(`2026-11-22T${time}:00Z`)

const key = (id: string, rank: number, due: string, seq: number): OrderKey => ({
  id,
  rank,
  dueAt: at(due),
  subRank: ownSubRank(seq),
  arrivalSeq: seq,
})

const ids = (keys: OrderKey[]) => keys.toSorted(compareKeys).map(({ id }) => id)

describe('due time', () => {
  const slot = { startsAt: at('10:00'), leadMinutes: 0, graceMinutes: 15 }
  it.each([
    ['a walk-in is due on arrival', at('09:40'), null, at('09:40')],
    ['an early booked patient is due at the slot', at('09:40'), slot, at('10:00')],
    ['one who comes within the grace keeps the slot', at('10:15'), slot, at('10:00')],
    ['one who comes after the grace is due on arrival', at('10:16'), slot, at('10:16')],
    ['a lead brings the slot forward', at('09:40'), { ...slot, leadMinutes: 20 }, at('09:40')],
  ])('%s', (_name, arrivedAt, booking, expected) => {
    expect(dueTime(arrivedAt, booking)).toEqual(expected)
  })
})

describe('order', () => {
  it('calls an emergency before an urgent before a routine patient, whoever came first', () => {
    const keys = [
      key('r', rankOf('ROUTINE'), '08:00', 1),
      key('u', rankOf('URGENT'), '09:00', 2),
      key('e', rankOf('EMERGENCY'), '10:00', 3),
    ]
    expect(ids(keys)).toEqual(['e', 'u', 'r'])
  })
  it('puts an urgent walk-in before a late booking', () => {
    expect(ids([key('late', 2, '10:20', 2), key('urgent', 1, '10:30', 3)])).toEqual(['urgent', 'late'])
  })
  it('keeps the order of arrival among equal due times', () => {
    expect(ids([key('b', 2, '10:00', 12), key('a', 2, '10:00', 9), key('c', 2, '10:00', 100)])).toEqual(['a', 'b', 'c'])
  })
  it('ends in the id', () => {
    expect(ids([key('b', 2, '10:00', 1), key('a', 2, '10:00', 1)])).toEqual(['a', 'b'])
  })
})

describe('between', () => {
  it('is strictly between, however often one asks, on either side', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), fc.array(fc.boolean(), { maxLength: 80 }), (seq, sides) => {
        let low = ownSubRank(seq)
        let high = ownSubRank(seq + 1)
        for (const side of sides) {
          const middle = between(low, high)
          if (!(low < middle && middle < high)) return false
          if (side) low = middle
          else high = middle
        }
        return true
      }),
    )
  })
})

describe('a manual place', () => {
  const waiting = [key('a', 1, '10:00', 1), key('b', 2, '09:00', 2), key('c', 2, '09:00', 3), key('d', 2, '09:30', 4)]
  const placed = (after: string | null, others = waiting) => {
    const place = placeBehind(others, after)
    return place && ids([...others, { ...place, id: 'moved', arrivalSeq: 99 }])
  }
  it.each([
    [null, ['moved', 'a', 'b', 'c', 'd']],
    ['a', ['a', 'moved', 'b', 'c', 'd']],
    ['b', ['a', 'b', 'moved', 'c', 'd']],
    ['c', ['a', 'b', 'c', 'moved', 'd']],
    ['d', ['a', 'b', 'c', 'd', 'moved']],
  ])('behind %s', (after, expected) => {
    expect(placed(after)).toEqual(expected)
  })
  it('is refused behind one who does not wait', () => {
    expect(placed('nobody')).toBeNull()
    expect(placed(null, [])).toBeNull()
  })
  it('stays right behind its leader when somebody else with the same due time arrives later', () => {
    const place = placeBehind(waiting, 'c')
    const moved = { ...place, id: 'moved', arrivalSeq: 2 } as OrderKey
    expect(ids([...waiting, moved, key('new', 2, '09:00', 50)])).toEqual(['a', 'b', 'c', 'moved', 'new', 'd'])
  })
  it('is right behind its leader after any number of moves', () => {
    const moves = fc.array(fc.tuple(fc.nat(11), fc.nat(12)), { maxLength: 60 })
    const arrivals = fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 3 })), {
      minLength: 12,
      maxLength: 12,
    })
    fc.assert(
      fc.property(arrivals, moves, (people, list) => {
        const queue = new Map(
          people.map(([rank, hour], seq) => [`p${seq}`, key(`p${seq}`, rank, `1${hour}:00`, seq + 1)]),
        )
        for (const [who, where] of list) {
          const id = `p${who}`
          const others = [...queue.values()].filter((other) => other.id !== id).toSorted(compareKeys)
          const after = where === 12 ? null : (others[where]?.id ?? null)
          const place = placeBehind(others, after)
          queue.set(id, { ...(queue.get(id) as OrderKey), ...place })
          const order = ids([...queue.values()])
          const expected = others.map((other) => other.id)
          expected.splice(after === null ? 0 : expected.indexOf(after) + 1, 0, id)
          expect(order).toEqual(expected)
        }
      }),
    )
  })
})

describe('positions', () => {
  it('count everybody ahead for a free entry, and pass over those bound to others for a bound one', () => {
    const entry = (id: string, boundDoctorId: string | null) => ({ id, boundDoctorId })
    const waiting = [
      entry('a', null),
      entry('b', 'x'),
      entry('c', 'y'),
      entry('d', null),
      entry('e', 'x'),
      entry('f', 'y'),
    ]
    expect(Object.fromEntries(positions(waiting))).toEqual({ a: 1, b: 2, c: 2, d: 4, e: 4, f: 4 })
  })
  it('say 1 for exactly those whom some doctor would call next', () => {
    const queue = fc.array(fc.option(fc.constantFrom('x', 'y', 'z'), { nil: null }), { maxLength: 30 })
    fc.assert(
      fc.property(queue, (bounds) => {
        const waiting = bounds.map((boundDoctorId, index) => ({ id: String(index), boundDoctorId }))
        const place = positions(waiting)
        for (const doctor of ['x', 'y', 'z']) {
          const next = waiting.find((entry) => mayTake(doctor, entry))
          if (next?.boundDoctorId) expect(place.get(next.id)).toBe(1)
        }
        for (const entry of waiting) {
          const ahead = waiting.slice(0, Number(entry.id))
          const counted =
            entry.boundDoctorId === null ? ahead : ahead.filter((other) => mayTake(entry.boundDoctorId, other))
          expect(place.get(entry.id)).toBe(counted.length + 1)
        }
      }),
    )
  })
})
