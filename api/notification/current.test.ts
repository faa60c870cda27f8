import { describe, expect, it } from 'vitest'
import { isCurrent, type Standing } from './current.ts'
import { messageKey, resentKey, versionOf } from './keys.ts'

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
    ['YOUR_TURN', null, called(4), true],
    ['MISSED', 3, { status: 'NO_SHOW', called: 2, news: 3 }, true],
    ['MISSED', 3, { status: 'CALLED', called: 2, news: 4 }, false],
    ['CORRECTION', 3, { status: 'WAITING', called: 2, news: 3 }, true],
    ['CORRECTION', 3, called(4), false],
    ['CORRECTION', 2, { status: 'LEFT', called: null, news: 2 }, true],
    ['BOOKED', null, { status: 'LEFT', called: null, news: 2 }, true],
  ] as const)('%s of version %s where the visit stands at %o: %s', (kind, version, standing, expected) => {
    expect(isCurrent({ kind, version }, standing)).toBe(expected)
  })

  it('is of the version in its key; one that staff sent again is of none', () => {
    const key = messageKey({ subjectId: 'e', channel: 'SMS', occasion: { kind: 'YOUR_TURN', version: 12 } })
    expect(versionOf(key)).toBe(12)
    expect(versionOf(resentKey(key, 0))).toBeNull()
    expect(versionOf(messageKey({ subjectId: 'e', channel: 'SMS', occasion: { kind: 'ALMOST_YOUR_TURN' } }))).toBeNull()
  })
})
