import { memoryKeyValue } from '@anteroom/offline/key-value'
import { expect, it } from 'vitest'
import { bounded, bytesOf, MOST_BYTES, withOneCache } from './bounded.ts'

it('counts at least the bytes that a text has in UTF-8', () => {
  for (const text of ['', 'abc', 'Zoë', '日本', '👩‍⚕️'])
    expect(bytesOf(text)).toBeGreaterThanOrEqual(new TextEncoder().encode(text).length)
  expect(bytesOf('abc')).toBe(3)
})

it('keeps what can be read back, and refuses what cannot, leaving what was there', async () => {
  const texts = bounded(memoryKeyValue(), 10)
  await texts.set('cache', '0123456789')
  await expect(texts.set('cache', '0123456789a')).rejects.toThrow(RangeError)
  expect(await texts.get('cache')).toBe('0123456789')
  // A cursor of Android's SQLite holds 2 MB.
  expect(MOST_BYTES).toBeLessThan(2_000_000)
})

it('holds the cache of one person, whoever was here before, and all other texts: never the 6 MB that Android gives', async () => {
  const kept = new Map<string, string>()
  const texts = withOneCache(
    bounded({
      get: async (key) => kept.get(key) ?? null,
      set: async (key, value) => void kept.set(key, value),
      delete: async (key) => void kept.delete(key),
    }),
    async () => [...kept.keys()],
  )
  const large = 'x'.repeat(MOST_BYTES)
  await texts.set('language', 'es')
  for (let person = 1; person <= 5; person += 1) await texts.set(`cache.patient.${person}`, large)
  expect([...kept.keys()]).toEqual(['language', 'cache.patient.5'])
  expect([...kept.values()].reduce((bytes, text) => bytes + bytesOf(text), 0)).toBeLessThan(2 * MOST_BYTES)
  // One that is too large leaves nothing old behind, neither of this person nor of another one.
  await expect(texts.set('cache.patient.6', `${large}x`)).rejects.toThrow(RangeError)
  expect([...kept.keys()]).toEqual(['language'])
})
