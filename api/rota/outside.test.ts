import fc from 'fast-check'
import { expect, it } from 'vitest'
import { bookingsOutside } from './outside.ts'

const timeZone = 'Europe/Berlin'
const booked = (startsAt: string, endsAt: string) => ({ startsAt: new Date(startsAt), endsAt: new Date(endsAt) })
// A Monday in winter: 09:00 in Berlin is 08:00 UTC.
const nine = booked('2026-11-23T08:00:00Z', '2026-11-23T08:15:00Z')
const monday = { weekday: 1, from: 540, to: 720 }
const leave = { day: '2026-11-23', kind: 'LEAVE' as const, from: 0, to: 1440 }

it.each([
  ['hours that begin with the booking keep it', [monday], [], 0],
  ['hours that begin a minute later do not', [{ ...monday, from: 541 }], [], 1],
  ['hours that end with the booking keep it', [{ ...monday, to: 555 }], [], 0],
  ['hours that end within the booking do not', [{ ...monday, to: 554 }], [], 1],
  ['hours of another weekday do not', [{ ...monday, weekday: 2 }], [], 1],
  [
    'two stretches that touch are one',
    [
      { ...monday, to: 545 },
      { ...monday, from: 545 },
    ],
    [],
    0,
  ],
  ['leave takes it out', [monday], [leave], 1],
  ['leave on another day does not', [monday], [{ ...leave, day: '2026-11-30' }], 0],
  ['extra hours keep it', [], [{ ...leave, kind: 'EXTRA' as const, from: 540, to: 600 }], 0],
])('%s', (_, weekly, exceptions, count) => {
  expect(bookingsOutside([nine], { timeZone, weekly, exceptions })).toHaveLength(count)
})

it('keeps a booking until midnight where the hours run until then', () => {
  const late = booked('2026-11-23T22:45:00Z', '2026-11-23T23:00:00Z')
  expect(bookingsOutside([late], { timeZone, weekly: [{ ...monday, to: 1440 }], exceptions: [] })).toEqual([])
})

it('keeps none without hours and all with hours around the clock', () => {
  const always = [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, from: 0, to: 1440 }))
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 365 * 96 }), (quarter) => {
      const start = new Date(Date.UTC(2026, 0, 1) + quarter * 900_000)
      const booking = { startsAt: start, endsAt: new Date(start.getTime() + 900_000) }
      expect(bookingsOutside([booking], { timeZone, weekly: [], exceptions: [] })).toEqual([booking])
      expect(bookingsOutside([booking], { timeZone, weekly: always, exceptions: [] })).toEqual([])
    }),
  )
})
