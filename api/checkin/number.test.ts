import { expect, it } from 'vitest'
import { Refusal } from '../errors.ts'
import { countryOfZone, numberAt } from './number.ts'

it.each([
  ['America/New_York', 'US'],
  ['Europe/Berlin', 'DE'],
  ['Asia/Kolkata', 'IN'],
  ['Asia/Calcutta', 'IN'],
  ['UTC', null],
])('the country of %s is %s', (zone, country) => {
  expect(countryOfZone(zone)).toBe(country)
})

const typed = (text: string, zone: string) => {
  try {
    return numberAt(text, zone, 'input.phoneNumber')
  } catch (error) {
    return error instanceof Refusal ? [error.code, error.details.field] : error
  }
}

it.each([
  ['202 555 0110', 'America/New_York', '+12025550110'],
  ['(202) 555-0110', 'America/New_York', '+12025550110'],
  ['+49 30 901820', 'America/New_York', '+4930901820'],
  ['0049 30 901820', 'America/New_York', '+4930901820'],
  ['030 901820', 'Europe/Berlin', '+4930901820'],
  ['+1 202 555 0110', 'UTC', '+12025550110'],
  ['202 555 0110', 'UTC', ['BAD_INPUT', 'input.phoneNumber']],
  ['12', 'America/New_York', ['BAD_INPUT', 'input.phoneNumber']],
  ['call me', 'America/New_York', ['BAD_INPUT', 'input.phoneNumber']],
  ['', 'America/New_York', ['BAD_INPUT', 'input.phoneNumber']],
])('“%s” typed in %s is %s', (text, zone, expected) => {
  expect(typed(text, zone)).toEqual(expected)
})
