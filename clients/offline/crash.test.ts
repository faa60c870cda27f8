import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Engine } from './model.ts'
import { createMemoryDisk } from './storage/memory.ts'
import type { Storage, StorageOpener } from './storage/storage.ts'
import { createDevice, quiet } from './test/device.ts'
import { createModelServer } from './test/model-server.ts'

const never = new Promise<never>(() => {})

/** A device that can stop between any two steps of its storage: what is running then never goes on. */
const crashingOn = (disk: StorageOpener) => {
  let stepsLeft = Number.POSITIVE_INFINITY
  let life = 0
  const step = async (mine: number): Promise<void> => {
    stepsLeft -= 1
    if (mine !== life || stepsLeft < 0) await never
  }
  const opener: StorageOpener = {
    open: async (name) => {
      const mine = life
      const storage = await disk.open(name)
      const around = async <T>(run: () => Promise<T>): Promise<T> => {
        await step(mine)
        const result = await run()
        await step(mine)
        return result
      }
      const crashing: Storage = {
        ...storage,
        read: (work) => around(() => storage.read(work)),
        write: (work) => around(() => storage.write(work)),
      }
      return crashing
    },
  }
  return {
    opener,
    crashAfter: (steps: number) => {
      stepsLeft = steps
    },
    /** The power is back; what ran before is gone for good. */
    restart: () => {
      life += 1
      stepsLeft = Number.POSITIVE_INFINITY
    },
  }
}

const event = fc.oneof(
  fc.record({ kind: fc.constant('ACT' as const) }),
  fc.record({ kind: fc.constant('CRASH' as const), steps: fc.nat(12) }),
  fc.record({ kind: fc.constant('DOWN' as const) }),
  fc.record({ kind: fc.constant('UP' as const) }),
  fc.record({
    kind: fc.constant('FAULT' as const),
    fault: fc.constantFrom('LOST_REQUEST', 'LOST_REPLY', 'UNAVAILABLE'),
  }),
  fc.record({ kind: fc.constant('BACKUP' as const) }),
  fc.record({ kind: fc.constant('WAIT' as const) }),
)

const pause = (turns: number) =>
  new Promise<void>((resolve) => {
    const next = (left: number) => (left === 0 ? resolve() : setImmediate(() => next(left - 1)))
    next(turns)
  })

test('wherever a device crashes, and whatever gets lost on the way, what was saved is done once and in order', async () => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000_000)
  console.info(`crash: SEED=${seed}`)
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 5, maxLength: 40 }), async (events) => {
      const server = createModelServer()
      server.pageSize(4)
      const disk = createMemoryDisk()
      const power = crashingOn(disk)
      const device = createDevice(power.opener)
      const transport = server.transport('rita')
      let engine: Engine | null = await device.tab(transport)
      const saved: string[] = []
      let number = 0

      const restart = async () => {
        // The old engine hangs in its storage and is dropped, as a process that has ended.
        device.killAll()
        power.restart()
        engine = await device.tab(transport)
      }
      for (const one of events) {
        if (one.kind === 'DOWN') server.down(true)
        if (one.kind === 'UP') {
          server.down(false)
          engine?.nudge()
        }
        if (one.kind === 'FAULT') server.faults.push(one.fault as 'LOST_REPLY')
        if (one.kind === 'WAIT') await pause(5)
        if (one.kind === 'ACT' && engine) {
          number += 1
          const act = engine.act('addWalkIn', { patientId: `p${number}`, serviceId: 's' })
          const id = await Promise.race([act.then((operation) => operation.id), pause(20).then(() => null)])
          if (id) saved.push(id)
          else await restart()
        }
        if (one.kind === 'CRASH') {
          power.crashAfter(one.steps)
          await pause(3)
        }
        if (one.kind === 'BACKUP') {
          // All of the server's memory is a copy of itself: nothing is lost by it, but cursors are.
          server.restore(server.copy())
        }
      }
      await restart()
      server.down(false)
      server.faults.length = 0
      engine?.nudge()
      await quiet(engine as Engine)
      expect(new Set(server.applied).size).toBe(server.applied.length)
      expect(server.applied.filter((id) => saved.includes(id))).toEqual(saved)
      expect([...(engine as Engine).records().entries.keys()].sort()).toEqual(
        [...server.records().entries.keys()].sort(),
      )
      expect((engine as Engine).status().notices).toEqual([])
      await device.close()
    }),
    { seed, numRuns: 150 },
  )
}, 60_000)
