import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestClinic } from '../test/clinic.ts'
import { createTestDeps, type TestDeps } from '../test/context.ts'
import { createTestDatabase, type TestDatabase } from '../test/database.ts'
import { createRandom, testSeed } from '../test/random.ts'
import { addWalkIn, callNext, hold, leaveQueue, moveEntry, returnToQueue, setUrgency } from './commands.ts'
import { compareKeys, type OrderKey } from './order.ts'
import type { StoredKey } from './store.ts'

let database: TestDatabase
let deps: TestDeps

beforeAll(async () => {
  database = await createTestDatabase({ max: 24, queryMs: 20_000, connectMs: 20_000 })
  deps = createTestDeps(database)
})
afterAll(async () => {
  await deps.close()
  await database.drop()
})

const CALLERS = 32
const WAITING = 1_000
const LATER = 100

const keyFrom = (stored: unknown, id: string): OrderKey | null => {
  if (!stored) return null
  const key = stored as StoredKey
  return { ...key, dueAt: new Date(key.dueAt), id }
}

const ROUNDS = process.env.PROVE === 'contention' ? 20 : 1
const seeds = Array.from({ length: ROUNDS }, testSeed)

it.each(seeds)(
  '32 callers, 1,000 waiting, others adding and editing: nobody twice, worse or forgotten (seed %i)',
  async (seed) => {
    const random = createRandom(seed)
    const clinic = await createTestClinic(deps, { services: 1, doctors: 0 })
    const service = clinic.serviceIds[0] as string
    const doctors = await Promise.all(Array.from({ length: CALLERS }, () => clinic.addDoctor()))
    const add = async () =>
      addWalkIn(clinic.desk, {
        id: null,
        patientId: await clinic.addPatient(),
        serviceId: service,
        doctorId: random.next() < 0.1 ? random.pick(doctors).id : null,
        urgency: random.next() < 0.05 ? 'URGENT' : null,
        reason: null,
        provisionalTicket: null,
      })
    const ids: string[] = []
    const adders = Array.from({ length: 8 }, async () => {
      while (ids.length < WAITING) ids.push((await add()).id)
    })
    await Promise.all(adders)

    const version = async () => (await deps.db.queueState.findUnique({ where: { serviceId: service } }))?.version ?? 0
    /** Answers "nobody waits", with the versions between which they were given. */
    const empties: { doctorId: string; from: number; to: number }[] = []
    const calls: string[] = []
    let isAdding = true
    let isEditing = true

    const caller = async ({ id: doctorId, ctx }: (typeof doctors)[number]) => {
      for (let idle = 0; isAdding || idle < 3; ) {
        const from = await version()
        const entry = await callNext(ctx, { serviceId: service, doctorId: null, room: null })
        if (entry) {
          calls.push(entry.id)
          await deps.db.$executeRaw`
          UPDATE queue SET status = 'SERVED', finished_at = clock_timestamp(), version = version WHERE id = ${entry.id}::uuid`
        } else {
          empties.push({ doctorId, from, to: await version() })
          idle++
        }
      }
    }
    /** Refusals are expected here: the entry was called meanwhile. */
    const tolerate = (promise: Promise<unknown>) =>
      promise.catch((error: { code?: string }) => {
        if (!['NOT_WAITING', 'NOT_RETURNABLE', 'NOT_ACTIVE'].includes(error.code ?? '')) throw error
      })
    const editor = async () => {
      while (isEditing) {
        const id = random.pick(ids)
        const act = random.int(10)
        if (act < 6)
          await tolerate(setUrgency(clinic.desk, id, random.pick(['ROUTINE', 'URGENT', 'EMERGENCY'] as const), null))
        else if (act < 8) {
          await tolerate(hold(clinic.desk, id))
          await tolerate(returnToQueue(clinic.desk, id))
        } else if (act < 9)
          await tolerate(moveEntry(clinic.desk, id, random.pick(ids.filter((other) => other !== id)), 'race'))
        else await tolerate(leaveQueue(clinic.desk, id))
      }
    }
    const latecomers = (async () => {
      for (let i = 0; i < LATER; i++) ids.push((await add()).id)
      isAdding = false
    })()
    const editors = [editor(), editor(), editor(), editor()]
    await Promise.all([...doctors.map(caller), latecomers])
    isEditing = false
    await Promise.all(editors)

    // The day rebuilt from its events, version by version.
    const events = await deps.db.queueEvent.findMany({ where: { serviceId: service }, orderBy: { version: 'asc' } })
    const bound = new Map(
      (await deps.db.queueEntry.findMany({ where: { serviceId: service } })).map((entry) => [
        entry.id,
        entry.boundDoctorId,
      ]),
    )
    const doctorOfUser = new Map(doctors.map((doctor) => [doctor.viewer.userId, doctor.id]))
    const waiting = new Map<string, OrderKey>()
    const mayCall = (doctorId: string | undefined, id: string) => !bound.get(id) || bound.get(id) === doctorId
    const emptyFor = new Map<string, Set<number>>(doctors.map(({ id }) => [id, new Set()]))
    const worse: string[] = []
    for (const [index, event] of events.entries()) {
      expect(event.version, `seed ${seed}: versions without a gap`).toBe(index + 1)
      if (event.kind === 'CALLED') {
        const caller = doctorOfUser.get(event.actorUserId as string)
        const eligible = [...waiting.values()].filter((key) => mayCall(caller, key.id)).toSorted(compareKeys)
        if (eligible[0]?.id !== event.entryId) worse.push(event.entryId)
      }
      const key = keyFrom(event.toKey, event.entryId)
      if (key) waiting.set(event.entryId, key)
      else waiting.delete(event.entryId)
      for (const { id } of doctors)
        if (![...waiting.keys()].some((entryId) => mayCall(id, entryId))) emptyFor.get(id)?.add(event.version)
    }
    const wronglyNobody = empties.filter(({ doctorId, from, to }) => {
      for (let at = from; at <= to; at++) if (emptyFor.get(doctorId)?.has(at)) return false
      return true
    })
    const tickets = await deps.db.queueEntry.findMany({
      where: { serviceId: service },
      orderBy: { ticketNumber: 'asc' },
    })

    expect(new Set(calls).size, `seed ${seed}: nobody called twice`).toBe(calls.length)
    expect(worse, `seed ${seed}: never a worse one`).toEqual([])
    expect(wronglyNobody, `seed ${seed}: never "nobody" while somebody waits`).toEqual([])
    expect(
      tickets.map(({ ticketNumber }) => ticketNumber),
      `seed ${seed}: tickets without a gap`,
    ).toEqual(tickets.map((_, i) => i + 1))
    expect(calls.length, `seed ${seed}: the race was one`).toBeGreaterThan(WAITING / 2)
  },
  180_000,
)
