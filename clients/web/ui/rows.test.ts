import fc from 'fast-check'
import { expect, it } from 'vitest'
import { rowsInSight } from './rows.ts'

it('draws every row that can be seen, and not many more', () => {
  fc.assert(
    fc.property(fc.nat(30_000), fc.nat(2_000), fc.nat(700), (top, height, count) => {
      const { first, end } = rowsInSight(top, height, 44, count)
      expect(first).toBeGreaterThanOrEqual(0)
      expect(end).toBeLessThanOrEqual(count)
      for (let row = 0; row < count; row++)
        if (row * 44 < top + height && (row + 1) * 44 > top) expect(row >= first && row < end).toBe(true)
      expect(end - first).toBeLessThanOrEqual(Math.ceil(height / 44) + 18)
    }),
  )
})
