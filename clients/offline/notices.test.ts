import { describe, expect, test } from 'vitest'
import type { Engine, Operation } from './model.ts'
import { createLife } from './proof/disks.ts'
import { quiet, until } from './test/device.ts'
import { diskKinds, useDevices } from './test/disks.ts'
import { createModelServer } from './test/model-server.ts'

const walkIn = { patientId: 'patient-1', serviceId: 'service' }
const lost = { outcome: 'OVERRIDDEN' as const, code: 'OVERRIDDEN', message: null }
const overrides = [{ field: 'name', by: 'Desk', at: '2026-11-22T10:42:00Z', value: 'Anna' }]

describe.each(diskKinds.slice(0, 3))('what was refused or overridden, on %s', (kind, makeDisk) => {
  const { deviceOn } = useDevices()

  const scene = async () => {
    const server = createModelServer()
    const disk = await makeDisk()
    const device = deviceOn(disk)
    const engine = await device.tab(server.transport('rita'))
    await quiet(engine)
    return { server, disk, device, engine }
  }

  type Server = ReturnType<typeof createModelServer>

  const refusedIn = async (server: Server, engine: Engine): Promise<Operation> => {
    server.down(true)
    const operation = await engine.act('addWalkIn', walkIn)
    server.refused.set(operation.id, 'CLOSED')
    server.down(false)
    engine.nudge()
    await quiet(engine)
    await until(engine, ({ notices }) => notices.length === 1)
    return operation
  }

  test('an act that was refused is told with its code after a restart too, and is done when it is given again', async () => {
    const { server, device, engine } = await scene()
    const refused = await refusedIn(server, engine)
    await engine.stop()
    const again = await device.tab(server.transport('rita'))
    expect(again.status().notices).toMatchObject([{ id: refused.id, operation: refused, result: { code: 'CLOSED' } }])
    const second = await again.redo(refused.id)
    expect(second.id).not.toBe(refused.id)
    expect(second.input).toEqual(refused.input)
    expect(again.status().notices).toEqual([])
    await quiet(again)
    expect(server.applied).toEqual([second.id])
    await again.stop()
    expect((await device.tab(server.transport('rita'))).status().notices).toEqual([])
  })

  test('it is given again once, however often and in how many tabs somebody asks for it', async () => {
    const { server, device, engine } = await scene()
    const refused = await refusedIn(server, engine)
    // A phone has one.
    const other = kind === 'SQLite' ? engine : await device.tab(server.transport('rita'))
    const asked = await Promise.allSettled([engine, other, engine].map((tab) => tab.redo(refused.id)))
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const one of asked) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'NOT_HERE' })
    await quiet(engine)
    expect(server.applied).toHaveLength(1)
  })

  test('without a network it waits, and survives a restart', async () => {
    const { server, device, engine } = await scene()
    const refused = await refusedIn(server, engine)
    server.down(true)
    const second = await engine.redo(refused.id)
    await engine.stop()
    const again = await device.tab(server.transport('rita'))
    expect(again.pending().map(({ id }) => id)).toEqual([second.id])
    expect(again.status().notices).toEqual([])
    server.down(false)
    again.nudge()
    await quiet(again)
    expect(server.applied).toEqual([second.id])
  })

  test('fields that lost, after their operation had left the log, are given again alone and as seen now', async () => {
    const { server, device, engine } = await scene()
    server.put('patients', { id: 'ann', version: 3, name: 'Ann' })
    const operation = await engine.act('updatePatient', { id: 'ann', seen: 3, name: 'Anne', language: 'es' })
    await quiet(engine)
    server.override('rita', { id: operation.id, ...lost, overrides })
    engine.nudge()
    await until(engine, ({ notices }) => notices.length === 1)
    await engine.stop()
    const again = await device.tab(server.transport('rita'))
    expect(again.status().notices[0]).toMatchObject({ operation: { input: { name: 'Anne' } }, result: { overrides } })
    const second = await again.redo(operation.id)
    const version = server.records().patients.get('ann')?.version
    expect(second.input).toEqual({ id: 'ann', name: 'Anne', seen: version })
    await quiet(again)
    expect(again.records().patients.get('ann')).toMatchObject({ name: 'Anne' })
    // Lost once more, it can be given once more.
    server.override('rita', { id: second.id, ...lost, overrides })
    again.nudge()
    await until(again, ({ notices }) => notices.length === 1)
    expect((await again.redo(second.id)).input).toMatchObject({ name: 'Anne' })
  })

  test('a device killed at any step of giving again has either the notice or the act', async () => {
    let isThrough = false
    for (let step = 1; !isThrough; step++) {
      for (const point of ['before', 'within', 'at commit', 'after'] as const) {
        const server = createModelServer()
        const disk = await makeDisk()
        const life = createLife(disk)
        const device = deviceOn(disk, life.opener)
        const engine = await device.tab(server.transport('rita'))
        await quiet(engine)
        const refused = await refusedIn(server, engine)
        server.down(true)
        let hasCrashed = () => {}
        const crashed = new Promise<'crashed'>((resolve) => {
          hasCrashed = () => resolve('crashed')
        })
        life.crashAt(step, point, hasCrashed)
        const redone = engine.redo(refused.id).then(() => 'done')
        isThrough = (await Promise.race([redone, crashed])) === 'done'
        life.die()
        device.killAll()
        const again = await deviceOn(await disk.remains()).tab(server.transport('rita'))
        const told = again.status().notices.map(({ id }) => id)
        expect([told, again.pending().map(({ input }) => input)], `${point} ${step}`).toEqual(
          told.length > 0 ? [[refused.id], []] : [[], [refused.input]],
        )
        if (isThrough) expect(told).toEqual([])
      }
      if (step > 20) throw new Error('It never came to an end.')
    }
  })
})
