import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addDays,
  clinicDay,
  clinicDayBounds,
  clockOf,
  daysBetween,
  instantOf,
  minuteOf,
  timeOf,
  timeZoneName,
  wallOf,
  weekdayOf,
} from './day.ts'

const zones = [
  'Europe/Berlin',
  'Europe/London',
  'America/New_York',
  'America/St_Johns',
  'America/Sao_Paulo',
  'America/Santiago',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Asia/Kathmandu',
  'Asia/Kolkata',
  'Asia/Beirut',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Pacific/Chatham',
  'Pacific/Kiritimati',
  'Antarctica/Troll',
  'UTC',
]

const zone = fc.constantFrom(...zones)
const instant = fc.date({ min: new Date('1996-01-01'), max: new Date('2036-12-31'), noInvalidDate: true })
const dayStart = fc.integer({ min: 0, max: 1439 })

const intlWall = (at: Date, timeZone: string) => {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  })
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]))
  return { day: `${parts.year}-${parts.month}-${parts.day}`, minute: Number(parts.hour) * 60 + Number(parts.minute) }
}

describe('wall clock and instant', () => {
  test.each([
    ['an ordinary morning', '2026-11-22', '08:30', 'Europe/Berlin', '2026-11-22T07:30:00.000Z'],
    ['a quarter-hour zone', '2026-11-22', '00:00', 'Asia/Kathmandu', '2026-11-21T18:15:00.000Z'],
    ['a skipped time moves forward by the gap', '2026-03-29', '02:30', 'Europe/Berlin', '2026-03-29T01:30:00.000Z'],
    ['the skipped hour in New York', '2026-03-08', '02:30', 'America/New_York', '2026-03-08T07:30:00.000Z'],
    ['a gap of half an hour', '2026-10-04', '02:15', 'Australia/Lord_Howe', '2026-10-03T15:45:00.000Z'],
    ['a time that comes twice is the first', '2026-10-25', '02:30', 'Europe/Berlin', '2026-10-25T00:30:00.000Z'],
    ['the doubled hour in New York', '2026-11-01', '01:30', 'America/New_York', '2026-11-01T05:30:00.000Z'],
    ['an overlap of half an hour', '2026-04-05', '01:45', 'Australia/Lord_Howe', '2026-04-04T14:45:00.000Z'],
    ['midnight that the clocks skip', '2026-04-24', '00:00', 'Africa/Cairo', '2026-04-23T22:00:00.000Z'],
    ['24:00 is the next midnight', '2026-11-22', '24:00', 'Europe/Berlin', '2026-11-22T23:00:00.000Z'],
    ['a day that the island skipped', '2011-12-30', '12:00', 'Pacific/Apia', '2011-12-30T22:00:00.000Z'],
  ])('%s', (_name, day, time, timeZone, expected) => {
    expect(instantOf(day, minuteOf(time) as number, timeZone).toISOString()).toBe(expected)
  })

  test('the wall clock is the one that Intl shows', () => {
    fc.assert(
      fc.property(instant, zone, (at, timeZone) => {
        expect(wallOf(at, timeZone)).toEqual(intlWall(at, timeZone))
      }),
    )
  })

  test('a wall time that exists comes back from its instant, one that does not has none', () => {
    const minute = fc.integer({ min: 0, max: 1439 })
    fc.assert(
      fc.property(instant, minute, zone, (at, minuteOfDay, timeZone) => {
        const { day } = wallOf(at, timeZone)
        const found = clockOf(day, timeZone)(minuteOfDay)
        if (found) {
          expect(wallOf(found, timeZone)).toEqual({ day, minute: minuteOfDay })
          expect(found).toEqual(instantOf(day, minuteOfDay, timeZone))
        } else expect(wallOf(instantOf(day, minuteOfDay, timeZone), timeZone)).not.toEqual({ day, minute: minuteOfDay })
      }),
    )
  })
})

describe('the clinic day', () => {
  const berlin = { timeZone: 'Europe/Berlin', dayStartsAt: 240 }

  test.each([
    ['an afternoon', '2026-11-22T15:00:00Z', '2026-11-22'],
    ['a minute before four belongs to the day before', '2026-11-22T02:59:59.999Z', '2026-11-21'],
    ['four o’clock begins the day', '2026-11-22T03:00:00Z', '2026-11-22'],
    ['after the change to summer time', '2026-03-29T01:59:59Z', '2026-03-28'],
    ['four o’clock in summer time', '2026-03-29T02:00:00Z', '2026-03-29'],
    ['after the change to winter time', '2026-10-25T02:59:59Z', '2026-10-24'],
    ['four o’clock in winter time', '2026-10-25T03:00:00Z', '2026-10-25'],
  ])('%s', (_name, at, expected) => {
    expect(clinicDay(new Date(at), berlin)).toBe(expected)
  })

  test('is 23 hours long in spring and 25 in autumn', () => {
    const hours = (day: string) => {
      const { start, end } = clinicDayBounds(day, berlin)
      return (end.getTime() - start.getTime()) / 3_600_000
    }
    expect(['2026-03-28', '2026-06-01', '2026-10-24'].map(hours)).toEqual([23, 24, 25])
  })

  test('every instant lies within its own day, in every zone and for every start of the day', () => {
    fc.assert(
      fc.property(instant, zone, dayStart, (at, timeZone, dayStartsAt) => {
        const clinic = { timeZone, dayStartsAt }
        const { start, end } = clinicDayBounds(clinicDay(at, clinic), clinic)
        expect(start.getTime()).toBeLessThanOrEqual(at.getTime())
        expect(at.getTime()).toBeLessThan(end.getTime())
      }),
    )
  })

  test('days follow each other without gap or overlap', () => {
    fc.assert(
      fc.property(instant, zone, dayStart, (at, timeZone, dayStartsAt) => {
        const clinic = { timeZone, dayStartsAt }
        const day = clinicDay(at, clinic)
        expect(clinicDayBounds(addDays(day, 1), clinic).start).toEqual(clinicDayBounds(day, clinic).end)
      }),
    )
  })
})

test('days are counted by the calendar', () => {
  expect(addDays('2026-02-28', 1)).toBe('2026-03-01')
  expect(addDays('2028-02-28', 1)).toBe('2028-02-29')
  expect(addDays('2026-01-01', -1)).toBe('2025-12-31')
  expect(daysBetween('2026-03-28', '2026-03-30')).toBe(2)
  expect(daysBetween('2026-03-30', '2026-03-28')).toBe(-2)
  expect(['2026-11-23', '2026-11-28', '2026-11-29'].map(weekdayOf)).toEqual([1, 6, 7])
})

test('wall times are 00:00 to 24:00', () => {
  expect(['00:00', '08:30', '23:59', '24:00'].map(minuteOf)).toEqual([0, 510, 1439, 1440])
  expect(['24:01', '8:30', '08:60', '25:00', '08.30', ' 08:30', ''].map(minuteOf)).toEqual(Array(7).fill(null))
  expect([0, 510, 1440].map(timeOf)).toEqual(['00:00', '08:30', '24:00'])
})

test('only zones of the IANA database count, written as it writes them', () => {
  expect(['Europe/Berlin', 'europe/berlin', 'UTC', 'Asia/Kathmandu'].map(timeZoneName)).toEqual([
    'Europe/Berlin',
    'Europe/Berlin',
    'UTC',
    'Asia/Kathmandu',
  ])
  expect(['+01:00', 'Berlin', 'Europe/Atlantis', '', 'Z'].map(timeZoneName)).toEqual(Array(5).fill(null))
})
