import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { IDBDatabase, IDBFactory, IDBObjectStore } from 'fake-indexeddb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeSqlite } from '../test/node-sqlite.ts'
import { createIndexedDb } from './indexed-db.ts'
import { createMemoryDisk } from './memory.ts'
import { createSqlite } from './sqlite.ts'
import type { StorageOpener } from './storage.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anteroom-storage-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

let made = 0
const newName = () => {
  made += 1
  return `database-${made}`
}

const kinds: [string, () => StorageOpener][] = [
  ['memory', () => createMemoryDisk()],
  ['IndexedDB', () => createIndexedDb(new IDBFactory())],
  ['SQLite', () => createSqlite(nodeSqlite(folder))],
]

describe.each(kinds)('a storage of %s', (_kind, makeOpener) => {
  const fresh = async () => {
    const opener = makeOpener()
    const name = newName()
    return { opener, name, storage: await opener.open(name) }
  }

  test('answers what was written, after closing and opening again too', async () => {
    const { opener, name, storage } = await fresh()
    const value = { id: 'a', nested: { list: [1, null, 'ü', true] } }
    await storage.write(async (tx) => tx.put('records', 'a', value))
    expect(await storage.read((tx) => tx.get('records', 'a'))).toEqual(value)
    await storage.close()
    const again = await opener.open(name)
    expect(await again.read((tx) => tx.get('records', 'a'))).toEqual(value)
    await again.close()
  })

  test('knows nothing of keys that were never written, or were deleted or cleared', async () => {
    const { storage } = await fresh()
    expect(await storage.read((tx) => tx.get('state', 'none'))).toBeUndefined()
    expect(await storage.read((tx) => tx.all('state'))).toEqual([])
    await storage.write(async (tx) => {
      tx.put('state', 'a', 1)
      tx.put('state', 'b', 2)
      tx.put('cache', 'c', 3)
    })
    await storage.write(async (tx) => {
      tx.delete('state', 'a')
      tx.delete('state', 'never there')
      tx.clear('cache')
    })
    expect(await storage.read((tx) => tx.all('state'))).toEqual([2])
    expect(await storage.read((tx) => tx.all('cache'))).toEqual([])
    await storage.close()
  })

  test('lists in order of the keys', async () => {
    const { storage } = await fresh()
    await storage.write(async (tx) => {
      for (const key of ['c', 'a', 'b']) tx.put('operations', key, key)
    })
    expect(await storage.read((tx) => tx.all('operations'))).toEqual(['a', 'b', 'c'])
    await storage.close()
  })

  test('shows a transaction its own writes', async () => {
    const { storage } = await fresh()
    const seen = await storage.write(async (tx) => {
      tx.put('state', 'a', 1)
      const first = await tx.get('state', 'a')
      tx.put('state', 'a', 2)
      tx.put('state', 'b', 3)
      tx.delete('state', 'b')
      return [first, await tx.get('state', 'a'), await tx.all('state')]
    })
    expect(seen).toEqual([1, 2, [2]])
    await storage.close()
  })

  test('undoes a transaction whose work throws, and throws the same', async () => {
    const { storage } = await fresh()
    await storage.write(async (tx) => tx.put('state', 'a', 1))
    const refusal = new Error('no')
    const attempt = storage.write(async (tx) => {
      tx.put('state', 'a', 2)
      tx.put('records', 'b', 2)
      await tx.get('state', 'a')
      throw refusal
    })
    await expect(attempt).rejects.toBe(refusal)
    expect(await storage.read((tx) => tx.get('state', 'a'))).toBe(1)
    expect(await storage.read((tx) => tx.all('records'))).toEqual([])
    await storage.write(async (tx) => tx.put('state', 'a', 3))
    expect(await storage.read((tx) => tx.get('state', 'a'))).toBe(3)
    await storage.close()
  })

  test('undoes a transaction whose work throws while its writes are under way', async () => {
    const { storage } = await fresh()
    const attempt = storage.write(async (tx) => {
      for (const key of ['a', 'b', 'c']) tx.put('records', key, key)
      tx.put('state', 'a', 1)
      throw new Error('no')
    })
    await expect(attempt).rejects.toThrow('no')
    await storage.write(async (tx) => tx.put('state', 'b', 2))
    expect(await storage.read((tx) => tx.all('records'))).toEqual([])
    expect(await storage.read((tx) => tx.all('state'))).toEqual([2])
    await storage.close()
  })

  test('loses no update between transactions that run at once', async () => {
    const { storage } = await fresh()
    await storage.write(async (tx) => tx.put('state', 'count', 0))
    const add = () =>
      storage.write(async (tx) => {
        const count = (await tx.get('state', 'count')) as number
        tx.put('state', 'count', count + 1)
      })
    await Promise.all(Array.from({ length: 50 }, add))
    expect(await storage.read((tx) => tx.get('state', 'count'))).toBe(50)
    await storage.close()
  })

  test('loses no update between two connections to one database', async () => {
    const { opener, name, storage } = await fresh()
    const other = await opener.open(name)
    await storage.write(async (tx) => tx.put('state', 'count', 0))
    for (let round = 0; round < 10; round += 1)
      for (const one of [storage, other])
        await one.write(async (tx) => tx.put('state', 'count', ((await tx.get('state', 'count')) as number) + 1))
    expect(await storage.read((tx) => tx.get('state', 'count'))).toBe(20)
    await storage.close()
    await other.close()
  })

  test('keeps databases of different names apart', async () => {
    const { opener, storage } = await fresh()
    const other = await opener.open(newName())
    await storage.write(async (tx) => tx.put('state', 'a', 1))
    expect(await other.read((tx) => tx.all('state'))).toEqual([])
    await storage.close()
    await other.close()
  })

  test('takes a thousand records in one transaction', async () => {
    const { storage } = await fresh()
    await storage.write(async (tx) => {
      for (let index = 0; index < 1000; index += 1) tx.put('records', String(index), { id: index })
    })
    expect(await storage.read((tx) => tx.all('records'))).toHaveLength(1000)
    await storage.close()
  })

  test('changes nothing in what was read from it', async () => {
    const { storage } = await fresh()
    const value = { list: [1] }
    await storage.write(async (tx) => tx.put('state', 'a', value))
    value.list.push(2)
    expect(await storage.read((tx) => tx.get('state', 'a'))).toEqual({ list: [1] })
    await storage.close()
  })
})

test('a full memory refuses as FULL, keeps what it had, and takes again when there is room', async () => {
  const disk = createMemoryDisk()
  const storage = await disk.open('a')
  await storage.write(async (tx) => tx.put('state', 'a', 'x'))
  disk.limit(100)
  await expect(storage.write(async (tx) => tx.put('state', 'b', 'y'.repeat(200)))).rejects.toMatchObject({
    fault: 'FULL',
  })
  expect(await storage.read((tx) => tx.all('state'))).toEqual(['x'])
  disk.limit(null)
  await storage.write(async (tx) => tx.put('state', 'b', 'y'.repeat(200)))
})

test('IndexedDB that another tab deletes is told to be lost', async () => {
  const factory = new IDBFactory()
  const storage = await createIndexedDb(factory).open('a')
  const lost = new Promise<void>((resolve) => storage.onLost(resolve))
  factory.deleteDatabase('a')
  await lost
  await expect(storage.read((tx) => tx.all('state'))).rejects.toMatchObject({ fault: 'LOST' })
})

test('SQLite that may not grow any more is full, and goes on when it may', async () => {
  const open = nodeSqlite(folder)
  const storage = await createSqlite(open).open('full')
  const [database] = open.opened
  await storage.write(async (tx) => tx.put('state', 'a', 'x'))
  database?.exec('PRAGMA max_page_count = 1')
  const large = () => storage.write(async (tx) => tx.put('state', 'b', 'y'.repeat(100_000)))
  await expect(large()).rejects.toMatchObject({ fault: 'FULL' })
  expect(await storage.read((tx) => tx.all('state'))).toEqual(['x'])
  database?.exec('PRAGMA max_page_count = 1000000')
  await large()
  expect(await storage.read((tx) => tx.all('state'))).toHaveLength(2)
  await storage.close()
})

test('IndexedDB is asked to flush to the disk before a write resolves', async () => {
  const factory = new IDBFactory()
  const asked: unknown[] = []
  const storage = await createIndexedDb(factory).open('strict')
  const { transaction } = IDBDatabase.prototype
  IDBDatabase.prototype.transaction = function (...parameters) {
    asked.push(parameters[2])
    return transaction.apply(this, parameters)
  }
  await storage
    .write(async (tx) => tx.put('state', 'a', 1))
    .finally(() => {
      IDBDatabase.prototype.transaction = transaction
    })
  expect(asked).toEqual([{ durability: 'strict' }])
})

test('IndexedDB without room refuses as FULL', async () => {
  const storage = await createIndexedDb(new IDBFactory()).open('quota')
  const { put } = IDBObjectStore.prototype
  IDBObjectStore.prototype.put = () => {
    throw new DOMException('There is no room.', 'QuotaExceededError')
  }
  const attempt = storage
    .write(async (tx) => tx.put('state', 'a', 1))
    .finally(() => {
      IDBObjectStore.prototype.put = put
    })
  await expect(attempt).rejects.toMatchObject({ fault: 'FULL' })
  expect(await storage.read((tx) => tx.all('state'))).toEqual([])
})
