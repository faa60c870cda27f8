import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addDays, instantOf, minuteOf, timeOf, wallOf, weekdayOf } from '../clinic/day.ts'
import { type DayException, weeklyHours, workingStretches } from '../clinic/hours.ts'
import { freeSlots, type Rota, type SlotTime, slotAt } from './slots.ts'

const LONG_AGO = new Date(0)

const rota = (timeZone: string, slotMinutes: number, from: string, to: string): Rota => ({
  timeZone,
  slotMinutes,
  weekly: weeklyHours(
    [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, from, to })),
    'hours',
  ),
  exceptions: [],
})

const times = (day: string, of: Rota, bookings: SlotTime[] = [], now = LONG_AGO): string =>
  freeSlots({ from: day, to: day }, of, bookings, now)
    .map(({ startsAt }) => timeOf(wallOf(startsAt, of.timeZone).minute))
    .join(' ')

const booking = (from: string, to: string): SlotTime => ({ startsAt: new Date(from), endsAt: new Date(to) })

describe('free slots of a day', () => {
  const berlin = rota('Europe/Berlin', 30, '08:00', '10:15')
  const day = '2026-11-23'

  test('run from the start of the hours and never past their end', () => {
    expect(times(day, berlin)).toBe('08:00 08:30 09:00 09:30')
  })

  test('a booking takes every slot that it touches', () => {
    expect(times(day, berlin, [booking('2026-11-23T07:45:00Z', '2026-11-23T08:15:00Z')])).toBe('08:00 09:30')
  })

  test('a booking that ends where a slot starts leaves it free', () => {
    expect(times(day, berlin, [booking('2026-11-23T07:00:00Z', '2026-11-23T07:30:00Z')])).toBe('08:30 09:00 09:30')
  })

  test('a slot that has begun is gone', () => {
    expect(times(day, berlin, [], new Date('2026-11-23T07:30:00Z'))).toBe('09:00 09:30')
    expect(times(day, berlin, [], new Date('2026-11-23T07:29:59.999Z'))).toBe('08:30 09:00 09:30')
  })

  test('leave cuts the hours, and slots begin anew behind it', () => {
    const leave: DayException = { day, kind: 'LEAVE', from: 8 * 60 + 20, to: 9 * 60 + 10 }
    expect(times(day, { ...berlin, exceptions: [leave] })).toBe('09:10 09:40')
  })

  test('hours shorter than a slot have none', () => {
    expect(times(day, { ...berlin, slotMinutes: 180 })).toBe('')
  })
})

describe('the days when clocks change', () => {
  test.each([
    ['a skipped hour has no slot', 'Europe/Berlin', '2026-03-29', 30, '01:00', '04:00', '01:00 01:30 03:00 03:30'],
    [
      'a doubled hour has its slots once',
      'Europe/Berlin',
      '2026-10-25',
      30,
      '01:00',
      '04:00',
      '01:00 01:30 02:00 02:30 03:00 03:30',
    ],
    [
      'a slot across the skipped hour is whole',
      'Europe/Berlin',
      '2026-03-29',
      45,
      '01:00',
      '05:00',
      '01:00 01:45 04:00',
    ],
    ['hours within the skipped hour have none', 'Europe/Berlin', '2026-03-29', 15, '02:00', '03:00', ''],
    ['hours that end in the skipped hour', 'Europe/Berlin', '2026-03-29', 30, '01:00', '02:30', '01:00 01:30'],
    ['half an hour skipped', 'Australia/Lord_Howe', '2026-10-04', 15, '01:30', '03:00', '01:30 01:45 02:30 02:45'],
    [
      'half an hour doubled',
      'Australia/Lord_Howe',
      '2026-04-05',
      15,
      '01:00',
      '02:30',
      '01:00 01:15 01:30 01:45 02:00 02:15',
    ],
    ['midnight skipped', 'Africa/Cairo', '2026-04-24', 30, '00:00', '02:00', '01:00 01:30'],
    ['a day skipped', 'Pacific/Apia', '2011-12-30', 30, '08:00', '12:00', ''],
  ])('%s', (_name, timeZone, day, slotMinutes, from, to, expected) => {
    expect(times(day, rota(timeZone, slotMinutes, from, to))).toBe(expected)
  })

  test('the doubled hour is the first one', () => {
    const slots = freeSlots(
      { from: '2026-10-25', to: '2026-10-25' },
      rota('Europe/Berlin', 30, '02:30', '03:30'),
      [],
      LONG_AGO,
    )
    expect(slots.map(({ startsAt }) => startsAt.toISOString())).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-25T02:00:00.000Z',
    ])
  })
})

describe('free slots on any days', () => {
  const zone = fc.constantFrom(
    'Europe/Berlin',
    'America/New_York',
    'America/St_Johns',
    'Australia/Lord_Howe',
    'Asia/Kathmandu',
    'Africa/Cairo',
    'UTC',
  )
  // Around the changes of clocks half the time, any day otherwise.
  const firstDay = fc.oneof(
    fc.constantFrom('2026-03-07', '2026-03-28', '2026-04-03', '2026-04-23', '2026-10-02', '2026-10-24', '2026-10-30'),
    fc.integer({ min: 0, max: 700 }).map((days) => addDays('2026-01-01', days)),
  )
  const stretch = fc
    .tuple(fc.integer({ min: 0, max: 287 }), fc.integer({ min: 1, max: 288 }))
    .map(([a, b]) => ({ from: Math.min(a, b) * 5, to: Math.max(a, b) * 5 }))
  const scene = fc.record({
    timeZone: zone,
    day: firstDay,
    slotMinutes: fc.constantFrom(5, 10, 15, 20, 30, 45, 60, 90),
    weekly: fc.array(fc.tuple(stretch, fc.integer({ min: 1, max: 7 })), { maxLength: 10 }),
    exceptions: fc.array(
      fc.tuple(stretch, fc.constantFrom('LEAVE' as const, 'EXTRA' as const), fc.integer({ min: 0, max: 2 })),
      { maxLength: 4 },
    ),
    busy: fc.array(fc.tuple(fc.integer({ min: 0, max: 71 * 12 }), fc.integer({ min: 1, max: 18 })), { maxLength: 12 }),
    nowMinutes: fc.integer({ min: -600, max: 72 * 60 }),
  })

  test('keep to the hours, the clock, the bookings and each other', () => {
    fc.assert(
      fc.property(scene, ({ timeZone, day, slotMinutes, weekly, exceptions, busy, nowMinutes }) => {
        const midnight = instantOf(day, 0, timeZone).getTime()
        const of: Rota = {
          timeZone,
          slotMinutes,
          weekly: weekly.map(([hours, weekday]) => ({ ...hours, weekday })),
          exceptions: exceptions.map(([hours, kind, later]) => ({ ...hours, kind, day: addDays(day, later) })),
        }
        let end = 0
        const bookings = busy
          .toSorted((a, b) => a[0] - b[0])
          .flatMap(([start, length]) => {
            if (start < end) return []
            end = start + length
            return [{ startsAt: new Date(midnight + start * 300_000), endsAt: new Date(midnight + end * 300_000) }]
          })
        const now = new Date(midnight + nowMinutes * 60_000)
        const range = { from: day, to: addDays(day, 2) }
        const slots = freeSlots(range, of, bookings, now)

        const walls = slots.map(({ startsAt }) => wallOf(startsAt, timeZone))
        expect(new Set(walls.map((wall) => `${wall.day} ${wall.minute}`)).size).toBe(slots.length)
        for (const [index, slot] of slots.entries()) {
          const wall = walls[index] as { day: string; minute: number }
          expect(slot.endsAt.getTime() - slot.startsAt.getTime()).toBe(slotMinutes * 60_000)
          expect(slot.startsAt.getTime()).toBeGreaterThan(now.getTime())
          const hours = workingStretches(wall.day, of.weekly, of.exceptions).find(
            ({ from, to }) => from <= wall.minute && wall.minute < to,
          )
          expect(hours).toBeDefined()
          expect(slot.endsAt.getTime()).toBeLessThanOrEqual(instantOf(wall.day, hours?.to ?? 0, timeZone).getTime())
          expect(bookings.some((taken) => taken.startsAt < slot.endsAt && slot.startsAt < taken.endsAt)).toBe(false)
          const next = slots[index + 1]
          if (next) expect(slot.endsAt.getTime()).toBeLessThanOrEqual(next.startsAt.getTime())
          expect(slotAt(slot.startsAt, wall.day, of)).toEqual(slot)
        }

        // Nothing free is withheld: what is missing from the whole grid has begun or is taken.
        const all = freeSlots(range, of, [], LONG_AGO)
        for (const slot of all) {
          const isTaken = bookings.some((taken) => taken.startsAt < slot.endsAt && slot.startsAt < taken.endsAt)
          const isListed = slots.some(({ startsAt }) => startsAt.getTime() === slot.startsAt.getTime())
          expect(isListed).toBe(slot.startsAt > now && !isTaken)
        }
      }),
      { numRuns: 100 },
    )
  })

  test('an even day has as many slots as fit into its hours', () => {
    fc.assert(
      fc.property(fc.array(stretch, { maxLength: 4 }), fc.constantFrom(5, 15, 20, 45), (hours, slotMinutes) => {
        const day = '2026-06-10'
        const weekly = hours.map((part) => ({ ...part, weekday: weekdayOf(day) }))
        const fitting = workingStretches(day, weekly, []).reduce(
          (sum, { from, to }) => sum + Math.floor((to - from) / slotMinutes),
          0,
        )
        const of: Rota = { timeZone: 'America/New_York', slotMinutes, weekly, exceptions: [] }
        expect(freeSlots({ from: day, to: day }, of, [], LONG_AGO)).toHaveLength(fitting)
      }),
    )
  })
})

test('only a time of the grid is a slot', () => {
  const of = rota('Europe/Berlin', 30, '08:00', '10:15')
  const at = (time: string) => slotAt(instantOf('2026-11-23', minuteOf(time) as number, of.timeZone), '2026-11-23', of)
  expect(at('08:30')?.endsAt.toISOString()).toBe('2026-11-23T08:00:00.000Z')
  expect([at('08:10'), at('10:00'), at('07:30')]).toEqual([null, null, null])
})
