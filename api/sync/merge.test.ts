import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareWriteKeys, type FieldWrite, laterThan, mergeFields, winsOver, writeKey } from './merge.ts'

const staff = (id: string, stamp: number): FieldWrite => ({ id, isStaff: true, stamp, seenStamp: 0 })
const patient = (id: string, stamp: number, seenStamp = 0): FieldWrite => ({ id, isStaff: false, stamp, seenStamp })

/** Who holds the field when the writes arrive in this order. */
const holderAfter = (writes: readonly FieldWrite[]): FieldWrite | null =>
  writes.reduce<FieldWrite | null>((holder, write) => (winsOver(write, holder) ? write : holder), null)

const permutations = <T>(items: readonly T[]): T[][] =>
  items.length < 2
    ? [[...items]]
    : items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]))

describe('who wins a field', () => {
  it.each<[string, FieldWrite[], string]>([
    ['the later of two staff writes', [staff('a', 10), staff('b', 20)], 'b'],
    ['the later of two of a patient’s own writes', [patient('a', 10), patient('b', 20)], 'b'],
    ['staff, over a later write of a patient who had not seen theirs', [staff('a', 10), patient('b', 20)], 'a'],
    ['staff, over an earlier write of a patient', [patient('a', 10), staff('b', 20)], 'b'],
    ['a patient who had seen what staff wrote', [staff('a', 10), patient('b', 20, 10)], 'b'],
    ['a patient who had seen it, over one who had not', [staff('a', 10), patient('b', 20, 10), patient('c', 30)], 'b'],
    ['staff who wrote after what the patient had seen', [staff('a', 10), patient('b', 30, 10), staff('c', 20)], 'c'],
    ['the larger id, where all else is equal', [staff('a', 10), staff('b', 10)], 'b'],
  ])('%s', (_who, writes, winner) => {
    for (const order of permutations(writes)) expect(holderAfter(order)?.id).toBe(winner)
  })

  it('is divided field by field', () => {
    const holders = new Map([
      ['name', staff('a', 10)],
      ['language', patient('b', 5)],
    ])
    const merged = mergeFields(['name', 'language', 'phoneNumber'], () => patient('c', 20), holders)
    expect(merged).toEqual({ won: ['language', 'phoneNumber'], lost: ['name'] })
  })
})

/** Up to six writes of a field by staff and patients, each patient having seen some of the earlier staff writes, or none. */
const histories = fc
  .array(fc.record({ isStaff: fc.boolean(), stamp: fc.integer({ min: 1, max: 9 }), sight: fc.nat(9) }), {
    minLength: 1,
    maxLength: 6,
  })
  .map((drafts) => {
    const stamps = drafts.filter(({ isStaff }) => isStaff).map(({ stamp }) => stamp)
    return drafts.map(({ isStaff, stamp, sight }, i): FieldWrite => {
      const seen = stamps.filter((one) => one <= Math.min(stamp, sight))
      return { id: `op-${i}`, isStaff, stamp, seenStamp: isStaff ? 0 : Math.max(0, ...seen) }
    })
  })

describe('whatever the history', () => {
  it('every order of arrival ends with the same holder', () => {
    fc.assert(
      fc.property(histories, (writes) => {
        const ends = permutations(writes).map((order) => holderAfter(order)?.id)
        expect(new Set(ends).size).toBe(1)
      }),
      { numRuns: 300 },
    )
  })

  it('no patient overrides staff whose write they had not seen', () => {
    fc.assert(
      fc.property(histories, (writes) => {
        const holder = holderAfter(writes) as FieldWrite
        const lastStaff = Math.max(0, ...writes.filter(({ isStaff }) => isStaff).map(({ stamp }) => stamp))
        if (holder.isStaff) expect(holder.stamp).toBe(lastStaff)
        else expect(holder.seenStamp).toBe(lastStaff)
      }),
    )
  })

  it('who sees the present state is always later than what holds the field', () => {
    fc.assert(
      fc.property(histories, fc.boolean(), fc.integer({ min: 0, max: 12 }), (writes, isStaff, stamp) => {
        const holder = holderAfter(writes)
        const write = laterThan({ id: 'now', isStaff, stamp, seenStamp: 0 }, holder)
        expect(winsOver(write, holder)).toBe(true)
      }),
    )
  })

  it('two different writes never compare equal', () => {
    fc.assert(
      fc.property(histories, (writes) => {
        for (const a of writes)
          for (const b of writes) if (a !== b) expect(compareWriteKeys(writeKey(a), writeKey(b))).not.toBe(0)
      }),
    )
  })
})
