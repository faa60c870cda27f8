import { describe, expect, it } from 'vitest'
import { type KeyValue, memoryKeyValue } from '../key-value.ts'
import { clinic, NOON } from '../test/records.ts'
import { backOff } from './socket.ts'
import { createTickets } from './tickets.ts'

const DAY = 86_400_000

const device = (texts: KeyValue, clock: { now: number }) =>
  createTickets(
    texts,
    () => 0.7,
    () => ({ clinic, now: clock.now }),
  )

describe('provisional tickets', () => {
  it('count up within a clinic day, over restarts, and never give a number twice', async () => {
    const [texts, clock] = [memoryKeyValue(), { now: NOON.getTime() }]
    const next = device(texts, clock)
    expect(await Promise.all([next(), next(), next()])).toEqual(['T72-01', 'T72-02', 'T72-03'])
    expect(await device(texts, clock)()).toBe('T72-04')
    clock.now += DAY
    expect(await device(texts, clock)()).toBe('T72-01')
  })

  it('are not given where they could not be kept', async () => {
    const full = { ...memoryKeyValue(), set: () => Promise.reject(new Error('full')) }
    expect(await device(full, { now: NOON.getTime() })()).toBeNull()
  })
})

describe('coming back', () => {
  it('waits anything up to a bound that doubles to half a minute', () => {
    expect([0, 1, 2, 9].map((retries) => backOff(retries, () => 0.999999))).toEqual(
      [500, 1_000, 2_000, 30_000].map((bound) => expect.closeTo(bound, 0)),
    )
    expect(backOff(5, () => 0)).toBe(0)
  })
})
