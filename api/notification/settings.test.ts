import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { bookAppointment, cancelAppointment } from '../appointment/commands.ts'
import { timeOf } from '../clinic/day.ts'
import type { EntryRow } from '../loaders.ts'
import type { PushMessage, SmsMessage } from '../messaging/provider.ts'
import { addWalkIn, callEntry, callNext, markServed, startService } from '../queue/commands.ts'
import { endDays } from '../queue/jobs.ts'
import { createTestClinic, type TestClinic } from '../test/clinic.ts'
import { createTestDeps, type TestDeps } from '../test/context.ts'
import { createTestDatabase, type TestDatabase } from '../test/database.ts'
import { ask } from '../test/scene.ts'
import { lookAtQueues } from './commands.ts'
import { isGsm7 } from './gsm.ts'

vi.setConfig({ testTimeout: 90_000 })

let database: TestDatabase
/** Two instances that share the work. */
let deps: TestDeps
let second: TestDeps
let clinic: TestClinic
let service: string
const sms: SmsMessage[] = []
const push: PushMessage[] = []
let isPushDown = false

const recording = (deps: TestDeps): void => {
  Object.assign(deps.messaging, {
    sms: {
      name: 'a provider of the test',
      send: async (message: SmsMessage) => {
        sms.push(message)
        return { kind: 'sent', providerId: `SM${message.id}` }
      },
      find: async () => null,
      check: async () => null,
    },
    push: {
      name: 'a provider of the test',
      send: async (message: PushMessage) => {
        push.push(message)
        const outcome = isPushDown ? { kind: 'retry', error: 'down' } : { kind: 'sent', providerId: `FCM${message.id}` }
        return { accepted: isPushDown ? [] : message.tokens, goneTokens: [], outcome }
      },
      check: async () => null,
    },
  })
}

beforeAll(async () => {
  database = await createTestDatabase({ max: 16 })
  deps = createTestDeps(database)
  second = createTestDeps(database)
  for (const one of [deps, second]) recording(one)
  await Promise.all([deps.jobs.start(), second.jobs.start()])
})
afterAll(async () => {
  await Promise.all([deps.close(), second.close()])
  await database.drop()
})
beforeEach(async () => {
  clinic = await createTestClinic(deps, { doctors: 3 })
  service = clinic.serviceIds[0] as string
  sms.length = 0
  push.length = 0
})

const asAdmin = async (source: string, variables: object): Promise<void> => {
  const { codes } = await ask(deps, clinic.admin.viewer, source, { ...variables })
  expect(codes).toEqual([])
}
const setClinic = (input: object) =>
  asAdmin('mutation ($id: ID!, $input: UpdateClinicInput!) { updateClinic(id: $id, input: $input) { id } }', {
    ...{ id: clinic.clinicId, input },
  })
const setService = (input: object) =>
  asAdmin('mutation ($id: ID!, $input: UpdateServiceInput!) { updateService(id: $id, input: $input) { id } }', {
    ...{ id: service, input },
  })
const comeOnDuty = (doctorId: string) =>
  asAdmin('mutation ($id: ID!) { setOnDuty(doctorId: $id, onDuty: true) { id } }', { id: doctorId })

let numbers = 0
const person = async ({ device = false } = {}): Promise<string> => {
  const id = await clinic.addPatient()
  await deps.db.patient.update({ where: { id }, data: { phoneNumber: `+1202556${String(1000 + numbers++)}` } })
  if (device) await deps.db.device.create({ data: { id, patientId: id, pushToken: `token ${id}`, platform: 'ios' } })
  return id
}
const walkIn = (patientId: string): Promise<EntryRow> =>
  addWalkIn(clinic.desk, {
    ...{ id: null, patientId, serviceId: service, doctorId: null, urgency: null, reason: null },
    provisionalTicket: null,
  })
const queueOf = async (count: number): Promise<EntryRow[]> => {
  const entries: EntryRow[] = []
  for (let i = 0; i < count; i++) entries.push(await walkIn(await person()))
  return entries
}

const ledger = async (entryId: string) =>
  (await deps.db.notification.findMany({ where: { entryId } }))
    .map(({ kind, channel, status, error }) => [kind, channel, status, error].filter(Boolean).join(' '))
    .toSorted()
const isTold = (entry: EntryRow) =>
  expect.poll(() => ledger(entry.id), { timeout: 20_000 }).toEqual(['ALMOST_YOUR_TURN SMS SENT'])
/** Everything that was enqueued is done. */
const idle = () =>
  expect
    .poll(
      () =>
        deps.db
          .$queryRaw`SELECT name FROM pgboss.job WHERE state < 'completed' AND start_after <= now() AND name LIKE 'announce.%'`,
      { timeout: 20_000 },
    )
    .toEqual([])

test('where the admin chooses push first, an SMS goes only to who has no device; both again where they choose both', async () => {
  await setClinic({ messageRoute: 'PUSH_FIRST' })
  const first = await walkIn(await person({ device: true }))
  await expect.poll(() => ledger(first.id), { timeout: 20_000 }).toEqual(['ALMOST_YOUR_TURN PUSH SENT'])
  const other = await walkIn(await person())
  await isTold(other)
  await setClinic({ messageRoute: 'BOTH' })
  await callEntry(clinic.desk, first.id, { doctorId: null, room: null })
  await expect
    .poll(() => ledger(first.id), { timeout: 20_000 })
    .toEqual(['ALMOST_YOUR_TURN PUSH SENT', 'YOUR_TURN PUSH SENT', 'YOUR_TURN SMS SENT'])
})

test('where push goes first and Firebase cannot be reached, the SMS follows at the second try, in the alphabet of SMS', async () => {
  await setClinic({ messageRoute: 'PUSH_FIRST' })
  const patientId = await person({ device: true })
  await deps.db.patient.update({ where: { id: patientId }, data: { language: 'es' } })
  isPushDown = true
  const entry = await walkIn(patientId)
  await expect
    .poll(() => ledger(entry.id), { timeout: 20_000 })
    .toEqual(['ALMOST_YOUR_TURN PUSH FAILED down', 'ALMOST_YOUR_TURN SMS SENT'])
  isPushDown = false
  expect(push).toHaveLength(2)
  expect(sms.map(({ body }) => body.replace(/^Clinic \S+|\/t\/.*/g, '…'))).toEqual([
    '… turno A-001, usted es el siguiente. Por favor, quédese cerca. http://localhost:4000…',
  ])
  expect(isGsm7(sms[0]?.body ?? '')).toBe(true)
})

test('a clinic’s daily cap holds to the message, however many are sent at once by two instances', async () => {
  await setClinic({ dailySmsCap: 7 })
  await setService({ almostPosition: 50 })
  const entries = await queueOf(30)
  const states = async () =>
    (await Promise.all(entries.map(({ id }) => ledger(id)))).flat().reduce<Record<string, number>>((sum, state) => {
      sum[state] = (sum[state] ?? 0) + 1
      return sum
    }, {})
  await expect
    .poll(states, { timeout: 30_000 })
    .toEqual({ 'ALMOST_YOUR_TURN SMS SENT': 7, 'ALMOST_YOUR_TURN SMS SUPPRESSED DAILY_CAP': 23 })
  expect(sms).toHaveLength(7)
})

describe('a number', () => {
  const told = async (phoneNumber: string) =>
    (await deps.db.notification.findMany({ where: { phoneNumber }, orderBy: { id: 'asc' } })).map(
      ({ kind, status, error }) => [kind, status, error].filter(Boolean).join(' '),
    )
  const slot = (n: number) => new Date(Math.ceil(Date.now() / 3_600_000 + 72 + n) * 3_600_000)
  const numberOf = async (id: string) =>
    (await deps.db.patient.findUniqueOrThrow({ where: { id } })).phoneNumber as string

  test('whose owner books and cancels all day costs ten SMS, and still hears that it is their turn', async () => {
    const patientId = await person()
    const phoneNumber = await numberOf(patientId)
    const self = clinic.asPatient(patientId)
    for (let n = 0; n < 6; n++) {
      const { id } = await bookAppointment(self, { serviceId: service, startsAt: slot(n) })
      await expect.poll(async () => (await told(phoneNumber)).length, { timeout: 20_000 }).toBe(2 * n + 1)
      await cancelAppointment(self, id, null)
      await expect.poll(async () => (await told(phoneNumber)).length, { timeout: 20_000 }).toBe(2 * n + 2)
    }
    const entry = await walkIn(patientId)
    await isTold(entry)
    const lines = await told(phoneNumber)
    expect(lines.filter((line) => / SENT$/.test(line))).toHaveLength(11)
    expect(lines.filter((line) => line.endsWith('SUPPRESSED NUMBER_CAP'))).toHaveLength(2)
  })

  test('of a country that is not allowed gets no SMS, one of an allowed country does', async () => {
    for (const one of [deps, second]) one.config.allowedCountries = ['DE']
    const entry = await walkIn(await person())
    const states = () => ledger(entry.id)
    await expect.poll(states, { timeout: 20_000 }).toEqual(['ALMOST_YOUR_TURN SMS SUPPRESSED COUNTRY'])
    for (const one of [deps, second]) one.config.allowedCountries = ['DE', 'US']
    await isTold(await walkIn(await person()))
    for (const one of [deps, second]) one.config.allowedCountries = null
  })

  test('of a country to which the clinic does not send gets no SMS, whatever the server allows', async () => {
    const setCountries = (allowedCountries: string[]) =>
      deps.db.clinic.update({ where: { id: clinic.clinicId }, data: { allowedCountries } })
    await setCountries(['DE'])
    const entry = await walkIn(await person())
    await expect.poll(() => ledger(entry.id), { timeout: 20_000 }).toEqual(['ALMOST_YOUR_TURN SMS SUPPRESSED COUNTRY'])
    await setCountries(['DE', 'US'])
    await isTold(await walkIn(await person()))
    for (const one of [deps, second]) one.config.allowedCountries = ['DE']
    const another = await walkIn(await person())
    await expect
      .poll(() => ledger(another.id), { timeout: 20_000 })
      .toEqual(['ALMOST_YOUR_TURN SMS SUPPRESSED COUNTRY'])
    for (const one of [deps, second]) one.config.allowedCountries = null
    await setCountries([])
  })
})

describe('a queue in which nothing moves', () => {
  test('is looked at again: who comes within the threshold is told, once', async () => {
    await setService({ almostPosition: 1, almostMinutes: 0 })
    const [first, next, last] = (await queueOf(3)) as [EntryRow, EntryRow, EntryRow]
    await isTold(first)
    await setService({ almostPosition: 2 })
    await Promise.all([lookAtQueues(deps), lookAtQueues(second)])
    await isTold(next)
    await lookAtQueues(deps)
    await idle()
    expect(await ledger(last.id)).toEqual([])
    expect(await ledger(next.id)).toHaveLength(1)
  })

  test('is told by the estimate alone when doctors come on duty', async () => {
    for (let i = 0; i < 5; i++) {
      const { id } = await walkIn(await clinic.addPatient())
      await callNext(clinic.desk, { serviceId: service, doctorId: null, room: null })
      await startService(clinic.desk, id)
      await markServed(clinic.desk, id)
    }
    await deps.db.$executeRaw`
      UPDATE queue SET called_at = finished_at - interval '8 minutes', started_at = finished_at - interval '7 minutes',
        arrived_at = finished_at - interval '9 minutes' WHERE service_id = ${service}::uuid AND status = 'SERVED'`
    await setService({ almostPosition: 1, almostMinutes: 12 })
    const entries = await queueOf(5)
    await isTold(entries[0] as EntryRow)
    await lookAtQueues(deps)
    await idle()
    expect(await ledger((entries[3] as EntryRow).id)).toEqual([])
    for (const { id } of clinic.doctors) await comeOnDuty(id)
    await lookAtQueues(deps)
    await isTold(entries[3] as EntryRow)
  })

  test('and in which everybody was told, or nobody can be, is left alone', async () => {
    const [only] = await queueOf(1)
    await walkIn(await clinic.addPatient())
    await isTold(only as EntryRow)
    await idle()
    await deps.jobs.stop()
    await second.jobs.stop()
    await lookAtQueues(deps)
    const waiting = await deps.db.$queryRaw<{ data: object }[]>`
      SELECT data FROM pgboss.job WHERE name = 'announce.almost' AND state = 'created' AND singleton_key = ${service}`
    expect(waiting).toEqual([])
    await Promise.all([deps.jobs.start(), second.jobs.start()])
  })
})

test('quiet hours that were set after a booking hold its reminders back until they end', async () => {
  const soon = new Date(Date.now() + 4 * 86_400_000)
  soon.setUTCHours(12, 0, 0, 0)
  const booking = await bookAppointment(clinic.desk, { patientId: await person(), serviceId: service, startsAt: soon })
  const planned = () =>
    deps.db.$queryRaw<{ hours: number; at: Date; state: string }[]>`
      SELECT (data->>'hours')::int AS hours, start_after AS at, state::text FROM pgboss.job
      WHERE name = 'announce.reminder' AND data->>'appointmentId' = ${booking.id} ORDER BY created_on, start_after`
  await expect.poll(async () => (await planned()).length, { timeout: 20_000 }).toBe(2)
  // From an hour ago until an hour from now, in UTC as the clinic.
  const minute = new Date().getUTCHours() * 60 + new Date().getUTCMinutes()
  const [from, to] = [(minute + 1380) % 1440, (minute + 60) % 1440]
  await setClinic({ quietFrom: timeOf(from), quietTo: timeOf(to) })
  await deps.db.$executeRaw`
    UPDATE pgboss.job SET start_after = now() WHERE name = 'announce.reminder' AND data->>'hours' = '24'
      AND data->>'appointmentId' = ${booking.id}`
  await expect
    .poll(async () => (await planned()).map(({ hours, state }) => `${hours} ${state}`).toSorted(), { timeout: 20_000 })
    .toEqual(['2 created', '24 completed', '24 created'])
  const again = (await planned()).find(({ hours, state }) => hours === 24 && state === 'created')
  expect((again?.at.getUTCHours() ?? 0) * 60 + (again?.at.getUTCMinutes() ?? 0)).toBe(to)
  expect(await deps.db.notification.count({ where: { appointmentId: booking.id, kind: 'REMINDER' } })).toBe(0)
})

test('what was forgotten until the day ended is told to nobody', async () => {
  const [forgotten, waiting] = (await queueOf(2)) as [EntryRow, EntryRow]
  for (const entry of [forgotten, waiting]) await isTold(entry)
  await callEntry(clinic.desk, forgotten.id, { doctorId: null, room: null })
  await expect.poll(async () => (await ledger(forgotten.id)).length, { timeout: 20_000 }).toBe(2)
  await deps.db.$executeRaw`
    UPDATE queue SET arrived_at = arrived_at - interval '2 days', called_at = called_at - interval '2 days'
    WHERE service_id = ${service}::uuid`
  await endDays(deps)
  const after = await walkIn(await person())
  await isTold(after)
  await idle()
  const { status } = await deps.db.queueEntry.findUniqueOrThrow({ where: { id: forgotten.id } })
  expect(status).toBe('NO_SHOW')
  expect(await ledger(forgotten.id)).toEqual(['ALMOST_YOUR_TURN SMS SENT', 'YOUR_TURN SMS SENT'])
  expect(await ledger(waiting.id)).toEqual(['ALMOST_YOUR_TURN SMS SENT'])
})

test('a child without a phone is spoken of in the guardian’s language, one with a phone in their own', async () => {
  const guardianId = await person()
  await deps.db.patient.update({ where: { id: guardianId }, data: { language: 'es-MX' } })
  const child = await clinic.addPatient()
  await deps.db.patient.update({ where: { id: child }, data: { guardianId, language: 'en' } })
  await isTold(await walkIn(child))
  expect(sms.at(-1)?.body).toMatch(/^Clinic .*: turno A-001, usted es el siguiente/)
  const { phoneNumber } = await deps.db.patient.findUniqueOrThrow({ where: { id: guardianId } })
  expect(sms.at(-1)?.to).toBe(phoneNumber)
  const grown = await person()
  await deps.db.patient.update({ where: { id: grown }, data: { guardianId, language: 'en' } })
  await isTold(await walkIn(grown))
  expect(sms.at(-1)?.body).toMatch(/ticket A-002, almost your turn/)
})
