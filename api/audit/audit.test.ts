import { randomBytes } from 'node:crypto'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { uuidv7 } from '../database/uuid.ts'
import { addWalkIn } from '../queue/commands.ts'
import { createTestClinic, type TestClinic } from '../test/clinic.ts'
import { createTestDeps, type TestDeps } from '../test/context.ts'
import { createTestDatabase, type TestDatabase } from '../test/database.ts'
import { ask } from '../test/scene.ts'
import { auditPage, createTrail } from './store.ts'

let database: TestDatabase
let deps: TestDeps
let clinic: TestClinic

beforeAll(async () => {
  database = await createTestDatabase()
  deps = createTestDeps(database)
  clinic = await createTestClinic(deps)
})
afterAll(async () => {
  await deps.close()
  await database.drop()
})

const note = (n: number) => ({ action: `test.${n}`, entity: 'Test', entityId: null, clinicId: clinic.clinicId })

it('what is noted is written by itself soon, and at shutdown at the latest', async () => {
  const trail = createTrail(deps.db, pino({ level: 'silent' }))
  trail.record(note(1))
  await expect.poll(() => deps.db.auditEvent.count({ where: { action: 'test.1' } }), { timeout: 10_000 }).toBe(1)
  for (let i = 0; i < 1_200; i++) trail.record(note(2))
  await trail.close()
  expect(await deps.db.auditEvent.count({ where: { action: 'test.2' } })).toBe(1_200)
})

it('noting never throws while the database is away, and what was noted is written when it is back', async () => {
  let isAway = true
  const db = new Proxy(deps.db, {
    get: (target, name) => {
      if (name === 'auditEvent' && isAway) throw new Error('away')
      return Reflect.get(target, name)
    },
  })
  const trail = createTrail(db, pino({ level: 'silent' }))
  trail.record(note(3))
  await trail.flush()
  isAway = false
  await trail.close()
  expect(await deps.db.auditEvent.count({ where: { action: 'test.3' } })).toBe(1)
})

it('is paged newest first, without skipping or repeating', async () => {
  const LOG = `query ($c: ID!, $first: Int, $after: String) {
    auditLog(clinicId: $c, first: $first, after: $after) { edges { node { id at } } pageInfo { hasNextPage endCursor } } }`
  // What other requests left to be written would come between; this one's own reads are newer than its first page.
  await deps.trail.flush()
  const count = await deps.db.auditEvent.count({ where: { clinicId: clinic.clinicId } })
  const seen: { id: string; at: string }[] = []
  for (let after: string | null = null, isMore = true; isMore; ) {
    const { data } = await ask(deps, clinic.admin.viewer, LOG, { c: clinic.clinicId, first: 200, after })
    seen.push(...data.auditLog.edges.map((edge: { node: { id: string; at: string } }) => edge.node))
    after = data.auditLog.pageInfo.endCursor
    isMore = data.auditLog.pageInfo.hasNextPage
  }
  expect(new Set(seen.map(({ id }) => id)).size).toBe(count)
  expect(seen.map(({ at }) => at)).toEqual(
    seen
      .map(({ at }) => at)
      .toSorted()
      .reverse(),
  )
})

it('is searched by who did it, by action or kind of action, by record and by day of the clinic', async () => {
  const own = await createTestClinic(deps, { timeZone: 'America/New_York' })
  const actorUserId = own.desk.viewer?.kind === 'user' ? own.desk.viewer.userId : null
  const record = uuidv7()
  const row = (action: string, at: string, more: object = {}) => ({
    ...{ id: uuidv7(), clinicId: own.clinicId, action, entity: 'Test', at: new Date(at) },
    ...more,
  })
  await deps.db.auditEvent.createMany({
    data: [
      // 00:30 in New York is still this day's; 23:30 the day before is not.
      row('queue.called', '2026-03-02T05:30:00Z', { actorUserId }),
      row('queue.left', '2026-03-02T04:30:00Z', { actorUserId, entityId: record }),
      row('queues.other', '2026-03-02T12:00:00Z'),
    ],
  })
  const SEARCH = `query ($c: ID!, $r: ID, $w: ID, $a: String, $from: Date, $to: Date) {
    auditLog(clinicId: $c, entityId: $r, actorId: $w, action: $a, from: $from, to: $to) { edges { node { action } } } }`
  const search = async (args: object) => ask(deps, own.admin.viewer, SEARCH, { c: own.clinicId, ...args })
  const found = async (args: object) =>
    (await search(args)).data.auditLog.edges.map((edge: { node: { action: string } }) => edge.node.action)
  expect(await found({ a: 'queue' })).toEqual(['queue.called', 'queue.left'])
  expect(await found({ a: 'queue.left' })).toEqual(['queue.left'])
  expect(await found({ w: actorUserId })).toEqual(['queue.called', 'queue.left'])
  expect(await found({ r: record })).toEqual(['queue.left'])
  expect(await found({ from: '2026-03-02', to: '2026-03-02' })).toEqual(['queues.other', 'queue.called'])
  expect(await found({ to: '2026-03-01', a: 'queue' })).toEqual(['queue.left'])
  expect((await search({ from: '2026-03-02', to: '2026-03-01' })).codes).toEqual(['BAD_INPUT'])
  expect((await search({ a: 'queue%' })).codes).toEqual(['BAD_INPUT'])
})

it('is searched by a patient’s number or code: what was done to them, and what they did', async () => {
  const own = await createTestClinic(deps)
  const other = await createTestClinic(deps)
  const phoneNumber = `+1303${String(Date.now()).slice(-7)}`
  const patientId = await own.addPatient()
  const code = randomBytes(16).toString('base64url')
  await deps.db.patient.update({ where: { id: patientId }, data: { phoneNumber, code } })
  const { id: entryId } = await addWalkIn(own.desk, {
    ...{ id: null, patientId, serviceId: own.serviceIds[0] as string },
    ...{ doctorId: null, urgency: null, reason: null, provisionalTicket: null },
  })
  const merged = await own.addPatient()
  await deps.db.patient.update({ where: { id: merged }, data: { mergedIntoId: patientId } })
  const row = (action: string, more: object) => ({
    ...{ id: uuidv7(), clinicId: own.clinicId, action, entity: 'Test', at: new Date() },
    ...more,
  })
  await deps.db.auditEvent.createMany({
    data: [
      row('test.record', { entityId: patientId }),
      row('test.merged', { entityId: merged }),
      row('test.visit', { entityId: entryId }),
      row('test.self', { actorPatientId: patientId }),
      row('test.other', { entityId: await own.addPatient() }),
    ],
  })
  const SEARCH = `query ($c: ID!, $p: String) {
    auditLog(clinicId: $c, patient: $p, action: "test") { edges { node { action } } } }`
  const search = (patient: string, clinic = own) =>
    ask(deps, clinic.admin.viewer, SEARCH, { c: clinic.clinicId, p: patient })
  const found = async (patient: string, clinic = own) =>
    (await search(patient, clinic)).data.auditLog.edges
      .map((edge: { node: { action: string } }) => edge.node.action)
      .toSorted()
  const all = ['test.merged', 'test.record', 'test.self', 'test.visit']
  expect(await found(phoneNumber)).toEqual(all)
  expect(await found(code)).toEqual(all)
  expect(await found('+13035550199')).toEqual([])
  // Whose patient it is not learns nothing of the number.
  await deps.db.auditEvent.createMany({
    data: [{ ...row('test.record', { entityId: patientId }), clinicId: other.clinicId }],
  })
  expect(await found(phoneNumber, other)).toEqual([])
  expect((await search('Amelia')).codes).toEqual(['BAD_INPUT'])
})

it('finds a rare kind of entry, and one person’s, among many others by an index', async () => {
  const large = await createTestDatabase({ max: 1 })
  try {
    const [clinicId, actor, patient, ...visits] = Array.from({ length: 12 }, () => uuidv7()) as [string, string, string]
    await large.db.clinic.create({ data: { id: clinicId, name: 'Busy', timeZone: 'UTC' } })
    await large.db.$executeRaw`
      INSERT INTO audit_log (id, clinic_id, action, entity, at, actor_user_id, actor_patient_id, entity_id)
      SELECT uuidv7(), ${clinicId}::uuid, CASE WHEN n % 5000 = 0 THEN 'clinic.updated' ELSE 'queue.called' END, 'Test',
        now() - n * interval '1 second', CASE WHEN n % 4000 = 0 THEN ${actor}::uuid ELSE uuidv7() END,
        CASE WHEN n % 10000 = 1 THEN ${patient}::uuid WHEN n % 50 = 0 THEN uuidv7() END,
        CASE WHEN n IN (100, 20000, 40000) THEN (${visits}::uuid[])[1 + n / 10000] ELSE uuidv7() END
      FROM generate_series(1, 40000) n`
    await large.db.$executeRawUnsafe('ANALYZE audit_log')
    const nothing = { entityId: null, actorId: null, patient: null, action: null, start: null, end: null }
    const pages = async () => {
      await large.db.$queryRaw`SELECT pg_stat_force_next_flush()::text`
      const [row] = await large.db.$queryRaw<{ read: number; whole: number }[]>`
        SELECT (seq_tup_read + idx_tup_fetch)::int AS read, seq_scan::int AS whole FROM pg_stat_user_tables WHERE relname = 'audit_log'`
      return row as { read: number; whole: number }
    }
    for (const [search, count] of [
      [{ action: 'clinic' }, 8],
      [{ action: 'clinic.updated' }, 8],
      [{ actorId: actor }, 10],
      [{ patient: { ids: [patient], records: [patient, ...visits] } }, 4 + 3],
    ] as const) {
      const before = await pages()
      expect(await auditPage(large.db, clinicId, { ...nothing, ...search }, null, 51)).toHaveLength(count)
      const { read, whole } = await pages()
      expect(whole - before.whole, JSON.stringify(search)).toBe(0)
      expect(read - before.read, JSON.stringify(search)).toBeLessThan(100)
    }
  } finally {
    await large.drop()
  }
})

it('cannot be changed or deleted, not even by the application itself', async () => {
  await expect(deps.db.$executeRaw`UPDATE audit_log SET detail = 'nothing happened'`).rejects.toThrow()
  await expect(deps.db.$executeRaw`DELETE FROM audit_log`).rejects.toThrow()
  await expect(deps.db.$executeRaw`TRUNCATE audit_log`).rejects.toThrow()
})
