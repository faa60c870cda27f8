import { expect, it } from 'vitest'
import { dayOfParts, orderIn, partsOf } from './typed-date.ts'

it.each([
  ['en', ['month', 'day', 'year']],
  ['en-GB', ['day', 'month', 'year']],
  ['es', ['day', 'month', 'year']],
])('in %s a date is written %j', (language, order) => {
  expect(orderIn(language)).toEqual(order)
})

it.each([
  ['', { month: '', day: '', year: '' }, null],
  ['022', { month: '02', day: '2', year: '' }, null],
  ['02291980', { month: '02', day: '29', year: '1980' }, '1980-02-29'],
  ['02291981', { month: '02', day: '29', year: '1981' }, null],
  ['13011980', { month: '13', day: '01', year: '1980' }, null],
  ['11232026', { month: '11', day: '23', year: '2026' }, '2026-11-23'],
  ['11242026', { month: '11', day: '24', year: '2026' }, null],
  ['01010001', { month: '01', day: '01', year: '0001' }, null],
])('%s is %j: %s', (digits, parts, day) => {
  expect(partsOf(digits, ['month', 'day', 'year'])).toEqual(parts)
  expect(dayOfParts(partsOf(digits, ['month', 'day', 'year']), '2026-11-23')).toBe(day)
})
