import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Viewer } from '../access/viewer.ts'
import { uuidv7 } from '../database/uuid.ts'
import { createTestDeps, type TestDeps } from '../test/context.ts'
import { createTestDatabase, type TestDatabase } from '../test/database.ts'
import { addClinic, addPatient, ask, asPatient, dayIn, inDays, type SceneClinic } from '../test/scene.ts'

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

let lastNumber = 100
/** One of the numbers that are given to nobody. */
const newNumber = () => `+1202555${String(++lastNumber).padStart(4, '0')}`

const run = async (viewer: Viewer | null, source: string, variables: Record<string, unknown> = {}) => {
  const { data, codes, errors } = await ask(deps, viewer, source, variables)
  const value = data === null ? null : Object.values(data)[0]
  return { value: JSON.parse(JSON.stringify(value ?? null)), code: codes[0] ?? null, codes, errors }
}

const REGISTER = `mutation ($input: RegisterPatientInput!) { registerPatient(input: $input) {
  accessToken viewer { ... on Patient { id name phoneNumber code version } } } }`
const CREATE = `mutation ($input: CreatePatientInput!) { createPatient(input: $input) { id name phoneNumber version guardian { id } } }`
const LOGIN = `mutation ($input: LoginPatientInput!) { loginPatient(input: $input) { viewer { ... on Patient { id } } } }`
const PATIENT = `query ($id: ID!) { patient(id: $id) { id name phoneNumber dateOfBirth language code
  appointments { edges { node { id } } } activeEntries { id } } }`
const password = 'correct horse'

const create = (input: Record<string, unknown>, viewer: Viewer = clinic.receptionist) => run(viewer, CREATE, { input })

describe('registering', () => {
  test('makes a record, logs in, and the number and password are good for log-in', async () => {
    const phoneNumber = newNumber()
    const { value } = await run(null, REGISTER, { input: { name: 'Ada', phoneNumber, password } })
    expect(value.viewer).toMatchObject({ name: 'Ada', phoneNumber, version: 1 })
    expect(value.viewer.code).toMatch(/^[\w-]{22}$/)
    const again = await run(null, LOGIN, { input: { phoneNumber, password } })
    expect(again.value.viewer.id).toBe(value.viewer.id)
  })

  test('with a number that is on a record needs a code', async () => {
    const phoneNumber = newNumber()
    await create({ name: 'Ada', phoneNumber })
    const input = { name: 'Eve', phoneNumber, password }
    expect((await run(null, REGISTER, { input })).code).toBe('PHONE_NEEDS_CODE')
    expect((await run(null, REGISTER, { input: { ...input, code: '123456' } })).code).toBe('WRONG_CODE')
  })

  test('refuses wrong input by its field', async () => {
    const good = { name: 'Ada', phoneNumber: newNumber(), password }
    for (const [wrong, field] of [
      [{ name: ' ' }, 'input.name'],
      [{ phoneNumber: '2025550100' }, 'input.phoneNumber'],
      [{ password: 'short' }, 'input.password'],
      [{ dateOfBirth: dayIn(2) }, 'input.dateOfBirth'],
      [{ language: '??' }, 'input.language'],
    ] as const) {
      const { errors } = await run(null, REGISTER, { input: { ...good, ...wrong } })
      expect(errors[0]?.originalError).toMatchObject({ code: 'BAD_INPUT', details: { field } })
    }
  })

  test('of many who register one number at once, one gets it', async () => {
    const phoneNumber = newNumber()
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        index % 2
          ? run(null, REGISTER, { input: { name: 'Ada', phoneNumber, password } })
          : create({ name: 'Ada', phoneNumber }),
      ),
    )
    const codes = results.map(({ code }) => code)
    expect(codes.filter((code) => code === null)).toHaveLength(1)
    expect(
      codes.every((code, index) => code === null || code === (index % 2 ? 'PHONE_NEEDS_CODE' : 'PHONE_TAKEN')),
    ).toBe(true)
    expect(await database.db.patient.count({ where: { phoneNumber } })).toBe(1)
  })
})

describe('records made at the desk', () => {
  test('are linked to its clinic only', async () => {
    const { value } = await create({ name: 'Ada', phoneNumber: newNumber() })
    expect((await run(clinic.receptionist, PATIENT, { id: value.id })).value.name).toBe('Ada')
    expect(await run(other.receptionist, PATIENT, { id: value.id })).toMatchObject({ value: null, codes: [] })
    expect((await run(clinic.admin, PATIENT, { id: value.id })).code).toBe('FORBIDDEN')
    expect((await create({ name: 'Ada' }, clinic.admin)).code).toBe('FORBIDDEN')
  })

  test('an id that the caller has stored answers that record; anybody else’s is taken', async () => {
    // Version 4, as other programs make them.
    const id = '6F9619FF-8B86-4D01-B42D-00CF4FC964FF'
    const [one, two] = await Promise.all([create({ id, name: 'Ada' }), create({ id, name: 'Ada' })])
    expect([one.value?.id, two.value?.id]).toEqual([id.toLowerCase(), id.toLowerCase()])
    expect((await create({ id, name: 'Somebody else' })).value.name).toBe('Ada')
    expect((await create({ id, name: 'Eve' }, other.receptionist)).code).toBe('ID_TAKEN')
    expect((await create({ id: 'none', name: 'Eve' })).code).toBe('BAD_INPUT')
  })

  test('a number of another record is refused with the way to that record', async () => {
    const phoneNumber = newNumber()
    await create({ name: 'Ada', phoneNumber }, other.receptionist)
    const { code, errors } = await create({ name: 'Ada', phoneNumber })
    expect(code).toBe('PHONE_TAKEN')
    expect(errors[0]?.message).toContain('findPatient')
  })

  test('a guardian must be visible to the desk', async () => {
    const guardianId = await addPatient(database.db, { clinics: [clinic] })
    const ward = await create({ name: 'Child', guardianId })
    expect(ward.value.guardian.id).toBe(guardianId)
    expect(
      (await create({ name: 'Child', guardianId: await addPatient(database.db, { clinics: [other] }) })).code,
    ).toBe('NOT_FOUND')
    const asGuardian = asPatient(guardianId, [ward.value.id])
    expect((await run(asGuardian, PATIENT, { id: ward.value.id })).value.name).toBe('Child')
    expect(
      (await run(asGuardian, `query ($id: ID!) { patient(id: $id) { wards { id } } }`, { id: guardianId })).value.wards,
    ).toEqual([{ id: ward.value.id }])
  })
})

describe('who sees what of a patient', () => {
  test('each role sees what is theirs, the rest of the answer intact', async () => {
    const id = await addPatient(database.db, {
      clinics: [clinic, other],
      phoneNumber: newNumber(),
      dateOfBirth: new Date('1990-05-17'),
    })
    await ask(deps, clinic.receptionist, `mutation ($i: AddWalkInInput!) { addWalkIn(input: $i) { id } }`, {
      i: { patientId: id, serviceId: clinic.serviceId },
    })
    const own = await run(asPatient(id), PATIENT, { id })
    expect(own.codes).toEqual([])
    expect(own.value).toMatchObject({ dateOfBirth: '1990-05-17', language: 'en', activeEntries: [{}] })
    const desk = await run(clinic.receptionist, PATIENT, { id })
    expect(desk).toMatchObject({
      codes: ['FORBIDDEN'],
      value: { code: null, dateOfBirth: '1990-05-17', activeEntries: [{}] },
    })
    const doctor = await run(clinic.doctor, PATIENT, { id })
    expect(doctor).toMatchObject({
      codes: ['FORBIDDEN', 'FORBIDDEN'],
      value: { phoneNumber: null, code: null, dateOfBirth: '1990-05-17' },
    })
    const elsewhere = await run(other.receptionist, PATIENT, { id })
    expect(elsewhere.value.activeEntries).toEqual([])
    expect((await run(other.doctor, PATIENT, { id })).value).toBeNull()
    expect((await run(asPatient(await addPatient(database.db)), PATIENT, { id })).value).toBeNull()
    expect((await run(null, PATIENT, { id })).code).toBe('UNAUTHENTICATED')
  })
})

describe('changing details', () => {
  const UPDATE = `mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { name phoneNumber dateOfBirth language version } }`
  const DESK = `mutation ($id: ID!, $input: UpdatePatientInput!) { updatePatient(id: $id, input: $input) { name phoneNumber version } }`

  test('patients change their own; what is left out stays', async () => {
    const id = await addPatient(database.db, { phoneNumber: newNumber() })
    const first = await run(asPatient(id), UPDATE, { input: { name: 'Ada L', language: 'de' } })
    expect(first.value).toMatchObject({ name: 'Ada L', language: 'de', version: 2 })
    const second = await run(asPatient(id), UPDATE, { input: { dateOfBirth: '1990-01-01' } })
    expect(second.value).toMatchObject({ name: 'Ada L', dateOfBirth: '1990-01-01', version: 3 })
    expect((await run(asPatient(id), UPDATE, { input: {} })).value.version).toBe(3)
    expect((await run(asPatient(id), UPDATE, { input: { phoneNumber: null } })).code).toBe('BAD_INPUT')
    expect((await run(clinic.receptionist, UPDATE, { input: {} })).code).toBe('FORBIDDEN')
  })

  test('a number of another record is refused, and nothing changes', async () => {
    const taken = newNumber()
    await addPatient(database.db, { phoneNumber: taken })
    const id = await addPatient(database.db, { phoneNumber: newNumber() })
    expect((await run(asPatient(id), UPDATE, { input: { name: 'New', phoneNumber: taken } })).code).toBe('PHONE_TAKEN')
    expect(await database.db.patient.findUnique({ where: { id } })).toMatchObject({ name: 'Ada Example', version: 1 })
  })

  test('log-in works with a number that the patient changed, not with one that the desk changed', async () => {
    const { value } = await run(null, REGISTER, { input: { name: 'Ada', phoneNumber: newNumber(), password } })
    const { id } = value.viewer
    await database.db.clinicPatient.create({ data: { clinicId: clinic.id, patientId: id } })
    const own = newNumber()
    await run(asPatient(id), UPDATE, { input: { phoneNumber: own } })
    expect((await run(null, LOGIN, { input: { phoneNumber: own, password } })).code).toBeNull()
    expect(
      (await run(clinic.receptionist, DESK, { id, input: { phoneNumber: own, name: 'Ada B' } })).value.version,
    ).toBe(3)
    expect((await run(null, LOGIN, { input: { phoneNumber: own, password } })).code).toBeNull()
    const changed = newNumber()
    await run(clinic.receptionist, DESK, { id, input: { phoneNumber: changed } })
    expect((await run(null, LOGIN, { input: { phoneNumber: changed, password } })).code).toBe('WRONG_CREDENTIALS')
  })

  test('the desk changes records of its clinic, guardians those of their wards', async () => {
    const guardianId = await addPatient(database.db)
    const id = await addPatient(database.db, { clinics: [clinic], guardianId })
    const input = { name: 'Changed' }
    expect((await run(clinic.receptionist, DESK, { id, input })).value.name).toBe('Changed')
    expect((await run(asPatient(guardianId, [id]), DESK, { id, input: { name: 'By guardian' } })).value.name).toBe(
      'By guardian',
    )
    expect((await run(other.receptionist, DESK, { id, input })).code).toBe('NOT_FOUND')
    expect((await run(asPatient(await addPatient(database.db)), DESK, { id, input })).code).toBe('NOT_FOUND')
    expect((await run(clinic.doctor, DESK, { id, input })).code).toBe('FORBIDDEN')
  })
})

describe('finding patients', () => {
  const LIST = `query ($search: String, $first: Int, $after: String) { patients(search: $search, first: $first, after: $after) {
    edges { node { id name } } pageInfo { hasNextPage endCursor } } }`
  let desk: SceneClinic

  const names = async (search: string | null, viewer: Viewer = desk.receptionist) => {
    const { value } = await run(viewer, LIST, { search })
    return value.edges.map((edge: { node: { name: string } }) => edge.node.name)
  }

  beforeAll(async () => {
    desk = await addClinic(database.db, { letter: 'D' })
    for (const [name, phoneNumber] of [
      ['Zoë Müller', '+12025550001'],
      ['Øystein Sjögren', '+12025550002'],
      ["Siobhán O'Brien", '+4930123456'],
      ['Anna-Lena Groß', undefined],
      ['100% Sure_', undefined],
    ] as const)
      await addPatient(database.db, { name, clinics: [desk], ...(phoneNumber && { phoneNumber }) })
    await addPatient(database.db, { name: 'Zoë Elsewhere', clinics: [clinic] })
  })

  test.each([
    ['zoe', ['Zoë Müller']],
    ['MULLER zo', ['Zoë Müller']],
    ['müller', ['Zoë Müller']],
    ['oystein sjogren', ['Øystein Sjögren']],
    ['obrien', ["Siobhán O'Brien"]],
    ['O’Brien', ["Siobhán O'Brien"]],
    ['anna-lena', ['Anna-Lena Groß']],
    ['gross', ['Anna-Lena Groß']],
    ['555 0002', ['Øystein Sjögren']],
    ['030 123456', ["Siobhán O'Brien"]],
    ['2025550', ['Øystein Sjögren', 'Zoë Müller']],
    ['%', ['100% Sure_']],
    ['nobody', []],
    [null, ['100% Sure_', 'Anna-Lena Groß', 'Øystein Sjögren', "Siobhán O'Brien", 'Zoë Müller']],
  ])('%j finds %j', async (search, expected) => {
    expect(await names(search)).toEqual(expected)
  })

  test('is for desks', async () => {
    expect((await run(desk.doctor, LIST)).code).toBe('FORBIDDEN')
    expect((await run(asPatient(await addPatient(database.db)), LIST)).code).toBe('FORBIDDEN')
  })

  test('pages never skip or repeat, with equal names too', async () => {
    const many = await addClinic(database.db, { letter: 'M' })
    const made = await Promise.all(
      Array.from({ length: 23 }, (_, index) => addPatient(database.db, { name: `Twin ${index % 3}`, clinics: [many] })),
    )
    const seen: string[] = []
    let after: string | null = null
    do {
      const { value } = await run(many.receptionist, LIST, { search: 'twin', first: 4, after })
      seen.push(...value.edges.map((edge: { node: { id: string } }) => edge.node.id))
      after = value.pageInfo.hasNextPage ? value.pageInfo.endCursor : null
    } while (after)
    expect(seen).toHaveLength(23)
    expect(seen.toSorted()).toEqual(made.toSorted())
  })

  test('of another clinic only by the exact number or code, and every look is on the record', async () => {
    const phoneNumber = newNumber()
    const id = await addPatient(database.db, { clinics: [other], phoneNumber, dateOfBirth: new Date('1990-05-17') })
    const { code } = await database.db.patient.findUniqueOrThrow({ where: { id } })
    const FIND = `query ($phoneNumber: String, $code: String) { findPatient(phoneNumber: $phoneNumber, code: $code) { id name birthYear } }`
    const match = { id, name: 'Ada Example', birthYear: 1990 }
    expect((await run(desk.receptionist, FIND, { phoneNumber })).value).toEqual(match)
    expect((await run(desk.receptionist, FIND, { code: ` ${code} ` })).value).toEqual(match)
    expect(await run(desk.receptionist, FIND, { code: 'unknown' })).toMatchObject({ value: null, codes: [] })
    expect((await run(desk.receptionist, FIND, {})).code).toBe('BAD_INPUT')
    expect((await run(desk.receptionist, FIND, { phoneNumber, code })).code).toBe('BAD_INPUT')
    expect((await run(desk.receptionist, FIND, { phoneNumber: '555' })).code).toBe('BAD_INPUT')
    expect((await run(desk.doctor, FIND, { phoneNumber })).code).toBe('FORBIDDEN')
    await deps.trail.flush()
    const looks = await database.db.auditEvent.findMany({ where: { entityId: id, action: 'patient.find' } })
    expect(looks.map(({ actorUserId }) => actorUserId)).toEqual([desk.receptionist.userId, desk.receptionist.userId])
  })

  test('a renewed code finds, the old one no more', async () => {
    const id = await addPatient(database.db)
    const old = (await database.db.patient.findUniqueOrThrow({ where: { id } })).code
    const { value } = await run(asPatient(id), `mutation { renewCode { code } }`)
    expect(value.code).not.toBe(old)
    const find = (code: string) =>
      run(desk.receptionist, `query ($code: String) { findPatient(code: $code) { id } }`, { code })
    expect((await find(old)).value).toBeNull()
    expect((await find(value.code)).value).toEqual({ id })
  })
})

describe('devices', () => {
  const DEVICE = `mutation ($pushToken: String!, $platform: String!) { registerDevice(pushToken: $pushToken, platform: $platform) }`

  test('a phone belongs to whoever registered it last', async () => {
    const [one, two] = [await addPatient(database.db), await addPatient(database.db)]
    expect((await run(asPatient(one), DEVICE, { pushToken: 'token-1', platform: 'android' })).value).toBe(true)
    expect((await run(asPatient(two), DEVICE, { pushToken: 'token-1', platform: 'android' })).value).toBe(true)
    expect(
      (await database.db.device.findMany({ where: { pushToken: 'token-1' } })).map(({ patientId }) => patientId),
    ).toEqual([two])
    expect((await run(asPatient(one), DEVICE, { pushToken: 'x', platform: 'fridge' })).code).toBe('BAD_INPUT')
    expect((await run(asPatient(one), DEVICE, { pushToken: ' ', platform: 'ios' })).code).toBe('BAD_INPUT')
    expect((await run(clinic.receptionist, DEVICE, { pushToken: 'x', platform: 'ios' })).code).toBe('FORBIDDEN')
  })
})

describe('merging', () => {
  const MERGE = `mutation ($keep: ID!, $drop: ID!, $endLogin: Boolean) { mergePatients(keep: $keep, drop: $drop, endLogin: $endLogin) {
    id name phoneNumber version activeEntries { id } appointments { edges { node { id } } } } }`
  const merge = (keep: string, drop: string, endLogin?: boolean) =>
    run(clinic.receptionist, MERGE, { keep, drop, endLogin })
  const walkIn = async (patientId: string) =>
    (
      await run(clinic.receptionist, `mutation ($i: AddWalkInInput!) { addWalkIn(input: $i) { id } }`, {
        i: { patientId, serviceId: clinic.serviceId },
      })
    ).value.id
  const book = async (patientId: string, startsAt: string, doctor: number) =>
    (
      await run(clinic.receptionist, `mutation ($i: BookAppointmentInput!) { bookAppointment(input: $i) { id } }`, {
        i: { patientId, serviceId: clinic.serviceId, startsAt, doctorId: clinic.doctorIds[doctor] },
      })
    ).value.id

  test('moves everything, and the dropped record answers as the kept one', async () => {
    const keep = await addPatient(database.db, { clinics: [clinic], name: 'Ada Kept' })
    const phoneNumber = newNumber()
    const drop = await addPatient(database.db, { clinics: [clinic, other], name: 'Ada Dropped', phoneNumber })
    const wardId = await addPatient(database.db, { guardianId: drop })
    const entry = await walkIn(drop)
    const booking = await book(drop, inDays(5, '08:00'), 0)
    await database.db.notification.create({
      data: { id: uuidv7(), clinicId: clinic.id, patientId: drop, kind: 'BOOKED', channel: 'SMS', key: uuidv7() },
    })
    await database.db.device.create({ data: { id: uuidv7(), patientId: drop, pushToken: 'merged', platform: 'ios' } })
    const session = uuidv7()
    await database.db.session.create({
      data: { id: session, patientId: drop, expiresAt: new Date(Date.now() + 60_000) },
    })
    const before = await database.db.queueState.findUniqueOrThrow({ where: { serviceId: clinic.serviceId } })

    const merged = await merge(keep, drop)
    expect(merged.value).toMatchObject({
      id: keep,
      name: 'Ada Kept',
      phoneNumber,
      version: 2,
      activeEntries: [{ id: entry }],
      appointments: { edges: [{ node: { id: booking } }] },
    })
    expect((await run(clinic.receptionist, PATIENT, { id: drop })).value.id).toBe(keep)
    expect((await run(other.receptionist, PATIENT, { id: keep })).value.id).toBe(keep)
    const { db } = database
    expect((await db.patient.findUniqueOrThrow({ where: { id: wardId } })).guardianId).toBe(keep)
    expect(await db.notification.count({ where: { patientId: keep } })).toBe(1)
    expect(await db.device.count({ where: { patientId: keep } })).toBe(1)
    expect(await db.session.findUnique({ where: { id: session } })).toMatchObject({ endReason: 'MERGED' })
    const after = await db.queueState.findUniqueOrThrow({ where: { serviceId: clinic.serviceId } })
    expect(after.version).toBeGreaterThan(before.version)
    const listed = await run(clinic.receptionist, `{ patients(search: "dropped") { edges { node { id } } } }`)
    expect(listed.value.edges).toEqual([])
    const code = (await db.patient.findUniqueOrThrow({ where: { id: drop } })).code
    expect(
      (await run(other.receptionist, `query ($code: String) { findPatient(code: $code) { id } }`, { code })).value,
    ).toEqual({ id: keep })
    expect((await merge(keep, drop)).value).toEqual(merged.value)
    const booked = await run(
      clinic.receptionist,
      `mutation ($i: BookAppointmentInput!) { bookAppointment(input: $i) { patient { id } } }`,
      {
        i: { patientId: drop, serviceId: clinic.serviceId, startsAt: inDays(6, '08:00') },
      },
    )
    expect(booked.value.patient.id).toBe(keep)
  })

  test('is refused while both wait for one service, or are booked at one time', async () => {
    const [keep, drop] = [
      await addPatient(database.db, { clinics: [clinic] }),
      await addPatient(database.db, { clinics: [clinic] }),
    ]
    await walkIn(keep)
    const entry = await walkIn(drop)
    expect((await merge(keep, drop)).code).toBe('ALREADY_WAITING')
    await run(clinic.receptionist, `mutation ($id: ID!) { leaveQueue(entryId: $id) { id } }`, { id: entry })
    await book(keep, inDays(7, '08:00'), 0)
    const booking = await book(drop, inDays(7, '08:00'), 1)
    expect((await merge(keep, drop)).code).toBe('PATIENT_BUSY')
    await run(clinic.receptionist, `mutation ($id: ID!) { cancelAppointment(id: $id) { id } }`, { id: booking })
    expect((await merge(keep, drop)).code).toBeNull()
  })

  test('is for desks of a clinic that both are linked to, and for two records', async () => {
    const mine = await addPatient(database.db, { clinics: [clinic] })
    const foreign = await addPatient(database.db, { clinics: [other] })
    expect((await merge(mine, foreign)).code).toBe('NOT_FOUND')
    expect((await merge(mine, mine)).code).toBe('BAD_INPUT')
    expect((await run(clinic.admin, MERGE, { keep: mine, drop: foreign })).code).toBe('FORBIDDEN')
  })

  test('a log-in is taken over, and ends only where the desk says so', async () => {
    const register = async (phoneNumber: string) => {
      const { value } = await run(null, REGISTER, { input: { name: 'Ada', phoneNumber, password } })
      await database.db.clinicPatient.create({ data: { clinicId: clinic.id, patientId: value.viewer.id } })
      return value.viewer.id as string
    }
    const logIn = (phoneNumber: string) => run(null, LOGIN, { input: { phoneNumber, password } })
    const [number, second] = [newNumber(), newNumber()]
    const keep = await addPatient(database.db, { clinics: [clinic], phoneNumber: newNumber() })
    expect((await merge(keep, await register(number))).value.phoneNumber).toBe(number)
    expect((await logIn(number)).value.viewer.id).toBe(keep)
    const drop = await register(second)
    expect((await merge(keep, drop)).code).toBe('CONFLICT')
    expect((await logIn(second)).code).toBeNull()
    expect((await merge(keep, drop, true)).value.phoneNumber).toBe(number)
    expect((await logIn(second)).code).toBe('WRONG_CREDENTIALS')
  })

  test('at the same time as bookings and walk-ins, nothing stays with the dropped record', async () => {
    for (let round = 0; round < 8; round++) {
      const [keep, drop] = [
        await addPatient(database.db, { clinics: [clinic] }),
        await addPatient(database.db, { clinics: [clinic] }),
      ]
      const [merged] = await Promise.all([
        merge(keep, drop),
        walkIn(drop).catch(() => null),
        book(drop, inDays(20 + round, '09:00'), 0).catch(() => null),
        book(drop, inDays(20 + round, '10:00'), 1).catch(() => null),
      ])
      expect(merged.code).toBeNull()
      expect(await database.db.appointment.count({ where: { patientId: drop } })).toBe(0)
      expect(await database.db.appointment.count({ where: { patientId: keep } })).toBe(2)
      expect(await database.db.queueEntry.count({ where: { patientId: drop } })).toBe(0)
    }
  })

  test('both ways at once: one merge wins, and the records do not point at each other', async () => {
    for (let round = 0; round < 5; round++) {
      const [one, two] = [
        await addPatient(database.db, { clinics: [clinic] }),
        await addPatient(database.db, { clinics: [clinic] }),
      ]
      const results = await Promise.all([merge(one, two), merge(two, one)])
      expect(results.filter(({ code }) => code === null).length).toBeGreaterThan(0)
      const rows = await database.db.patient.findMany({ where: { id: { in: [one, two] } } })
      expect(rows.filter(({ mergedIntoId }) => mergedIntoId !== null)).toHaveLength(1)
    }
  })
})
