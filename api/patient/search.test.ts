import { expect, test } from 'vitest'
import { anywhere, patientSearch } from './search.ts'

test.each([
  ['', [], null],
  [null, [], null],
  ['  mül  ann ', ['mül', 'ann'], null],
  ['+1 202 555', [], '1202555'],
  ['0202-555', [], '202555'],
  ['555', [], '555'],
  ['55', ['55'], null],
  ['0055', ['0055'], null],
  ['ann 555', ['ann', '555'], null],
])('%j is looked for as %j or %j', (typed, words, digits) => {
  expect(patientSearch(typed)).toEqual({ words, digits })
})

test('what LIKE would read as a wildcard is only itself', () => {
  expect(anywhere('50%_\\')).toBe('%50\\%\\_\\\\%')
})
