import { afterEach, describe, expect, test } from 'vitest'
import { createMemoryDisk } from './storage/memory.ts'
import type { StorageOpener } from './storage/storage.ts'
import { createDevice, quiet, until } from './test/device.ts'
import { createModelServer } from './test/model-server.ts'

const devices: ReturnType<typeof createDevice>[] = []
afterEach(async () => {
  for (const device of devices.splice(0)) await device.close()
})
const deviceOn = (disk: StorageOpener = createMemoryDisk()) => {
  const device = createDevice(disk)
  devices.push(device)
  return device
}

const scene = async () => {
  const server = createModelServer()
  const disk = createMemoryDisk()
  const device = deviceOn(disk)
  const engine = await device.tab(server.transport('rita'))
  await quiet(engine)
  return { server, disk, device, engine }
}

const walkIn = (n: number) => ({ patientId: `patient-${n}`, serviceId: 'service' })

describe('acts', () => {
  test('an act reaches the server, leaves the log and is among the records', async () => {
    const { server, engine } = await scene()
    const operation = await engine.act('addWalkIn', walkIn(1))
    expect(engine.pending()).toEqual([operation])
    expect(await engine.outcome(operation.id)).toMatchObject({ outcome: 'APPLIED' })
    await quiet(engine)
    expect(server.applied).toEqual([operation.id])
    expect(engine.records().entries.get(String(operation.input.id))).toMatchObject({ status: 'WAITING' })
    expect(engine.status()).toMatchObject({ unsent: 0, isOnline: true, trouble: null })
  })

  test('an act with nothing before it is stored and marked in one write, and under way before the screens are told', async () => {
    const server = createModelServer()
    const disk = createMemoryDisk()
    const events: string[] = []
    const device = deviceOn({
      open: async (name) => {
        const storage = await disk.open(name)
        const write: typeof storage.write = (work) => {
          events.push('write')
          return storage.write(work)
        }
        return { ...storage, write }
      },
    })
    const transport = server.transport('rita')
    const engine = await device.tab({
      ...transport,
      sync: (input) => {
        events.push('send')
        return transport.sync(input)
      },
    })
    await quiet(engine)
    await until(engine, ({ syncedAt }) => syncedAt !== null)
    await new Promise((resolve) => setImmediate(resolve))
    events.length = 0
    engine.subscribe(() => events.push('told'))
    const operation = await engine.act('addWalkIn', walkIn(1))
    expect(events.slice(0, 2)).toEqual(['write', 'send'])
    expect(events).toContain('told')
    expect(await engine.takeBack(operation.id)).toBe(false)
    await quiet(engine)
    expect(server.applied).toEqual([operation.id])
  })

  test('an act that was marked as sent by the write that stored it is sent by the next start', async () => {
    const { server, device, engine } = await scene()
    server.down(true)
    // Nobody has noticed yet that the network is gone.
    const operation = await engine.act('addWalkIn', walkIn(1))
    device.killAll()
    server.down(false)
    const again = await device.tab(server.transport('rita'))
    expect(await again.takeBack(operation.id)).toBe(false)
    await quiet(again)
    expect(server.applied).toEqual([operation.id])
  })

  test('what is made has its final id from the start', async () => {
    const { engine } = await scene()
    const { id, input } = await engine.act('createPatient', { name: 'Ann' })
    expect(input.id).toBe(id)
    const named = await engine.act('createPatient', { id: 'mine', name: 'Ben' })
    expect(named.input.id).toBe('mine')
  })

  test('acts made offline wait, survive closing, and are sent in their order', async () => {
    const { server, device, engine } = await scene()
    server.down(true)
    const made = []
    for (let n = 0; n < 250; n += 1) made.push(await engine.act('addWalkIn', walkIn(n)))
    await until(engine, ({ isOnline }) => !isOnline)
    expect(engine.status()).toMatchObject({ unsent: 250, offlineSince: device.time.wall })
    expect(made.map(({ seq }) => seq)).toEqual(made.map((_, index) => index + 1))
    await engine.stop()

    const again = await device.tab(server.transport('rita'))
    expect(again.pending().map(({ id }) => id)).toEqual(made.map(({ id }) => id))
    server.down(false)
    again.nudge()
    await quiet(again)
    expect(server.applied).toEqual(made.map(({ id }) => id))
    const batches = server.requests.filter(({ kind, size }) => kind === 'sync' && size > 0).map(({ size }) => size)
    expect(Math.max(...batches)).toBe(100)
  })

  test('an act is sent with its age: by the monotonic clock within one boot, else by the wall clock', async () => {
    const { server, device, engine } = await scene()
    const ages: number[] = []
    const transport = server.transport('rita')
    server.down(true)
    await engine.act('addWalkIn', walkIn(1))
    device.time.mono += 60_000
    // The wall clock was set back by a day: within one boot it does not matter.
    device.time.wall -= 86_400_000
    await engine.stop()
    const second = await device.tab({
      ...transport,
      sync: (input) => {
        ages.push(...input.operations.map(({ ageMs }) => ageMs))
        return transport.sync(input)
      },
    })
    server.down(false)
    second.nudge()
    await quiet(second)
    expect(ages.at(-1)).toBe(60_000)
    server.down(true)
    await second.act('addWalkIn', walkIn(2))
    await second.stop()
    device.time.bootId = 'boot-2'
    device.time.mono = 0
    device.time.wall += 5_000
    server.down(false)
    const third = await device.tab({
      ...transport,
      sync: (input) => {
        ages.push(...input.operations.map(({ ageMs }) => ageMs))
        return transport.sync(input)
      },
    })
    await quiet(third)
    expect(ages.at(-1)).toBe(5_000)
  })

  test('a reply that was lost does nothing twice', async () => {
    const { server, engine } = await scene()
    server.faults.push('LOST_REPLY', 'LOST_REPLY', 'LOST_REQUEST')
    const operation = await engine.act('addWalkIn', walkIn(1))
    expect(await engine.outcome(operation.id)).toMatchObject({ outcome: 'DUPLICATE' })
    await quiet(engine)
    expect(server.applied).toEqual([operation.id])
  })

  test('a refused operation blocks nothing, is told with its code, and can be given again', async () => {
    const { server, engine } = await scene()
    server.down(true)
    const first = await engine.act('addWalkIn', walkIn(1))
    server.refused.set(first.id, 'CLOSED')
    const second = await engine.act('addWalkIn', walkIn(2))
    server.down(false)
    engine.nudge()
    await quiet(engine)
    expect(server.applied).toEqual([second.id])
    expect(engine.status().notices).toMatchObject([{ id: first.id, operation: first, result: { code: 'CLOSED' } }])
    const again = await engine.redo(first.id)
    expect(again.id).not.toBe(first.id)
    expect(engine.status().notices).toEqual([])
    await quiet(engine)
    expect(server.applied).toEqual([second.id, again.id])
  })

  test('a dismissed notice stays away', async () => {
    const { server, device, engine } = await scene()
    server.down(true)
    const operation = await engine.act('addWalkIn', walkIn(1))
    server.refused.set(operation.id, 'CLOSED')
    server.down(false)
    engine.nudge()
    await quiet(engine)
    await engine.dismiss(operation.id)
    await engine.stop()
    const again = await device.tab(server.transport('rita'))
    expect(again.status().notices).toEqual([])
  })

  test('an act can be taken back until it was sent, and those behind it close the gap', async () => {
    const { server, engine } = await scene()
    server.down(true)
    await engine.act('addWalkIn', walkIn(0))
    await until(engine, ({ isOnline }) => !isOnline)
    const [sent] = engine.pending()
    const middle = await engine.act('addWalkIn', walkIn(1))
    const last = await engine.act('addWalkIn', walkIn(2))
    const taken = engine.outcome(middle.id)
    expect(await engine.takeBack(sent?.id ?? '')).toBe(false)
    expect(await engine.takeBack(middle.id)).toBe(true)
    expect(await taken).toBeNull()
    expect(engine.pending().map(({ seq }) => seq)).toEqual([1, 2])
    server.down(false)
    engine.nudge()
    await quiet(engine)
    expect(server.applied).toEqual([sent?.id, last.id])
  })

  test('however often a server is looked for that is away, nothing counts as sent', async () => {
    const { server, device, engine } = await scene()
    server.down(true)
    await engine.act('addWalkIn', walkIn(0))
    await until(engine, ({ isOnline }) => !isOnline)
    const later = await engine.act('addWalkIn', walkIn(1))
    const asked = server.requests.length
    for (let again = 1; again <= 3; again++) {
      engine.nudge()
      await expect.poll(() => server.requests.length).toBeGreaterThanOrEqual(asked + again)
    }
    await engine.stop()
    // Nor after a restart, before the server was heard.
    const restarted = await device.tab(server.transport('rita'))
    await until(restarted, ({ isOnline }) => !isOnline)
    expect(await restarted.takeBack(later.id)).toBe(true)
  })
})

describe('what is overridden', () => {
  const lost = { outcome: 'OVERRIDDEN' as const, code: 'OVERRIDDEN', message: null }
  const overrides = [{ field: 'name', by: 'Desk', at: '2026-11-22T10:42:00Z', value: 'Anna' }]

  test('at another device of the same person is told without what was written there', async () => {
    const { server, engine } = await scene()
    server.override('rita', { id: 'of-another-device', ...lost, overrides })
    engine.nudge()
    await until(engine, ({ notices }) => notices.length === 1)
    expect(engine.status().notices[0]).toMatchObject({ id: 'of-another-device', operation: null })
    await expect(engine.redo('of-another-device')).rejects.toMatchObject({ code: 'NOT_HERE' })
  })
})

describe('version skew', () => {
  test('one unreadable operation is found by halving, dropped and listed; all others are done once, in order', async () => {
    const { server, engine } = await scene()
    server.down(true)
    const made = []
    for (let n = 0; n < 150; n += 1)
      made.push(n === 77 ? await engine.act('hold', { id: 'x' }) : await engine.act('addWalkIn', walkIn(n)))
    server.unreadable.add('hold')
    server.down(false)
    engine.nudge()
    await quiet(engine)
    const bad = made[77]?.id
    expect(server.applied).toEqual(made.map(({ id }) => id).filter((id) => id !== bad))
    expect(engine.status().notices).toMatchObject([{ id: bad, result: { outcome: 'REJECTED', code: 'MALFORMED' } }])
    expect(server.requests.length).toBeLessThan(40)
  })

  test('a server that refuses even an empty request drops nothing', async () => {
    const { server, device } = await scene()
    const transport = server.transport('rita')
    const { TransportError } = await import('./transport.ts')
    const other = await device.tab(
      {
        ...transport,
        account: () => 'dana',
        sync: () => Promise.reject(new TransportError('MALFORMED', 'GRAPHQL_VALIDATION_FAILED')),
      },
      'dana',
    )
    await other.act('addWalkIn', walkIn(1))
    await until(other, ({ trouble }) => trouble === 'APP_OUTDATED')
    expect(other.pending()).toHaveLength(1)
    expect(other.pending()[0]?.dropped).toBeUndefined()
    expect(other.status().notices).toEqual([])
  })
})

describe('pulling', () => {
  test('a first load comes in pages and tells how far it is', async () => {
    const server = createModelServer()
    for (let n = 0; n < 1200; n += 1) server.put('patients', { id: `p${n}`, version: 1, name: `P ${n}` })
    const device = deviceOn()
    const engine = await device.tab(server.transport('rita'))
    const seen = new Set<number>()
    engine.subscribe(() => seen.add(engine.status().loaded))
    await until(engine, ({ isLoading }) => !isLoading)
    expect(engine.records().patients.size).toBe(1200)
    expect([...seen].filter((count) => count > 0)).toEqual([500, 1000, 1200])
    expect(engine.status().syncedAt).toBe(device.time.wall)
  })

  test('what left the sight of the viewer is let go of', async () => {
    const { server, engine } = await scene()
    server.put('entries', { id: 'e1', version: 1 })
    engine.nudge()
    await until(engine, () => engine.records().entries.has('e1'))
    server.remove('entries', 'e1')
    engine.nudge()
    await until(engine, () => !engine.records().entries.has('e1'))
  })

  test('an expired cursor loads anew, and what is shown changes once, when the load is complete', async () => {
    const { server, engine } = await scene()
    for (let n = 0; n < 30; n += 1) server.put('patients', { id: `p${n}`, version: 1 })
    engine.nudge()
    await until(engine, () => engine.records().patients.size === 30)
    server.remove('patients', 'p0')
    server.pageSize(7)
    server.expireCursors()
    const sizes = new Set<number>()
    engine.subscribe(() => sizes.add(engine.records().patients.size))
    engine.nudge()
    await until(engine, () => engine.records().patients.size === 29)
    expect([...sizes]).toEqual([30, 29])
    await quiet(engine)
  })

  test('an answered operation stays on top until the records it made have come', async () => {
    const { server, engine } = await scene()
    server.down(true)
    for (let n = 0; n < 40; n += 1) server.put('patients', { id: `p${n}`, version: 1 })
    const operation = await engine.act('addWalkIn', walkIn(1))
    server.pageSize(10)
    let gaps = 0
    engine.subscribe(() => {
      const isPending = engine.pending().some(({ id }) => id === operation.id)
      if (!isPending && !engine.records().entries.has(String(operation.input.id))) gaps += 1
    })
    server.down(false)
    engine.nudge()
    await quiet(engine)
    expect(gaps).toBe(0)
  })
})

describe('coming back from copies', () => {
  test('a device that came back from a backup takes a new clientId; nothing is lost or done twice', async () => {
    const { server, disk, device, engine } = await scene()
    server.down(true)
    const early = await engine.act('addWalkIn', walkIn(1))
    await engine.stop()
    const copy = disk.copy()
    server.down(false)
    const before = await device.tab(server.transport('rita'))
    await quiet(before)
    const later = await before.act('addWalkIn', walkIn(2))
    await quiet(before)
    await before.stop()

    disk.restore(copy)
    const after = await device.tab(server.transport('rita'))
    const [held] = after.pending()
    expect(held?.id).toBe(early.id)
    const fresh = await after.act('addWalkIn', walkIn(3))
    await quiet(after)
    expect(server.applied).toEqual([early.id, later.id, fresh.id])
    expect(after.records().entries.size).toBe(3)
    expect((await after.act('addWalkIn', walkIn(4))).clientId).not.toBe(early.clientId)
  })

  test('a server that came back from a backup gets the operations which are still here again', async () => {
    const { server, engine } = await scene()
    const copy = server.copy()
    for (let n = 0; n < 3; n += 1) await engine.act('addWalkIn', walkIn(n))
    await quiet(engine)
    server.down(true)
    const kept = await engine.act('addWalkIn', walkIn(9))
    server.restore(copy)
    server.down(false)
    engine.nudge()
    await quiet(engine)
    expect(server.applied.at(-1)).toBe(kept.id)
    expect([...engine.records().entries.keys()]).toEqual([String(kept.input.id)])
    const next = await engine.act('addWalkIn', walkIn(10))
    await quiet(engine)
    expect(server.applied.at(-1)).toBe(next.id)
    expect(next.clientId).not.toBe(kept.clientId)
  })
})

describe('the session', () => {
  test('that has ended keeps the work, says so, and goes on when it is back', async () => {
    const { server, engine } = await scene()
    server.faults.push(...Array(3).fill('UNAUTHENTICATED'))
    const operation = await engine.act('addWalkIn', walkIn(1))
    await until(engine, ({ trouble }) => trouble === 'LOGGED_OUT')
    expect(engine.pending()).toHaveLength(1)
    engine.nudge()
    await quiet(engine)
    expect(engine.status().trouble).toBeNull()
    expect(server.applied).toEqual([operation.id])
  })

  test("of another account sends nothing of this one's log", async () => {
    const server = createModelServer()
    const device = deviceOn()
    let account = 'rita'
    const engine = await device.tab({ ...server.transport('rita'), account: () => account }, 'rita')
    await quiet(engine)
    account = 'dana'
    await engine.act('addWalkIn', walkIn(1))
    await until(engine, ({ trouble }) => trouble === 'OTHER_USER')
    expect(server.applied).toEqual([])
    account = 'rita'
    engine.nudge()
    await quiet(engine)
    expect(server.applied).toHaveLength(1)
  })

  test('without contact for 24 hours takes no more acts, keeps those it has, and goes on after contact', async () => {
    const { server, device, engine } = await scene()
    server.down(true)
    await engine.act('addWalkIn', walkIn(1))
    await until(engine, ({ isOnline }) => !isOnline)
    device.time.mono += 86_400_000 - 60_000
    await engine.act('addWalkIn', walkIn(2))
    device.time.mono += 120_000
    await expect(engine.act('addWalkIn', walkIn(3))).rejects.toMatchObject({ code: 'TOO_OLD' })
    expect(engine.pending()).toHaveLength(2)
    server.down(false)
    engine.nudge()
    await quiet(engine)
    await engine.act('addWalkIn', walkIn(4))
  })

  test('of one user knows nothing of the log of another at the same device', async () => {
    const { server, device, engine } = await scene()
    server.down(true)
    await engine.act('addWalkIn', walkIn(1))
    const dana = await device.tab(server.transport('dana'))
    expect(dana.pending()).toEqual([])
    const own = await dana.act('addWalkIn', walkIn(2))
    expect(own.clientId).not.toBe(engine.pending()[0]?.clientId)
    server.down(false)
    dana.nudge()
    engine.nudge()
    await quiet(dana)
    await quiet(engine)
    expect(server.applied).toHaveLength(2)
  })
})
