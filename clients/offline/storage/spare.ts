import type { Storage, StorageOpener } from './storage.ts'

/**
 * A second place for the operations that the server has not answered. Chromium throws a whole IndexedDB away when it finds one
 * torn record in its log, and a process that is killed in the midst of writing, and once more after its next start, leaves just that.
 */
export type Spare = {
  keys: () => Promise<string[]>
  all: () => Promise<unknown[]>
  put: (key: string, value: unknown) => Promise<void>
  delete: (key: string) => Promise<void>
}

/** An operation that was answered is not needed any more: what it did is at the server. */
const isAnswered = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'answer' in value && !!value.answer

/**
 * Compares both, before anybody writes: what the spare place has lost is put there again, and what the database let go of is
 * removed. An empty database says nothing. Answers the work, which nobody has to wait for.
 */
const mending = async (storage: Storage, spare: Spare): Promise<() => Promise<void>> => {
  const [keys, held] = await Promise.all([
    spare.keys(),
    storage.read(async (tx) =>
      (await tx.get('state', 'device')) ? ((await tx.all('operations')) as { id: string }[]) : null,
    ),
  ])
  const known = new Set(keys)
  const needed = held?.filter((operation) => !isAnswered(operation)) ?? []
  const ids = new Set(needed.map(({ id }) => id))
  return async () => {
    if (!held) return
    for (const operation of needed) if (!known.has(operation.id)) await spare.put(operation.id, operation)
    for (const key of known) if (!ids.has(key)) await spare.delete(key)
  }
}

/** A storage that keeps unanswered operations in a spare place as well, before it says that they are stored. */
export const withSpare = (opener: StorageOpener, spareOf: (name: string) => Promise<Spare>): StorageOpener => ({
  open: async (name): Promise<Storage> => {
    // A private window has no files; then there is no spare.
    const [storage, spare] = await Promise.all([opener.open(name), spareOf(name).catch(() => null)])
    if (!spare) return storage
    const mend = await mending(storage, spare).catch(() => async () => {})
    mend().catch(() => {})
    return {
      ...storage,
      spared: spare.all,
      write: async (work) => {
        const changed = new Map<string, unknown>()
        const result = await storage.write((tx) => {
          changed.clear()
          return work({
            ...tx,
            put: (store, key, value) => {
              tx.put(store, key, value)
              if (store === 'operations') changed.set(key, isAnswered(value) ? null : value)
            },
            delete: (store, key) => {
              tx.delete(store, key)
              if (store === 'operations') changed.set(key, null)
            },
          })
        })
        // Without room for the spare there is still the database.
        await Promise.allSettled(
          [...changed].map(([key, value]) => (value === null ? spare.delete(key) : spare.put(key, value))),
        )
        return result
      },
    }
  },
})

/** A spare place in the browser's private file system: a file for each operation, replaced or removed as a whole. */
export const createFileSpare = async (name: string): Promise<Spare> => {
  const root = await navigator.storage.getDirectory()
  const folder = await root.getDirectoryHandle(name, { create: true })
  const handles = (folder as unknown as { values: () => AsyncIterable<FileSystemHandle> }).values
  const files = async (): Promise<FileSystemFileHandle[]> => {
    const found: FileSystemFileHandle[] = []
    for await (const handle of handles.call(folder))
      if (handle.kind === 'file') found.push(handle as FileSystemFileHandle)
    return found
  }
  return {
    keys: async () => (await files()).map(({ name }) => name),
    all: async () => {
      const found: unknown[] = []
      for (const handle of await files()) {
        try {
          found.push(JSON.parse(await (await handle.getFile()).text()))
        } catch {
          // Made, and never written.
        }
      }
      return found
    },
    put: async (key, value) => {
      const file = await folder.getFileHandle(key, { create: true })
      const writable = await file.createWritable()
      await writable.write(JSON.stringify(value))
      await writable.close()
    },
    delete: async (key) => {
      await folder.removeEntry(key)
    },
  }
}
