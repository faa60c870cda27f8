import { expect, it } from 'vitest'
import { phoneOf } from './account.ts'

it.each([
  ['+1 (202) 555-0100', '+12025550100'],
  ['0049 30/123.45', '+493012345'],
  ['+12025550100', '+12025550100'],
  ['202 555 0100', '2025550100'],
])('takes a number as people write it: %s', (written, number) => {
  expect(phoneOf(written)).toBe(number)
})
