import { describe, expect, it } from 'vitest'
import { createDevice, until } from '../test/device.ts'
import { createModelServer } from '../test/model-server.ts'
import { createMemoryDisk } from './memory.ts'
import { type Spare, withSpare } from './spare.ts'
import type { StorageOpener } from './storage.ts'

const createMapSpare = () => {
  const rows = new Map<string, unknown>()
  /** Begun, and never written; and what cannot be read now. */
  const [torn, unreadable] = [new Set<string>(), new Set<string>()]
  const spare: Spare = {
    list: async () => new Map([...rows.keys(), ...torn].map((key) => [key, rows.has(key) && !unreadable.has(key)])),
    all: async () => new Map([...rows].map(([key, value]) => [key, unreadable.has(key) ? null : value])),
    put: async (key, value) => {
      torn.delete(key)
      rows.set(key, value)
    },
    delete: async (key) => {
      torn.delete(key)
      rows.delete(key)
    },
  }
  return { rows, torn, unreadable, spare, spareOf: async () => spare }
}

const nothing = { operations: [], sealed: [] }

describe('a spare place', () => {
  it('holds unanswered operations, until they are answered or taken back', async () => {
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
    await storage.close()
    expect([...rows.keys()]).toEqual(['3'])
    const fresh = await withSpare(createMemoryDisk(), spareOf).open('a')
    expect(await fresh.spared?.()).toEqual({ operations: [{ id: '3' }], sealed: [] })
  })

  it('has what it lost, or was given in part, before a database that holds it is used again; what is answered goes', async () => {
    const { rows, torn, spareOf } = createMapSpare()
    const disk = createMemoryDisk()
    const first = await withSpare(disk, spareOf).open('a')
    await first.spared?.()
    await first.write(async (tx) => {
      tx.put('state', 'device', { cursor: null })
      for (const id of ['1', '2', '3']) tx.put('operations', id, { id })
    })
    rows.delete('1')
    // The device stopped between making the file and writing it.
    rows.delete('2')
    torn.add('2')
    rows.set('answered long ago', { id: 'answered long ago' })
    const again = await withSpare(disk, spareOf).open('a')
    expect([rows.get('1'), rows.get('2')]).toEqual([{ id: '1' }, { id: '2' }])
    expect(await again.spared?.()).toEqual(nothing)
    await expect.poll(() => [...rows.keys()].sort()).toEqual(['1', '2', '3'])
  })

  it('takes what is new while the database stores it, and lets go of what that refused', async () => {
    const { rows, spare, spareOf } = createMapSpare()
    const disk = createMemoryDisk()
    const order: string[] = []
    const seen = {
      ...spare,
      put: async (key: string, value: unknown) => {
        order.push(key)
        await spare.put(key, value)
      },
    }
    const storage = await withSpare(disk, async () => seen).open('a')
    const store = (id: string) =>
      storage
        .write(async (tx) => {
          tx.put('state', 'device', { cursor: null })
          tx.put('operations', id, { id, input: 'x'.repeat(200) })
        })
        .then(
          () => order.push(`stored ${id}`),
          () => order.push(`refused ${id}`),
        )
    await store('1')
    disk.limit(300)
    await store('2')
    expect(order).toEqual(['1', 'stored 1', '2', 'refused 2'])
    expect([...rows.keys()]).toEqual(['1'])
    expect((await (await withSpare(disk, spareOf).open('a')).read((tx) => tx.all('operations'))).length).toBe(1)
  })

  it('gives up nothing that cannot be read when a new database takes over the rest', async () => {
    const { rows, unreadable, spareOf } = createMapSpare()
    for (const id of ['1', '2']) rows.set(id, { id })
    unreadable.add('2')
    const opener = withSpare(createMemoryDisk(), spareOf)
    const first = await opener.open('a')
    expect((await first.spared?.())?.operations).toEqual([{ id: '1' }])
    await first.write(async (tx) => {
      tx.put('state', 'device', { cursor: null })
      tx.put('operations', '1', { id: '1' })
    })
    unreadable.clear()
    const second = await opener.open('a')
    expect((await second.spared?.())?.operations).toEqual([{ id: '2' }])
    expect([...rows.keys()]).toEqual(['1', '2'])
  })

  it('gives nothing up for a new database until that has taken it over', async () => {
    const { rows, spareOf } = createMapSpare()
    rows.set('1', { id: '1' })
    const disk = createMemoryDisk()
    const opener = withSpare(disk, spareOf)
    // Made, and the device stops before it has looked at what was spared.
    await (await opener.open('a')).write(async (tx) => tx.put('state', 'device', { cursor: null }))
    const second = await opener.open('a')
    expect(await second.spared?.()).toEqual({ operations: [{ id: '1' }], sealed: [] })
    await second.write(async (tx) => tx.put('operations', '1', { id: '1' }))
    await second.write(async (tx) => tx.delete('operations', '1'))
    expect(rows.size).toBe(0)
    rows.set('1', { id: '1' })
    const third = await opener.open('a')
    expect(await third.spared?.()).toEqual(nothing)
    await expect.poll(() => rows.size).toBe(0)
  })

  it('is not emptied by a tab that opens while another one stores an act', async () => {
    const { rows, spare, spareOf } = createMapSpare()
    const disk = createMemoryDisk()
    const first = await withSpare(disk, spareOf).open('a')
    await first.spared?.()
    await first.write(async (tx) => tx.put('state', 'device', { cursor: null }))
    const act = () => first.write(async (tx) => tx.put('operations', '1', { id: '1' }))
    // The act comes between the two looks of the tab that opens.
    const between: Spare = {
      ...spare,
      list: async () => {
        const found = await spare.list()
        await act()
        return found
      },
    }
    await withSpare(disk, async () => between).open('a')
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect([...rows.keys()]).toEqual(['1'])
  })

  it('keeps the last word on an operation, also where an earlier one takes longer or fails', async () => {
    const { rows, spare } = createMapSpare()
    let slow = 0
    const uneven: Spare = {
      ...spare,
      put: async (key, value) => {
        slow++
        await new Promise((resolve) => setTimeout(resolve, slow === 1 ? 20 : 0))
        await spare.put(key, value)
      },
      delete: async (key) => {
        if (key === '2' && slow === 2) throw new Error('another tab is writing it')
        await spare.delete(key)
      },
    }
    const storage = await withSpare(createMemoryDisk(), async () => uneven).open('a')
    await Promise.all([
      storage.write(async (tx) => tx.put('operations', '1', { id: '1', seq: 1 })),
      storage.write(async (tx) => tx.delete('operations', '1')),
    ])
    expect([...rows.keys()]).toEqual([])
    await storage.write(async (tx) => tx.put('operations', '2', { id: '2' }))
    await storage.write(async (tx) => tx.delete('operations', '2'))
    expect([...rows.keys()]).toEqual(['2'])
    await storage.write(async (tx) => tx.put('operations', '3', { id: '3' }))
    await storage.write(async (tx) => tx.put('cache', 'x', 1))
    expect([...rows.keys()]).toEqual(['3'])
  })

  it('has nothing of a transaction that fails', async () => {
    const { rows, spareOf } = createMapSpare()
    const storage = await withSpare(createMemoryDisk(), spareOf).open('a')
    const failing = storage.write(async (tx) => {
      tx.put('operations', '1', { id: '1' })
      throw new Error('undone')
    })
    await expect(failing).rejects.toThrow('undone')
    expect(rows.size).toBe(0)
  })

  it('is not needed: a platform without files, or without room in them, has its database', async () => {
    const without = await withSpare(createMemoryDisk(), () => Promise.reject(new Error('none'))).open('a')
    expect(without.spared).toBeUndefined()
    const { spare } = createMapSpare()
    const full: Spare = { ...spare, put: () => Promise.reject(new Error('full')) }
    const storage = await withSpare(createMemoryDisk(), async () => full).open('a')
    await storage.write(async (tx) => tx.put('operations', '1', { id: '1' }))
    expect(await storage.read((tx) => tx.all('operations'))).toEqual([{ id: '1' }])
  })
})

describe('a device whose database was thrown away', () => {
  const scene = async () => {
    const { rows, spareOf } = createMapSpare()
    const disk = createMemoryDisk()
    const server = createModelServer()
    server.down(true)
    const deviceOn = (opener: StorageOpener) => createDevice(withSpare(opener, spareOf))
    const device = deviceOn(disk)
    const engine = await device.tab(server.transport('rita'))
    await engine.unlock('rita-password')
    const saved = []
    for (const name of ['Ann', 'Ben', 'Cem']) saved.push((await engine.act('createPatient', { name })).id)
    return { rows, disk, server, device, engine, deviceOn, saved }
  }

  it('has all that it showed as saved, wherever it stops again on its way back', async () => {
    const { disk, server, deviceOn, device, saved } = await scene()
    device.killAll()
    const never = new Promise<never>(() => {})
    let isThrough = false
    for (let stopAfter = 0; !isThrough; stopAfter++) {
      disk.wipe()
      let left = stopAfter
      const stopping: StorageOpener = {
        open: async (name) => {
          const storage = await disk.open(name)
          return {
            ...storage,
            write: async (work) => {
              if (left-- <= 0) return never
              const result = await storage.write(work)
              return left <= 0 ? never : result
            },
          }
        },
      }
      const stopped = deviceOn(stopping)
      const starting = stopped.tab(server.transport('rita')).then(() => true)
      isThrough = await Promise.race([starting, new Promise<false>((resolve) => setTimeout(resolve, 50, false))])
      stopped.killAll()
      const again = deviceOn(disk)
      const engine = await again.tab(server.transport('rita'))
      expect(
        engine.pending().map(({ id }) => id),
        `stopped after ${stopAfter} transactions`,
      ).toEqual(saved)
      expect(engine.pending().map(({ seq }) => seq)).toEqual([1, 2, 3])
      again.killAll()
    }
  })

  it('has what a log-out had sealed, and the password opens it', async () => {
    const { rows, disk, server, engine, deviceOn, saved } = await scene()
    await engine.end('SEAL')
    expect(JSON.stringify([...rows])).not.toContain('Ann')
    disk.wipe()
    const again = deviceOn(disk)
    const next = await again.tab(server.transport('rita'))
    expect(next.status().trouble).toBe('STORAGE_LOST')
    expect(await next.unlock('wrong')).toBe(false)
    expect(next.pending()).toEqual([])
    expect(await next.unlock('rita-password')).toBe(true)
    expect(next.pending().map(({ id }) => id)).toEqual(saved)
    server.down(false)
    next.nudge()
    await until(next, ({ unsent }) => unsent === 0)
    expect(server.applied).toEqual(saved)
    await expect.poll(() => rows.size).toBe(0)
    await again.close()
  })

  it('takes operations of two clientIds in the order of their ids', async () => {
    const { rows, disk, server, device, deviceOn, saved } = await scene()
    device.killAll()
    // It stopped while it wrote new numbers into the spare place.
    const [first, second, third] = saved.map((id) => rows.get(id) as object)
    rows.clear()
    for (const row of [
      { ...third, clientId: 'new', seq: 3 },
      { ...second, seq: 102 },
      { ...first, clientId: 'new', seq: 1 },
    ])
      rows.set((row as unknown as { id: string }).id, row)
    disk.wipe()
    const again = deviceOn(disk)
    const engine = await again.tab(server.transport('rita'))
    expect(engine.pending().map(({ id }) => id)).toEqual(saved)
    await again.close()
  })
})
