import { expect, it } from 'vitest'
import { languageAsked } from './shown.ts'

it.each([
  ['', 'en'],
  ['es', 'es'],
  ['es-MX,es;q=0.9,en;q=0.8', 'es'],
  ['fr-FR, es;q=0.5', 'es'],
  ['de,ja', 'en'],
  ['en-GB,es', 'en'],
  ['*', 'en'],
])('of the languages "%s" the page speaks %s', (header, language) => {
  expect(languageAsked(header)).toBe(language)
})
