import { expect, it } from 'vitest'
import { daysOf, rangeBefore } from './range.ts'

it.each([
  ['2026-11-22', '2026-11-22', 1],
  ['2026-11-01', '2026-11-28', 28],
  ['2026-11-22', '2026-11-21', 0],
  ['', '2026-11-21', null],
])('%s to %s are %s days', (from, to, days) => expect(daysOf({ from, to })).toBe(days))

it.each([
  ['one day is compared with the same weekday before', '2026-11-22', '2026-11-22', '2026-11-15', '2026-11-15'],
  ['four weeks with the four before', '2026-11-01', '2026-11-28', '2026-10-04', '2026-10-31'],
  ['ten days with those two weeks before', '2026-11-11', '2026-11-20', '2026-10-28', '2026-11-06'],
])('%s', (_, from, to, beforeFrom, beforeTo) => {
  expect(rangeBefore({ from, to })).toEqual({ from: beforeFrom, to: beforeTo })
})
