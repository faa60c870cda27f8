import { expect, it } from 'vitest'
import { createMemoryDisk } from './memory.ts'
import { type Spare, withSpare } from './spare.ts'

const createMapSpare = () => {
  const rows = new Map<string, unknown>()
  const spare: Spare = {
    keys: async () => [...rows.keys()],
    all: async () => [...rows.values()],
    put: async (key, value) => void rows.set(key, value),
    delete: async (key) => void rows.delete(key),
  }
  return { rows, spareOf: async () => spare }
}

it('unanswered operations are kept in the spare place too, until they are answered or taken back', async () => {
  const { rows, spareOf } = createMapSpare()
  const storage = await withSpare(createMemoryDisk(), spareOf).open('a')
  await storage.write(async (tx) => {
    for (const id of ['1', '2', '3']) tx.put('operations', id, { id })
    tx.put('state', 'device', { cursor: null })
  })
  expect([...rows.keys()]).toEqual(['1', '2', '3'])
  await storage.write(async (tx) => {
    tx.put('operations', '1', { id: '1', answer: { outcome: 'APPLIED' } })
    tx.delete('operations', '2')
  })
  expect(await storage.spared?.()).toEqual([{ id: '3' }])
})

it('what the spare place lost is put there again at the next start, and what is answered goes', async () => {
  const { rows, spareOf } = createMapSpare()
  const disk = createMemoryDisk()
  const first = await withSpare(disk, spareOf).open('a')
  await first.write(async (tx) => {
    tx.put('state', 'device', { cursor: null })
    for (const id of ['1', '2']) tx.put('operations', id, { id })
  })
  rows.delete('1')
  rows.set('answered long ago', { id: 'answered long ago' })
  await withSpare(disk, spareOf).open('a')
  await expect.poll(() => [...rows.keys()].sort()).toEqual(['1', '2'])
  const empty = await withSpare(createMemoryDisk(), spareOf).open('a')
  expect(await empty.spared?.()).toHaveLength(2)
})

it('a transaction that fails leaves nothing in the spare place', async () => {
  const { rows, spareOf } = createMapSpare()
  const storage = await withSpare(createMemoryDisk(), spareOf).open('a')
  const failing = storage.write(async (tx) => {
    tx.put('operations', '1', { id: '1' })
    throw new Error('undone')
  })
  await expect(failing).rejects.toThrow('undone')
  expect(rows.size).toBe(0)
})

it('a platform without files, or without room in them, has its database', async () => {
  const without = await withSpare(createMemoryDisk(), () => Promise.reject(new Error('none'))).open('a')
  expect(without.spared).toBeUndefined()
  const full: Spare = {
    keys: async () => [],
    all: async () => [],
    put: () => Promise.reject(new Error('full')),
    delete: async () => {},
  }
  const storage = await withSpare(createMemoryDisk(), async () => full).open('a')
  await storage.write(async (tx) => tx.put('operations', '1', { id: '1' }))
  expect(await storage.read((tx) => tx.all('operations'))).toEqual([{ id: '1' }])
})
