import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CodePurpose } from '../database/generated/enums.ts'
import { isGsm7 } from '../notification/gsm.ts'
import { createTestDeps, type TestDeps } from '../test/context.ts'
import { createTestDatabase, type TestDatabase } from '../test/database.ts'
import { addClinic, addPatient, ask, asPatient, type SceneClinic } from '../test/scene.ts'
import { sweepAccess } from './jobs.ts'
import { openTokens } from './sessions.ts'
import { loadViewer } from './store.ts'
import type { Viewer } from './viewer.ts'

let database: TestDatabase
let deps: TestDeps
let clinic: SceneClinic

beforeAll(async () => {
  database = await createTestDatabase()
  deps = createTestDeps(database)
  // Of the caps that all share, pumping.test.ts tells.
  deps.config.codesPerHour = 10_000
  clinic = await addClinic(database.db)
})

afterAll(async () => {
  await deps.close()
  await database.drop()
})

const password = 'correct horse'

let prefixes = 200
/** A number among no others that begin like it. */
const newNumber = () => `+1303${++prefixes}0100`

const run = async (source: string, variables: Record<string, unknown>, viewer: Viewer | null = null) => {
  const { data, codes } = await ask(deps, viewer, source, variables)
  return codes[0] ?? Object.values(data as object)[0]
}

const request = (phoneNumber: string, purpose: CodePurpose, viewer: Viewer | null = null) =>
  run(
    'mutation ($p: String!, $u: CodePurpose!) { requestPhoneCode(phoneNumber: $p, purpose: $u) }',
    { p: phoneNumber, u: purpose },
    viewer,
  )

const messages = (phoneNumber: string) =>
  database.db.notification.findMany({ where: { phoneNumber }, orderBy: { id: 'asc' } })

/** The code in the last message to a number. */
const lastCode = async (phoneNumber: string): Promise<string> =>
  /\d{6}/.exec((await messages(phoneNumber)).at(-1)?.body ?? '')?.[0] as string

/** As if the last code had been asked for long ago. */
const letTimePass = (phoneNumber: string, seconds: number) =>
  database.db.$executeRaw`
    UPDATE phone_codes SET created_at = created_at - make_interval(secs => ${seconds}::float8),
      expires_at = expires_at - make_interval(secs => ${seconds}::float8) WHERE phone_number = ${phoneNumber}`

const wrong = (code: string) => String((Number(code) + 1) % 1_000_000).padStart(6, '0')

const RESET = `mutation ($p: String!, $c: String!, $n: String!) {
  resetPassword(phoneNumber: $p, code: $c, newPassword: $n) { accessToken viewer { ... on Patient { id } } } }`
const reset = (phoneNumber: string, code: string, newPassword = 'another long one') =>
  run(RESET, { p: phoneNumber, c: code, n: newPassword })

const REGISTER = `mutation ($input: RegisterPatientInput!) {
  registerPatient(input: $input) { viewer { ... on Patient { id name dateOfBirth language phoneVerified } } } }`
const register = (input: Record<string, unknown>) => run(REGISTER, { input: { name: 'Eve', password, ...input } })

const LOGIN = 'mutation ($input: LoginPatientInput!) { loginPatient(input: $input) { viewer { __typename } } }'
const logIn = (phoneNumber: string, word: string) => run(LOGIN, { input: { phoneNumber, password: word } })

/** A patient who logs in with a number of theirs. */
const registered = async () => {
  const phoneNumber = newNumber()
  const { viewer } = await register({ phoneNumber })
  return { phoneNumber, id: viewer.id as string }
}

/** A number that the desk put on a record. */
const onRecord = async (details: { dateOfBirth?: Date; name?: string } = {}) => {
  const phoneNumber = newNumber()
  return { phoneNumber, id: await addPatient(database.db, { clinics: [clinic], phoneNumber, ...details }) }
}

describe('a code', () => {
  test('comes once as one SMS of six digits that is soon worthless, and is of no clinic and no patient', async () => {
    const { phoneNumber } = await onRecord()
    expect(await request(phoneNumber, 'REGISTER')).toBe(true)
    const [message, ...more] = await messages(phoneNumber)
    expect(more).toEqual([])
    expect(message).toMatchObject({ kind: 'VERIFICATION', channel: 'SMS', status: 'QUEUED', clinicId: null })
    expect(message?.patientId).toBeNull()
    expect(message?.body).toMatch(/\b\d{6}\b/)
    expect(isGsm7(message?.body ?? '')).toBe(true)
    const left = (message?.validUntil?.getTime() ?? 0) - (message?.createdAt.getTime() ?? 0)
    expect(Math.round(left / 60_000)).toBe(10)
    const jobs = await database.db.$queryRaw<{ data: unknown }[]>`
      SELECT data FROM pgboss.job WHERE data->>'id' = ${message?.id}`
    expect(jobs).toEqual([{ data: { id: message?.id } }])
  })

  test('is kept only as a hash, and leaves the ledger when it has expired', async () => {
    const { phoneNumber } = await onRecord()
    await request(phoneNumber, 'REGISTER')
    const code = await lastCode(phoneNumber)
    const [row] = await database.db.phoneCode.findMany({ where: { phoneNumber } })
    expect(JSON.stringify(row?.codeHash)).not.toContain(code)
    await letTimePass(phoneNumber, 601)
    await sweepAccess(database.db)
    expect((await messages(phoneNumber))[0]?.body).toBeNull()
  })

  test('is answered with true and not sent where it is good for nothing', async () => {
    const unknown = newNumber()
    const { phoneNumber: unproved } = await onRecord()
    const { phoneNumber: proved, id } = await registered()
    const stranger = asPatient(await addPatient(database.db))
    for (const [number, purpose, viewer] of [
      [unknown, 'REGISTER', null],
      [unknown, 'RESET_PASSWORD', null],
      [unproved, 'RESET_PASSWORD', null],
      [unproved, 'CONFIRM_NUMBER', null],
      [unproved, 'CONFIRM_NUMBER', stranger],
      [proved, 'CONFIRM_NUMBER', asPatient(id)],
    ] as const) {
      expect(await request(number, purpose, viewer)).toBe(true)
      expect(await messages(number)).toEqual([])
    }
    expect(await request('555', 'REGISTER')).toBe('BAD_INPUT')
  })

  test('is not sent to a number that said STOP, nor to a country that is not allowed, nor to a number of none', async () => {
    const { phoneNumber: stopped } = await onRecord()
    await database.db.stoppedNumber.create({ data: { phoneNumber: stopped } })
    const { phoneNumber: american } = await onRecord()
    const satellite = '+881612345678'
    await addPatient(database.db, { phoneNumber: satellite })
    deps.config.allowedCountries = ['DE']
    expect(await request(american, 'REGISTER')).toBe(true)
    deps.config.allowedCountries = null
    for (const number of [stopped, satellite]) expect(await request(number, 'REGISTER')).toBe(true)
    for (const number of [stopped, american, satellite]) expect(await messages(number)).toEqual([])
    deps.config.allowedCountries = ['DE', 'US']
    await request(american, 'REGISTER')
    deps.config.allowedCountries = null
    expect(await messages(american)).toHaveLength(1)
  })

  test('goes to the countries to which at least one clinic sends', async () => {
    const { phoneNumber } = await onRecord()
    const other = await addClinic(database.db)
    const setCountries = (of: SceneClinic, allowedCountries: string[]) =>
      database.db.clinic.update({ where: { id: of.id }, data: { allowedCountries } })
    const sent = async () => {
      await request(phoneNumber, 'REGISTER')
      return (await messages(phoneNumber)).length
    }
    await database.db.clinic.updateMany({ data: { allowedCountries: ['DE'] } })
    expect(await sent()).toBe(0)
    await setCountries(other, ['DE', 'US'])
    expect(await sent()).toBe(1)
    await letTimePass(phoneNumber, 60)
    await setCountries(other, ['FR'])
    expect(await sent()).toBe(1)
    await setCountries(clinic, [])
    expect(await sent()).toBe(2)
    await database.db.clinic.updateMany({ data: { allowedCountries: [] } })
  })

  test('goes to one number twice in 30 seconds never, and five times a day at most', async () => {
    const { phoneNumber } = await onRecord()
    await request(phoneNumber, 'REGISTER')
    await request(phoneNumber, 'REGISTER')
    expect(await messages(phoneNumber)).toHaveLength(1)
    for (let time = 0; time < 7; time++) {
      await letTimePass(phoneNumber, 31)
      expect(await request(phoneNumber, 'REGISTER')).toBe(true)
    }
    expect(await messages(phoneNumber)).toHaveLength(5)
    await deps.trail.flush()
    const withheld = await database.db.auditEvent.findMany({ where: { action: 'code.withheld' } })
    expect(withheld.map(({ detail }) => detail)).toEqual(['more than 5 codes: number'])
  })

  test('goes to twenty at most of the numbers that begin alike, however many ask at once', async () => {
    const numbers = Array.from({ length: 30 }, (_, index) => `+130329901${String(index).padStart(2, '0')}`)
    for (const phoneNumber of numbers) await addPatient(database.db, { phoneNumber })
    await Promise.all(numbers.map((number) => request(number, 'REGISTER')))
    expect(await database.db.notification.count({ where: { phoneNumber: { in: numbers } } })).toBe(20)
  })
})

describe('guessing', () => {
  test('ends after five tries, with the right code too, and says nothing else', async () => {
    const { phoneNumber } = await registered()
    await request(phoneNumber, 'RESET_PASSWORD')
    const code = await lastCode(phoneNumber)
    for (let guess = 0; guess < 5; guess++) expect(await reset(phoneNumber, wrong(code))).toBe('WRONG_CODE')
    expect(await reset(phoneNumber, code)).toBe('WRONG_CODE')
    expect(await reset(newNumber(), code)).toBe('WRONG_CODE')
    expect(await logIn(phoneNumber, password)).toMatchObject({ viewer: { __typename: 'Patient' } })
  })

  test('by many at once is looked at five times', async () => {
    const { phoneNumber } = await registered()
    await request(phoneNumber, 'RESET_PASSWORD')
    const code = await lastCode(phoneNumber)
    await Promise.all(Array.from({ length: 20 }, () => reset(phoneNumber, wrong(code))))
    const [row] = await database.db.phoneCode.findMany({ where: { phoneNumber } })
    expect(row?.tries).toBe(5)
  })

  test('a newer code voids the older one; an expired one is none; one for another purpose is none', async () => {
    const { phoneNumber } = await registered()
    await request(phoneNumber, 'RESET_PASSWORD')
    const old = await lastCode(phoneNumber)
    await letTimePass(phoneNumber, 31)
    await request(phoneNumber, 'RESET_PASSWORD')
    const code = await lastCode(phoneNumber)
    if (old !== code) expect(await reset(phoneNumber, old)).toBe('WRONG_CODE')
    expect(await register({ phoneNumber, code })).toBe('WRONG_CODE')
    await letTimePass(phoneNumber, 601)
    expect(await reset(phoneNumber, code)).toBe('WRONG_CODE')
  })
})

describe('resetting a password', () => {
  test('takes the code once, ends the other sessions and logs in with the new password only', async () => {
    const { phoneNumber, id } = await registered()
    const { sessionId } = await openTokens(deps, { patientId: id })
    await database.db.device.create({ data: { id, patientId: id, pushToken: id, platform: 'ios' } })
    await request(phoneNumber, 'RESET_PASSWORD')
    const code = await lastCode(phoneNumber)
    expect(await reset(phoneNumber, code, 'short')).toBe('BAD_INPUT')
    const results = await Promise.all([reset(phoneNumber, code), reset(phoneNumber, code)])
    expect(results.filter((result) => result === 'WRONG_CODE')).toHaveLength(1)
    expect(results.find((result) => result !== 'WRONG_CODE')).toMatchObject({ viewer: { id } })
    expect(await loadViewer(deps.db, sessionId)).toBeNull()
    expect(await database.db.device.count({ where: { patientId: id } })).toBe(0)
    expect(await logIn(phoneNumber, password)).toBe('WRONG_CREDENTIALS')
    expect(await logIn(phoneNumber, 'another long one')).toMatchObject({ viewer: { __typename: 'Patient' } })
  })

  test('opens an account that too many wrong log-ins have closed', async () => {
    const { phoneNumber } = await registered()
    for (let guess = 0; guess < 10; guess++) await logIn(phoneNumber, 'not the password')
    expect(await logIn(phoneNumber, password)).toBe('TOO_MANY_ATTEMPTS')
    await request(phoneNumber, 'RESET_PASSWORD')
    await reset(phoneNumber, await lastCode(phoneNumber))
    expect(await logIn(phoneNumber, 'another long one')).toMatchObject({ viewer: { __typename: 'Patient' } })
  })
})

describe('registering with a number that is on a record', () => {
  test('takes that record over with the code: what the desk wrote stays, what was missing is filled in', async () => {
    const { phoneNumber, id } = await onRecord({ name: 'Ada Example' })
    const input = { phoneNumber, dateOfBirth: '1990-05-17', language: 'es' }
    expect(await register(input)).toBe('PHONE_NEEDS_CODE')
    await request(phoneNumber, 'REGISTER')
    const code = await lastCode(phoneNumber)
    expect(await register({ ...input, code: wrong(code) })).toBe('WRONG_CODE')
    const { viewer } = await register({ ...input, code })
    expect(viewer).toEqual({
      ...{ id, name: 'Ada Example', dateOfBirth: '1990-05-17', language: 'es', phoneVerified: true },
    })
    expect(await register({ ...input, code })).toBe('WRONG_CODE')
    expect(await logIn(phoneNumber, password)).toMatchObject({ viewer: { __typename: 'Patient' } })
  })

  test('ends the sessions of who held it before, and their phones get no more of its messages', async () => {
    const { phoneNumber, id } = await registered()
    const { sessionId } = await openTokens(deps, { patientId: id })
    await database.db.device.create({ data: { id, patientId: id, pushToken: id, platform: 'ios' } })
    await request(phoneNumber, 'REGISTER')
    const { viewer } = await register({ phoneNumber, password: 'a third long one', code: await lastCode(phoneNumber) })
    expect(viewer.id).toBe(id)
    expect(await loadViewer(deps.db, sessionId)).toBeNull()
    expect(await database.db.device.count({ where: { patientId: id } })).toBe(0)
    expect(await logIn(phoneNumber, password)).toBe('WRONG_CREDENTIALS')
  })
})

describe('a number that the desk changed', () => {
  const CONFIRM = 'mutation ($code: String!) { confirmPhoneNumber(code: $code) { id phoneVerified } }'

  test('is good for log-in once the patient has confirmed it by the code sent to it', async () => {
    const { id } = await registered()
    const phoneNumber = newNumber()
    await database.db.clinicPatient.create({ data: { clinicId: clinic.id, patientId: id } })
    const CHANGE = `mutation ($id: ID!, $p: String!) { updatePatient(id: $id, input: { phoneNumber: $p }) { phoneVerified } }`
    expect(await run(CHANGE, { id, p: phoneNumber }, clinic.receptionist)).toEqual({ phoneVerified: false })
    expect(await logIn(phoneNumber, password)).toBe('WRONG_CREDENTIALS')
    expect(await run(CONFIRM, { code: '123456' }, asPatient(id))).toBe('WRONG_CODE')
    await request(phoneNumber, 'CONFIRM_NUMBER', asPatient(id))
    const code = await lastCode(phoneNumber)
    expect(await run(CONFIRM, { code }, null)).toBe('UNAUTHENTICATED')
    expect(await run(CONFIRM, { code }, asPatient(await addPatient(database.db)))).toBe('WRONG_CODE')
    expect(await run(CONFIRM, { code: wrong(code) }, asPatient(id))).toBe('WRONG_CODE')
    expect(await run(CONFIRM, { code }, asPatient(id))).toEqual({ id, phoneVerified: true })
    expect(await logIn(phoneNumber, password)).toMatchObject({ viewer: { __typename: 'Patient' } })
  })
})
