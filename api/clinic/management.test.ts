import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Viewer } from '../access/viewer.ts'
import { uuidv7 } from '../database/uuid.ts'
import { createTestDeps, type TestDeps } from '../test/context.ts'
import { createTestDatabase, type TestDatabase } from '../test/database.ts'
import { addClinic, addPatient, ask, asPatient, dayIn, type SceneClinic } from '../test/scene.ts'

let database: TestDatabase
let deps: TestDeps
let clinic: SceneClinic
let other: SceneClinic

beforeAll(async () => {
  database = await createTestDatabase()
  deps = createTestDeps(database)
  clinic = await addClinic(database.db)
  other = await addClinic(database.db, { letter: 'X' })
})

afterAll(async () => {
  await deps.close()
  await database.drop()
})

const run = async (viewer: Viewer | null, source: string, variables: Record<string, unknown> = {}) => {
  const { data, codes, errors } = await ask(deps, viewer, source, variables)
  const refusal = errors[0]?.originalError as { details?: { field?: string } } | undefined
  return { value: data && Object.values(data)[0], code: codes[0] ?? null, codes, field: refusal?.details?.field }
}

/** Each sends its own command; the list says who is let in. */
const tried = async (source: string, variables: Record<string, unknown>) => {
  const viewers = {
    admin: clinic.admin,
    receptionist: clinic.receptionist,
    doctor: clinic.doctor,
    patient: asPatient(uuidv7()),
    nobody: null,
    elsewhere: other.admin,
  }
  const codes: Record<string, string | null> = {}
  for (const [name, viewer] of Object.entries(viewers)) codes[name] = (await run(viewer, source, variables)).code
  return codes
}

const adminOnly = {
  admin: null,
  receptionist: 'FORBIDDEN',
  doctor: 'FORBIDDEN',
  patient: 'FORBIDDEN',
  nobody: 'UNAUTHENTICATED',
  elsewhere: 'NOT_FOUND',
}

const versionOf = async (serviceId: string) =>
  (await database.db.queueState.findUniqueOrThrow({ where: { serviceId } })).version

describe('the clinic', () => {
  const UPDATE = `mutation ($id: ID!, $input: UpdateClinicInput!) { updateClinic(id: $id, input: $input) {
    name timeZone dayStartsAt graceMinutes undoSeconds noShowMinutes languages } }`

  test('is read by anybody', async () => {
    const { value } = await run(
      null,
      `query ($id: ID!) { clinic(id: $id) { name timeZone services { name doctors { name } clinic { id } } doctors { name services { id } } } }`,
      { id: clinic.id },
    )
    expect(value).toMatchObject({
      timeZone: 'Europe/Berlin',
      services: [
        { name: 'General practice', doctors: [{ name: 'Dr. 1' }, { name: 'Dr. 2' }], clinic: { id: clinic.id } },
      ],
      doctors: [{ name: 'Dr. 1', services: [{ id: clinic.serviceId }] }, { name: 'Dr. 2' }],
    })
    expect((await run(null, `{ clinics { id } }`)).value).toHaveLength(2)
    expect((await run(null, `{ clinic(id: "${uuidv7()}") { id } }`)).value).toBeNull()
  })

  test('is set up by its admin', async () => {
    const changed = await run(clinic.admin, UPDATE, { id: clinic.id, input: { graceMinutes: 20, noShowMinutes: 5 } })
    expect(changed.value).toMatchObject({
      name: 'Clinic G',
      timeZone: 'Europe/Berlin',
      graceMinutes: 20,
      noShowMinutes: 5,
    })
    expect(
      (await run(clinic.admin, UPDATE, { id: clinic.id, input: { noShowMinutes: null } })).value.noShowMinutes,
    ).toBeNull()
    expect(await run(clinic.admin, UPDATE, { id: clinic.id, input: { timeZone: 'Mars/Phobos' } })).toMatchObject({
      code: 'BAD_INPUT',
      field: 'input.timeZone',
    })
    expect(await tried(UPDATE, { id: clinic.id, input: { undoSeconds: 30 } })).toEqual(adminOnly)
    const audit = await database.db.auditEvent.findFirst({ where: { entityId: clinic.id }, orderBy: { at: 'asc' } })
    expect(audit).toMatchObject({
      action: 'clinic.updated',
      actorUserId: clinic.admin.userId,
      detail: 'graceMinutes, noShowMinutes',
    })
  })
})

describe('how a clinic’s messages go out', () => {
  const FIELDS = 'messageRoute quietFrom quietTo dailySmsCap'
  const UPDATE = `mutation ($id: ID!, $input: UpdateClinicInput!) { updateClinic(id: $id, input: $input) { ${FIELDS} } }`
  const SERVICE = `mutation ($id: ID!, $input: UpdateServiceInput!) {
    updateService(id: $id, input: $input) { almostPosition almostMinutes } }`
  const set = (input: object) => run(clinic.admin, UPDATE, { id: clinic.id, input })
  const audited = (entityId: string) =>
    database.db.auditEvent.findFirst({ where: { entityId }, orderBy: [{ at: 'desc' }, { id: 'desc' }] })

  test('is set by the admin; what is left out stays', async () => {
    const usual = { messageRoute: 'BOTH', quietFrom: '21:00', quietTo: '08:00', dailySmsCap: 2000 }
    expect((await set({})).value).toEqual(usual)
    const changed = { messageRoute: 'PUSH_FIRST', quietFrom: '20:30', dailySmsCap: 10 }
    expect((await set(changed)).value).toEqual({ ...usual, ...changed })
    expect(await audited(clinic.id)).toMatchObject({ detail: 'messageRoute, quietFrom, dailySmsCap' })
    expect((await set(usual)).value).toEqual(usual)
    expect(await tried(UPDATE, { id: clinic.id, input: { quietTo: '08:00' } })).toEqual(adminOnly)
  })

  test('is refused by its field', async () => {
    for (const [input, field] of [
      [{ quietFrom: '9pm' }, 'input.quietFrom'],
      [{ quietTo: '24:00' }, 'input.quietTo'],
      [{ dailySmsCap: -1 }, 'input.dailySmsCap'],
    ] as const)
      expect(await set(input)).toMatchObject({ code: 'BAD_INPUT', field })
    for (const [input, field] of [
      [{ almostPosition: 0 }, 'input.almostPosition'],
      [{ almostMinutes: 241 }, 'input.almostMinutes'],
    ] as const)
      expect(await run(clinic.admin, SERVICE, { id: clinic.serviceId, input })).toMatchObject({
        code: 'BAD_INPUT',
        field,
      })
  })

  test('is read by desk and admin of the clinic, the rest of the answer stays for everybody', async () => {
    const read = async (viewer: Viewer | null) => {
      const { value, codes } = await run(viewer, `query ($id: ID!) { clinic(id: $id) { name ${FIELDS} } }`, {
        id: clinic.id,
      })
      expect(value.name).toBe('Clinic G')
      return value.dailySmsCap === null ? codes : value.dailySmsCap
    }
    expect(await read(clinic.admin)).toBe(2000)
    expect(await read(clinic.receptionist)).toBe(2000)
    for (const viewer of [clinic.doctor, other.admin, other.receptionist, asPatient(uuidv7())])
      expect(await read(viewer)).toEqual(Array(4).fill('FORBIDDEN'))
    expect(await read(null)).toEqual(Array(4).fill('UNAUTHENTICATED'))
  })

  test('for each service says when it is almost a patient’s turn', async () => {
    const read = async () =>
      (
        await run(null, `query ($id: ID!) { clinic(id: $id) { services { almostPosition almostMinutes } } }`, {
          id: clinic.id,
        })
      ).value.services[0]
    expect(await read()).toEqual({ almostPosition: 3, almostMinutes: 10 })
    const input = { almostPosition: 5, almostMinutes: 0 }
    expect((await run(clinic.admin, SERVICE, { id: clinic.serviceId, input })).value).toEqual(input)
    expect(await read()).toEqual(input)
    expect(await audited(clinic.serviceId)).toMatchObject({
      action: 'service.updated',
      detail: 'almostPosition, almostMinutes',
    })
    expect(await tried(SERVICE, { id: clinic.serviceId, input: { almostPosition: 3 } })).toEqual(adminOnly)
    const CREATE = `mutation ($input: CreateServiceInput!) { createService(input: $input) { almostPosition almostMinutes } }`
    const made = { clinicId: other.id, name: 'Bloods', ticketLetter: 'B', slotMinutes: 5, ...input }
    expect((await run(other.admin, CREATE, { input: made })).value).toEqual(input)
  })
})

describe('services', () => {
  const CREATE = `mutation ($input: CreateServiceInput!) { createService(input: $input) { id name ticketLetter slotMinutes bookedLeadMinutes open clinic { id } } }`
  const UPDATE = `mutation ($id: ID!, $input: UpdateServiceInput!) { updateService(id: $id, input: $input) { name slotMinutes } }`
  const INTAKE = `mutation ($id: ID!, $open: Boolean!, $reason: String) { setIntake(serviceId: $id, open: $open, reason: $reason) { open closedReason } }`
  const input = () => ({ clinicId: clinic.id, name: 'Vaccination', ticketLetter: 'v', slotMinutes: 10 })

  test('get a queue at once, and names and letters of their own', async () => {
    const { value } = await run(clinic.admin, CREATE, { input: input() })
    expect(value).toMatchObject({
      name: 'Vaccination',
      ticketLetter: 'V',
      bookedLeadMinutes: 0,
      open: true,
      clinic: { id: clinic.id },
    })
    expect(await versionOf(value.id)).toBe(0)
    expect((await run(clinic.admin, CREATE, { input: { ...input(), ticketLetter: 'W' } })).code).toBe('NAME_TAKEN')
    expect((await run(clinic.admin, CREATE, { input: { ...input(), name: 'Other' } })).code).toBe('LETTER_TAKEN')
    expect((await run(other.admin, CREATE, { input: { ...input(), clinicId: other.id } })).code).toBeNull()
    expect(await run(clinic.admin, CREATE, { input: { ...input(), slotMinutes: 0 } })).toMatchObject({
      code: 'BAD_INPUT',
      field: 'input.slotMinutes',
    })
    expect((await run(clinic.receptionist, CREATE, { input: input() })).code).toBe('FORBIDDEN')
    expect((await run(other.admin, CREATE, { input: input() })).code).toBe('NOT_FOUND')
  })

  test('are changed by the admin', async () => {
    const changed = await run(clinic.admin, UPDATE, { id: clinic.serviceId, input: { slotMinutes: 20 } })
    expect(changed.value).toEqual({ name: 'General practice', slotMinutes: 20 })
    expect((await run(clinic.admin, UPDATE, { id: clinic.serviceId, input: { name: 'Vaccination' } })).code).toBe(
      'NAME_TAKEN',
    )
    expect(await tried(UPDATE, { id: clinic.serviceId, input: { slotMinutes: 15 } })).toEqual(adminOnly)
  })

  test('are closed to walk-ins and opened by desk or admin, and the queue’s watchers are told', async () => {
    const before = await versionOf(clinic.serviceId)
    const closed = await run(clinic.receptionist, INTAKE, {
      id: clinic.serviceId,
      open: false,
      reason: 'Full for today',
    })
    expect(closed.value).toEqual({ open: false, closedReason: 'Full for today' })
    expect(await versionOf(clinic.serviceId)).toBe(before + 1)
    const walkIn = `mutation ($i: AddWalkInInput!) { addWalkIn(input: $i) { id } }`
    const i = { serviceId: clinic.serviceId, patientId: await addPatient(database.db, { clinics: [clinic] }) }
    expect((await run(clinic.receptionist, walkIn, { i })).code).toBe('CLOSED')
    expect(await tried(INTAKE, { id: clinic.serviceId, open: true })).toEqual({ ...adminOnly, receptionist: null })
    expect((await run(clinic.receptionist, walkIn, { i })).code).toBeNull()
  })
})

describe('hours', () => {
  const SET = `mutation ($input: DoctorHoursInput!) { setDoctorHours(input: $input) { id hours { weekday from to } } }`
  const EXCEPT = `mutation ($input: DoctorExceptionInput!) { setDoctorException(input: $input) { exceptions { id day kind from to reason } } }`
  const REMOVE = `mutation ($id: ID!) { removeDoctorException(id: $id) { exceptions { id } } }`
  const week = (from: string, to: string) => [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, from, to }))
  const slotsOn = async (day: string) =>
    (
      await run(
        null,
        `query ($s: ID!, $d: ID, $day: Date!) { availableSlots(serviceId: $s, doctorId: $d, from: $day, to: $day) { startsAt } }`,
        { s: clinic.serviceId, d: clinic.doctorIds[0], day },
      )
    ).value.length

  test('are replaced as a whole, and free slots follow', async () => {
    const doctorId = clinic.doctorIds[0]
    const hours = week('09:00', '10:00')
    expect((await run(clinic.admin, SET, { input: { doctorId, hours } })).value.hours).toEqual(hours)
    expect(await slotsOn(dayIn(3))).toBe(4)
    expect((await run(clinic.admin, SET, { input: { doctorId, hours: [] } })).value.hours).toEqual([])
    expect(await slotsOn(dayIn(3))).toBe(0)
    expect(await tried(SET, { input: { doctorId, hours: week('08:00', '12:00') } })).toEqual(adminOnly)
  })

  test('that overlap are refused by their place in the list', async () => {
    const hours = [...week('09:00', '10:00').slice(0, 2), { weekday: 1, from: '09:30', to: '11:00' }]
    const refused = await run(clinic.admin, SET, { input: { doctorId: clinic.doctorIds[0], hours } })
    expect(refused).toMatchObject({ code: 'BAD_INPUT', field: 'input.hours.2.from' })
    expect(await slotsOn(dayIn(3))).toBe(16)
  })

  test('have exceptions: leave takes slots away, extra hours add some, and both can be taken back', async () => {
    const [doctorId] = clinic.doctorIds
    const day = dayIn(4)
    const leave = await run(clinic.admin, EXCEPT, { input: { doctorId, day, kind: 'LEAVE', reason: 'Course' } })
    expect(leave.value.exceptions).toMatchObject([{ day, kind: 'LEAVE', from: '00:00', to: '24:00', reason: 'Course' }])
    expect(await slotsOn(day)).toBe(0)
    expect((await run(clinic.admin, REMOVE, { id: leave.value.exceptions[0].id })).value.exceptions).toEqual([])
    expect((await run(clinic.admin, REMOVE, { id: leave.value.exceptions[0].id })).code).toBe('NOT_FOUND')
    await run(clinic.admin, EXCEPT, { input: { doctorId, day, kind: 'EXTRA', from: '12:00', to: '13:00' } })
    const part = await run(clinic.admin, EXCEPT, {
      input: { doctorId, day, kind: 'LEAVE', from: '08:00', to: '08:30' },
    })
    expect(await slotsOn(day)).toBe(18)
    const own = part.value.exceptions[0].id
    expect(await tried(REMOVE, { id: own })).toEqual({ ...adminOnly, elsewhere: 'NOT_FOUND' })
    expect(await tried(EXCEPT, { input: { doctorId, day: dayIn(9), kind: 'LEAVE' } })).toEqual(adminOnly)
    for (const [wrong, field] of [
      [{ kind: 'EXTRA' }, 'input.from'],
      [{ kind: 'LEAVE', from: '08:00' }, 'input.to'],
      [{ kind: 'LEAVE', to: '08:00' }, 'input.from'],
      [{ kind: 'LEAVE', from: '10:00', to: '09:00' }, 'input.to'],
      [{ kind: 'LEAVE', from: '8', to: '09:00' }, 'input.from'],
    ] as const)
      expect(await run(clinic.admin, EXCEPT, { input: { doctorId, day, ...wrong } })).toMatchObject({
        code: 'BAD_INPUT',
        field,
      })
  })

  test('are seen by the clinic’s desk and admin and the doctor themself', async () => {
    const READ = `query ($id: ID!) { clinic(id: $id) { doctors { id name room hours { weekday } exceptions { id } } } }`
    const seenBy = async (viewer: Viewer | null) =>
      (await run(viewer, READ, { id: clinic.id })).value.doctors.map(
        ({ hours }: { hours: unknown[] | null }) => hours !== null,
      )
    expect(await seenBy(clinic.admin)).toEqual([true, true])
    expect(await seenBy(clinic.receptionist)).toEqual([true, true])
    expect(await seenBy(clinic.doctor)).toEqual([true, false])
    expect(await seenBy(other.admin)).toEqual([false, false])
    expect(await seenBy(asPatient(uuidv7()))).toEqual([false, false])
    expect(await seenBy(null)).toEqual([false, false])
  })
})

describe('duty', () => {
  const DUTY = `mutation ($id: ID!, $on: Boolean!, $room: String) { setOnDuty(doctorId: $id, onDuty: $on, room: $room) { onDuty room } }`
  const KEEP = `mutation ($id: ID!, $on: Boolean!) { setOnDuty(doctorId: $id, onDuty: $on) { onDuty room } }`

  test('is set by desk, admin and the doctor themself; the room stays unless another is named', async () => {
    const [id, colleague] = clinic.doctorIds
    expect((await run(clinic.doctor, DUTY, { id, on: true, room: ' 3 ' })).value).toEqual({ onDuty: true, room: '3' })
    expect((await run(clinic.doctor, KEEP, { id, on: false })).value).toEqual({ onDuty: false, room: '3' })
    expect((await run(clinic.doctor, DUTY, { id, on: false, room: null })).value).toEqual({ onDuty: false, room: null })
    expect((await run(clinic.doctor, DUTY, { id: colleague, on: true })).code).toBe('NOT_FOUND')
    expect(await tried(DUTY, { id, on: true, room: '4' })).toEqual({ ...adminOnly, receptionist: null, doctor: null })
    expect((await run(clinic.doctor, DUTY, { id, on: true, room: 'x'.repeat(41) })).code).toBe('BAD_INPUT')
  })

  test('makes a new version of the doctor’s queues where it changes, and tells the bus', async () => {
    const [id] = clinic.doctorIds
    await run(clinic.admin, KEEP, { id, on: true })
    const before = await versionOf(clinic.serviceId)
    const heard: unknown[] = []
    const stop = deps.bus.subscribe((message) => heard.push(message))
    await run(clinic.admin, KEEP, { id, on: true })
    expect(await versionOf(clinic.serviceId)).toBe(before)
    await run(clinic.admin, KEEP, { id, on: false })
    expect(await versionOf(clinic.serviceId)).toBe(before + 1)
    stop()
    expect(heard).toContainEqual({ kind: 'queue', serviceId: clinic.serviceId, version: before + 1 })
  })

  test('of one who has left is not set any more', async () => {
    const gone = await addClinic(database.db, { doctors: 1, letter: 'L' })
    const [id] = gone.doctorIds
    await database.db.doctor.update({ where: { id }, data: { active: false } })
    expect((await run(gone.admin, KEEP, { id, on: true })).code).toBe('NOT_FOUND')
  })
})
