import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { codeOfQr, qrOfCode } from './qr.ts'

test('a code is found in its QR, and as it stands', () => {
  for (let count = 0; count < 500; count++) {
    const code = randomBytes(16).toString('base64url')
    expect(codeOfQr(qrOfCode(code))).toBe(code)
    expect(codeOfQr(` ${code}\n`)).toBe(code)
  }
})

test.each([
  '',
  '/',
  'Maximilian Bauernfeind',
  'Maximilianbauernfeindx',
  '+1 202 555 0100',
  `/${'a'.repeat(23)}`,
  '//A1b2C3d4E5f6G7h8I9j0-_',
])('%j is no code', (text) => {
  expect(codeOfQr(text)).toBeNull()
})
