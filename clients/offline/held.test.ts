import { describe, expect, test } from 'vitest'
import { ageBetween, uuidOf } from './clock.ts'
import { agedOut, type Held, newestTime, patientKeeping, staffKeeping } from './held.ts'
import type { Entity, Operation, StoredRecord } from './model.ts'
import { retryAfter } from './sync-loop.ts'

const held = (entity: Entity, id: string, fields: object, at = 0): Held => ({
  entity,
  record: { id, version: 1, ...fields } as StoredRecord,
  at,
})

const HOUR = 3_600_000
const NOW = Date.parse('2026-11-22T12:00:00Z')
const ago = (hours: number) => new Date(NOW - hours * HOUR).toISOString()
const today = held('entries', 'today', { arrivedAt: ago(0), finishedAt: null, patient: { id: 'ann' } })
const ids = (list: readonly Held[]) => list.map(({ record }) => record.id).sort()

describe('ageing out', () => {
  test.each<[string, Held, boolean]>([
    ['an entry that ended two hours ago', held('entries', 'x', { finishedAt: ago(2) }), false],
    ['an entry that ended two days ago', held('entries', 'x', { finishedAt: ago(48) }), true],
    ['an entry of days ago that has not ended', held('entries', 'x', { arrivedAt: ago(72), finishedAt: null }), false],
    ['a booking of yesterday', held('appointments', 'x', { endsAt: ago(30) }), false],
    ['a booking of three days ago', held('appointments', 'x', { endsAt: ago(72) }), true],
    ['a booking to come', held('appointments', 'x', { endsAt: ago(-72) }), false],
    ['a patient whom nothing refers to, since days', held('patients', 'x', {}, NOW - 48 * HOUR), true],
    ['a patient registered today', held('patients', 'x', {}, NOW - HOUR), false],
    ['a patient with an entry of today', held('patients', 'ann', {}, NOW - 48 * HOUR), false],
  ])('%s', (_what, one, isGone) => {
    expect(ids(agedOut([today, one], [], staffKeeping))).toEqual(isGone ? [one.record.id] : [])
  })

  test('takes the patient of what goes, but not a booking that an entry still refers to', () => {
    const old = held('entries', 'old', { finishedAt: ago(48), patient: { id: 'bob' } })
    const bob = held('patients', 'bob', {}, NOW - 48 * HOUR)
    const booked = held('appointments', 'booked', { endsAt: ago(72) })
    const open = held('entries', 'open', { finishedAt: null, appointment: { id: 'booked' } })
    expect(ids(agedOut([today, old, bob, booked, open], [], staffKeeping))).toEqual(['bob', 'old'])
  })

  test('keeps what an unsent operation is about', () => {
    const bob = held('patients', 'bob', {}, NOW - 48 * HOUR)
    const operation = { input: { patientId: 'bob' } } as unknown as Operation
    expect(agedOut([today, bob], [operation], staffKeeping)).toEqual([])
  })

  test('goes by the times of the server, so that nothing goes where nothing is new', () => {
    const old = held('entries', 'old', { arrivedAt: ago(500), finishedAt: ago(499) })
    expect(agedOut([old], [], staffKeeping)).toEqual([])
    expect(newestTime([old.record])).toBe(NOW - 499 * HOUR)
  })

  test('leaves a patient the visits of three months', () => {
    const visit = held('entries', 'visit', { finishedAt: ago(24 * 80) })
    const older = held('entries', 'older', { finishedAt: ago(24 * 100) })
    expect(ids(agedOut([today, visit, older], [], patientKeeping))).toEqual(['older'])
  })
})

describe('the age of an act', () => {
  const at = (wall: number, mono: number, bootId = 'a') => ({ wall, mono, bootId })
  const DAYS_30 = 30 * 24 * HOUR

  test.each([
    ['within one boot goes by the monotonic clock', at(0, 100), at(9_999_999, 700), 600],
    ['after a new boot goes by the wall clock', at(1_000, 100), at(61_000, 5, 'b'), 60_000],
    ['is never negative', at(100_000, 0), at(0, 0, 'b'), 0],
    ['is at most 30 days', at(0, 0), at(40 * 24 * HOUR, 0, 'b'), DAYS_30],
    ['is nothing where the clock shows no number', at(Number.NaN, 0), at(5, 0, 'b'), 0],
  ])('%s', (_name, then, now, age) => {
    expect(ageBetween(then, now)).toBe(age)
  })
})

test('ids are UUIDs of version 7 that begin with the time', () => {
  const id = uuidOf(
    0x0123456789ab,
    Uint8Array.from({ length: 10 }, () => 0xff),
  )
  expect(id).toBe('01234567-89ab-7fff-bfff-ffffffffffff')
})

test('pauses grow to half a minute, with full jitter', () => {
  expect([1, 2, 3, 10, 1000].map((failures) => retryAfter(failures, 1))).toEqual([1000, 2000, 4000, 30_000, 30_000])
  expect(retryAfter(5, 0)).toBe(0)
})
