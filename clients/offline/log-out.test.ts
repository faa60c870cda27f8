import { describe, expect, test } from 'vitest'
import type { Engine } from './model.ts'
import { type CrashPoint, createLife } from './proof/disks.ts'
import { quiet, until } from './test/device.ts'
import { diskKinds, useDevices } from './test/disks.ts'
import { createModelServer } from './test/model-server.ts'

const walkIn = (n: number) => ({ patientId: `patient-${n}`, serviceId: 'service' })

describe.each(diskKinds.slice(0, 3))('logging out at a shared desk, on %s', (kind, makeDisk) => {
  const { deviceOn } = useDevices()

  /** Somebody works: with a patient on record, and another one whom the server has not heard of. */
  const work = async (engine: Engine, server: ReturnType<typeof createModelServer>, password = 'rita-password') => {
    await engine.unlock(password)
    server.put('patients', { id: 'ann', version: 1, name: 'Ann Secret' })
    engine.nudge()
    await until(engine, () => engine.records().patients.has('ann'))
    server.down(true)
    return engine.act('createPatient', { name: 'Ben Secret' })
  }

  const scene = async () => {
    const server = createModelServer()
    const disk = await makeDisk()
    const device = deviceOn(disk)
    const engine = await device.tab(server.transport('rita'))
    return { server, disk, device, engine, unsent: await work(engine, server) }
  }

  test('erases what was confirmed and seals what is unsent; the password opens it and it is sent', async () => {
    const { server, disk, device, engine, unsent } = await scene()
    expect(await disk.text()).toContain('Secret')
    await engine.end('SEAL')
    expect(await disk.text()).not.toContain('Secret')

    const stranger = await device.tab(server.transport('rita'))
    expect(stranger.status().trouble).toBe('LOGGED_OUT')
    await expect(stranger.act('addWalkIn', walkIn(1))).rejects.toMatchObject({ code: 'LOGGED_OUT' })
    expect(await stranger.unlock('wrong')).toBe(false)
    expect(stranger.pending()).toEqual([])
    expect(await stranger.unlock('rita-password')).toBe(true)
    expect(stranger.pending().map(({ id }) => id)).toEqual([unsent.id])
    server.down(false)
    stranger.nudge()
    await quiet(stranger)
    expect(server.applied).toEqual([unsent.id])
    expect(stranger.records().patients.size).toBe(2)
  })

  test('leaves what is sealed to the password of that time, where it was changed meanwhile', async () => {
    const { server, disk, device, engine, unsent } = await scene()
    await engine.end('SEAL')
    const next = await device.tab(server.transport('rita'))
    expect(await next.unlock('new-password')).toBe(false)
    // Nobody is kept from working by it, and what they leave unsent is theirs by the new password.
    const later = await next.act('createPatient', { name: 'Cem Secret' })
    await next.end('SEAL')
    expect(await disk.text()).not.toContain('Secret')
    const third = await device.tab(server.transport('rita'))
    expect(await third.unlock('new-password')).toBe(false)
    expect(third.pending().map(({ id }) => id)).toEqual([later.id])
    expect(await third.unlock('rita-password')).toBe(true)
    expect(third.pending().map(({ id }) => id)).toEqual([later.id, unsent.id])
    expect(await third.unlock('rita-password')).toBe(true)
    expect(third.pending()).toHaveLength(2)
    server.down(false)
    third.nudge()
    await quiet(third)
    expect(server.applied).toEqual([later.id, unsent.id])
    expect(third.status().notices).toEqual([])
  })

  test('can keep the unsent work as it is, or throw it away', async () => {
    for (const way of ['KEEP', 'DISCARD'] as const) {
      const { server, disk, device, engine } = await scene()
      await engine.end(way)
      expect((await disk.text()).includes('Ben Secret')).toBe(way === 'KEEP')
      expect(await disk.text()).not.toContain('Ann Secret')
      const again = await device.tab(server.transport('rita'))
      await again.unlock(null)
      server.down(false)
      again.nudge()
      await quiet(again)
      expect(server.applied).toHaveLength(way === 'KEEP' ? 1 : 0)
      const next = await again.act('addWalkIn', walkIn(5))
      await quiet(again)
      expect(server.applied.at(-1)).toBe(next.id)
    }
  })

  test('refuses to seal what no password was given for, and leaves it as it is', async () => {
    const server = createModelServer()
    const device = deviceOn(await makeDisk())
    const engine = await device.tab(server.transport('rita'))
    server.down(true)
    const unsent = await engine.act('createPatient', { name: 'Ben Secret' })
    await expect(engine.end('SEAL')).rejects.toMatchObject({ code: 'CANNOT_SEAL' })
    server.down(false)
    engine.nudge()
    expect(await engine.outcome(unsent.id)).toMatchObject({ outcome: 'APPLIED' })
  })

  /** A phone has one engine, and SQLite's connections in one process would wait for each other. */
  const inTabs = test.skipIf(kind === 'SQLite')

  inTabs('seals an act too that another tab gives at the same time, or refuses it', async () => {
    const { server, device, engine, unsent } = await scene()
    const other = await device.tab(server.transport('rita'))
    const [, late] = await Promise.all([
      engine.end('SEAL'),
      other.act('createPatient', { name: 'Dan Secret' }).catch(() => null),
    ])
    const again = await device.tab(server.transport('rita'))
    await again.unlock('rita-password')
    expect(again.pending().map(({ id }) => id)).toEqual([unsent.id, ...(late ? [late.id] : [])])
  })

  inTabs('ends the other tabs too', async () => {
    const { server, device, engine } = await scene()
    const other = await device.tab(server.transport('rita'))
    await engine.end('SEAL')
    await until(other, ({ trouble }) => trouble === 'LOGGED_OUT')
    expect(other.records().patients.size).toBe(0)
    await expect(other.act('addWalkIn', walkIn(1))).rejects.toMatchObject({ code: 'LOGGED_OUT' })
  })

  test('without room leaves everybody logged in with all of it, until there is some', async () => {
    const { server, disk, device, engine, unsent } = await scene()
    disk.fill(0)
    // Erasing makes room on most disks: then it may succeed.
    const refused = await engine.end('SEAL').then(
      () => null,
      (error: unknown) => error,
    )
    if (refused) expect(refused).toMatchObject({ fault: 'FULL' })
    disk.makeRoom()
    const again = await device.tab(server.transport('rita'))
    expect(again.pending().map(({ id }) => id)).toEqual(refused ? [unsent.id] : [])
    await again.unlock('rita-password')
    expect(again.pending().map(({ id }) => id)).toEqual([unsent.id])
  })

  const points: CrashPoint[] = ['before', 'within', 'at commit', 'after']
  test.each(points)(
    'killed %s any of its steps, is either not done, or nobody can read what was unsent',
    async (point) => {
      let isThrough = false
      for (let step = 1; !isThrough; step++) {
        const server = createModelServer()
        const disk = await makeDisk()
        const life = createLife(disk)
        const device = deviceOn(disk, life.opener)
        const engine = await device.tab(server.transport('rita'))
        const unsent = await work(engine, server)
        let hasCrashed = () => {}
        const crashed = new Promise<'crashed'>((resolve) => {
          hasCrashed = () => resolve('crashed')
        })
        life.crashAt(step, point, hasCrashed)
        isThrough = (await Promise.race([engine.end('SEAL').then(() => 'done'), crashed])) === 'done'
        life.die()
        device.killAll()

        const left = await disk.remains()
        const next = deviceOn(left)
        const again = await next.tab(server.transport('rita'))
        const isDone = again.status().trouble === 'LOGGED_OUT'
        expect(again.pending().map(({ id }) => id)).toEqual(isDone ? [] : [unsent.id])
        // As the screens do with a log-out that was cut short.
        await again.end(isDone ? 'KEEP' : 'SEAL')
        expect(await left.text()).not.toContain('Secret')
        const back = await next.tab(server.transport('rita'))
        expect(await back.unlock('rita-password')).toBe(true)
        expect(back.pending().map(({ id }) => id)).toEqual([unsent.id])
        if (step > 30) throw new Error('It never came to an end.')
      }
    },
  )
})
