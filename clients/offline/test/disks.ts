import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { IDBFactory, IDBObjectStore } from 'fake-indexeddb'
import { afterEach } from 'vitest'
import { createIndexedDb } from '../storage/indexed-db.ts'
import { createMemoryDisk } from '../storage/memory.ts'
import { createSqlite } from '../storage/sqlite.ts'
import { type Storage, type StorageOpener, storeNames } from '../storage/storage.ts'
import { createDevice } from './device.ts'
import { nodeSqlite } from './node-sqlite.ts'

/** A disk with what goes wrong with one of its kind, as it really goes wrong. */
export type TestDisk = {
  opener: StorageOpener
  /** So much is still stored, in the units of its kind, until there is room again. */
  fill: (left: number) => void
  makeRoom: () => void
  /** Everything is taken away, also from under those who have it open. */
  wipe: () => Promise<void>
  /** Another device that was set up from a copy of this one. */
  twin: () => Promise<TestDisk>
  /** What is there after everybody who used it was killed. */
  remains: () => Promise<TestDisk>
  /** All that somebody can read who takes the disk out. */
  text: () => Promise<string>
  close: () => Promise<void>
}

const names = async (factory: IDBFactory) => (await factory.databases()).map(({ name = '' }) => name)

const memory = (disk = createMemoryDisk()): TestDisk => {
  const twin = async () => {
    const copy = createMemoryDisk()
    copy.restore(disk.copy())
    return memory(copy)
  }
  const size = () => [...disk.copy().values()].reduce((sum, tables) => sum + JSON.stringify(sizesOf(tables)).length, 0)
  const sizesOf = (tables: object) => Object.values(tables).map((table: Map<string, string>) => [...table])
  return {
    opener: disk,
    fill: (left) => disk.limit(left === 0 ? 1 : size() + left * 40),
    makeRoom: () => disk.limit(null),
    wipe: async () => disk.wipe(),
    twin,
    remains: twin,
    text: async () => JSON.stringify([...disk.copy().values()].map(sizesOf)),
    close: async () => {},
  }
}

/** The object stores of these factories have no room; how many writes each still takes. */
const full = new Map<IDBFactory, number>()
const factories = new WeakMap<object, IDBFactory>()
const { put } = IDBObjectStore.prototype
IDBObjectStore.prototype.put = function (...parameters) {
  const { transaction } = this
  const factory = factories.get(transaction.db)
  const left = factory && full.get(factory)
  const request = put.apply(this, parameters)
  if (factory && left !== undefined) {
    // As browsers do: the request is taken, and the transaction undone with that error.
    if (left <= 0) (transaction as unknown as { _abort: (name: string) => void })._abort('QuotaExceededError')
    else full.set(factory, left - 1)
  }
  return request
}

const indexedDb = (factory = new IDBFactory()): TestDisk => {
  const open = factory.open.bind(factory)
  factory.open = (...parameters) => {
    const request = open(...parameters)
    request.addEventListener('success', () => factories.set(request.result, factory))
    return request
  }
  const contents = async (): Promise<Map<string, Map<string, [string, unknown][]>>> => {
    const found = new Map()
    for (const name of await names(factory)) {
      const database = await new Promise<IDBDatabase>((resolve) => {
        const request = open(name)
        request.onsuccess = () => resolve(request.result as unknown as IDBDatabase)
      })
      const rows = new Map<string, [string, unknown][]>()
      for (const store of storeNames) {
        const objects = database.transaction([store], 'readonly').objectStore(store)
        const [keys, values] = await Promise.all(
          [objects.getAllKeys(), objects.getAll()].map(
            (request) => new Promise<unknown[]>((resolve) => (request.onsuccess = () => resolve(request.result))),
          ),
        )
        rows.set(
          store,
          (keys as string[]).map((key, index) => [key, values?.[index]]),
        )
      }
      database.close()
      found.set(name, rows)
    }
    return found
  }
  const twin = async () => {
    const copy = new IDBFactory()
    for (const [name, stores] of await contents()) {
      const storage = await createIndexedDb(copy as unknown as globalThis.IDBFactory).open(name)
      await storage.write(async (tx) => {
        for (const [store, rows] of stores)
          for (const [key, value] of rows) tx.put(store as (typeof storeNames)[number], key, value)
      })
      await storage.close()
    }
    return indexedDb(copy)
  }
  return {
    opener: createIndexedDb(factory as unknown as globalThis.IDBFactory),
    fill: (left) => full.set(factory, left),
    makeRoom: () => full.delete(factory),
    wipe: async () => {
      for (const name of await names(factory))
        await new Promise((resolve) => {
          factory.deleteDatabase(name).onsuccess = resolve
        })
    },
    twin,
    remains: twin,
    text: async () => JSON.stringify([...(await contents()).values()].map((stores) => [...stores])),
    close: async () => {},
  }
}

/** A file that is taken away, or an empty one in its place, as when the app's data are removed. */
const sqlite =
  (isReplaced: boolean) =>
  async (from?: string): Promise<TestDisk> => {
    const folder = await mkdtemp(join(tmpdir(), 'anteroom-disk-'))
    const files = async (where = folder) =>
      Promise.all((await readdir(where)).map(async (name) => ({ name, bytes: await readFile(join(where, name)) })))
    // Shared memory does not outlive those who shared it.
    if (from)
      for (const { name, bytes } of await files(from))
        if (!name.endsWith('-shm')) await writeFile(join(folder, name), bytes)
    let most = 1_000_000
    const open = nodeSqlite(folder)
    const limit = () => {
      for (const database of open.opened) database.exec(`PRAGMA max_page_count = ${most}`)
    }
    return {
      opener: {
        open: async (name): Promise<Storage> => {
          const storage = await createSqlite(open).open(name)
          limit()
          return storage
        },
      },
      fill: (pages) => {
        const [database] = open.opened
        if (!database) throw new Error('Only what is open can be filled.')
        const { page_count } = database.prepare('PRAGMA page_count').get() as { page_count: number }
        most = page_count + pages
        limit()
      },
      makeRoom: () => {
        most = 1_000_000
        limit()
      },
      wipe: async () => {
        for (const name of await readdir(folder)) await rm(join(folder, name))
        if (isReplaced) await writeFile(join(folder, 'anteroom-rita.db'), '')
      },
      twin: async () => {
        for (const database of open.opened) database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
        return sqlite(isReplaced)(folder)
      },
      remains: () => sqlite(isReplaced)(folder),
      text: async () => (await files()).map(({ bytes }) => bytes.toString('latin1')).join('\n'),
      close: () => rm(folder, { recursive: true, force: true }),
    }
  }

export const diskKinds: [string, () => Promise<TestDisk>][] = [
  ['memory', async () => memory()],
  ['IndexedDB', async () => indexedDb()],
  ['SQLite', () => sqlite(false)()],
  ['SQLite with an empty file put in its place', () => sqlite(true)()],
]

/** Devices on disks, closed behind each test with whatever else is put into `closing`. */
export const useDevices = () => {
  const closing: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
  })
  const deviceOn = (disk: TestDisk, opener = disk.opener) => {
    const device = createDevice(opener)
    closing.push(disk.close, device.close)
    return device
  }
  return { closing, deviceOn }
}
