import { IDBFactory } from 'fake-indexeddb'
import { afterEach, describe, expect, test } from 'vitest'
import { createIndexedDb } from './storage/indexed-db.ts'
import { createMemoryDisk } from './storage/memory.ts'
import type { StorageOpener } from './storage/storage.ts'
import { createDevice, quiet, until } from './test/device.ts'
import { createModelServer } from './test/model-server.ts'

const devices: ReturnType<typeof createDevice>[] = []
afterEach(async () => {
  for (const device of devices.splice(0)) await device.close()
})

const walkIn = (n: number) => ({ patientId: `patient-${n}`, serviceId: 'service' })

const kinds: [string, () => StorageOpener][] = [
  ['memory', createMemoryDisk],
  ['IndexedDB', () => createIndexedDb(new IDBFactory())],
]

describe.each(kinds)('tabs of one browser, on %s', (_kind, makeOpener) => {
  const scene = async (count: number) => {
    const server = createModelServer()
    const device = createDevice(makeOpener())
    devices.push(device)
    const transport = server.transport('rita')
    const senders = new Set<number>()
    const tabs = []
    for (let n = 0; n < count; n += 1)
      tabs.push(
        await device.tab({
          ...transport,
          sync: (input) => {
            senders.add(n)
            return transport.sync(input)
          },
        }),
      )
    const [first] = tabs
    if (!first) throw new Error('A scene has tabs.')
    await quiet(first)
    return { server, device, tabs, senders, first }
  }

  test('number their acts without a gap or a repeat, and one of them pushes for all', async () => {
    const { server, tabs, senders } = await scene(3)
    server.down(true)
    const made = await Promise.all(
      Array.from({ length: 30 }, (_, n) => tabs[n % 3]?.act('addWalkIn', walkIn(n)) ?? Promise.reject()),
    )
    expect(made.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(made.map((_, index) => index + 1))
    expect(new Set(made.map(({ clientId }) => clientId)).size).toBe(1)
    for (const tab of tabs) await until(tab, ({ unsent }) => unsent === 30)
    server.down(false)
    for (const tab of tabs) tab.nudge()
    for (const tab of tabs) await quiet(tab)
    expect([...senders]).toEqual([0])
    expect(server.applied).toHaveLength(30)
  })

  test('show the same: acts, records, notices and whether there is a network', async () => {
    const { server, tabs, first } = await scene(2)
    const [, second] = tabs
    if (!second) throw new Error('There are two.')
    server.down(true)
    const operation = await second.act('addWalkIn', walkIn(1))
    server.refused.set(operation.id, 'CLOSED')
    await until(first, ({ unsent }) => unsent === 1)
    await until(second, ({ isOnline }) => !isOnline)
    server.put('entries', { id: 'e1', version: 1 })
    server.down(false)
    const answered = second.outcome(operation.id)
    second.nudge()
    expect(await answered).toMatchObject({ code: 'CLOSED' })
    await until(second, ({ isOnline, notices }) => isOnline && notices.length === 1)
    await until(second, () => second.records().entries.has('e1'))
    await second.dismiss(operation.id)
    await until(first, ({ notices }) => notices.length === 0)
  })

  test('hand the pushing over when the tab that did it dies, with acts that others made', async () => {
    const { server, tabs, senders, first } = await scene(3)
    const [, second, third] = tabs
    if (!second || !third) throw new Error('There are three.')
    server.down(true)
    await until(first, () => true)
    const made = [await first.act('addWalkIn', walkIn(0)), await third.act('addWalkIn', walkIn(1))]
    first.kill()
    made.push(await third.act('addWalkIn', walkIn(2)))
    server.down(false)
    second.nudge()
    third.nudge()
    await quiet(second)
    await quiet(third)
    expect(server.applied).toEqual(made.map(({ id }) => id))
    expect(senders.has(2)).toBe(false)
    expect(third.records().entries.size).toBe(3)
  })

  test('hand over when the tab is closed in order', async () => {
    const { server, tabs, first } = await scene(2)
    const [, second] = tabs
    if (!second) throw new Error('There are two.')
    await first.stop()
    const operation = await second.act('addWalkIn', walkIn(1))
    await quiet(second)
    expect(server.applied).toEqual([operation.id])
  })

  test('are left in peace by one that is closed and still hears of the network', async () => {
    const { server, tabs, first } = await scene(2)
    const [, second] = tabs
    if (!second) throw new Error('There are two.')
    await first.stop()
    first.nudge()
    const operation = await second.act('addWalkIn', walkIn(1))
    await quiet(second)
    expect(server.applied).toEqual([operation.id])
  })

  test('tell an outcome to the tab that waits for it, also when the answer was stored by one that died', async () => {
    const { server, tabs, first } = await scene(2)
    const [, second] = tabs
    if (!second) throw new Error('There are two.')
    const operation = await second.act('addWalkIn', walkIn(1))
    await until(first, ({ unsent }) => unsent === 0)
    first.kill()
    expect(await second.outcome(operation.id)).toMatchObject({ id: operation.id })
    expect(server.applied).toEqual([operation.id])
  })
})
