import { describe, expect, it } from 'vitest'
import { en } from './en.ts'
import { admin } from './en-admin.ts'
import { door } from './en-checkin.ts'
import { later } from './en-later.ts'
import { posters } from './en-posters.ts'
import { setup } from './en-setup.ts'
import { es } from './es.ts'
import { door as esDoor } from './es-checkin.ts'
import { posters as esPosters } from './es-posters.ts'

type Tree = { [key: string]: string | string[] | Tree }

const flat = (tree: Tree, path = ''): [string, string][] =>
  Object.entries(tree).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string'
      ? [[`${path}${key}`, value]]
      : Array.isArray(value)
        ? value.map((text, at) => [`${path}${key}.${at}`, text])
        : flat(value, `${path}${key}.`),
  )

const gaps = (text: string): string[] => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => String(name)).sort()

describe('the languages of the screens', () => {
  const english = flat({ ...en, ...later, ...admin, ...setup, ...door, ...posters })
  const spanish = new Map(flat({ ...es, ...esDoor, ...esPosters }))

  it('have the same texts', () => {
    expect([...spanish.keys()].sort()).toEqual(english.map(([key]) => key).sort())
  })

  it('fill the same gaps in each text', () => {
    for (const [key, text] of english) expect([key, gaps(spanish.get(key) ?? '')]).toEqual([key, gaps(text)])
  })

  it('leave no text empty, and use no exclamation marks', () => {
    for (const [key, text] of [...english, ...spanish]) {
      expect(text.trim(), key).not.toBe('')
      expect(text, key).not.toMatch(/[!¡]/)
    }
  })
})
