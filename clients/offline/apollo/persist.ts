import type { InMemoryCache, NormalizedCacheObject } from '@apollo/client'
import type { KeyValue } from '../key-value.ts'

/** Raised whenever what the cache holds is to be read differently; older snapshots are then not used. */
const FORMAT = 1
const QUIET_MS = 5_000

export type Persistence = {
  /** Puts the last snapshot back, if it fits; false where there is none. */
  restore: () => Promise<boolean>
  /** Writes a snapshot soon; more calls meanwhile are one. */
  schedule: () => void
  /** Writes what is still to be written. */
  flush: () => Promise<void>
  /** From now on nothing is kept, and what was is erased. */
  erase: () => Promise<void>
}

type Snapshot = { format: number; schema: string; data: NormalizedCacheObject }

/** Keeps the cache's confirmed data over restarts. A device without room for it starts with an empty cache, and that is all. */
export const createPersistence = (
  cache: InMemoryCache,
  { texts, key, schema, sleep }: { texts: KeyValue; key: string; schema: string; sleep: (ms: number) => Promise<void> },
): Persistence => {
  let isScheduled = false
  let isErased = false

  const write = async (): Promise<void> => {
    if (isErased) return
    const { ROOT_MUTATION: _mutation, ROOT_SUBSCRIPTION: _subscription, ...data } = cache.extract(false)
    try {
      await texts.set(key, JSON.stringify({ format: FORMAT, schema, data } satisfies Snapshot))
      if (isErased) await texts.delete(key)
    } catch {
      // No room: an old snapshot is worse than none.
      await texts.delete(key).catch(() => {})
    }
  }

  return {
    restore: async () => {
      const text = await texts.get(key).catch(() => null)
      if (text === null) return false
      try {
        const snapshot = JSON.parse(text) as Snapshot
        if (snapshot.format === FORMAT && snapshot.schema === schema) {
          cache.restore(snapshot.data)
          return true
        }
      } catch {
        // Torn, or of another kind: as if there was none.
      }
      await texts.delete(key).catch(() => {})
      return false
    },
    schedule: () => {
      if (isScheduled) return
      isScheduled = true
      void sleep(QUIET_MS).then(() => {
        isScheduled = false
        return write()
      })
    },
    flush: write,
    erase: async () => {
      isErased = true
      await texts.delete(key).catch(() => {})
    },
  }
}
