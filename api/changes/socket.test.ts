import { afterAll, beforeAll, expect, it } from 'vitest'
import { uuidv7 } from '../database/uuid.ts'
import { DEMO_PATIENT } from '../demo/demo.ts'
import { startTestServer, type TestServer } from '../test/server.ts'

const AVAILABLE = 'subscription { cursor: changesAvailable }'
const CHANGES = `query($cursor: String) { changes(cursor: $cursor) {
  cursor hasMore removed patients { id name } appointments { id }
  entries { id status service { id } patient { id } place { subRank } }
} }`
const WALK_IN = 'mutation($i: AddWalkInInput!) { entry: addWalkIn(input: $i) { id } }'

let server: TestServer
let serviceId: string
let otherServiceId: string
let gracesId: string

beforeAll(async () => {
  server = await startTestServer()
  const clinic = await server.db.clinic.findFirstOrThrow({ where: { name: 'Riverside Clinic' } })
  serviceId = (await server.db.service.findFirstOrThrow({ where: { clinicId: clinic.id, name: 'Vaccination' } })).id
  otherServiceId = (
    await server.db.service.findFirstOrThrow({ where: { clinicId: clinic.id, name: { not: 'Vaccination' } } })
  ).id
  gracesId = (await server.db.patient.findFirstOrThrow({ where: { phoneNumber: DEMO_PATIENT } })).id
})
afterAll(() => server?.close())

type Held = {
  id: string
  status?: string
  service?: { id: string }
  patient?: { id: string }
  place?: { subRank: number }
}

/** A device on a socket of its own that pulls whenever a hint came, and keeps what it heard of; `hears` counts what left its sight as well. */
const openDevice = async (name: string) => {
  const token = await server.login(name)
  const watch = server.watch(AVAILABLE, {}, token)
  let { cursor } = await watch.until((data) => typeof data.cursor === 'string')
  let pulled = watch.events.length
  const heard = new Set<string>()
  const held = new Map<string, Held>()
  const pull = async (): Promise<void> => {
    pulled = watch.events.length
    for (let hasMore = true; hasMore; ) {
      const { data, errors } = await server.request(CHANGES, { cursor }, token)
      expect(errors).toBeUndefined()
      const { patients, appointments, entries, removed } = data.changes
      for (const record of [...patients, ...appointments, ...entries] as Held[]) {
        heard.add(record.id)
        held.set(record.id, record)
      }
      for (const id of removed) {
        heard.add(id)
        held.delete(id)
      }
      ;({ cursor, hasMore } = data.changes)
    }
  }
  /** Waits until hints led to these records. */
  const hears = async (...ids: readonly string[]): Promise<void> => {
    const missing = async () => {
      if (watch.events.length > pulled) await pull()
      return ids.filter((id) => !heard.has(id))
    }
    await expect.poll(missing, { timeout: 10_000 }).toEqual([])
    heard.clear()
  }
  return { token, watch, hears, held, hints: () => watch.events.length }
}

const asDesk = async (query: string, variables: object, desk = 'reception') => {
  const { data, errors } = await server.request(query, variables, await server.login(desk))
  expect(errors).toBeUndefined()
  return data
}

const newPatient = async (guardianId: string | null = null): Promise<string> => {
  const create = 'mutation($i: CreatePatientInput!) { patient: createPatient(input: $i) { id } }'
  return (await asDesk(create, { i: { name: 'Somebody New', guardianId } })).patient.id
}

const walkIn = async (patientId: string, toServiceId = serviceId): Promise<string> =>
  (await asDesk(WALK_IN, { i: { patientId, serviceId: toServiceId } })).entry.id

it('desk and doctor hear of every kind of change in their clinic, and a pull by the hint brings it', async () => {
  const desk = await openDevice('reception')
  const doctor = await openDevice('doctor')
  const patientId = await newPatient()
  await desk.hears(patientId)
  const entryId = await walkIn(patientId)
  await desk.hears(entryId)
  await doctor.hears(entryId)
  await asDesk('mutation($e: ID!) { callEntry(entryId: $e, room: "1") { id } }', { e: entryId })
  await desk.hears(entryId)
  await asDesk('mutation($p: ID!) { updatePatient(id: $p, input: { name: "Somebody Else" }) { id } }', { p: patientId })
  await desk.hears(patientId)
  desk.watch.stop()
  doctor.watch.stop()
})

it('a patient hears of their own and of their child’s, and of nobody else’s; another clinic hears nothing', async () => {
  const desk = await openDevice('reception')
  const patient = await openDevice(DEMO_PATIENT)
  const elsewhere = await openDevice('reception2')
  const quiet = [patient.hints(), elsewhere.hints()]
  // One look finds what all watchers are told of: once the desk has heard, nobody else will.
  await desk.hears(await walkIn(await newPatient()))
  expect([patient.hints(), elsewhere.hints()]).toEqual(quiet)
  await patient.hears(await walkIn(gracesId))
  const childId = await newPatient(gracesId)
  await patient.hears(childId)
  const childs = await walkIn(childId)
  await patient.hears(childs)
  await desk.hears(childs)
  expect(elsewhere.hints()).toBe(quiet[1])
  for (const { watch } of [desk, patient, elsewhere]) watch.stop()
})

it('desk and doctor hear of a hold, a return and a move, with how it stands after each', async () => {
  const devices = [await openDevice('reception'), await openDevice('doctor')]
  const [ahead, own] = [await walkIn(await newPatient()), await walkIn(await newPatient())]
  for (const { hears } of devices) await hears(ahead, own)
  const all = async (id: string, as: Partial<Held>) => {
    for (const device of devices) {
      await device.hears(id)
      expect(device.held.get(id)).toMatchObject(as)
    }
  }
  await asDesk('mutation($e: ID!) { hold(entryId: $e) { id } }', { e: own })
  await all(own, { status: 'ON_HOLD' })
  await asDesk('mutation($e: ID!) { returnToQueue(entryId: $e) { id } }', { e: own })
  await all(own, { status: 'WAITING' })
  const places = () => devices.map(({ held }) => held.get(ahead)?.place)
  const before = places()
  expect(before[0]).toBeDefined()
  await asDesk('mutation($e: ID!, $a: ID) { moveEntry(entryId: $e, after: $a, reason: "in pain") { id } }', {
    e: ahead,
    a: own,
  })
  await all(ahead, { status: 'WAITING' })
  const [atDesk, atDoctor] = places()
  expect(atDesk).not.toEqual(before[0])
  expect(atDoctor).toEqual(atDesk)
  for (const { watch } of devices) watch.stop()
})

it('a transfer takes the visit, and the patient with it, from a doctor without that service to one who gives it', async () => {
  // The one gives vaccinations alone, the other everything else.
  const users = await server.db.user.findMany({ where: { username: { in: ['lindqvist', 'moreau'] } } })
  const doctorOf = async (username: string) =>
    (
      await server.db.doctor.findFirstOrThrow({
        where: { userId: users.find((user) => user.username === username)?.id as string },
      })
    ).id
  await server.db.doctorService.deleteMany({
    where: { doctorId: await doctorOf('lindqvist'), serviceId: { not: serviceId } },
  })
  await server.db.doctorService.deleteMany({ where: { doctorId: await doctorOf('moreau'), serviceId } })
  const [vaccinating, other] = [await openDevice('lindqvist'), await openDevice('moreau')]
  const patientId = await newPatient()
  const elsewhere = await walkIn(await newPatient(), otherServiceId)
  await other.hears(elsewhere)
  // The hint is the clinic's; what it leads to is not for this doctor.
  await vaccinating.hears(elsewhere)
  expect(vaccinating.held.has(elsewhere)).toBe(false)

  const entryId = await walkIn(patientId)
  await vaccinating.hears(entryId, patientId)
  expect(vaccinating.held.get(entryId)).toMatchObject({ service: { id: serviceId }, patient: { id: patientId } })
  await other.hears(entryId)
  expect([other.held.has(entryId), other.held.has(patientId)]).toEqual([false, false])

  await asDesk('mutation($e: ID!, $s: ID) { transfer(entryId: $e, serviceId: $s) { id } }', {
    e: entryId,
    s: otherServiceId,
  })
  await other.hears(entryId, patientId)
  expect(other.held.get(entryId)).toMatchObject({ service: { id: otherServiceId }, patient: { id: patientId } })
  await vaccinating.hears(entryId, patientId)
  expect([vaccinating.held.has(entryId), vaccinating.held.has(patientId)]).toEqual([false, false])
  vaccinating.watch.stop()
  other.watch.stop()
})

it('a merge takes the one record away, and brings its visit as the other one’s, also to their guardian', async () => {
  const [desk, guardian] = [await openDevice('reception'), await openDevice(DEMO_PATIENT)]
  const [keep, drop] = [await newPatient(gracesId), await newPatient()]
  const entryId = await walkIn(drop)
  await desk.hears(keep, drop, entryId)
  await guardian.hears(keep)
  expect([guardian.held.has(drop), guardian.held.has(entryId)]).toEqual([false, false])
  await asDesk('mutation($k: ID!, $d: ID!) { mergePatients(keep: $k, drop: $d) { id } }', { k: keep, d: drop })
  await desk.hears(keep, drop, entryId)
  expect([desk.held.has(keep), desk.held.has(drop)]).toEqual([true, false])
  expect(desk.held.get(entryId)).toMatchObject({ patient: { id: keep } })
  await guardian.hears(entryId)
  expect(guardian.held.get(entryId)).toMatchObject({ patient: { id: keep } })
  expect(guardian.held.has(drop)).toBe(false)
  desk.watch.stop()
  guardian.watch.stop()
})

it('desk and patient hear of a booking that is made, moved and cancelled', async () => {
  const desk = await openDevice('reception')
  const patient = await openDevice(DEMO_PATIENT)
  const [from, to] = [3, 9].map((days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10))
  const { slots } = await asDesk(
    'query($s: ID!, $f: Date!, $t: Date!) { slots: availableSlots(serviceId: $s, from: $f, to: $t) { startsAt } }',
    { s: serviceId, f: from, t: to },
  )
  const [first, second] = [slots[0], slots.at(-1)] as { startsAt: string }[]
  const { booking } = await asDesk(
    'mutation($i: BookAppointmentInput!) { booking: bookAppointment(input: $i) { id } }',
    { i: { patientId: gracesId, serviceId, startsAt: first?.startsAt } },
  )
  const heard = async () => {
    await desk.hears(booking.id)
    await patient.hears(booking.id)
  }
  await heard()
  await asDesk('mutation($i: RescheduleAppointmentInput!) { rescheduleAppointment(input: $i) { id } }', {
    i: { id: booking.id, startsAt: second?.startsAt },
  })
  await heard()
  await asDesk('mutation($id: ID!) { cancelAppointment(id: $id) { id } }', { id: booking.id })
  await heard()
  desk.watch.stop()
  patient.watch.stop()
})

it('a batch of many changes is one hint or a few, and the last of them leads to all', async () => {
  const desk = await openDevice('reception')
  const before = desk.hints()
  const patients = Array.from({ length: 60 }, (_, index) => ({ id: uuidv7(), name: `Patient ${index}` }))
  const operations = patients.map((patient, index) => ({
    ...{ id: patient.id, seq: index + 1, ageMs: 0 },
    createPatient: patient,
  }))
  const { sync } = await asDesk('mutation($i: SyncInput!) { sync(input: $i) { outcomes { outcome } } }', {
    i: { clientId: uuidv7(), operations },
  })
  expect(sync.outcomes.map(({ outcome }: { outcome: string }) => outcome)).toEqual(patients.map(() => 'APPLIED'))
  await desk.hears(...patients.map(({ id }) => id))
  expect(desk.hints() - before).toBeLessThan(5)
  desk.watch.stop()
})

it('a change of which no hint came is found all the same', async () => {
  const desk = await openDevice('reception')
  // Written past the API, so that nobody tells of it.
  await server.db.patient.update({ where: { id: gracesId }, data: { language: 'es' } })
  await desk.hears(gracesId)
  desk.watch.stop()
})

it('ends with the session: at log-out, and where the account is deactivated', async () => {
  const ended = { code: 4403, reason: 'The session has ended.' }
  const leaving = await openDevice('okafor')
  await server.request('mutation { logout }', {}, leaving.token)
  expect(await leaving.watch.done).toMatchObject(ended)
  const dismissed = await openDevice('okafor')
  const user = await server.db.user.findFirstOrThrow({ where: { username: 'okafor' } })
  const admin = await server.login('admin')
  const { errors } = await server.request('mutation($u: ID!) { deactivateUser(id: $u) { id } }', { u: user.id }, admin)
  expect(errors).toBeUndefined()
  expect(await dismissed.watch.done).toMatchObject(ended)
})

it.each([
  ['admin', 'FORBIDDEN'],
  [null, 'UNAUTHENTICATED'],
])('is not for %s: %s', async (name, code) => {
  const watch = server.watch(AVAILABLE, {}, name && (await server.login(name)))
  expect(JSON.stringify(await watch.done)).toContain(code)
  expect(watch.events.filter(({ data }) => data)).toEqual([])
})
