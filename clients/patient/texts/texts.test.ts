import { describe, expect, it } from 'vitest'
import { en } from './en.ts'
import { es } from './es.ts'

type Tree = { [key: string]: unknown }

/** Every text by its path; where a text has gaps, filled with 3, which reads the same in every language. */
const flat = (tree: Tree, path = ''): [string, string][] =>
  Object.entries(tree).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string'
      ? [[`${path}${key}`, value]]
      : typeof value === 'function'
        ? [[`${path}${key}`, String((value as (gap: unknown) => string)(3))]]
        : flat(value as Tree, `${path}${key}.`),
  )

describe('the languages of the app', () => {
  const english = flat(en)
  const spanish = new Map(flat(es))

  it('have the same texts', () => {
    expect([...spanish.keys()].sort()).toEqual(english.map(([key]) => key).sort())
  })

  it('fill the same gaps', () => {
    for (const [key, text] of english) expect([key, spanish.get(key)?.includes('3')]).toEqual([key, text.includes('3')])
  })

  it('leave nothing empty or untranslated, and use no exclamation marks', () => {
    for (const [key, text] of english) {
      expect(text.trim(), key).not.toBe('')
      expect(`${text}${spanish.get(key)}`, key).not.toMatch(/[!¡]/)
      if (!['book.minutes', 'me.platform.ios'].includes(key)) expect(spanish.get(key), key).not.toBe(text)
    }
  })
})
