import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTokens } from '../access/sessions.ts'
import { createTestClinic, type TestClinic } from '../test/clinic.ts'
import { startTestServer, type TestServer } from '../test/server.ts'

let server: TestServer
let clinic: TestClinic

beforeAll(async () => {
  server = await startTestServer({ demo: false })
  clinic = await createTestClinic(server.deps)
})
afterAll(() => server.close())

const LATE = `mutation($id: ID!, $minutes: Int) { sayLate(appointmentId: $id, minutes: $minutes) {
  lateMinutes version startsAt status } }`

test('a patient says that they come late: the desk sees the last word, and the slot stays', async () => {
  const patientId = await clinic.addPatient()
  const id = await clinic.book(patientId, new Date(Date.now() + 60_000))
  const { accessToken } = await openTokens(server.deps, { patientId })
  const say = async (minutes: number | null) => {
    const { data, errors } = await server.request(LATE, { id, minutes }, accessToken)
    return data?.sayLate ?? errors?.[0]?.extensions
  }
  const before = await server.db.appointment.findUniqueOrThrow({ where: { id } })
  const startsAt = before.startsAt.toISOString()
  expect(await say(null)).toEqual({ lateMinutes: 0, version: before.version + 1, startsAt, status: 'BOOKED' })
  expect(await say(20)).toMatchObject({ lateMinutes: 20, startsAt })
  for (const minutes of [0, -5, 241]) expect(await say(minutes)).toMatchObject({ code: 'BAD_INPUT', field: 'minutes' })
  const { viewer } = clinic.desk
  const desk = await openTokens(server.deps, { userId: viewer?.kind === 'user' ? viewer.userId : '' })
  const seen = await server.request(
    'query($id: ID!) { appointment(id: $id) { lateMinutes } }',
    { id },
    desk.accessToken,
  )
  expect(seen.data.appointment).toEqual({ lateMinutes: 20 })
  expect(await server.db.auditEvent.findMany({ where: { entityId: id, action: 'appointment.late' } })).toMatchObject([
    { actorPatientId: patientId, detail: 'without saying by how much' },
    { actorPatientId: patientId, detail: '20 min' },
  ])
  await server.request('mutation($id: ID!) { checkIn(appointmentId: $id) { id } }', { id }, accessToken)
  expect(await say(10)).toMatchObject({ code: 'NOT_BOOKED' })
})
