import type { Reading, Spared, Storage, StorageOpener, StoreName } from './storage.ts'

/**
 * A second place for the operations that the server has not answered. Chromium throws a whole IndexedDB away when it finds one
 * torn record in its log, and a process that is killed in the midst of writing, and once more after its next start, leaves just that.
 */
export type Spare = {
  /** What is there, and whether it is whole: a process may end between beginning and writing. */
  list: () => Promise<Map<string, boolean>>
  /** All that is whole; null for what cannot be read now. */
  all: () => Promise<Map<string, unknown>>
  /** As a whole or not at all. */
  put: (key: string, value: unknown) => Promise<void>
  /** Also where there is none. */
  delete: (key: string) => Promise<void>
}

/** An operation that was answered is not needed any more: what it did is at the server. */
const isAnswered = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'answer' in value && !!value.answer

/** What a log-out sealed is unsent work as well. */
const SEALED = 'sealed-'

const keyOf = (store: StoreName, key: string): string | null =>
  store === 'operations' ? key : store === 'sealed' ? `${SEALED}${key}` : null

/** The row in which a database says that it has taken over what was spared before it was made. */
const TAKEN = 'spare'

type Held = { isMade: boolean; hasTaken: boolean; needed: Map<string, unknown> }

const heldIn = async (tx: Reading): Promise<Held> => {
  const operations = (await tx.all('operations')) as { id: string }[]
  const sealed = (await tx.all('sealed')) as { id: string }[]
  return {
    isMade: (await tx.get('state', 'device')) !== undefined,
    hasTaken: (await tx.get('state', TAKEN)) !== undefined,
    needed: new Map([
      ...operations.filter((operation) => !isAnswered(operation)).map((one) => [one.id, one] as const),
      ...sealed.map((one) => [`${SEALED}${one.id}`, one] as const),
    ]),
  }
}

/** Writes to the spare place, for each key one after the other, so that the last word is the last one said. */
const createWriter = (spare: Spare) => {
  const turns = new Map<string, Promise<void>>()
  /** What did not succeed: no room, or another tab is just writing it. */
  const failed = new Map<string, unknown>()
  /** What is there whole, in this or an older form: nobody has to wait for the newer one. */
  const kept = new Set<string>()

  const run = async (key: string, value: unknown): Promise<void> => {
    failed.delete(key)
    try {
      if (value === null) await spare.delete(key)
      else await spare.put(key, value)
      if (value !== null) kept.add(key)
    } catch {
      failed.set(key, value)
    }
  }

  return {
    keeps: (keys: Iterable<string>) => {
      for (const key of keys) kept.add(key)
    },
    /** Those of them that are new here. */
    unknown: (changed: ReadonlyMap<string, unknown>): Map<string, unknown> =>
      new Map([...changed].filter(([key, value]) => value !== null && !kept.has(key))),
    /**
     * Resolves when what is new is there and what was taken back is not. Never rejects: without room for the spare there is still
     * the database. What failed before is tried again.
     */
    write: async (changed: ReadonlyMap<string, unknown>, answered: ReadonlySet<string> = new Set()): Promise<void> => {
      const waited: Promise<void>[] = []
      for (const [key, value] of [...failed, ...changed]) {
        const isWaited = value === null ? !answered.has(key) : !kept.has(key)
        if (value === null) kept.delete(key)
        const turn = (turns.get(key) ?? Promise.resolve())
          .then(() => run(key, value))
          .then(() => {
            if (turns.get(key) === turn) turns.delete(key)
          })
        turns.set(key, turn)
        if (isWaited) waited.push(turn)
      }
      await Promise.all(waited)
    },
    settled: async (): Promise<void> => {
      await Promise.all(turns.values())
    },
  }
}

/** A storage that keeps unanswered operations, and sealed ones, in a spare place as well before it says that they are stored. */
export const withSpare = (opener: StorageOpener, spareOf: (name: string) => Promise<Spare>): StorageOpener => ({
  open: async (name): Promise<Storage> => {
    // A private window has no files; then there is no spare.
    const [storage, spare] = await Promise.all([opener.open(name), spareOf(name).catch(() => null)])
    if (!spare) return storage
    const writer = createWriter(spare)
    let mayMark = false

    /**
     * The database may be new while there are spared operations: only when those are in it, by the same transaction, does it
     * decide what is needed. Until then nothing is removed, however often the device stops in between.
     */
    const spared = async (): Promise<Spared> => {
      const held = await storage.read(heldIn)
      if (held.hasTaken) return { operations: [], sealed: [] }
      const known = await spare.all()
      const found = [...known].filter(([key, value]) => value && !held.needed.has(key))
      // What could not be read now is asked for again at the next start.
      mayMark = ![...known.values()].includes(null)
      const valuesOf = (isSealed: boolean) =>
        found.filter(([key]) => key.startsWith(SEALED) === isSealed).map(([, value]) => value)
      return { operations: valuesOf(false), sealed: valuesOf(true) }
    }

    /** What the spare place lacks is put there before anything is shown, and what the database let go of is removed. */
    const mend = async (): Promise<void> => {
      // In this order: another tab spares while it stores in the database, which is asked after that is over; so what it spares
      // meanwhile is known to be needed.
      const known = await spare.list()
      writer.keeps([...known].filter(([, isWhole]) => isWhole).map(([key]) => key))
      const { isMade, hasTaken, needed } = await storage.read(heldIn)
      if (!isMade) return
      await writer.write(new Map([...needed].filter(([key]) => !known.get(key))))
      if (!hasTaken) return
      const over = [...known.keys()].filter((key) => !needed.has(key))
      void writer.write(new Map(over.map((key) => [key, null])))
    }
    await mend().catch(() => {})

    return {
      ...storage,
      spared,
      write: async (work) => {
        const changed = new Map<string, unknown>()
        const answered = new Set<string>()
        const note = (store: StoreName, key: string, value: unknown) => {
          const place = keyOf(store, key)
          if (place === null) return
          if (isAnswered(value)) answered.add(place)
          changed.set(place, isAnswered(value) ? null : value)
        }
        const isMarking = mayMark
        // What is new goes to both places at once, so that nobody waits for one after the other.
        let early: ReadonlyMap<string, unknown> = new Map()
        let isEarlyDone = Promise.resolve()
        const written = storage.write(async (tx) => {
          changed.clear()
          answered.clear()
          if (isMarking) tx.put('state', TAKEN, { hasTaken: true })
          const result = await work({
            ...tx,
            put: (store, key, value) => {
              tx.put(store, key, value)
              note(store, key, value)
            },
            delete: (store, key) => {
              tx.delete(store, key)
              note(store, key, null)
            },
          })
          early = writer.unknown(changed)
          isEarlyDone = writer.write(early)
          return result
        })
        try {
          const result = await written
          if (isMarking) mayMark = false
          for (const key of early.keys()) changed.delete(key)
          await Promise.all([isEarlyDone, writer.write(changed, answered)])
          return result
        } catch (error) {
          // The database took nothing, and so nothing is kept for it.
          await writer.write(new Map([...early.keys()].map((key) => [key, null])))
          throw error
        }
      },
      close: async () => {
        await writer.settled()
        await storage.close()
      },
    }
  },
})

/** A spare place in the browser's private file system: a file for each operation, replaced or removed as a whole. */
export const createFileSpare = async (name: string): Promise<Spare> => {
  const root = await navigator.storage.getDirectory()
  const folder = await root.getDirectoryHandle(name, { create: true })
  const handles = (folder as unknown as { values: () => AsyncIterable<FileSystemHandle> }).values
  const each = async <T>(work: (handle: FileSystemFileHandle) => Promise<T>): Promise<Map<string, T>> => {
    const found: Promise<[string, T]>[] = []
    // A name with a dot is the browser's: what it is about to put in a file's place.
    for await (const handle of handles.call(folder))
      if (handle.kind === 'file' && !handle.name.includes('.'))
        found.push(work(handle as FileSystemFileHandle).then((value) => [handle.name, value]))
    return new Map(await Promise.all(found))
  }
  // A file gets its whole content at once.
  const isWhole = async (handle: FileSystemFileHandle): Promise<boolean> => (await handle.getFile()).size > 0
  const read = async (handle: FileSystemFileHandle): Promise<unknown> =>
    JSON.parse(await (await handle.getFile()).text())
  return {
    list: () => each((handle) => isWhole(handle).catch(() => false)),
    all: async () => {
      const whole = await each((handle) => isWhole(handle).catch(() => true))
      const values = await each((handle) =>
        whole.get(handle.name) ? read(handle).catch(() => null) : Promise.resolve(),
      )
      return new Map([...values].filter(([, value]) => value !== undefined))
    },
    put: async (key, value) => {
      const file = await folder.getFileHandle(key, { create: true })
      const writable = await file.createWritable()
      await writable.write(JSON.stringify(value))
      await writable.close()
    },
    delete: async (key) => {
      try {
        await folder.removeEntry(key)
      } catch (error) {
        if (!(error instanceof DOMException) || error.name !== 'NotFoundError') throw error
      }
    },
  }
}
