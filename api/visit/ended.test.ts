import { describe, expect, it } from 'vitest'
import { hasEnded } from './ended.ts'

const clinic = { timeZone: 'Europe/Madrid', dayStartsAt: 240 }
const at = (text: string) => new Date(`${text}Z`)

describe('a link', () => {
  it.each([
    ['WAITING', null, '2027-01-01T00:00', false],
    ['CALLED', null, '2027-01-01T00:00', false],
    ['SERVED', '2026-11-23T10:00', '2026-11-23T10:00:59', false],
    ['SERVED', '2026-11-23T10:00', '2026-11-23T10:01:00', true],
    ['LEFT', '2026-11-23T10:00', '2026-11-23T10:01:00', true],
    ['NO_SHOW', '2026-11-23T10:00', '2026-11-24T02:59', false],
    ['NO_SHOW', '2026-11-23T10:00', '2026-11-24T03:00', true],
    ['NO_SHOW', '2026-11-24T02:30', '2026-11-24T03:00', true],
  ] as const)('to a visit that is %s since %s has ended at %s: %s', (status, finished, now, ended) => {
    expect(hasEnded({ status, finishedAt: finished && at(finished) }, clinic, at(now))).toBe(ended)
  })
})
