import { describe, expect, it } from 'vitest'
import type { NotificationStatus } from '../database/generated/enums.ts'
import { correctionAfter } from './correction.ts'
import { messageKey, type Occasion, resentKey } from './keys.ts'

const startsAt = new Date('2026-11-25T14:00:00Z')
const key = (occasion: Occasion, channel: 'SMS' | 'PUSH' = 'SMS', subjectId = 'a') =>
  messageKey({ subjectId, channel, occasion })

describe('keys', () => {
  it('are the same for the same occasion and differ in subject, kind, channel and occasion', () => {
    const different = [
      key({ kind: 'BOOKED' }),
      key({ kind: 'BOOKED' }, 'PUSH'),
      key({ kind: 'BOOKED' }, 'SMS', 'b'),
      key({ kind: 'RESCHEDULED', version: 2 }),
      key({ kind: 'RESCHEDULED', version: 3 }),
      key({ kind: 'CANCELLED', version: 3 }),
      key({ kind: 'REMINDER', hours: 24, startsAt }),
      key({ kind: 'REMINDER', hours: 2, startsAt }),
      key({ kind: 'REMINDER', hours: 2, startsAt: new Date(startsAt.getTime() + 60_000) }),
      key({ kind: 'ALMOST_YOUR_TURN' }),
      key({ kind: 'YOUR_TURN', version: 2 }),
      key({ kind: 'YOUR_TURN', version: 3 }),
      key({ kind: 'MISSED', version: 3 }),
      key({ kind: 'CORRECTION', version: 4 }),
      resentKey(key({ kind: 'BOOKED' }), 0),
      resentKey(key({ kind: 'BOOKED' }), 1),
    ]
    expect(new Set(different).size).toBe(different.length)
    expect(key({ kind: 'ALMOST_YOUR_TURN' })).toBe(key({ kind: 'ALMOST_YOUR_TURN' }))
    expect(key({ kind: 'REMINDER', hours: 2, startsAt })).toBe(
      key({ kind: 'REMINDER', hours: 2, startsAt: new Date(startsAt) }),
    )
  })
})

describe('undo', () => {
  const message = (kind: 'YOUR_TURN' | 'MISSED' | 'CANCELLED' | 'ALMOST_YOUR_TURN') => ({
    id: kind,
    kind,
    status: 'SENT' as NotificationStatus,
    tried: true,
  })

  it.each([
    ['CALLED', 'YOUR_TURN', 'NOT_YET'],
    ['NO_SHOW', 'MISSED', 'COME'],
    ['LEFT', 'CANCELLED', 'STILL_WAITING'],
    ['CHECKED_IN', 'ALMOST_YOUR_TURN', 'NO_TICKET'],
    ['WALKED_IN', 'ALMOST_YOUR_TURN', 'NO_TICKET'],
    ['RECALLED', 'YOUR_TURN', null],
    ['STARTED', 'YOUR_TURN', null],
    ['SERVED', 'YOUR_TURN', null],
    ['HELD', 'ALMOST_YOUR_TURN', null],
    ['RETURNED', 'YOUR_TURN', null],
    ['TRANSFERRED', 'YOUR_TURN', null],
    ['URGENCY_SET', 'ALMOST_YOUR_TURN', null],
    ['MOVED', 'ALMOST_YOUR_TURN', null],
    ['CALLED', 'ALMOST_YOUR_TURN', null],
  ] as const)('of %s after %s was sent says %s', (undone, kind, says) => {
    expect(correctionAfter(undone, [message(kind)])).toEqual({ suppress: [], says })
  })

  it.each([
    ['QUEUED', false, { suppress: ['YOUR_TURN'], says: null }],
    ['QUEUED', true, { suppress: [], says: 'NOT_YET' }],
    ['DELIVERED', true, { suppress: [], says: 'NOT_YET' }],
    ['FAILED', true, { suppress: [], says: null }],
    ['SUPPRESSED', false, { suppress: [], says: null }],
  ] as const)('of a call whose message is %s (tried: %s)', (status, tried, expected) => {
    expect(correctionAfter('CALLED', [{ ...message('YOUR_TURN'), status, tried }])).toEqual(expected)
  })

  it('corrects a message that reached one channel and suppresses the one that waits for the other', () => {
    const sent = message('YOUR_TURN')
    const waits = { ...sent, id: 'waits', status: 'QUEUED' as const, tried: false }
    expect(correctionAfter('CALLED', [sent, waits])).toEqual({ suppress: ['waits'], says: 'NOT_YET' })
  })

  it('says nothing where nothing was sent', () => {
    expect(correctionAfter('CALLED', [])).toEqual({ suppress: [], says: null })
  })
})
