import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestClinic, type TestClinic } from '../test/clinic.ts'
import { createTestDeps, type TestDeps } from '../test/context.ts'
import { createTestDatabase, type TestDatabase } from '../test/database.ts'
import { ask } from '../test/scene.ts'
import { createTrail } from './store.ts'

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

it('cannot be changed or deleted, not even by the application itself', async () => {
  await expect(deps.db.$executeRaw`UPDATE audit_log SET detail = 'nothing happened'`).rejects.toThrow()
  await expect(deps.db.$executeRaw`DELETE FROM audit_log`).rejects.toThrow()
  await expect(deps.db.$executeRaw`TRUNCATE audit_log`).rejects.toThrow()
})
