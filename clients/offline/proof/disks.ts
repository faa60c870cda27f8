import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { IDBFactory } from 'fake-indexeddb'
import { createIndexedDb } from '../storage/indexed-db.ts'
import { createMemoryDisk } from '../storage/memory.ts'
import { createSqlite, type SqliteDatabase } from '../storage/sqlite.ts'
import {
  type Reading,
  type Storage,
  StorageError,
  type StorageOpener,
  storeNames,
  type Writing,
} from '../storage/storage.ts'

/** What stays of a device when it crashes, and what a backup of it holds. */
export type Disk = {
  opener: StorageOpener
  /** The process that used it is gone: files are closed as the system closes them. */
  powerOff: () => Promise<void>
  copy: () => Promise<unknown>
  restore: (copy: unknown) => Promise<void>
  /** As a browser that needs the room, or a person who deletes the site's data; a phone does that to a program that does not run. */
  wipe: () => Promise<void>
  isWipedWhileOn: boolean
  /** No transaction that stores anything succeeds: it is given up at some step of it. */
  isFull: boolean
  dispose: () => Promise<void>
}

export type DiskKind = 'memory' | 'indexeddb' | 'sqlite'

const memoryDisk = (): Disk => {
  const disk = createMemoryDisk()
  return {
    opener: disk,
    powerOff: async () => {},
    copy: async () => disk.copy(),
    restore: async (copy) => disk.restore(copy as ReturnType<typeof disk.copy>),
    wipe: async () => disk.wipe(),
    isWipedWhileOn: true,
    isFull: false,
    dispose: async () => {},
  }
}

const answerOf = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

type Dump = { name: string; stores: { store: string; keys: IDBValidKey[]; values: unknown[] }[] }[]

const indexedDbDisk = (): Disk => {
  let factory = new IDBFactory()
  let opened: IDBDatabase[] = []
  const dump = async (): Promise<Dump> =>
    Promise.all(
      (await factory.databases()).map(async ({ name = '' }) => {
        const database = await answerOf(factory.open(name))
        const transaction = database.transaction([...storeNames], 'readonly')
        const stores = await Promise.all(
          storeNames.map(async (store) => ({
            store,
            keys: await answerOf(transaction.objectStore(store).getAllKeys()),
            values: await answerOf(transaction.objectStore(store).getAll()),
          })),
        )
        database.close()
        return { name, stores }
      }),
    )
  return {
    opener: {
      open: (name) => {
        const open: IDBFactory['open'] = (...given) => {
          const request = factory.open(...given)
          request.addEventListener('success', () => opened.push(request.result))
          return request
        }
        return createIndexedDb({ open } as IDBFactory).open(name)
      },
    },
    powerOff: async () => {},
    copy: dump,
    restore: async (copy) => {
      factory = new IDBFactory()
      for (const { name, stores } of copy as Dump) {
        const storage = await createIndexedDb(factory).open(name)
        await storage.write(async (tx) => {
          for (const { store, keys, values } of stores)
            for (const [i, key] of keys.entries()) tx.put(store as (typeof storeNames)[number], String(key), values[i])
        })
        await storage.close()
      }
    },
    // A browser closes what is open, deletes the database, and tells of it.
    wipe: async () => {
      factory = new IDBFactory()
      const closed = opened
      opened = []
      for (const database of closed) {
        database.close()
        database.onclose?.(new Event('close'))
      }
    },
    isWipedWhileOn: true,
    isFull: false,
    dispose: async () => {},
  }
}

/** Where SQLite files of a history lie: in memory where the system has such a folder, since every commit waits for the disk. */
const shelf = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

const sqliteDisk = async (): Promise<Disk> => {
  const base = await mkdtemp(join(shelf, 'anteroom-proof-'))
  let generation = 0
  let copies = 0
  let opened = new Set<DatabaseSync>()
  const folder = () => join(base, String(generation))
  await mkdir(folder())
  const openDatabase = async (name: string): Promise<SqliteDatabase> => {
    const database = new DatabaseSync(join(folder(), `${name}.db`))
    opened.add(database)
    return {
      execAsync: async (sql) => database.exec(sql),
      runAsync: async (sql, parameters) => database.prepare(sql).run(...parameters),
      getAllAsync: async <Row>(sql: string, parameters: string[]) => database.prepare(sql).all(...parameters) as Row[],
      closeAsync: async () => {
        opened.delete(database)
        database.close()
      },
    }
  }
  const powerOff = async () => {
    for (const database of opened) if (database.isOpen) database.close()
    opened = new Set()
  }
  return {
    opener: createSqlite(openDatabase),
    powerOff,
    copy: async () => {
      // A file is copied whole only while nobody writes, and with everything that is in its write-ahead log.
      for (const database of opened) database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      const name = join(base, `copy-${copies++}`)
      await cp(folder(), name, { recursive: true })
      return name
    },
    restore: async (copy) => {
      await powerOff()
      generation++
      await cp(copy as string, folder(), { recursive: true })
    },
    wipe: async () => {
      await powerOff()
      generation++
      await mkdir(folder())
    },
    isWipedWhileOn: false,
    isFull: false,
    dispose: async () => {
      await powerOff()
      await rm(base, { recursive: true, force: true })
    },
  }
}

export const createDisk = async (kind: DiskKind): Promise<Disk> =>
  kind === 'memory' ? memoryDisk() : kind === 'indexeddb' ? indexedDbDisk() : sqliteDisk()

class PowerCut extends Error {}

/** Where the power goes off: before a transaction, between two of its steps, at its very end, or when it is stored and nobody knows yet. */
export type CrashPoint = 'before' | 'within' | 'at commit' | 'after'

/** One life of a device's storage, from a start to the next crash. After the crash nothing is ever answered. */
export const createLife = (disk: Pick<Disk, 'opener'> & Partial<Pick<Disk, 'isFull'>>) => {
  let busy = 0
  let isDead = false
  let refusals = 0
  let countdown: { left: number; point: CrashPoint; onCrash: () => void } | null = null
  const never = new Promise<never>(() => {})

  const guarded = async <T>(work: (step: (isCommit?: boolean) => void) => Promise<T>): Promise<T> => {
    if (isDead) return never
    let isHit = false
    if (countdown && --countdown.left <= 0) isHit = true
    const armed = isHit ? countdown : null
    const die = () => {
      isDead = true
      armed?.onCrash()
    }
    if (armed?.point === 'before') {
      die()
      return never
    }
    busy++
    try {
      const result = await work((isCommit = false) => {
        if (armed?.point === 'within' || (armed?.point === 'at commit' && isCommit) || isDead) throw new PowerCut()
      })
      if (armed) {
        die()
        return never
      }
      return isDead ? never : result
    } catch (error) {
      if (error instanceof PowerCut) {
        if (!isDead) die()
        return never
      }
      if (isDead) return never
      throw error
    } finally {
      busy--
    }
  }

  const wrap = (storage: Storage): Storage => ({
    read: (work) => guarded(() => storage.read(work)),
    write: (work) =>
      guarded((step) =>
        storage.write(async (tx) => {
          let room = disk.isFull ? ++refusals % 3 : Number.POSITIVE_INFINITY
          const stepping: Writing = {
            ...(tx as Reading),
            put: (store, key, value) => {
              if (room-- <= 0) throw new StorageError('FULL')
              tx.put(store, key, value)
              step()
            },
            delete: (store, key) => {
              tx.delete(store, key)
              step()
            },
            clear: (store) => {
              tx.clear(store)
              step()
            },
          }
          const result = await work(stepping)
          if (disk.isFull) throw new StorageError('FULL')
          step(true)
          return result
        }),
      ),
    onLost: (listener) => storage.onLost(() => (isDead ? undefined : listener())),
    close: () => guarded(() => storage.close()),
  })

  return {
    opener: {
      open: async (name) => wrap(await guarded(() => disk.opener.open(name))),
    } satisfies StorageOpener,
    isDead: () => isDead,
    busy: () => busy,
    /** The power goes off at the so-many-th storage call from now. */
    crashAt: (left: number, point: CrashPoint, onCrash: () => void) => {
      countdown = { left, point, onCrash }
    },
    disarm: () => {
      countdown = null
    },
    die: () => {
      isDead = true
    },
  }
}

export type Life = ReturnType<typeof createLife>
