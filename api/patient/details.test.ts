import { describe, expect, test } from 'vitest'
import { type DetailsInput, detailsOf } from './details.ts'

const now = new Date('2026-11-22T12:00:00Z')
const day = (text: string) => new Date(`${text}T00:00:00Z`)

describe('details of a patient', () => {
  test('what is left out is not touched', () => {
    expect(detailsOf({}, now)).toEqual({})
    expect(detailsOf({ name: null, language: null }, now)).toEqual({})
  })

  test('null takes a number or a date of birth away', () => {
    expect(detailsOf({ phoneNumber: null, dateOfBirth: null }, now)).toEqual({ phoneNumber: null, dateOfBirth: null })
  })

  test('are stored in one form', () => {
    const typed = { name: ' Zoe\u0308 ', phoneNumber: '+1 202 555 0100', dateOfBirth: '2020-02-29', language: 'PT-br' }
    expect(detailsOf(typed, now)).toEqual({
      name: 'Zoë',
      phoneNumber: '+12025550100',
      dateOfBirth: day('2020-02-29'),
      language: 'pt-BR',
    })
  })

  test.each<[string, DetailsInput, string]>([
    ['an empty name', { name: '  ' }, 'at least one character'],
    ['a name of 201 characters', { name: 'x'.repeat(201) }, 'at most 200 characters'],
    ['a name with a control character', { name: 'a\u0007b' }, 'control characters'],
    ['a number without country code', { phoneNumber: '0151 234' }, 'must begin with +'],
    ['a birth before 1890', { dateOfBirth: '1889-12-31' }, 'must not be before 1890'],
    ['a birth in the future', { dateOfBirth: '2026-11-24' }, 'must not be in the future'],
    ['a language that is none', { language: 'English please' }, 'must be a language tag'],
    ['no language', { language: '' }, 'must be a language tag'],
  ])('%s is refused', (_name, input, message) => {
    expect(() => detailsOf(input, now)).toThrow(message)
  })

  test('a child born today is a patient today, wherever the day has begun', () => {
    expect(detailsOf({ dateOfBirth: '2026-11-23' }, now)).toEqual({ dateOfBirth: day('2026-11-23') })
    expect(detailsOf({ dateOfBirth: '1890-01-01' }, now)).toEqual({ dateOfBirth: day('1890-01-01') })
  })
})
