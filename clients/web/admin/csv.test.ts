import { expect, it } from 'vitest'
import { csvOf } from './csv.ts'

it('quotes what has commas, quotes or line breaks, and leaves empty what is unknown', () => {
  expect(csvOf([['a', 'b,c', 'd"e', 'f\ng', 7, 1.5, null]])).toBe('\uFEFFa,"b,c","d""e","f\ng",7,1.5,\r\n')
})

it('lets no text become a formula, and keeps numbers below zero numbers', () => {
  expect(csvOf([['=1+1', '-2', '@x', -2]])).toBe("\uFEFF'=1+1,'-2,'@x,-2\r\n")
})
