import { afterAll, beforeAll, expect, test } from 'vitest'
import { addWalkIn, callEntry, checkIn, leaveQueue, markNoShow, markServed, transfer, undo } from '../queue/commands.ts'
import { createTestClinic, type TestClinic } from '../test/clinic.ts'
import { startTestServer, type TestServer } from '../test/server.ts'
import { createVisitLink, type Visit } from './store.ts'

let server: TestServer
let clinic: TestClinic

beforeAll(async () => {
  server = await startTestServer({ demo: false })
  clinic = await createTestClinic(server.deps)
})
afterAll(() => server.close())

const FIELDS = '{ entryId ticket status position ahead room version estimate { likelyMinutes } }'
const VISIT = `query ($link: String!) { visit(link: $link) ${FIELDS} }`
const WATCH = `subscription ($link: String!) { visitUpdated(link: $link) ${FIELDS} }`

const linkTo = (visit: Visit): Promise<string> =>
  server.db.$transaction((tx) => createVisitLink(server.deps.config, tx, visit))

const walkIn = async () => {
  const patientId = await clinic.addPatient()
  const input = { patientId, serviceId: clinic.serviceIds[0] as string }
  const rest = { id: null, doctorId: null, urgency: null, reason: 'Chest pain', provisionalTicket: null }
  const entry = await addWalkIn(clinic.desk, { ...input, ...rest })
  return { entry, link: await linkTo({ patientId, entryId: entry.id }) }
}

const look = async (link: string) => {
  const { data, errors } = await server.request(VISIT, { link })
  expect(errors).toBeUndefined()
  return data.visit
}

/** As if all of the visit had been so much earlier. */
const ageBy = (id: string, seconds: number) =>
  server.db.$executeRaw`
    UPDATE queue SET arrived_at = arrived_at - age, called_at = called_at - age, started_at = started_at - age,
      finished_at = finished_at - age
    FROM (SELECT make_interval(secs => ${seconds}::float8) AS age) by WHERE id = ${id}::uuid`

test('stands in a message whole and short, and is known to the database only by its hash', async () => {
  const { link } = await walkIn()
  expect(link).toMatch(/^http:\/\/localhost:4000\/t\/[\w-]{22}$/)
  const token = link.split('/').at(-1) as string
  expect(JSON.stringify(await server.db.visitLink.findMany())).not.toContain(token)
})

test('shows ticket, place and room of its own entry to whoever has it, whole or by its last part, without log-in', async () => {
  const [one, other] = [await walkIn(), await walkIn()]
  const [first, second] = [await look(one.link), await look(other.link.split('/').at(-1) as string)]
  expect(first).toMatchObject({ entryId: one.entry.id, ticket: one.entry.ticket, status: 'WAITING' })
  expect(second).toMatchObject({ entryId: other.entry.id, ticket: other.entry.ticket })
  expect(second.position).toBe(first.position + 1)
  await callEntry(clinic.desk, one.entry.id, { doctorId: null, room: '3' })
  expect(await look(one.link)).toMatchObject({ status: 'CALLED', room: '3', position: null })
})

test('opens nothing else: who is behind it stays unsaid, and its token is no log-in', async () => {
  const { entry, link } = await walkIn()
  const { data, errors } = await server.request('query ($id: ID!) { queueEntry(id: $id) { ticket } }', { id: entry.id })
  expect([data, errors?.[0]?.extensions?.code]).toEqual([{ queueEntry: null }, 'UNAUTHENTICATED'])
  const token = link.split('/').at(-1) as string
  const me = await server.request('{ me { __typename } }', {}, token)
  expect(me.data?.me ?? null).toBeNull()
})

test('that is none of ours shows nothing', async () => {
  const { entry } = await walkIn()
  for (const link of ['', '/t/', 'A'.repeat(22), entry.id, "' OR 1=1 --", 'x'.repeat(500)])
    expect(await look(link)).toBeNull()
})

test('to a booking shows nothing before the check-in, then the entry that came of it, and the next one after an undo', async () => {
  const patientId = await clinic.addPatient()
  const appointmentId = await clinic.book(patientId, new Date())
  const link = await linkTo({ patientId, appointmentId })
  expect(await look(link)).toBeNull()
  const first = await checkIn(clinic.desk, appointmentId)
  expect((await look(link)).entryId).toBe(first.id)
  await undo(clinic.desk, first.id, null)
  expect(await look(link)).toBeNull()
  const second = await checkIn(clinic.desk, appointmentId)
  expect((await look(link)).entryId).toBe(second.id)
})

test('ends a minute after the patient was served or left', async () => {
  const [served, left] = [await walkIn(), await walkIn()]
  await callEntry(clinic.desk, served.entry.id, { doctorId: null, room: null })
  await markServed(clinic.desk, served.entry.id)
  await leaveQueue(clinic.desk, left.entry.id)
  expect((await look(served.link)).status).toBe('SERVED')
  expect((await look(left.link)).status).toBe('LEFT')
  for (const { entry, link } of [served, left]) {
    await ageBy(entry.id, 60)
    expect(await look(link)).toBeNull()
  }
})

test('stays through the clinic day after a no-show, from which one may come back', async () => {
  const { entry, link } = await walkIn()
  await callEntry(clinic.desk, entry.id, { doctorId: null, room: null })
  await markNoShow(clinic.desk, entry.id)
  await ageBy(entry.id, 3600)
  expect((await look(link)).status).toBe('NO_SHOW')
  await ageBy(entry.id, 86_400)
  expect(await look(link)).toBeNull()
})

test('follows a transfer to another service', async () => {
  const { entry, link } = await walkIn()
  await transfer(clinic.desk, entry.id, { serviceId: clinic.serviceIds[1] as string, doctorId: null })
  expect(await look(link)).toMatchObject({ ticket: entry.ticket, status: 'WAITING', position: 1 })
})

test('tells each change as it happens, without log-in, and refuses to watch what it does not show', async () => {
  const { entry, link } = await walkIn()
  const watch = server.watch(WATCH, { link })
  const has = (status: string) => (data: any) => data.visitUpdated.status === status
  await watch.until(has('WAITING'))
  await callEntry(clinic.desk, entry.id, { doctorId: null, room: '7' })
  const called: any = await watch.until(has('CALLED'))
  expect(called.visitUpdated.room).toBe('7')
  await markServed(clinic.desk, entry.id)
  await watch.until(has('SERVED'))
  watch.stop()
  await ageBy(entry.id, 60)
  const refused = server.watch(WATCH, { link })
  expect(JSON.stringify(await refused.done)).toContain('NOT_FOUND')
})
