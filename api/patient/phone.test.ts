import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Refusal } from '../errors.ts'
import { phoneNumberOf, toE164 } from './phone.ts'

describe('a phone number', () => {
  test.each([
    ['+12025550100', '+12025550100'],
    [' +1 (202) 555-0100 ', '+12025550100'],
    ['+1.202.555.0199', '+12025550199'],
    ['+49 30/123456', '+4930123456'],
    ['+44 20 7946 0000', '+442079460000'],
    ['+39 06 12345678', '+390612345678'],
    ['+9779812345678', '+9779812345678'],
    ['2025550100', null],
    ['12025550100', null],
    ['00 49 30 123456', null],
    ['030 123456', null],
    ['+', null],
    ['+1', null],
    ['+1 202', null],
    ['+49151', null],
    ['+999 123 4567', null],
    ['+0 202 555 0100', null],
    ['+1202555010012345', null],
    ['+1 202 555 CALL', null],
    ['+12025550100 ext 5', null],
    ['+1202+5550100', null],
    ['tel:+12025550100', null],
    ['', null],
  ])('%j is stored as %j', (typed, stored) => {
    expect(toE164(typed)).toBe(stored)
  })

  test('is stored the same however it is spaced', () => {
    const digits = fc.integer({ min: 0, max: 9_999_999 }).map((n) => String(n).padStart(7, '0'))
    fc.assert(
      fc.property(digits, fc.constantFrom('', ' ', '-', '.'), (last, gap) => {
        const number = `+1202${last}`
        expect(toE164(`+1${gap}202${gap}${last.slice(0, 3)}${gap}${last.slice(3)}`)).toBe(number)
        expect(toE164(number)).toBe(number)
      }),
    )
  })

  test('never comes out in a form that the database refuses', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\+[0-9 ()./-]{4,20}$/), (typed) => {
        const stored = toE164(typed)
        if (stored !== null) expect(stored).toMatch(/^\+[1-9][0-9]{6,14}$/)
      }),
      { numRuns: 1000 },
    )
  })

  test('is refused where it is possible but too short to be stored', () => {
    expect(toE164('+98000) /0')).toBeNull()
  })

  test('is refused with what would be right', () => {
    const refusal = (typed: string) => {
      try {
        return phoneNumberOf(typed, 'input.phoneNumber')
      } catch (error) {
        return error instanceof Refusal ? [error.code, error.details.field, error.message] : error
      }
    }
    expect(refusal('202 555 0100')).toEqual([
      'BAD_INPUT',
      'input.phoneNumber',
      'must begin with + and the country code, as in +12025550100',
    ])
    expect(refusal('+1 202')).toEqual([
      'BAD_INPUT',
      'input.phoneNumber',
      'must be a whole phone number: + and the country code, then the number, as in +12025550100',
    ])
  })
})
