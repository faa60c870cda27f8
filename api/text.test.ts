import { describe, expect, test } from 'vitest'
import { optionalLine, optionalText, requiredLine, wholeNumber } from './text.ts'

const rule = { field: 'input.name', max: 5 }

describe('text as people type it', () => {
  test('loses the blanks around it and is composed', () => {
    expect(requiredLine('  Zoe\u0308 ', rule)).toBe('Zo\u00eb')
    expect(optionalLine('  ', rule)).toBeNull()
    expect(optionalLine(undefined, rule)).toBeNull()
    expect(optionalText('a\r\nb', rule)).toBe('a\nb')
  })

  test('is measured in characters, not in code units', () => {
    expect(requiredLine('👩👩👩👩👩', rule)).toBe('👩👩👩👩👩')
    expect(() => requiredLine('abcdef', rule)).toThrow('must have at most 5 characters')
  })

  test.each([['a\u0000b'], ['a\nb'], ['a\u2028b'], ['a\u202Eb'], ['\u001b[1m']])('a line without %j', (text) => {
    expect(() => requiredLine(text, rule)).toThrow('must not hold control characters')
  })

  test('text may have lines but no other controls', () => {
    expect(() => optionalText('a\u0000b', rule)).toThrow('must not hold control characters')
  })

  test('a required line is not empty', () => {
    expect(() => requiredLine(' ', rule)).toThrow('must have at least one character')
  })
})

test('whole numbers keep to their limits', () => {
  expect(wholeNumber(5, 'input.slotMinutes', [5, 480])).toBe(5)
  expect(() => wholeNumber(4, 'input.slotMinutes', [5, 480])).toThrow('must be a whole number from 5 to 480')
  expect(() => wholeNumber(5.5, 'input.slotMinutes', [5, 480])).toThrow('whole number')
})
