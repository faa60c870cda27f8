import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Viewer } from '../access/viewer.ts'
import { uuidv7 } from '../database/uuid.ts'
import { createTestDeps, type TestDeps } from '../test/context.ts'
import { createTestDatabase, type TestDatabase } from '../test/database.ts'
import { addClinic, addPatient, ask, asPatient, type SceneClinic } from '../test/scene.ts'

let database: TestDatabase
let deps: TestDeps
let clinic: SceneClinic
let other: SceneClinic
let patientId: string
let wardId: string

const LIST = `query ($clinicId: ID!, $patientId: ID, $first: Int, $after: String) {
  notifications(clinicId: $clinicId, patientId: $patientId, first: $first, after: $after) {
    edges { node { id body kind channel status patient { id } entry { id } appointment { id } } } pageInfo { hasNextPage endCursor } } }`

const add = async (forPatient: string, inClinic: SceneClinic, minute: number) =>
  database.db.notification.create({
    data: {
      id: uuidv7(),
      clinicId: inClinic.id,
      patientId: forPatient,
      kind: 'REMINDER',
      channel: 'SMS',
      key: uuidv7(),
      body: `at ${minute}`,
      createdAt: new Date(Date.UTC(2026, 10, 22, 9, minute)),
    },
  })

beforeAll(async () => {
  database = await createTestDatabase()
  deps = createTestDeps(database)
  clinic = await addClinic(database.db)
  other = await addClinic(database.db, { letter: 'X' })
  patientId = await addPatient(database.db, { clinics: [clinic, other] })
  wardId = await addPatient(database.db, { clinics: [clinic], guardianId: patientId })
  for (const minute of [1, 2, 2, 2, 3]) await add(patientId, clinic, minute)
  await add(wardId, clinic, 4)
  await add(await addPatient(database.db, { clinics: [clinic] }), clinic, 5)
  await add(patientId, other, 6)
})

afterAll(async () => {
  await deps.close()
  await database.drop()
})

const bodies = async (viewer: Viewer | null, variables: Record<string, unknown> = {}) => {
  const { data, codes } = await ask(deps, viewer, LIST, { clinicId: clinic.id, ...variables })
  const edges = data?.notifications?.edges as { node: { body: string } }[] | undefined
  return edges ? edges.map(({ node }) => node.body.slice(3)).join(' ') : (codes[0] ?? null)
}

test('the desk sees its clinic’s messages, newest first, or those of one patient', async () => {
  expect(await bodies(clinic.receptionist)).toBe('5 4 3 2 2 2 1')
  expect(await bodies(clinic.receptionist, { patientId })).toBe('3 2 2 2 1')
})

test('patients see their own and their wards’, nobody else’s', async () => {
  const viewer = asPatient(patientId, [wardId])
  expect(await bodies(viewer)).toBe('4 3 2 2 2 1')
  expect(await bodies(viewer, { patientId: wardId })).toBe('4')
  expect(await bodies(viewer, { clinicId: other.id })).toBe('6')
  expect(await bodies(asPatient(wardId), { patientId })).toBeNull()
})

test('others see none', async () => {
  expect(await bodies(other.receptionist)).toBe('FORBIDDEN')
  expect(await bodies(clinic.doctor)).toBe('FORBIDDEN')
  expect(await bodies(clinic.admin)).toBe('FORBIDDEN')
  expect(await bodies(null)).toBe('UNAUTHENTICATED')
})

test('a patient’s own list goes over all clinics, the desk’s view of it stays in its own', async () => {
  const source = `query ($id: ID!) { patient(id: $id) { notifications { edges { node { body } } } } }`
  const count = async (viewer: Viewer) =>
    (await ask(deps, viewer, source, { id: patientId })).data.patient.notifications.edges.length
  expect(await count(asPatient(patientId))).toBe(6)
  expect(await count(clinic.receptionist)).toBe(5)
  expect(await count(other.receptionist)).toBe(1)
})

test('pages never skip or repeat, with equal times too', async () => {
  const seen: string[] = []
  let after: string | null = null
  do {
    const { data } = await ask(deps, clinic.receptionist, LIST, { clinicId: clinic.id, first: 2, after })
    seen.push(...data.notifications.edges.map((edge: { node: { id: string } }) => edge.node.id))
    after = data.notifications.pageInfo.hasNextPage ? data.notifications.pageInfo.endCursor : null
  } while (after)
  expect(new Set(seen).size).toBe(7)
  expect(seen).toHaveLength(7)
})
