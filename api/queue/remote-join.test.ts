import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { openTokens } from '../access/sessions.ts'
import { contextOf, createTestClinic, type TestClinic } from '../test/clinic.ts'
import { createDevice } from '../test/device.ts'
import { startTestServer, type TestServer } from '../test/server.ts'

vi.setConfig({ testTimeout: 60_000 })

let server: TestServer
let clinic: TestClinic
let patientId: string
let token: string

beforeAll(async () => {
  server = await startTestServer({ demo: false })
})
afterAll(() => server.close())
beforeEach(async () => {
  clinic = await createTestClinic(server.deps)
  patientId = await clinic.addPatient('Pat')
  token = await tokenOf({ patientId })
})

const tokenOf = async (holder: Parameters<typeof openTokens>[1]) => (await openTokens(server.deps, holder)).accessToken
const userId = (who: 'desk' | 'admin') => (clinic[who].viewer as { userId: string }).userId
const service = (place = 0) => clinic.serviceIds[place] as string

const JOIN = `mutation($i: AddWalkInInput!) { addWalkIn(input: $i) {
  id ticket status urgency position arrivedAt patient { id } boundDoctor { id } } }`
const join = async (input: object = {}, as = token) => {
  const { data, errors } = await server.request(JOIN, { i: { patientId, serviceId: service(), ...input } }, as)
  return { entry: data?.addWalkIn, code: errors?.[0]?.extensions.code ?? null, errors }
}
const allow = async (serviceId = service(), remoteJoin = true) => {
  const query = `mutation($id: ID!, $on: Boolean!) { updateService(id: $id, input: { remoteJoin: $on }) { remoteJoin } }`
  const { data } = await server.request(
    query,
    { id: serviceId, on: remoteJoin },
    await tokenOf({ userId: userId('admin') }),
  )
  expect(data.updateService).toEqual({ remoteJoin })
}

describe('joining a queue from afar', () => {
  test('is off until the admin lets patients, for everybody to see, and the desk needs no leave', async () => {
    const read = 'query($id: ID!) { clinic(id: $id) { services { remoteJoin } } }'
    const shown = async () => (await server.request(read, { id: clinic.clinicId })).data.clinic.services
    expect(await shown()).toEqual([{ remoteJoin: false }, { remoteJoin: false }])
    expect((await join()).code).toBe('NOT_REMOTE')
    expect((await join({}, await tokenOf({ userId: userId('desk') }))).entry).toMatchObject({ ticket: 'A-001' })
    await allow(service(1))
    expect(await shown()).toEqual([{ remoteJoin: false }, { remoteJoin: true }])
  })

  test('gives the next ticket and a place behind those who wait, and links the record to the clinic', async () => {
    await allow()
    const stranger = randomUUID()
    await server.db.patient.create({ data: { id: stranger, name: 'Stranger', code: randomUUID() } })
    await join({ patientId: await clinic.addPatient() }, await tokenOf({ userId: userId('desk') }))
    const { entry } = await join({ patientId: stranger }, await tokenOf({ patientId: stranger }))
    expect(entry).toMatchObject({
      ticket: 'A-002',
      status: 'WAITING',
      urgency: 'ROUTINE',
      position: 2,
      boundDoctor: null,
    })
    expect(await server.db.clinicPatient.count({ where: { clinicId: clinic.clinicId, patientId: stranger } })).toBe(1)
    const audited = await server.db.auditEvent.findFirst({ where: { entityId: entry.id } })
    expect(audited).toMatchObject({ actorPatientId: stranger, clinicId: clinic.clinicId })
  })

  test('is for oneself and one’s wards, never for another patient', async () => {
    await allow()
    const [ward, other] = [await clinic.addPatient('Wanda'), await clinic.addPatient('Other')]
    await server.db.patient.update({ where: { id: ward }, data: { guardianId: patientId } })
    const guardian = await tokenOf({ patientId })
    expect((await join({ patientId: ward }, guardian)).entry).toMatchObject({ patient: { id: ward } })
    expect((await join({ patientId: other }, guardian)).code).toBe('NOT_FOUND')
    expect((await join({ serviceId: randomUUID() })).code).toBe('NOT_FOUND')
    expect((await join({}, null as never)).code).toBe('UNAUTHENTICATED')
    expect(await server.db.queueEntry.count({ where: { patientId: other } })).toBe(0)
  })

  test('is routine, for whichever doctor is free, under the clinic’s own ticket', async () => {
    await allow()
    expect((await join({ urgency: 'EMERGENCY' })).code).toBe('FORBIDDEN')
    const bound = await join({ doctorId: clinic.doctors[0]?.id })
    expect(bound.errors?.[0]?.extensions).toMatchObject({ code: 'BAD_INPUT', field: 'input.doctorId' })
    const paper = await join({ provisionalTicket: 'P7-01' })
    expect(paper.errors?.[0]?.extensions).toMatchObject({ code: 'BAD_INPUT', field: 'input.provisionalTicket' })
    expect((await join({ urgency: 'ROUTINE' })).code).toBeNull()
  })

  test('is refused while the service takes no walk-ins', async () => {
    await allow()
    await server.db.service.update({ where: { id: service() }, data: { open: false, closedReason: 'Full house' } })
    expect(await join()).toMatchObject({ code: 'CLOSED', errors: [{ message: expect.stringContaining('Full house') }] })
  })

  test('holds one place in a clinic at a time, however fast one asks', async () => {
    await allow()
    await allow(service(1))
    const answers = await Promise.all([0, 1, 0, 1].map((place) => join({ serviceId: service(place) })))
    expect(answers.map(({ code }) => code).toSorted()).toEqual(
      ['ALREADY_WAITING', 'ALREADY_WAITING', 'ALREADY_WAITING', null].toSorted(),
    )
    const entry = answers.find((answer) => answer.entry)?.entry
    await server.request('mutation($id: ID!) { leaveQueue(entryId: $id) { id } }', { id: entry.id }, token)
    expect((await join({ serviceId: service(1) })).code).toBeNull()
  })

  test('under the same id is done once; an id of somebody else is refused', async () => {
    await allow()
    const id = randomUUID()
    const first = await join({ id })
    expect((await join({ id })).entry).toEqual(first.entry)
    const other = await clinic.addPatient('Other')
    expect((await join({ id, patientId: other }, await tokenOf({ patientId: other }))).code).toBe('ID_TAKEN')
    const walkIn = await join({ id: randomUUID(), patientId: other }, await tokenOf({ userId: userId('desk') }))
    expect((await join({ id: walkIn.entry.id, patientId: other }, await tokenOf({ patientId: other }))).code).toBe(
      'ID_TAKEN',
    )
  })

  test('without a network counts from when the clinic hears of it: nobody can say that they came earlier', async () => {
    await allow()
    const device = createDevice(server.deps, contextOf(server.deps, clinic.asPatient(patientId).viewer).viewer)
    const waiting = await join({ patientId: await clinic.addPatient() }, await tokenOf({ userId: userId('desk') }))
    const id = randomUUID()
    const outcome = await device.act('addWalkIn', { id, patientId, serviceId: service() }, 3 * 3_600_000)
    expect(outcome).toMatchObject({ outcome: 'APPLIED' })
    const { data } = await server.request(
      'query($id: ID!) { queueEntry(id: $id) { position arrivedAt } }',
      { id },
      token,
    )
    expect(data.queueEntry.position).toBe(2)
    expect(data.queueEntry.arrivedAt > waiting.entry.arrivedAt).toBe(true)
    const urgent = { id: randomUUID(), patientId, serviceId: service(1), urgency: 'URGENT' }
    expect(await device.act('addWalkIn', urgent)).toMatchObject({ outcome: 'REJECTED', code: 'FORBIDDEN' })
    expect(await device.act('addWalkIn', { ...urgent, urgency: null })).toMatchObject({
      outcome: 'REJECTED',
      code: 'NOT_REMOTE',
    })
  })
})
