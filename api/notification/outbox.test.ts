import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestServer, type TestServer } from '../test/server.ts'

/** As `npm start` without accounts: nobody to carry messages but the outbox. */
let server: TestServer
let desk: string
let patient: string

beforeAll(async () => {
  server = await startTestServer()
  await server.deps.jobs.start()
  desk = await server.login('reception')
  patient = await server.login('+12025550100')
})
afterAll(() => server.close())

const done = async (query: string, variables: object, token: string) => {
  const { data, errors } = await server.request(query, variables, token)
  expect(errors).toBeUndefined()
  return Object.values(data)[0] as any
}

const LIST = `query ($c: ID!, $p: ID!) { notifications(clinicId: $c, patientId: $p, first: 200) {
  edges { node { kind channel status body error sentAt patient { name } } } } }`

test('without accounts every kind of message ends as SENT where the desk reads it, whatever causes it', {
  timeout: 90_000,
}, async () => {
  const clinic = await server.db.clinic.findFirstOrThrow({ where: { name: 'Riverside Clinic' } })
  const serviceId = (await server.db.service.findFirstOrThrow({ where: { clinicId: clinic.id, ticketLetter: 'V' } })).id
  const me = (await done('{ me { ... on Patient { id } } }', {}, patient)).id
  const sent = async () => {
    const { edges } = await done(LIST, { c: clinic.id, p: me }, desk)
    expect(edges.filter(({ node }: any) => node.error !== null || node.body === null)).toEqual([])
    return edges.map(({ node }: any) => `${node.kind} ${node.channel} ${node.status}`).toSorted()
  }
  const isSent = (kind: string) =>
    expect.poll(sent, { timeout: 20_000 }).toEqual(expect.arrayContaining([`${kind} PUSH SENT`, `${kind} SMS SENT`]))

  await done('mutation { registerDevice(pushToken: "a-phone", platform: "ios") }', {}, patient)
  const day = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10)
  const slots = await done(
    'query ($s: ID!, $d: Date!) { availableSlots(serviceId: $s, from: $d, to: $d) { startsAt } }',
    { s: serviceId, d: day },
    patient,
  )
  const { id } = await done(
    'mutation ($i: BookAppointmentInput!) { bookAppointment(input: $i) { id } }',
    { i: { serviceId, startsAt: slots[0].startsAt } },
    patient,
  )
  await isSent('BOOKED')
  await done(
    'mutation ($i: RescheduleAppointmentInput!) { rescheduleAppointment(input: $i) { id } }',
    { i: { id, startsAt: slots[20].startsAt } },
    desk,
  )
  await isSent('RESCHEDULED')
  await server.db.clinic.update({ where: { id: clinic.id }, data: { quietFrom: 0, quietTo: 0 } })
  await server.db.$executeRaw`UPDATE pgboss.job SET start_after = now() WHERE name = 'announce.reminder'`
  await isSent('REMINDER')
  await done('mutation ($id: ID!) { cancelAppointment(id: $id) { id } }', { id }, patient)
  await isSent('CANCELLED')

  const entry = await done(
    'mutation ($i: AddWalkInInput!) { addWalkIn(input: $i) { id } }',
    { i: { patientId: me, serviceId } },
    desk,
  )
  await isSent('ALMOST_YOUR_TURN')
  const move = (name: string) => done(`mutation ($id: ID!) { ${name}(entryId: $id) { id } }`, { id: entry.id }, desk)
  await move('callEntry')
  await isSent('YOUR_TURN')
  await move('markNoShow')
  await isSent('MISSED')
  await move('undo')
  await isSent('CORRECTION')
  expect(await server.db.notification.count({ where: { status: { not: 'SENT' } } })).toBe(0)
})
