import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Bus, BusMessage } from '../bus.ts'
import type { EntryRow } from '../loaders.ts'
import { createTestClinic, type TestClinic } from '../test/clinic.ts'
import { createTestDeps, type TestDeps } from '../test/context.ts'
import { createTestDatabase, type TestDatabase } from '../test/database.ts'
import { addWalkIn, callEntry, hold, markNoShow, markServed, returnToQueue } from './commands.ts'
import { createLiveQueues, type LivePosition, type LiveQueues } from './live.ts'
import type { LatestSlot } from './slot.ts'
import { createSlot } from './slot.ts'

let database: TestDatabase
let deps: TestDeps
let clinic: TestClinic
let service: string
let live: LiveQueues

beforeAll(async () => {
  database = await createTestDatabase()
  deps = createTestDeps(database)
  clinic = await createTestClinic(deps)
  service = clinic.serviceIds[0] as string
  live = createLiveQueues({ ...deps, farewellMs: 50 })
})
afterAll(async () => {
  live.close()
  await deps.close()
  await database.drop()
})

const walkIn = async (): Promise<EntryRow> =>
  addWalkIn(clinic.desk, {
    id: null,
    patientId: await clinic.addPatient(),
    serviceId: service,
    doctorId: null,
    urgency: null,
    reason: null,
    provisionalTicket: null,
  })

const until = async (slot: LatestSlot<LivePosition>, status: string): Promise<LivePosition> => {
  for await (const value of { [Symbol.asyncIterator]: () => ({ next: () => slot.next() }) })
    if (value.state.status === status) return value
  throw new Error(`it ended before ${status}`)
}

describe('the slot of a slow reader', () => {
  it('holds the newest value only, and ends after it', async () => {
    let isClosed = false
    const slot = createSlot<number>(() => {
      isClosed = true
    })
    for (let i = 0; i < 1_000; i++) slot.push(i)
    expect(await slot.next()).toEqual({ value: 999, done: false })
    slot.push(1_000)
    slot.end()
    expect((await slot.next()).value).toBe(1_000)
    expect((await slot.next()).done).toBe(true)
    expect(isClosed).toBe(true)
  })
  it('passes a failure on once and is closed then', async () => {
    const slot = createSlot<number>(() => {})
    slot.fail(new Error('gone'))
    await expect(slot.next()).rejects.toThrow('gone')
    expect((await slot.next()).done).toBe(true)
  })
})

describe('a watched visit', () => {
  it('stays a while after it was served, and is forgotten then', async () => {
    const entry = await walkIn()
    const slot = live.position(entry)
    await until(slot, 'WAITING')
    await callEntry(clinic.desk, entry.id, { doctorId: null, room: null })
    await markServed(clinic.desk, entry.id)
    await until(slot, 'SERVED')
    expect((await slot.next()).done).toBe(true)
    expect(live.watched()).toEqual({ queues: 0, watchers: 0 })
  })

  it('stays after a no-show, who may still come back, until the clinic day ends', async () => {
    const entry = await walkIn()
    const slot = live.position(entry)
    await callEntry(clinic.desk, entry.id, { doctorId: null, room: null })
    await markNoShow(clinic.desk, entry.id)
    await until(slot, 'NO_SHOW')
    await new Promise((resolve) => setTimeout(resolve, 150))
    await returnToQueue(clinic.desk, entry.id)
    await until(slot, 'WAITING')
    await slot.return?.()
    await deps.db.$executeRaw`
      UPDATE queue SET status = 'NO_SHOW', arrived_at = arrived_at - interval '3 days', called_at = arrived_at - interval '3 days',
        finished_at = arrived_at - interval '2 days' WHERE id = ${entry.id}::uuid`
    const old = live.position((await deps.db.queueEntry.findUniqueOrThrow({ where: { id: entry.id } })) as EntryRow)
    await until(old, 'NO_SHOW')
    expect((await old.next()).done).toBe(true)
  })

  it('is right although every hint is lost', async () => {
    const deaf: Bus = { publish: () => {}, subscribe: () => () => {}, close: async () => {} }
    const alone = createLiveQueues({ ...deps, bus: deaf })
    const entry = await walkIn()
    const slot = alone.position(entry)
    await until(slot, 'WAITING')
    await hold(clinic.desk, entry.id)
    await until(slot, 'ON_HOLD')
    alone.close()
  })

  it('is never shown an older state by an instance that missed the hint, to whoever comes from another one', async () => {
    const deaf: Bus = { publish: () => {}, subscribe: () => () => {}, close: async () => {} }
    const alone = createLiveQueues({ ...deps, bus: deaf })
    const entry = await walkIn()
    const kept = alone.position(entry)
    const board = alone.queue(service)
    await until(kept, 'WAITING')
    const before = (await board.next()).value as { version: number }
    await hold(clinic.desk, entry.id)
    const [newcomer, newBoard] = [alone.position(entry), alone.queue(service)]
    const [first, shown] = await Promise.all([newcomer.next(), newBoard.next()])
    alone.close()
    expect((first.value as LivePosition).state.status).toBe('ON_HOLD')
    expect((shown.value as { version: number }).version).toBeGreaterThan(before.version)
  })

  it('is never told an older version after a newer one', async () => {
    const entry = await walkIn()
    const board = live.queue(service)
    const versions: number[] = []
    const reading = (async () => {
      for await (const { version } of board) versions.push(version)
    })()
    for (let i = 0; i < 10; i++) {
      await hold(clinic.desk, entry.id)
      await returnToQueue(clinic.desk, entry.id)
    }
    const { version: last } = await deps.db.queueState.findUniqueOrThrow({ where: { serviceId: service } })
    await expect.poll(() => versions.at(-1), { timeout: 10_000 }).toBe(last)
    board.end()
    await reading
    expect(versions).toEqual([...new Set(versions)].toSorted((a, b) => a - b))
  })

  it('survives hints that are older than what it knows, doubled, or for queues nobody watches', async () => {
    const entry = await walkIn()
    const slot = live.position(entry)
    await until(slot, 'WAITING')
    const hints: BusMessage[] = [
      { kind: 'queue', serviceId: service, version: 1 },
      { kind: 'queue', serviceId: service, version: 1 },
      { kind: 'queue', serviceId: clinic.serviceIds[1] as string, version: 99 },
    ]
    for (const hint of hints) deps.bus.publish(hint)
    await hold(clinic.desk, entry.id)
    await until(slot, 'ON_HOLD')
    await slot.return?.()
  })
})
