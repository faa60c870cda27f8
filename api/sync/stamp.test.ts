import { describe, expect, it } from 'vitest'
import { arrivalOf, LONGEST_AGE_MS, moveTime, stampOf } from './stamp.ts'

const SECOND = 1_000_000
const NOW = Date.parse('2026-11-22T09:00:00Z') * 1000

describe('a stamp', () => {
  it.each([
    ['is now less the age', 60_000, 0, NOW - 60 * SECOND],
    ['takes a negative age for none, so it is never in the future', -86_400_000, 0, NOW],
    ['takes more than thirty days for thirty', 90 * 86_400_000, 0, NOW - LONGEST_AGE_MS * 1000],
    ['comes after the last one of its client, whatever the age says', 60_000, NOW - 30 * SECOND, NOW - 30 * SECOND + 1],
    ['is a whole number of microseconds', 0.0004, 0, NOW],
  ])('%s', (_what, ageMs, lastStamp, stamp) => {
    expect(stampOf(NOW, ageMs, lastStamp)).toBe(stamp)
  })

  it('rises within a batch whose ages do not fall', () => {
    let last = 0
    for (const age of [5000, 5000, 9000, 0, -1]) {
      const stamp = stampOf(NOW, age, last)
      expect(stamp).toBeGreaterThan(last)
      last = stamp
    }
  })
})

describe('an arrival without a network', () => {
  const clinic = { timeZone: 'UTC', dayStartsAt: 240 }
  const at = (time: string) => new Date(`2026-11-22T${time}Z`)
  it.each<[string, string, string | null, string]>([
    ['is when the device says', '08:15:00', null, '08:15:00'],
    ['is not before the clinic day began', '03:00:00', null, '04:00:00'],
    ['is not before the device last had nothing unsent', '08:15:00', '08:30:00', '08:30:00'],
    ['is not in the future', '10:00:00', null, '09:00:00'],
  ])('%s', (_what, done, since, arrived) => {
    const act = { at: at(done), since: since === null ? null : at(since) }
    expect(arrivalOf(act, at('09:00:00'), clinic)).toEqual(at(arrived))
  })

  it('makes moves in their order, never before the entry’s last move nor after now', () => {
    expect(moveTime(at('08:00:00'), at('08:10:00'), at('09:00:00'))).toEqual(at('08:10:00'))
    expect(moveTime(at('08:20:00'), at('08:10:00'), at('09:00:00'))).toEqual(at('08:20:00'))
    expect(moveTime(at('09:20:00'), at('08:10:00'), at('09:00:00'))).toEqual(at('09:00:00'))
  })
})
