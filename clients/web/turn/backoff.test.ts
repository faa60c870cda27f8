import { expect, it } from 'vitest'
import { pauseMs } from './backoff.ts'

it('waits anything between nothing and a limit that doubles and then stays, longer where nobody looks', () => {
  expect([0, 1, 2, 3, 4, 500].map((failures) => pauseMs(failures, false, 1))).toEqual([
    1_000, 2_000, 4_000, 8_000, 10_000, 10_000,
  ])
  expect([0, 5, 6, 500].map((failures) => pauseMs(failures, true, 1))).toEqual([1_000, 32_000, 60_000, 60_000])
  expect(pauseMs(500, false, 0)).toBe(0)
  expect(pauseMs(3, false, 0.25)).toBe(2_000)
})
