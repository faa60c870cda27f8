import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { openTokens } from '../access/sessions.ts'
import { addWalkIn, callEntry, startService } from '../queue/commands.ts'
import { contextOf, createTestClinic, type TestClinic } from '../test/clinic.ts'
import { startTestServer, type TestServer } from '../test/server.ts'

vi.setConfig({ testTimeout: 60_000 })

const PASSWORD = 'a long password'

let server: TestServer
let clinic: TestClinic

beforeAll(async () => {
  server = await startTestServer({ demo: false })
})
afterAll(() => server.close())
beforeEach(async () => {
  clinic = await createTestClinic(server.deps)
})

let numbers = 0
const newNumber = () => `+1404555${String(++numbers).padStart(4, '0')}`

type Person = { id: string; token: string; phoneNumber: string }

const LOGIN =
  'mutation($i: LoginPatientInput!) { session: loginPatient(input: $i) { accessToken viewer { __typename } } }'
const REGISTER = `mutation($i: RegisterPatientInput!) { session: registerPatient(input: $i) {
  accessToken viewer { ... on Patient { id } } } }`

const register = async (name = 'Pat', more: object = {}): Promise<Person> => {
  const phoneNumber = newNumber()
  const i = { name, phoneNumber, password: PASSWORD, ...more }
  const { data } = await server.request(REGISTER, { i })
  return { id: data.session.viewer.id, token: data.session.accessToken, phoneNumber }
}

const logIn = async ({ phoneNumber }: Person): Promise<string> => {
  const { data } = await server.request(LOGIN, { i: { phoneNumber, password: PASSWORD } })
  return data.session.accessToken
}

const codeOf = async (query: string, variables: object, token: string | null): Promise<string> => {
  const { errors } = await server.request(query, variables, token)
  return errors?.[0]?.extensions.code ?? 'done'
}

const DEVICES = '{ devices { id platform getsMessages since seenAt isThis } }'
const devicesOf = async (token: string) => (await server.request(DEVICES, {}, token)).data.devices
const getMessages = (token: string, pushToken: string = randomUUID(), platform = 'android') =>
  server.request(
    'mutation($t: String!, $p: String!) { registerDevice(pushToken: $t, platform: $p) }',
    { t: pushToken, p: platform },
    token,
  )
const phonesOf = (patientId: string) => server.db.device.count({ where: { patientId } })

const REMOVE = 'mutation($id: ID!) { removeDevice(id: $id) }'
const ME = '{ me { __typename } }'
const isLoggedIn = async (token: string) => (await server.request(ME, {}, token)).data?.me != null

describe('devices', () => {
  test('are the log-ins and the phones that get messages, this one first', async () => {
    const pat = await register()
    const other = await logIn(pat)
    await getMessages(other, randomUUID(), 'ios')
    await server.db.device.create({
      data: { id: randomUUID(), patientId: pat.id, pushToken: randomUUID(), platform: 'web' },
    })
    const devices = await devicesOf(pat.token)
    expect(devices.map(({ platform, getsMessages, isThis }: any) => [platform, getsMessages, isThis])).toEqual([
      [null, false, true],
      expect.anything(),
      expect.anything(),
    ])
    expect(devices.slice(1)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ platform: 'ios', getsMessages: true, isThis: false, seenAt: expect.any(String) }),
        expect.objectContaining({ platform: 'web', getsMessages: true, isThis: false, seenAt: null }),
      ]),
    )
  })

  test('that are taken away are logged out and get no more messages; others stay', async () => {
    const pat = await register()
    const [lost, kept] = [await logIn(pat), await logIn(pat)]
    await getMessages(lost, randomUUID(), 'ios')
    await getMessages(kept, randomUUID(), 'android')
    const { id } = (await devicesOf(pat.token)).find(({ platform }: any) => platform === 'ios')
    expect(await codeOf(REMOVE, { id }, pat.token)).toBe('done')
    await expect.poll(() => isLoggedIn(lost)).toBe(false)
    expect([await isLoggedIn(kept), await isLoggedIn(pat.token)]).toEqual([true, true])
    expect(await server.db.device.findMany({ where: { patientId: pat.id } })).toMatchObject([{ platform: 'android' }])
    expect(await codeOf(REMOVE, { id }, pat.token)).toBe('NOT_FOUND')
    expect(await server.db.auditEvent.count({ where: { action: 'device.removed', entityId: id } })).toBe(1)
  })

  test('of somebody else are as if they were not there', async () => {
    const [pat, eve] = [await register(), await register()]
    const [{ id }] = await devicesOf(pat.token)
    expect(await codeOf(REMOVE, { id }, eve.token)).toBe('NOT_FOUND')
    expect(await isLoggedIn(pat.token)).toBe(true)
    expect((await devicesOf(eve.token)).map((device: any) => device.id)).not.toContain(id)
  })

  test('all end but this one, with their open sockets', async () => {
    const pat = await register()
    const other = await logIn(pat)
    await getMessages(other)
    await getMessages(pat.token, randomUUID(), 'web')
    const watch = server.watch('subscription { changesAvailable }', {}, other)
    await watch.until(() => true)
    expect(await codeOf('mutation { logoutOthers }', {}, pat.token)).toBe('done')
    await watch.done
    await expect.poll(() => isLoggedIn(other)).toBe(false)
    expect((await devicesOf(pat.token)).map(({ platform, isThis }: any) => [platform, isThis])).toEqual([['web', true]])
  })

  test('get no more messages once somebody has logged out there', async () => {
    const pat = await register()
    const other = await logIn(pat)
    await getMessages(other)
    await getMessages(pat.token, randomUUID(), 'web')
    await server.request('mutation { logout }', {}, other)
    expect(await server.db.device.findMany({ where: { patientId: pat.id } })).toMatchObject([{ platform: 'web' }])
    await server.request(
      'mutation($c: String!, $n: String!) { changePassword(current: $c, new: $n) { expiresAt } }',
      { c: PASSWORD, n: PASSWORD },
      pat.token,
    )
    expect(await phonesOf(pat.id)).toBe(1)
  })
})

const EXPORT = 'mutation($id: ID) { exportMyData(patientId: $id) }'
const documentOf = async (token: string, id: string | null = null) =>
  JSON.parse((await server.request(EXPORT, { id }, token)).data.exportMyData)

/** A patient with something of everything, and somebody else beside them. */
const furnish = async (pat: Person, mark = 'Canary') => {
  const { db } = server
  const [doctor] = clinic.doctors
  const desk = await server.db.user.findFirstOrThrow({ where: { clinicId: clinic.clinicId, role: 'RECEPTIONIST' } })
  await db.clinicPatient.create({ data: { clinicId: clinic.clinicId, patientId: pat.id } })
  const past = await clinic.book(pat.id, new Date(Date.now() - 86_400_000))
  await db.appointment.update({
    where: { id: past },
    data: { status: 'COMPLETED', reason: `${mark} cough`, createdById: desk.id },
  })
  const coming = await clinic.book(pat.id, new Date(Date.now() + 86_400_000))
  await db.appointment.update({ where: { id: coming }, data: { reason: `${mark} knee` } })
  const walkIn = await server.request(
    'mutation($i: AddWalkInInput!) { addWalkIn(input: $i) { id ticket } }',
    { i: { patientId: pat.id, serviceId: clinic.serviceIds[0], reason: `${mark} pain` } },
    await deskToken(),
  )
  const entryId = walkIn.data.addWalkIn.id as string
  for (const [key, status] of [
    [randomUUID(), 'SENT'],
    [randomUUID(), 'QUEUED'],
  ] as const)
    await db.notification.create({
      data: {
        ...{
          id: randomUUID(),
          key,
          clinicId: clinic.clinicId,
          patientId: pat.id,
          appointmentId: coming,
          kind: 'REMINDER',
        },
        ...{ channel: 'SMS', status, phoneNumber: pat.phoneNumber, body: `${mark} reminder` },
      },
    })
  await db.visitLink.create({ data: { hash: randomUUID(), patientId: pat.id, entryId, messagesStoppedAt: new Date() } })
  await db.phoneCode.create({
    data: { id: randomUUID(), phoneNumber: pat.phoneNumber, purpose: 'REGISTER', codeHash: 'x', expiresAt: new Date() },
  })
  await db.inboundMessage.create({
    data: { providerId: randomUUID(), phoneNumber: pat.phoneNumber, reply: `${mark} reply` },
  })
  await db.stoppedNumber.create({ data: { phoneNumber: pat.phoneNumber } })
  return { past, coming, entryId, ticket: walkIn.data.addWalkIn.ticket as string, doctor }
}

const deskToken = async (): Promise<string> => {
  const { viewer } = clinic.desk
  return (await openTokens(server.deps, { userId: viewer?.kind === 'user' ? viewer.userId : '' })).accessToken
}

describe('the export', () => {
  test('holds everything that is kept about the patient, and names nobody else but doctors', async () => {
    const pat = await register('Pat Canary', { dateOfBirth: '1980-02-29' })
    const guardian = await register('Gus Guardian')
    await server.db.patient.update({ where: { id: pat.id }, data: { guardianId: guardian.id } })
    const ward = await clinic.addPatient('Wanda Ward')
    await server.db.patient.update({ where: { id: ward }, data: { guardianId: pat.id } })
    const { ticket } = await furnish(pat)
    const document = await documentOf(pat.token)
    expect(document).toMatchObject({
      format: 'anteroom.patient.1',
      profile: {
        ...{ id: pat.id, name: 'Pat Canary', phoneNumber: pat.phoneNumber, phoneVerified: true },
        ...{ dateOfBirth: '1980-02-29', language: 'en', hasPassword: true, hasGuardian: true, patientsInCare: 1 },
      },
      clinics: [{ name: `Clinic ${clinic.clinicId}` }],
      appointments: [
        { status: 'BOOKED', reason: 'Canary knee', bookedBy: 'you' },
        { status: 'COMPLETED', reason: 'Canary cough', bookedBy: 'clinic' },
      ],
      visits: [{ ticket, status: 'WAITING', reason: 'Canary pain', history: [{ kind: 'WALKED_IN', by: 'clinic' }] }],
      messages: [{ body: 'Canary reminder', to: pat.phoneNumber }, { body: 'Canary reminder' }],
      consents: { messagesStoppedAt: expect.any(String), visitsWithoutMessages: [expect.any(String)] },
      codesBySms: [{ purpose: 'REGISTER' }],
      answersBySms: [{ reply: 'Canary reply' }],
      logIns: { sessions: [{ endedAt: null }] },
    })
    expect(document.record.map(({ action }: any) => action)).toEqual(
      expect.arrayContaining(['patient.registered', 'patient.exported']),
    )
    const text = JSON.stringify(document)
    expect(text).not.toMatch(/Gus|Wanda|receptionist|passwordHash|\$2[aby]\$/)
    expect(text).not.toContain(guardian.id)
  })

  test('can be had of a ward too, of nobody else, and five times a day', async () => {
    const [pat, eve] = [await register('Pat'), await register('Eve')]
    const ward = await clinic.addPatient('Wanda Ward')
    await server.db.patient.update({ where: { id: ward }, data: { guardianId: pat.id } })
    const fresh = await logIn(pat)
    expect((await documentOf(fresh, ward)).profile.name).toBe('Wanda Ward')
    expect(await codeOf(EXPORT, { id: pat.id }, eve.token)).toBe('NOT_FOUND')
    const answers = await Promise.all(Array.from({ length: 7 }, () => server.request(EXPORT, {}, fresh)))
    const refused = answers.filter(({ errors }) => errors)
    expect(refused.map(({ errors }) => errors?.[0]?.extensions.code)).toEqual(['TOO_OFTEN', 'TOO_OFTEN'])
    expect(refused[0]?.errors?.[0]?.extensions.retryAfterSeconds).toBeGreaterThan(86_000)
    expect(await server.db.auditEvent.count({ where: { entityId: pat.id, action: 'patient.exported' } })).toBe(5)
  })
})

const DELETE = 'mutation($p: String!) { deleteMyAccount(password: $p) }'
const deleteIt = (token: string, password = PASSWORD) => codeOf(DELETE, { p: password }, token)

/** Where in the database a text stands, by table. */
const tablesWith = async (text: string): Promise<string[]> => {
  const tables = await server.db.$queryRaw<{ name: string }[]>`
    SELECT table_name::text AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`
  const found: string[] = []
  for (const { name } of tables) {
    const [row] = await server.db.$queryRawUnsafe<{ count: number }[]>(
      `SELECT count(*)::int AS count FROM "${name}" t WHERE t::text LIKE '%' || $1 || '%'`,
      text,
    )
    if (row?.count) found.push(name)
  }
  return found
}

describe('deleting the account', () => {
  test('leaves nothing by which the person could be recognised, and what happened stays', async () => {
    const pat = await register('Pat Zanzibar', { dateOfBirth: '1971-03-07', language: 'es' })
    const { past, coming, entryId } = await furnish(pat, 'Xylophone')
    await getMessages(pat.token, 'canary-push-token')
    const { code } = await server.db.patient.findUniqueOrThrow({ where: { id: pat.id } })
    expect(await tablesWith('Zanzibar')).toEqual(['patients'])
    expect((await tablesWith('Xylophone')).length).toBeGreaterThan(2)

    expect(await deleteIt(pat.token)).toBe('done')

    for (const trace of ['Zanzibar', '1971-03-07', 'Xylophone', 'canary-push-token', code])
      expect([trace, await tablesWith(trace)]).toEqual([trace, []])
    // Who said STOP hears nothing more, whoever has the number.
    expect(await tablesWith(pat.phoneNumber)).toEqual(['stopped_numbers'])
    const entry = await server.db.queueEntry.findUniqueOrThrow({ where: { id: entryId }, include: { events: true } })
    expect([entry.status, entry.events.map(({ kind }) => kind).toSorted()]).toEqual(['LEFT', ['LEFT', 'WALKED_IN']])
    const statuses = await server.db.appointment.findMany({
      where: { id: { in: [past, coming] } },
      orderBy: { startsAt: 'asc' },
    })
    expect(statuses.map(({ status }) => status)).toEqual(['COMPLETED', 'CANCELLED'])
    const messages = await server.db.notification.findMany({ where: { patientId: pat.id } })
    expect(messages.map(({ status, error }) => [status, error]).toSorted()).toEqual([
      ['SENT', null],
      ['SUPPRESSED', 'ACCOUNT_DELETED'],
    ])
    const actions = await server.db.auditEvent.findMany({ where: { actorPatientId: pat.id } })
    expect(actions.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['device.registered', 'patient.deleted', 'queue.left', 'appointment.cancelled']),
    )
  })

  test('ends every log-in with its sockets and its offline log, and the number can register again as somebody new', async () => {
    const pat = await register('Pat')
    const other = await logIn(pat)
    const watch = server.watch('subscription { changesAvailable }', {}, other)
    await watch.until(() => true)
    expect(await deleteIt(pat.token)).toBe('done')
    await watch.done
    const SYNC = 'mutation($i: SyncInput!) { sync(input: $i) { nextSeq } }'
    for (const token of [pat.token, other]) {
      await expect.poll(() => isLoggedIn(token)).toBe(false)
      expect(await codeOf(SYNC, { i: { clientId: randomUUID(), operations: [] } }, token)).toBe('UNAUTHENTICATED')
    }
    const i = { phoneNumber: pat.phoneNumber, password: PASSWORD }
    expect(await codeOf(LOGIN, { i }, null)).toBe('WRONG_CREDENTIALS')
    const again = await server.request(REGISTER, { i: { ...i, name: 'Somebody New' } })
    expect(again.data.session.viewer.id).not.toBe(pat.id)
    const me = '{ me { ... on Patient { name dateOfBirth appointments { edges { node { id } } } } } }'
    expect((await server.request(me, {}, again.data.session.accessToken)).data.me).toEqual({
      ...{ name: 'Somebody New', dateOfBirth: null, appointments: { edges: [] } },
    })
  })

  test('takes the record from the desks: not found, not listed, not booked, not merged', async () => {
    const pat = await register('Pat Quill')
    const { code } = await server.db.patient.findUniqueOrThrow({ where: { id: pat.id } })
    await server.db.clinicPatient.create({ data: { clinicId: clinic.clinicId, patientId: pat.id } })
    const keep = await clinic.addPatient('Kept')
    const desk = await deskToken()
    expect(await deleteIt(pat.token)).toBe('done')
    const find = 'query($p: String, $c: String) { findPatient(phoneNumber: $p, code: $c) { id } }'
    for (const by of [{ p: pat.phoneNumber }, { c: code }])
      expect((await server.request(find, by, desk)).data.findPatient).toBeNull()
    const list = await server.request('{ patients { edges { node { id } } } }', {}, desk)
    expect(list.data.patients.edges.map(({ node }: any) => node.id)).toEqual([keep])
    const walkIn = { patientId: pat.id, serviceId: clinic.serviceIds[0] }
    expect(await codeOf('mutation($i: AddWalkInInput!) { addWalkIn(input: $i) { id } }', { i: walkIn }, desk)).toBe(
      'NOT_FOUND',
    )
    expect(
      await codeOf(
        'mutation($id: ID!) { updatePatient(id: $id, input: { name: "Pat" }) { id } }',
        { id: pat.id },
        desk,
      ),
    ).toBe('NOT_FOUND')
    expect(
      await codeOf(
        'mutation($k: ID!, $d: ID!) { mergePatients(keep: $k, drop: $d) { id } }',
        { k: keep, d: pat.id },
        desk,
      ),
    ).toBe('CONFLICT')
  })

  test('needs the password, and guesses count', async () => {
    const pat = await register()
    expect(await deleteIt(pat.token, 'not the password')).toBe('WRONG_CREDENTIALS')
    expect(await isLoggedIn(pat.token)).toBe(true)
    for (let guess = 0; guess < 9; guess++) await deleteIt(pat.token, 'not the password')
    expect(await deleteIt(pat.token)).toBe('TOO_MANY_ATTEMPTS')
    expect(await server.db.patient.findUnique({ where: { id: pat.id } })).toMatchObject({
      name: 'Pat',
      deletedAt: null,
    })
  })

  test('is refused with nothing changed while the patient is with the doctor', async () => {
    const pat = await register('Pat')
    const { coming, entryId, doctor } = await furnish(pat)
    await callEntry(doctor?.ctx as never, entryId, { doctorId: null, room: null })
    await startService(doctor?.ctx as never, entryId)
    expect(await deleteIt(pat.token)).toBe('IN_SERVICE')
    expect(await server.db.appointment.findUnique({ where: { id: coming } })).toMatchObject({ status: 'BOOKED' })
    expect([await isLoggedIn(pat.token), (await devicesOf(pat.token)).length]).toEqual([true, 1])
  })

  test('leaves the patients in their care with their clinics, and takes those records along that were merged into theirs', async () => {
    const pat = await register('Pat')
    const ward = await clinic.addPatient('Wanda')
    const merged = await clinic.addPatient('Pat Merged')
    await server.db.patient.update({ where: { id: ward }, data: { guardianId: pat.id } })
    await server.db.patient.update({ where: { id: merged }, data: { mergedIntoId: pat.id } })
    const booking = await clinic.book(ward, new Date(Date.now() + 86_400_000))
    const fresh = await logIn(pat)
    expect(await deleteIt(fresh)).toBe('done')
    expect(await server.db.patient.findUnique({ where: { id: ward } })).toMatchObject({
      name: 'Wanda',
      guardianId: null,
    })
    expect(await server.db.appointment.findUnique({ where: { id: booking } })).toMatchObject({ status: 'BOOKED' })
    expect(await tablesWith('Pat Merged')).toEqual([])
  })

  test('leaves no queue entry behind that somebody makes at the same moment', async () => {
    const desk = contextOf(server.deps, clinic.desk.viewer)
    for (let round = 0; round < 5; round++) {
      const pat = await register('Pat')
      const input = { patientId: pat.id, serviceId: clinic.serviceIds[0] as string, id: null, doctorId: null }
      const [deleted] = await Promise.allSettled([
        deleteIt(pat.token),
        addWalkIn(desk, { ...input, urgency: null, reason: null, provisionalTicket: null }),
      ])
      const open = await server.db.queueEntry.count({ where: { patientId: pat.id, finishedAt: null } })
      const { deletedAt } = await server.db.patient.findUniqueOrThrow({ where: { id: pat.id } })
      expect(deletedAt === null ? 'kept' : open).toBe(deletedAt === null ? 'kept' : 0)
      expect((deleted as PromiseFulfilledResult<string>).value).toBe(deletedAt === null ? 'CONFLICT' : 'done')
    }
  })
})
