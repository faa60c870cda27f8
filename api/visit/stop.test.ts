import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { resendMessage } from '../notification/commands.ts'
import { addWalkIn, callEntry, checkIn, leaveQueue, recall } from '../queue/commands.ts'
import { createTestClinic, type TestClinic } from '../test/clinic.ts'
import { startTestServer, type TestServer } from '../test/server.ts'
import { createVisitLink, type Visit } from './store.ts'

let server: TestServer
let clinic: TestClinic

beforeAll(async () => {
  server = await startTestServer({ demo: false })
  await server.deps.jobs.start()
})
afterAll(() => server.close())
beforeEach(async () => {
  clinic = await createTestClinic(server.deps)
})

let number = 0

/** A patient with a phone. */
const patient = async () => {
  const id = await clinic.addPatient()
  const phoneNumber = `+1202555${String(2000 + number++)}`
  await server.db.patient.update({ where: { id }, data: { phoneNumber } })
  return id
}

const linkTo = (visit: Visit): Promise<string> =>
  server.db.$transaction((tx) => createVisitLink(server.deps.config, tx, visit))

const walkIn = async (patientId: string, serviceId = clinic.serviceIds[0] as string) => {
  const rest = { id: null, doctorId: null, urgency: null, reason: null, provisionalTicket: null }
  const entry = await addWalkIn(clinic.desk, { patientId, serviceId, ...rest })
  return { entry, link: await linkTo({ patientId, entryId: entry.id }) }
}

const STOP = 'mutation ($link: String!) { stopVisitMessages(link: $link) }'
const stop = async (link: string) => {
  const { data, errors } = await server.request(STOP, { link })
  return data?.stopVisitMessages ?? errors?.[0]?.extensions.code
}

/** What became of the messages about a visit, in their order. */
const fates = async (where: { entryId?: string; appointmentId?: string }) => {
  const rows = await server.db.notification.findMany({ where, orderBy: { createdAt: 'asc' } })
  return rows.map(({ kind, status, error }) => [kind, status, error].filter(Boolean).join(' '))
}
const expectFates = (where: { entryId?: string; appointmentId?: string }, wanted: string[]) =>
  expect.poll(() => fates(where), { timeout: 20_000 }).toEqual(wanted)

const call = (id: string) => callEntry(clinic.desk, id, { doctorId: null, room: '3' })
const stops = () =>
  server.db.auditEvent.findMany({ where: { action: 'visit.messagesStopped', clinicId: clinic.clinicId } })

test('whoever has the link stops what is sent about that visit and nothing else, without log-in', async () => {
  const me = await patient()
  const [one, other] = [await walkIn(me), await walkIn(me, clinic.serviceIds[1] as string)]
  for (const { entry } of [one, other]) await expectFates({ entryId: entry.id }, ['ALMOST_YOUR_TURN SENT'])
  expect(await stop(one.link.split('/').at(-1) as string)).toBe(true)
  for (const { entry } of [one, other]) await call(entry.id)
  await expectFates({ entryId: one.entry.id }, ['ALMOST_YOUR_TURN SENT', 'YOUR_TURN SUPPRESSED STOPPED'])
  await expectFates({ entryId: other.entry.id }, ['ALMOST_YOUR_TURN SENT', 'YOUR_TURN SENT'])
  await recall(clinic.desk, one.entry.id)
  await expect.poll(() => fates({ entryId: one.entry.id }), { timeout: 20_000 }).toHaveLength(3)
  await expect
    .poll(async () => (await fates({ entryId: one.entry.id }))[2], { timeout: 20_000 })
    .toBe('YOUR_TURN SUPPRESSED STOPPED')
})

test('the second time changes nothing, by another link to the same visit neither', async () => {
  const me = await patient()
  const { entry, link } = await walkIn(me)
  const another = await linkTo({ patientId: me, entryId: entry.id })
  expect(await Promise.all([link, link, another].map(stop))).toEqual([true, true, true])
  expect(await stop(another)).toBe(true)
  const rows = await stops()
  expect(rows).toHaveLength(1)
  for (const row of rows)
    expect(row).toMatchObject({
      entity: 'QueueEntry',
      entityId: entry.id,
      actorUserId: null,
      actorPatientId: null,
      detail: null,
    })
  const token = link.split('/').at(-1) as string
  expect(JSON.stringify(await server.db.auditEvent.findMany())).not.toContain(token)
})

test('stopped by the link to a booking, the visit that comes of it stays quiet', async () => {
  const me = await patient()
  const appointmentId = await clinic.book(me, new Date())
  expect(await stop(await linkTo({ patientId: me, appointmentId }))).toBe(true)
  const entry = await checkIn(clinic.desk, appointmentId)
  await call(entry.id)
  const called = 'YOUR_TURN SUPPRESSED STOPPED'
  await expect.poll(() => fates({ entryId: entry.id }), { timeout: 20_000 }).toContain(called)
  for (const fate of await fates({ entryId: entry.id })) expect(fate).toContain('SUPPRESSED STOPPED')
  expect((await stops()).map(({ entity, entityId }) => [entity, entityId])).toEqual([['Appointment', appointmentId]])
})

test('the desk cannot send again what was stopped', async () => {
  const { entry, link } = await walkIn(await patient())
  await expectFates({ entryId: entry.id }, ['ALMOST_YOUR_TURN SENT'])
  await stop(link)
  const message = await server.db.notification.findFirstOrThrow({ where: { entryId: entry.id } })
  await expect(resendMessage(clinic.desk, message.id)).rejects.toMatchObject({ code: 'NUMBER_STOPPED' })
})

test('refuses what is no link, and a visit that has ended', async () => {
  for (const link of ['', 'A'.repeat(22), "' OR 1=1 --", 'x'.repeat(500)]) expect(await stop(link)).toBe('NOT_FOUND')
  const me = await patient()
  const { entry, link } = await walkIn(me)
  await leaveQueue(clinic.desk, entry.id)
  await server.db.$executeRaw`
    UPDATE queue SET arrived_at = arrived_at - interval '1 hour', finished_at = finished_at - interval '1 hour'
    WHERE id = ${entry.id}::uuid`
  expect(await stop(link)).toBe('NOT_FOUND')
  const appointmentId = await clinic.book(me, new Date())
  await server.db.appointment.update({ where: { id: appointmentId }, data: { status: 'CANCELLED' } })
  expect(await stop(await linkTo({ patientId: me, appointmentId }))).toBe('NOT_FOUND')
  expect(await stops()).toEqual([])
})
