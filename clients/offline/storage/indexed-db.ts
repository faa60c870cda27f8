import { type Reading, type Storage, StorageError, type StorageOpener, storeNames, type Writing } from './storage.ts'

const VERSION = 1

const faultOf = (error: unknown): StorageError => {
  if (error instanceof StorageError) return error
  const name = error instanceof Error || error instanceof DOMException ? error.name : ''
  if (name === 'QuotaExceededError') return new StorageError('FULL', error)
  // A connection that the browser closed, or stores that are no longer there.
  if (name === 'InvalidStateError' || name === 'NotFoundError') return new StorageError('LOST', error)
  return new StorageError('FAILED', error)
}

const answerOf = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

const open = (factory: IDBFactory, name: string): Promise<IDBDatabase> =>
  new Promise((resolve, reject) => {
    const request = factory.open(name, VERSION)
    request.onupgradeneeded = () => {
      for (const store of storeNames) request.result.createObjectStore(store)
    }
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(faultOf(request.error))
  })

const readingIn = (transaction: IDBTransaction): Reading => ({
  get: (store, key) => answerOf(transaction.objectStore(store).get(key)),
  all: (store) => answerOf(transaction.objectStore(store).getAll()),
})

/** IndexedDB with strict durability: a write resolves when the browser has flushed it to the disk. */
export const createIndexedDb = (factory: IDBFactory): StorageOpener => ({
  open: async (name): Promise<Storage> => {
    const database = await open(factory, name)
    const listeners = new Set<() => void>()
    let isClosed = false
    const lost = () => {
      if (isClosed) return
      isClosed = true
      for (const listener of listeners) listener()
    }
    database.onclose = lost
    // Another tab deletes the database: holding on would block it for ever.
    database.onversionchange = () => {
      database.close()
      lost()
    }

    const run = async <T>(mode: IDBTransactionMode, work: (transaction: IDBTransaction) => Promise<T>): Promise<T> => {
      if (isClosed) throw new StorageError('LOST')
      let transaction: IDBTransaction
      try {
        transaction = database.transaction([...storeNames], mode, { durability: 'strict' })
      } catch (error) {
        throw faultOf(error)
      }
      const done = new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve()
        transaction.onabort = () => reject(transaction.error ?? new Error('The transaction was undone.'))
      })
      try {
        const result = await work(transaction)
        await done
        return result
      } catch (error) {
        done.catch(() => {})
        try {
          transaction.abort()
        } catch {
          // It is over already.
        }
        if (error instanceof Error && !(error instanceof DOMException) && !isFromDatabase(error)) throw error
        throw faultOf(transaction.error ?? error)
      }
    }

    return {
      read: (work) => run('readonly', (transaction) => work(readingIn(transaction))),
      write: (work) =>
        run('readwrite', (transaction) => {
          const writing: Writing = {
            ...readingIn(transaction),
            put: (store, key, value) => void transaction.objectStore(store).put(value, key),
            delete: (store, key) => void transaction.objectStore(store).delete(key),
            clear: (store) => void transaction.objectStore(store).clear(),
          }
          return work(writing)
        }),
      onLost: (listener) => listeners.add(listener),
      close: async () => {
        isClosed = true
        database.close()
      },
    }
  },
})

/** Errors of the database are DOMExceptions in browsers; implementations outside of them give them the same names. */
const isFromDatabase = (error: Error): boolean =>
  ['QuotaExceededError', 'InvalidStateError', 'NotFoundError', 'AbortError', 'TransactionInactiveError'].includes(
    error.name,
  )
