import { type Storage, StorageError, type StorageOpener, type StoreName, storeNames } from './storage.ts'

type Tables = Record<StoreName, Map<string, string>>

/** What is left of a device when it loses power: the databases as last committed. */
export type MemoryDisk = StorageOpener & {
  /** A copy of everything, as a backup would hold it. */
  copy: () => ReadonlyMap<string, Tables>
  restore: (copy: ReadonlyMap<string, Tables>) => void
  /** From now on a write that would leave more than this many characters is refused as FULL; null: no limit. */
  limit: (characters: number | null) => void
  /** As a browser does that needs the room: everything is gone, also for those who have it open. */
  wipe: () => void
}

const emptyTables = (): Tables => Object.fromEntries(storeNames.map((name) => [name, new Map()])) as Tables

const copyTables = (tables: Tables): Tables =>
  Object.fromEntries(storeNames.map((name) => [name, new Map(tables[name])])) as Tables

const sizeOf = (tables: Tables): number => {
  let size = 0
  for (const name of storeNames) for (const [key, value] of tables[name]) size += key.length + value.length
  return size
}

type Shelf = { tables: Tables; turn: Promise<unknown>; isGone: boolean; listeners: Set<() => void> }

/** A disk in memory, for what need not last and for trying out what a real one does rarely. */
export const createMemoryDisk = (): MemoryDisk => {
  const shelves = new Map<string, Shelf>()
  let limit: number | null = null

  const newShelf = (tables = emptyTables()): Shelf => ({
    tables,
    turn: Promise.resolve(),
    isGone: false,
    listeners: new Set(),
  })

  const inTurn = <T>(shelf: Shelf, work: () => Promise<T>): Promise<T> => {
    const result = shelf.turn.then(() => {
      if (shelf.isGone) throw new StorageError('LOST')
      return work()
    })
    shelf.turn = result.catch(() => {})
    return result
  }

  const reading = (tables: Tables) => ({
    get: async (store: StoreName, key: string) => {
      const text = tables[store].get(key)
      return text === undefined ? undefined : JSON.parse(text)
    },
    all: async (store: StoreName) =>
      [...tables[store]].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => JSON.parse(text)),
  })

  const storageOn = (shelf: Shelf): Storage => {
    let isClosed = false
    const alive = () => {
      if (isClosed) throw new StorageError('FAILED', new Error('it is closed'))
    }
    return {
      read: (work) =>
        inTurn(shelf, async () => {
          alive()
          return work(reading(shelf.tables))
        }),
      write: (work) =>
        inTurn(shelf, async () => {
          alive()
          const next = copyTables(shelf.tables)
          const result = await work({
            ...reading(next),
            put: (store, key, value) => next[store].set(key, JSON.stringify(value)),
            delete: (store, key) => next[store].delete(key),
            clear: (store) => next[store].clear(),
          })
          if (shelf.isGone) throw new StorageError('LOST')
          if (limit !== null && sizeOf(next) > limit && sizeOf(next) > sizeOf(shelf.tables))
            throw new StorageError('FULL')
          shelf.tables = next
          return result
        }),
      onLost: (listener) => shelf.listeners.add(listener),
      close: async () => {
        isClosed = true
      },
    }
  }

  const takeAway = (name: string) => {
    const shelf = shelves.get(name)
    shelves.delete(name)
    if (!shelf) return
    shelf.isGone = true
    for (const listener of shelf.listeners) listener()
  }

  return {
    open: async (name) => {
      const shelf = shelves.get(name) ?? newShelf()
      shelves.set(name, shelf)
      return storageOn(shelf)
    },
    copy: () => new Map([...shelves].map(([name, { tables }]) => [name, copyTables(tables)])),
    restore: (copy) => {
      shelves.clear()
      for (const [name, tables] of copy) shelves.set(name, newShelf(copyTables(tables)))
    },
    limit: (characters) => {
      limit = characters
    },
    wipe: () => {
      for (const name of [...shelves.keys()]) takeAway(name)
    },
  }
}
