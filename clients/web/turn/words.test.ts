import { describe, expect, it } from 'vitest'
import { en, es, type Words } from './words.ts'

/** Every text of a language under its name, each function with a few arguments. */
const textsOf = (words: Words): [string, string][] => {
  const texts: [string, string][] = []
  const walk = (value: unknown, name: string): void => {
    if (typeof value === 'string') texts.push([name, value])
    else if (typeof value === 'function')
      for (const [a, b] of [
        [0, 1],
        [1, 2],
        [7, 12],
      ])
        texts.push([`${name}(${a}, ${b})`, value(a, b)])
    else for (const [key, inner] of Object.entries(value as object)) walk(inner, `${name}.${key}`)
  }
  walk(words, '')
  return texts
}

describe('the words of the page behind a link', () => {
  const english = textsOf(en)
  const spanish = new Map(textsOf(es))

  it('are there in both languages, each in its own', () => {
    expect([...spanish.keys()]).toEqual(english.map(([name]) => name))
    const same = english.filter(([name, text]) => spanish.get(name) === text).map(([name]) => name)
    expect(same).toEqual([])
  })

  it('keep their numbers', () => {
    for (const [name, text] of english)
      expect([name, spanish.get(name)?.match(/\d+/g)]).toEqual([name, text.match(/\d+/g)])
  })

  it('are never empty, and use no exclamation marks', () => {
    for (const [name, text] of [...english, ...spanish]) {
      expect(text.trim(), name).not.toBe('')
      expect(text, name).not.toMatch(/[!¡]/)
    }
  })
})
