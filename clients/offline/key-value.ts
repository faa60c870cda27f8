/** A few small texts that a device keeps beside its log: who was here last, the cache of Apollo, the ticket count. */
export type KeyValue = {
  get: (key: string) => Promise<string | null>
  set: (key: string, value: string) => Promise<void>
  delete: (key: string) => Promise<void>
}

export const memoryKeyValue = (): KeyValue => {
  const values = new Map<string, string>()
  return {
    get: async (key) => values.get(key) ?? null,
    set: async (key, value) => void values.set(key, value),
    delete: async (key) => void values.delete(key),
  }
}

const settled = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

/** The browser's own; the factory is given, so that tests can give another. */
export const indexedDbKeyValue = (factory: IDBFactory, name = 'anteroom-texts'): KeyValue => {
  let opened: Promise<IDBDatabase> | null = null
  const open = (): Promise<IDBDatabase> => {
    opened ??= new Promise<IDBDatabase>((resolve, reject) => {
      const request = factory.open(name, 1)
      request.onupgradeneeded = () => request.result.createObjectStore('texts')
      request.onerror = () => reject(request.error)
      request.onsuccess = () => {
        const database = request.result
        // Another tab wants to erase it, or the browser did: the next call opens it anew.
        database.onversionchange = () => database.close()
        database.onclose = () => {
          opened = null
        }
        resolve(database)
      }
    }).catch((error: unknown) => {
      opened = null
      throw error
    })
    return opened
  }
  const within = async <T>(mode: IDBTransactionMode, use: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> =>
    settled(use((await open()).transaction('texts', mode).objectStore('texts')))
  return {
    get: async (key) => ((await within('readonly', (store) => store.get(key))) as string | undefined) ?? null,
    set: async (key, value) => void (await within('readwrite', (store) => store.put(value, key))),
    delete: async (key) => void (await within('readwrite', (store) => store.delete(key))),
  }
}
