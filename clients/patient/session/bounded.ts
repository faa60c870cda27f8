import type { KeyValue } from '@anteroom/offline/key-value'

/** Android gives AsyncStorage 6 MB in all, and cannot read back a row of more than 2 MB, whatever it has let itself write. */
export const MOST_BYTES = 1_500_000

/** As many bytes as a text takes at most in UTF-8, without encoding it. */
export const bytesOf = (text: string): number => {
  let bytes = 0
  for (let at = 0; at < text.length; at += 1) bytes += text.charCodeAt(at) < 0x80 ? 1 : 3
  return bytes
}

/** Refuses what would not be read back: the writer then keeps nothing, which is better than something old. */
export const bounded = (texts: KeyValue, most: number = MOST_BYTES): KeyValue => ({
  ...texts,
  set: async (key, value) => {
    if (bytesOf(value) > most) throw new RangeError(`${key} has more than ${most} bytes.`)
    await texts.set(key, value)
  },
})

/** The key under which the cache of one log-in is kept. */
const CACHE = /^cache\./

/**
 * The cache of the last person at a phone goes when the next one's is kept: a log-in that only ended leaves its own behind, and a few of
 * them would fill what there is in all.
 */
export const withOneCache = (texts: KeyValue, keys: () => Promise<readonly string[]>): KeyValue => ({
  ...texts,
  set: async (key, value) => {
    if (CACHE.test(key))
      for (const other of await keys()) if (CACHE.test(other) && other !== key) await texts.delete(other)
    await texts.set(key, value)
  },
})
