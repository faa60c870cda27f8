import { describe, expect, test } from 'vitest'
import { freeCandidates, withSlotAt } from './candidates.ts'
import type { Rota } from './slots.ts'

const at = (time: string): Date => new Date(`2026-11-23T${time}:00Z`)
const slot = { startsAt: at('09:00'), endsAt: at('09:15') }
const offers = ['a', 'b', 'c'].map((id) => ({ doctor: { id }, slot }))
const booking = (doctorId: string, from: string, to: string) => ({ doctorId, startsAt: at(from), endsAt: at(to) })
const order = (bookings: ReturnType<typeof booking>[], present: string | null = null) =>
  freeCandidates(offers, bookings, present)
    .map(({ doctor }) => doctor.id)
    .join('')

describe('the first free doctor', () => {
  test.each([
    ['nobody has bookings: by id', [], null, 'abc'],
    ['fewest bookings of the day first', [booking('a', '10:00', '10:15'), booking('c', '11:00', '11:15')], null, 'bac'],
    ['whoever is booked then is out', [booking('b', '09:00', '09:15')], null, 'ac'],
    ['a booking that reaches into the slot takes it', [booking('b', '08:45', '09:01')], null, 'ac'],
    ['one that ends as the slot begins does not', [booking('b', '08:45', '09:00')], null, 'acb'],
    ['the doctor of the present booking is asked first', [booking('c', '11:00', '11:15')], 'c', 'cab'],
    ['unless booked then', [booking('c', '09:00', '09:15')], 'c', 'ab'],
  ])('%s', (_name, bookings, present, expected) => {
    expect(order(bookings, present)).toBe(expected)
  })
})

test('only doctors whose hours have a slot at that time are offered', () => {
  const rota = (from: number): Rota => ({
    timeZone: 'UTC',
    slotMinutes: 15,
    weekly: [{ weekday: 1, from, to: 720 }],
    exceptions: [],
  })
  const rotas = new Map([
    ['a', rota(540)],
    ['b', rota(545)],
    ['c', rota(600)],
  ])
  const found = withSlotAt([{ id: 'a' }, { id: 'b' }, { id: 'c' }, { id: 'd' }], rotas, {
    startsAt: at('09:00'),
    day: '2026-11-23',
  })
  expect(found).toEqual([{ doctor: { id: 'a' }, slot }])
})
