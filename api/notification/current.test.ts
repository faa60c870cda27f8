import { describe, expect, it } from 'vitest'
import { isBookingCurrent, isCurrent, type Standing } from './current.ts'
import { aboutOf, messageKey, resentKey } from './keys.ts'

const waiting: Standing = { status: 'WAITING', called: null, news: null }
const called = (version: number): Standing => ({ status: 'CALLED', called: version, news: version })

describe('a message about a visit', () => {
  it.each([
    ['ALMOST_YOUR_TURN', null, waiting, true],
    ['ALMOST_YOUR_TURN', null, { ...waiting, status: 'ON_HOLD' }, true],
    ['ALMOST_YOUR_TURN', null, called(2), false],
    ['ALMOST_YOUR_TURN', null, { status: 'WAITING', called: 2, news: 3 }, false],
    ['ALMOST_YOUR_TURN', null, { ...waiting, status: 'LEFT' }, false],
    ['YOUR_TURN', 2, called(2), true],
    ['YOUR_TURN', 2, { status: 'WAITING', called: 2, news: 3 }, false],
    ['YOUR_TURN', 2, { status: 'IN_SERVICE', called: 2, news: 2 }, false],
    ['YOUR_TURN', 2, called(4), false],
    // The undo of a recall takes nothing back.
    ['YOUR_TURN', 3, { status: 'CALLED', called: 2, news: 4 }, true],
    ['MISSED', 3, { status: 'NO_SHOW', called: 2, news: 3 }, true],
    ['MISSED', 3, { status: 'CALLED', called: 2, news: 4 }, false],
    ['CORRECTION', 3, { status: 'WAITING', called: 2, news: 3 }, true],
    ['CORRECTION', 3, called(4), false],
    ['CORRECTION', 2, { status: 'LEFT', called: null, news: 2 }, true],
    ['BOOKED', null, { status: 'LEFT', called: null, news: 2 }, true],
  ] as const)('%s of version %s where the visit stands at %o: %s', (kind, version, standing, expected) => {
    expect(isCurrent({ kind, version }, standing)).toBe(expected)
  })

  it('is of the version in its key, also when staff send it again', () => {
    const key = messageKey({ subjectId: 'e', channel: 'SMS', occasion: { kind: 'YOUR_TURN', version: 12 } })
    expect(aboutOf(key).version).toBe(12)
    expect(aboutOf(resentKey(key, 0)).version).toBe(12)
    const almost = messageKey({ subjectId: 'e', channel: 'SMS', occasion: { kind: 'ALMOST_YOUR_TURN' } })
    expect(aboutOf(almost).version).toBeNull()
  })
})

describe('a message about a booking', () => {
  const [then, later] = [new Date('2026-11-24T10:00:00Z'), new Date('2026-11-25T10:00:00Z')]
  const booked = { kind: 'BOOKED' } as const
  const moved = { kind: 'RESCHEDULED', version: 2 } as const
  const reminder = { kind: 'REMINDER', hours: 24, startsAt: then } as const
  const cancelled = { kind: 'CANCELLED', version: 3 } as const
  it.each([
    [booked, { status: 'BOOKED', startsAt: then, told: 0 }, true],
    [booked, { status: 'CHECKED_IN', startsAt: then, told: 0 }, true],
    [booked, { status: 'BOOKED', startsAt: later, told: 2 }, false],
    [booked, { status: 'CANCELLED', startsAt: then, told: 0 }, false],
    [moved, { status: 'BOOKED', startsAt: later, told: 2 }, true],
    [moved, { status: 'BOOKED', startsAt: then, told: 3 }, false],
    [moved, { status: 'CANCELLED', startsAt: later, told: 2 }, false],
    [reminder, { status: 'BOOKED', startsAt: then, told: 0 }, true],
    [reminder, { status: 'BOOKED', startsAt: later, told: 2 }, false],
    [reminder, { status: 'CHECKED_IN', startsAt: then, told: 0 }, false],
    [cancelled, { status: 'CANCELLED', startsAt: then, told: 3 }, true],
    [cancelled, { status: 'CHECKED_IN', startsAt: then, told: 3 }, false],
  ] as const)('%o where it stands at %o: %s', (occasion, standing, expected) => {
    const key = messageKey({ subjectId: 'b', channel: 'SMS', occasion })
    expect(isBookingCurrent({ kind: occasion.kind, key }, standing)).toBe(expected)
    expect(isBookingCurrent({ kind: occasion.kind, key: resentKey(key, 0) }, standing)).toBe(expected)
  })

  it('says in its key which change or which start it is about', () => {
    const key = messageKey({ subjectId: 'b', channel: 'PUSH', occasion: reminder })
    expect(aboutOf(key)).toEqual({ version: null, startsAt: then })
    expect(aboutOf(resentKey(resentKey(key, 0), 1))).toEqual({ version: null, startsAt: then })
    expect(aboutOf(messageKey({ subjectId: 'b', channel: 'PUSH', occasion: moved }))).toMatchObject({ version: 2 })
    expect(aboutOf(messageKey({ subjectId: 'b', channel: 'PUSH', occasion: booked }))).toMatchObject({ version: null })
  })
})
