import { describe, expect, test } from 'vitest'
import type { Engine, Operation } from './model.ts'
import { quiet, until } from './test/device.ts'
import { diskKinds, useDevices } from './test/disks.ts'
import { createModelServer } from './test/model-server.ts'

const walkIn = (n: number) => ({ patientId: `patient-${n}`, serviceId: 'service', note: 'x'.repeat(300) })
const idsOf = (operations: readonly Operation[]) => operations.map(({ id }) => id)

describe.each(diskKinds)('a device with a storage of %s', (_kind, makeDisk) => {
  const { deviceOn } = useDevices()

  const scene = async () => {
    const server = createModelServer()
    const disk = await makeDisk()
    const device = deviceOn(disk)
    const engine = await device.tab(server.transport('rita'))
    await quiet(engine)
    return { server, disk, device, engine }
  }

  /** Gives acts until one is refused; those that were said to be saved. */
  const actUntilRefused = async (engine: Engine): Promise<Operation[]> => {
    const saved: Operation[] = []
    for (;;) {
      try {
        saved.push(await engine.act('addWalkIn', walkIn(saved.length)))
      } catch (error) {
        expect(error).toMatchObject({ fault: 'FULL' })
        return saved
      }
      if (saved.length > 500) throw new Error('It was never full.')
    }
  }

  describe('that is full', () => {
    test.each([0, 1, 2, 3, 5, 8])(
      'refuses an act, whichever of its writes finds no room (%i), and has those that it took',
      async (left) => {
        const { server, disk, device, engine } = await scene()
        server.down(true)
        const first = await engine.act('addWalkIn', walkIn(0))
        disk.fill(left)
        const saved = [first, ...(await actUntilRefused(engine))]
        expect(idsOf(engine.pending())).toEqual(idsOf(saved))
        expect(engine.status()).toMatchObject({ trouble: 'STORAGE_FULL', unsent: saved.length })
        // What is shown is what is stored.
        await engine.stop()
        const again = await device.tab(server.transport('rita'))
        expect(idsOf(again.pending())).toEqual(idsOf(saved))
        await expect(again.act('addWalkIn', walkIn(1))).rejects.toMatchObject({ fault: 'FULL' })
        disk.makeRoom()
        const next = await again.act('addWalkIn', walkIn(1))
        expect(again.status().trouble).toBeNull()
        expect(next.seq).toBe(saved.length + 1)
        server.down(false)
        again.nudge()
        await quiet(again)
        expect(server.applied).toEqual(idsOf([...saved, next]))
      },
    )

    test.each([0, 1, 2, 4, 7])(
      'sends what it has, does nothing twice, and is as the server once there is room again (%i)',
      async (left) => {
        const { server, disk, engine } = await scene()
        for (let n = 0; n < 20; n++) server.put('patients', { id: `patient-${n}`, version: 1, name: 'x'.repeat(300) })
        server.down(true)
        const saved: Operation[] = []
        for (let n = 0; n < 5; n++) saved.push(await engine.act('addWalkIn', walkIn(n)))
        disk.fill(left)
        server.down(false)
        engine.nudge()
        await expect.poll(() => server.applied).toEqual(idsOf(saved))
        const refused = await engine.act('addWalkIn', walkIn(9)).then(
          (operation) => void saved.push(operation),
          (error: unknown) => error,
        )
        if (refused) expect(refused).toMatchObject({ fault: 'FULL' })
        disk.makeRoom()
        engine.nudge()
        await quiet(engine)
        expect(server.applied).toEqual(idsOf(saved))
        expect(engine.records().patients.size).toBe(20)
        expect([...engine.records().entries.keys()].sort()).toEqual([...server.records().entries.keys()].sort())
        // Without anything to write, the trouble ends with the next act.
        await engine.act('addWalkIn', walkIn(10))
        expect(engine.status().trouble).toBeNull()
      },
    )

    test('gives nothing again, puts nothing away and takes nothing back without room, and does when there is some', async () => {
      const { server, disk, engine } = await scene()
      server.down(true)
      const refused = await engine.act('addWalkIn', walkIn(0))
      server.refused.set(refused.id, 'CLOSED')
      server.down(false)
      engine.nudge()
      await until(engine, ({ notices }) => notices.length === 1)
      server.down(true)
      disk.fill(0)
      const saved = await actUntilRefused(engine)
      const [last] = saved.slice(-1)
      await expect(engine.redo(refused.id)).rejects.toMatchObject({ fault: 'FULL' })
      expect(engine.status().notices).toHaveLength(1)
      expect(await engine.takeBack(last?.id ?? '')).toBe(false)
      expect(idsOf(engine.pending())).toEqual(idsOf(saved))
      disk.makeRoom()
      const again = await engine.redo(refused.id)
      expect(engine.status().notices).toEqual([])
      server.down(false)
      engine.nudge()
      await quiet(engine)
      expect(server.applied).toEqual(idsOf([...saved, again]))
    })
  })

  describe('that is wiped', () => {
    test('while it runs puts what it showed as saved into the new one, and tells of it once', async () => {
      const { server, disk, device, engine } = await scene()
      server.put('entries', { id: 'e1', version: 1 })
      engine.nudge()
      await until(engine, () => engine.records().entries.has('e1'))
      server.down(true)
      const saved = [await engine.act('addWalkIn', walkIn(1)), await engine.act('addWalkIn', walkIn(2))]
      await disk.wipe()
      saved.push(await engine.act('addWalkIn', walkIn(3)))
      expect(engine.status().trouble).toBe('STORAGE_LOST')
      expect(engine.records().entries.has('e1')).toBe(true)
      expect(idsOf(engine.pending())).toEqual(idsOf(saved))
      expect(engine.pending()[0]?.clientId).not.toBe(saved[0]?.clientId)
      // What it shows is in the new one.
      await engine.stop()
      const again = await device.tab(server.transport('rita'))
      expect(idsOf(again.pending())).toEqual(idsOf(saved))
      server.down(false)
      again.nudge()
      await quiet(again)
      expect(server.applied).toEqual(idsOf(saved))
      expect(again.records().entries.size).toBe(4)
      expect(again.status().trouble).toBeNull()
    })

    test('while an answer is on its way does nothing twice', async () => {
      const { server, disk, device } = await scene()
      const transport = server.transport('rita')
      let wipe = async () => {}
      const engine = await device.tab({
        ...transport,
        sync: async (input) => {
          const result = await transport.sync(input)
          await wipe()
          wipe = async () => {}
          return result
        },
      })
      await quiet(engine)
      server.down(true)
      const saved = [await engine.act('addWalkIn', walkIn(1)), await engine.act('addWalkIn', walkIn(2))]
      wipe = disk.wipe
      server.down(false)
      engine.nudge()
      await quiet(engine)
      expect(server.applied).toEqual(idsOf(saved))
      expect(engine.records().entries.size).toBe(2)
    })

    test('between two runs is told, takes a new clientId and loads everything again', async () => {
      const { server, disk, device, engine } = await scene()
      const old = await engine.act('addWalkIn', walkIn(1))
      await quiet(engine)
      server.down(true)
      await engine.act('addWalkIn', walkIn(2))
      await engine.stop()
      await disk.wipe()
      const again = await device.tab(server.transport('rita'))
      // What was unsent is gone with it, and that is told until somebody has seen it.
      expect(again.status().trouble).toBe('STORAGE_LOST')
      expect(again.pending()).toEqual([])
      server.down(false)
      again.nudge()
      await quiet(again)
      expect(again.status().trouble).toBe('STORAGE_LOST')
      expect(again.records().entries.size).toBe(1)
      expect((await again.act('addWalkIn', walkIn(3))).clientId).not.toBe(old.clientId)
      await again.dismiss('STORAGE_LOST')
      expect(again.status().trouble).toBeNull()
    })
  })

  test('and its twin, restored from one copy, both go on, each under a clientId of its own', async () => {
    const { server, disk, engine } = await scene()
    server.down(true)
    const shared = [await engine.act('addWalkIn', walkIn(1)), await engine.act('addWalkIn', walkIn(2))]
    await engine.stop()
    server.down(false)
    const twins = [await disk.twin(), await disk.twin()].map((disk) => deviceOn(disk))
    const engines: Engine[] = []
    for (const twin of twins) engines.push(await twin.tab(server.transport('rita')))
    const own: Operation[] = []
    for (const twin of engines) own.push(await twin.act('addWalkIn', walkIn(10 + own.length)))
    for (const twin of engines) await quiet(twin)
    expect([...server.applied].sort()).toEqual(idsOf([...shared, ...own]).sort())
    const last: Operation[] = []
    for (const twin of engines) last.push(await twin.act('addWalkIn', walkIn(20)))
    for (const twin of engines) await quiet(twin)
    expect(new Set(last.map(({ clientId }) => clientId)).size).toBe(2)
    for (const twin of engines) {
      twin.nudge()
      await until(twin, () => twin.records().entries.size === 6)
      expect(twin.status().notices).toEqual([])
    }
  })
})
