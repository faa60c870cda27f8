import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { uuidv7 } from '../database/uuid.ts'
import type { EntryRow } from '../loaders.ts'
import { createTestClinic, type TestClinic } from '../test/clinic.ts'
import { createTestDeps, type TestDeps } from '../test/context.ts'
import { createTestDatabase, type TestDatabase } from '../test/database.ts'
import { testSeed } from '../test/random.ts'
import { addWalkIn, callNext, markServed, setUrgency, startService } from './commands.ts'
import { compareKeys, mayTake, rankOf } from './order.ts'
import { keyOf, readNext } from './store.ts'

let database: TestDatabase
let deps: TestDeps
let clinic: TestClinic
let service: string
let statements: string[] = []

beforeAll(async () => {
  database = await createTestDatabase({ onStatement: (sql) => statements.push(sql) })
  deps = createTestDeps(database)
  clinic = await createTestClinic(deps)
  service = clinic.serviceIds[0] as string
})
afterAll(async () => {
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

const doctor = () => clinic.doctors[0] as (typeof clinic.doctors)[number]
const next = (ctx = doctor().ctx) => callNext(ctx, { serviceId: service, doctorId: null, room: null })

const seed = testSeed()

/** Few values each, so that every part of the key decides somewhere. */
const place = fc.record({
  urgency: fc.constantFrom('EMERGENCY', 'URGENT', 'ROUTINE'),
  due: fc.constantFrom(0, 1, 1_000),
  subRank: fc.stringMatching(/^[0-9a-z]{1,4}$/),
  seq: fc.integer({ min: 1, max: 4 }),
  bound: fc.constantFrom(null, 0, 1),
  isHeld: fc.boolean(),
})

describe('the order of calling', () => {
  it(`in the database is that of the rule, on any queue, for any caller (seed ${seed})`, async () => {
    const patients = await Promise.all(Array.from({ length: 12 }, () => clinic.addPatient()))
    const due = Date.now() - 3_600_000
    await fc.assert(
      fc.asyncProperty(fc.array(place, { maxLength: 12 }), fc.constantFrom(null, 0, 1), async (places, caller) => {
        const doctorId = caller === null ? null : (clinic.doctors[caller]?.id as string)
        await database.db.queueEntry.deleteMany({ where: { serviceId: service } })
        await database.db.queueEntry.createMany({
          data: places.map(({ urgency, subRank, seq, bound, isHeld, due: shift }, index) => ({
            id: uuidv7(),
            clinicId: clinic.clinicId,
            serviceId: service,
            patientId: patients[index] as string,
            ticketServiceId: service,
            ticketDay: new Date('2026-01-01'),
            ticketNumber: index + 1,
            ticket: `A-${index}`,
            urgency: urgency as EntryRow['urgency'],
            rank: rankOf(urgency as EntryRow['urgency']),
            dueAt: new Date(due + shift),
            ownDueAt: new Date(due),
            arrivedAt: new Date(due),
            subRank,
            arrivalSeq: BigInt(seq),
            boundDoctorId: bound === null ? null : (clinic.doctors[bound]?.id as string),
            status: isHeld ? ('ON_HOLD' as const) : ('WAITING' as const),
          })),
        })
        const rows = await database.db.queueEntry.findMany({ where: { serviceId: service, status: 'WAITING' } })
        const expected = rows
          .filter((row) => mayTake(doctorId, row))
          .map(keyOf)
          .toSorted(compareKeys)
          .at(0)
        const read = await database.db.$transaction((tx) => readNext(tx, service, doctorId))
        expect(read?.entry.id).toBe(expected?.id)
      }),
      { seed, numRuns: 60 },
    )
    await database.db.queueEntry.deleteMany({ where: { serviceId: service } })
  })
})

describe('a hot move', () => {
  it('is one statement behind what its rights ask, whatever it writes', async () => {
    for (let i = 0; i < 4; i++) await walkIn()
    await next()
    const called = await database.db.queueEntry.findFirstOrThrow({ where: { serviceId: service, status: 'CALLED' } })
    const ctx = () => ({ ...doctor().ctx })
    const count = async (act: () => Promise<unknown>) => {
      statements = []
      await act()
      return statements.length
    }
    expect(await count(() => startService(ctx(), called.id))).toBe(2)
    // The patient in service is served by the same statement that calls the next one; the service itself was loaded before.
    expect(await count(() => next(ctx()))).toBe(1)
    const second = await database.db.queueEntry.findFirstOrThrow({ where: { serviceId: service, status: 'CALLED' } })
    expect(await count(() => markServed(ctx(), second.id))).toBe(2)
    const waiting = await database.db.queueEntry.findFirstOrThrow({ where: { serviceId: service, status: 'WAITING' } })
    expect(await count(() => setUrgency(clinic.desk, waiting.id, 'URGENT', 'fever'))).toBe(2)
  })

  it('leaves the same event and audit row as a move behind the lock', async () => {
    const events = await database.db.queueEvent.findMany({
      where: { serviceId: service, kind: { in: ['CALLED', 'STARTED', 'SERVED', 'URGENCY_SET'] } },
      orderBy: { version: 'asc' },
    })
    const [called, started, served] = events
    expect(called).toMatchObject({
      fromStatus: 'WAITING',
      toStatus: 'CALLED',
      before: { status: 'WAITING', doctorId: null, room: null, calledAt: null },
      fromKey: { rank: 2, dueAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) },
      toKey: null,
      actorUserId: doctor().viewer.userId,
      actorPatientId: null,
    })
    expect(started).toMatchObject({ before: { status: 'CALLED', startedAt: null }, toKey: null, entryVersion: 3 })
    expect(served).toMatchObject({ before: { status: 'IN_SERVICE', finishedAt: null, endReason: null } })
    expect(events.at(-1)).toMatchObject({
      kind: 'URGENCY_SET',
      reason: 'fever',
      before: { urgency: 'ROUTINE', rank: 2 },
    })
    const entry = await database.db.queueEntry.findUniqueOrThrow({ where: { id: started?.entryId as string } })
    // What the rule set to its now is the instant of the event, behind the lock.
    expect(entry.startedAt).toEqual(started?.at)
    const audit = await database.db.auditEvent.findMany({ where: { entityId: entry.id }, orderBy: { at: 'asc' } })
    expect(audit.map(({ action, detail }) => `${action} ${detail}`)).toEqual([
      `queue.walked_in ${entry.ticket}`,
      `queue.called ${entry.ticket}: WAITING → CALLED`,
      `queue.started ${entry.ticket}: CALLED → IN_SERVICE`,
      `queue.served ${entry.ticket}: IN_SERVICE → SERVED`,
    ])
  })

  it('under an Idempotency-Key is done once, and a repeat answers with the same entry', async () => {
    await database.db.queueEntry.updateMany({
      where: { serviceId: service, finishedAt: null },
      data: { status: 'LEFT', finishedAt: new Date(), calledAt: null, startedAt: null, doctorId: null },
    })
    const first = await walkIn()
    await walkIn()
    const key = uuidv7()
    const keyed = () => ({ ...doctor().ctx, idempotency: { caller: 'u:1', key, steps: 0 } })
    const [a, b, c] = await Promise.all([next(keyed()), next(keyed()), next(keyed())])
    expect([a?.id, b?.id, c?.id]).toEqual([first.id, first.id, first.id])
    const start = uuidv7()
    const starting = () =>
      startService({ ...doctor().ctx, idempotency: { caller: 'u:1', key: start, steps: 0 } }, first.id)
    const started = await Promise.all([starting(), starting(), starting()])
    expect(started.map(({ status }) => status)).toEqual(['IN_SERVICE', 'IN_SERVICE', 'IN_SERVICE'])
    expect(await database.db.queueEvent.count({ where: { entryId: first.id, kind: 'STARTED' } })).toBe(1)
    // A refusal keeps nothing of the step: later it can be done.
    const refused = {
      ...clinic.doctors[0]?.ctx,
      idempotency: { caller: 'u:1', key: uuidv7(), steps: 0 },
    } as typeof clinic.desk
    await next()
    await expect(next(refused)).rejects.toMatchObject({ code: 'DOCTOR_BUSY' })
    expect(await database.db.idempotentStep.count({ where: { key: refused.idempotency?.key as string } })).toBe(0)
  })
})

it('a job that the database enqueues is the row that pg-boss writes', async () => {
  const data = { serviceId: service, clinicId: clinic.clinicId }
  await database.db.$transaction((tx) => deps.jobs.enqueue(tx, 'announce.almost', data, { singletonKey: 'theirs' }))
  await database.db.$executeRaw`SELECT add_job('announce.almost', ${JSON.stringify(data)}::jsonb, 'ours')`
  // Again under the key that waits: it is held, not doubled.
  await database.db.$executeRaw`SELECT add_job('announce.almost', ${JSON.stringify(data)}::jsonb, 'ours')`
  const rows = await database.db.$queryRaw<{ row: Record<string, unknown> }[]>`
    SELECT to_jsonb(j) - '{id,singleton_key,created_on,start_after,keep_until}'::text[]
      || jsonb_build_object('kept', keep_until - start_after, 'waits', start_after <= now()) AS row
    FROM pgboss.job j WHERE singleton_key IN ('theirs', 'ours')`
  expect(rows).toHaveLength(2)
  expect(rows[0]).toEqual(rows[1])
})
