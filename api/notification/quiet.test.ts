import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { wallOf } from '../clinic/day.ts'
import { reminderTimes, secondsLeft, validUntil } from './kinds.ts'
import { dueReminder, isQuiet, nextAllowed, plannedReminders } from './quiet.ts'

const night = { timeZone: 'Europe/Madrid', quietFrom: 21 * 60, quietTo: 8 * 60 }
const at = (text: string) => new Date(`${text}Z`)

describe('quiet hours', () => {
  it.each([
    ['in the day nothing waits', '2026-11-23T12:00', '2026-11-23T12:00'],
    ['at their very end nothing waits', '2026-11-23T07:00', '2026-11-23T07:00'],
    ['from their first minute on it waits until morning', '2026-11-23T20:00', '2026-11-24T07:00'],
    ['after midnight too', '2026-11-23T02:30:12.345', '2026-11-23T07:00'],
    ['the night that loses an hour', '2026-03-28T22:00', '2026-03-29T06:00'],
    ['the night that has an hour twice', '2026-10-24T22:00', '2026-10-25T07:00'],
  ])('%s', (_name, instant, allowed) => {
    expect(nextAllowed(at(instant), night)).toEqual(at(allowed))
  })

  it('that end within the hour that comes twice end in each of the two', () => {
    const hours = { timeZone: 'Europe/Madrid', quietFrom: 60, quietTo: 150 }
    expect(nextAllowed(at('2026-10-25T00:10'), hours)).toEqual(at('2026-10-25T00:30'))
    expect(nextAllowed(at('2026-10-25T01:10'), hours)).toEqual(at('2026-10-25T01:30'))
  })

  it('that end within the hour that is skipped end after it', () => {
    const hours = { timeZone: 'Europe/Madrid', quietFrom: 60, quietTo: 150 }
    const allowed = nextAllowed(at('2026-03-29T00:10'), hours)
    expect(isQuiet(allowed, hours)).toBe(false)
    expect(wallOf(allowed, hours.timeZone).minute).toBe(210)
  })

  it('put off to an instant that is not quiet, not earlier, and no later than a day and an hour', () => {
    const minute = fc.integer({ min: 0, max: 1439 })
    const instants = fc.date({ min: at('2026-01-01T00:00'), max: at('2028-01-01T00:00'), noInvalidDate: true })
    const zones = fc.constantFrom('Europe/Madrid', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'UTC')
    fc.assert(
      fc.property(instants, minute, minute, zones, (instant, quietFrom, quietTo, timeZone) => {
        const hours = { timeZone, quietFrom, quietTo }
        const allowed = nextAllowed(instant, hours)
        expect(isQuiet(allowed, hours)).toBe(false)
        expect(allowed.getTime()).toBeGreaterThanOrEqual(instant.getTime())
        expect(allowed.getTime() - instant.getTime()).toBeLessThanOrEqual(25 * 3_600_000)
        if (quietFrom === quietTo) expect(allowed).toEqual(instant)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('reminders', () => {
  const startsAt = at('2026-11-25T14:00')
  const hoursOf = (booked: string) => reminderTimes(startsAt, at(booked)).map(({ hours }) => hours)

  it('go out 24 and 2 hours before the slot, those not yet due when it was booked', () => {
    expect(reminderTimes(startsAt, at('2026-11-20T10:00'))).toEqual([
      { hours: 24, at: at('2026-11-24T14:00') },
      { hours: 2, at: at('2026-11-25T12:00') },
    ])
    expect(hoursOf('2026-11-24T13:59')).toEqual([24, 2])
    expect(hoursOf('2026-11-24T14:00')).toEqual([2])
    expect(hoursOf('2026-11-25T12:00')).toEqual([])
    expect(hoursOf('2026-11-25T15:00')).toEqual([])
  })

  it('wait for the morning, and are dropped where that is too late', () => {
    const planned = (starts: string) => plannedReminders(at(starts), at('2026-11-20T10:00'), night)
    // 09:00 in Madrid: two hours before it is quiet.
    expect(planned('2026-11-25T08:00')[1]).toEqual({ hours: 2, at: at('2026-11-25T07:00') })
    // 08:00 in Madrid: when the quiet ends the slot begins.
    expect(planned('2026-11-25T07:00').map(({ hours }) => hours)).toEqual([24])
  })

  it('are always before the slot, in order, and never in a quiet hour', () => {
    const instants = fc.date({ min: at('2026-01-01T00:00'), max: at('2028-01-01T00:00'), noInvalidDate: true })
    const minute = fc.integer({ min: 0, max: 1439 })
    fc.assert(
      fc.property(instants, instants, minute, minute, (starts, booked, quietFrom, quietTo) => {
        const hours = { timeZone: 'America/New_York', quietFrom, quietTo }
        const planned = plannedReminders(starts, booked, hours)
        for (const [index, reminder] of planned.entries()) {
          expect(reminder.at > booked && reminder.at < starts && !isQuiet(reminder.at, hours)).toBe(true)
          if (index > 0) expect(reminder.at > (planned[index - 1] as typeof reminder).at).toBe(true)
        }
      }),
    )
  })
})

describe('a reminder whose time has come', () => {
  const starts = at('2026-11-25T14:00')
  it.each([
    ['goes out', 24, '2026-11-24T14:00', '2026-11-24T14:00'],
    ['late by day goes out at once', 24, '2026-11-24T18:00', '2026-11-24T18:00'],
    ['late into the night goes out in the morning', 24, '2026-11-24T23:00', '2026-11-25T07:00'],
    ['later than the next one is dropped', 24, '2026-11-25T12:00', null],
    ['the last one goes out until the slot', 2, '2026-11-25T13:59', '2026-11-25T13:59'],
    ['the last one does not go out after', 2, '2026-11-25T14:00', null],
  ] as const)('%s', (_name, hours, now, due) => {
    expect(dueReminder(hours, starts, at(now), night)).toEqual(due && at(due))
  })
})

describe('validity', () => {
  const now = at('2026-11-25T12:00')
  it.each([
    ['YOUR_TURN', null, '2026-11-25T12:10'],
    ['ALMOST_YOUR_TURN', null, '2026-11-25T12:15'],
    ['VERIFICATION', null, '2026-11-25T12:10'],
    ['REMINDER', '2026-11-25T14:00', '2026-11-25T14:00'],
    ['BOOKED', '2026-11-30T14:00', '2026-11-26T12:00'],
    ['CANCELLED', '2026-11-25T14:00', '2026-11-26T12:00'],
  ] as const)('%s for a slot at %s ends at %s', (kind, startsAt, until) => {
    expect(validUntil(kind, now, startsAt && at(startsAt))).toEqual(at(until))
  })

  it('says that nothing is left when it would arrive stale', () => {
    expect(secondsLeft(null, now)).toBeNull()
    expect(secondsLeft(at('2026-11-25T12:10'), now)).toBe(590)
    expect(secondsLeft(at('2026-11-25T12:00:16'), now)).toBe(6)
    expect(secondsLeft(at('2026-11-25T12:00:15'), now)).toBe(0)
    expect(secondsLeft(at('2026-11-25T11:00'), now)).toBe(0)
  })
})
