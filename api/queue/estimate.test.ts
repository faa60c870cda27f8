import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { estimate, type Pace } from './estimate.ts'

const pace = (doctors: string[], busy: string[], recentMinutes: number[]): Pace => ({
  doctorIds: new Set(doctors),
  busyDoctorIds: new Set(busy),
  recentMinutes,
})

const steady = [10, 10, 10, 10, 10]

describe('the wait estimate', () => {
  it('is unknown without a doctor at work, with the bound doctor away, or with too few recent patients', () => {
    expect(estimate(1, null, pace([], [], steady))).toBeNull()
    expect(estimate(1, 'y', pace(['x'], [], steady))).toBeNull()
    expect(estimate(1, null, pace(['x'], [], [10, 10, 10, 10]))).toBeNull()
  })
  it('is nothing for whom a free doctor can take at once', () => {
    expect(estimate(1, null, pace(['x'], [], steady))).toEqual({ lowMinutes: 0, likelyMinutes: 0, highMinutes: 0 })
  })
  it.each([
    [1, ['x'], 5],
    [3, ['x'], 25],
    [3, ['x', 'y'], 13],
  ])('position %i with busy %j: likely %i minutes', (position, doctors, likely) => {
    expect(estimate(position, null, pace(doctors, doctors, steady))?.likelyMinutes).toBe(likely)
  })
  it('has low ≤ likely ≤ high, and never grows shorter further behind', () => {
    const recent = fc.array(fc.double({ min: 0.5, max: 60, noNaN: true }), { minLength: 5, maxLength: 20 })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 20 }),
        recent,
        (position, doctors, minutes) => {
          const ids = Array.from({ length: doctors }, (_, i) => String(i))
          const here = estimate(position, null, pace(ids, ids, minutes))
          const behind = estimate(position + 1, null, pace(ids, ids, minutes))
          if (!here || !behind) return false
          return (
            here.lowMinutes <= here.likelyMinutes &&
            here.likelyMinutes <= here.highMinutes &&
            behind.likelyMinutes >= here.likelyMinutes
          )
        },
      ),
    )
  })
})
