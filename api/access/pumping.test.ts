import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { uuidv7 } from '../database/uuid.ts'
import type { SmsMessage } from '../messaging/provider.ts'
import { createTestDatabase, type TestDatabase } from '../test/database.ts'
import { createRandom, testSeed } from '../test/random.ts'
import { addClinic, addPatient, type SceneClinic } from '../test/scene.ts'
import { startTestServer, type TestServer } from '../test/server.ts'

/** `npm run prove -- pumping` sends all of them. */
const REQUESTS = process.env.PROVE === 'pumping' ? 100_000 : 2_000
const AT_ONCE = 150
/** As many as one address sends before it takes the next. */
const ALIASES = [1, 1, 1, 5, 20]

let database: TestDatabase
let server: TestServer
let clinic: SceneClinic
const sent: SmsMessage[] = []

beforeAll(async () => {
  // A busy machine is no outage.
  database = await createTestDatabase({ max: 16, queryMs: 30_000, connectMs: 30_000 })
  server = await startTestServer({ demo: false, database })
  clinic = await addClinic(server.db)
  server.deps.config.trustProxy = true
  Object.assign(server.deps.messaging, {
    sms: {
      name: 'a provider of the test',
      send: async (message: SmsMessage) => {
        sent.push(message)
        return { kind: 'sent', providerId: `SM${message.id}` }
      },
      find: async () => null,
      check: async () => null,
    },
  })
  await server.deps.jobs.start()
})

afterAll(async () => {
  await server.close()
  await database.drop()
})

beforeEach(async () => {
  await server.db.$executeRaw`TRUNCATE phone_codes, message_counts, notifications`
  sent.length = 0
})

const queued = () => server.db.notification.count({ where: { status: 'QUEUED' } })
const allSent = () => expect.poll(queued, { timeout: 20_000 }).toBe(0)

const REQUEST = 'mutation ($p: String!) { requestPhoneCode(phoneNumber: $p, purpose: RESET_PASSWORD) }'
const request = async (phoneNumber: string, ip: string) =>
  (await server.request(REQUEST, { p: phoneNumber }, null, { 'x-forwarded-for': ip })).data?.requestPhoneCode

describe('an attack', () => {
  const seed = testSeed()
  const random = createRandom(seed)
  const digits = (count: number) => Array.from({ length: count }, () => random.int(10)).join('')
  const american = () => `+1${random.pick(['303', '212', '415', '617', '713', '206', '404', '503'])}${digits(7)}`
  const german = () => `+49151${digits(8)}`
  const british = () => `+4479${digits(8)}`
  const anywhere = () => random.pick([american, american, german])()
  const address = () =>
    random.next() < 0.7
      ? [1 + random.int(220), random.int(256), random.int(256), random.int(256)].join('.')
      : `2001:db8:${random.int(65536).toString(16)}:${random.int(65536).toString(16)}::1`
  /** The same number, written in one of the ways that are understood. */
  const written = (number: string) => random.pick([number, `${number.slice(0, 5)} ${number.slice(5)}`, ` ${number} `])

  /** Records with these numbers: registered by somebody who never came, or put down by the desk. */
  const people = async (count: number, number: () => string, createdById: string | null): Promise<string[]> => {
    const numbers = [...new Set(Array.from({ length: count }, number))]
    await server.db.patient.createMany({
      data: numbers.map((phoneNumber) => ({
        ...{ id: uuidv7(), name: 'A patient', code: uuidv7(), phoneNumber, createdById },
        ...{ phoneVerified: true, passwordHash: 'none' },
      })),
      skipDuplicates: true,
    })
    return numbers
  }

  test(`of ${REQUESTS} requests from everywhere (seed ${seed}) has at most 20 messages sent, none abroad, none after STOP`, {
    timeout: 3_600_000,
  }, async () => {
    server.deps.config.allowedCountries = ['US', 'DE']
    const known = await people(400, anywhere, clinic.receptionist.userId)
    const ownMade = await people(400, anywhere, null)
    const abroad = await people(200, british, clinic.receptionist.userId)
    const stopped = known.splice(0, 100)
    await server.db.stoppedNumber.createMany({ data: stopped.map((phoneNumber) => ({ phoneNumber })) })
    const unknown = Array.from({ length: 400 }, anywhere)
    const target = () => written(random.pick(random.pick([known, ownMade, abroad, stopped, unknown])))
    const purpose = () => random.pick(['REGISTER', 'RESET_PASSWORD', 'CONFIRM_NUMBER'])

    let asked = 0
    const answers = new Set<string>()
    const attacker = async () => {
      while (asked < REQUESTS) {
        const count = random.pick(ALIASES)
        asked += count
        const fields = Array.from(
          { length: count },
          (_, index) => `a${index}: requestPhoneCode(phoneNumber: "${target()}", purpose: ${purpose()})`,
        )
        const headers = { 'x-forwarded-for': address() }
        const { data, errors } = await server.request(`mutation { ${fields.join(' ')} }`, {}, null, headers)
        for (const answer of Object.values(data ?? {})) answers.add(String(answer))
        for (const error of errors ?? []) answers.add(error.message)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, attacker))
    await allSent()

    if (process.env.PROVE) console.log(`${asked} requests, ${sent.length} messages (seed ${seed})`)
    expect([...answers]).toEqual(['true'])
    expect(sent.length).toBeGreaterThan(0)
    expect(sent.length).toBeLessThanOrEqual(20)
    const numbers = sent.map(({ to }) => to)
    expect(numbers.filter((to) => abroad.includes(to) || stopped.includes(to) || unknown.includes(to))).toEqual([])
    expect(numbers.filter((to) => ownMade.includes(to)).length).toBeLessThanOrEqual(5)
    expect(new Set(numbers).size).toBe(numbers.length)
    server.deps.config.allowedCountries = null
  })

  test('on numbers that attackers registered leaves most of the codes to patients whom a clinic knows', async () => {
    for (const number of await people(30, american, null)) void request(number, address())
    await expect.poll(() => server.db.phoneCode.count()).toBe(5)
    const [honest] = await people(1, german, clinic.receptionist.userId)
    expect(await request(honest as string, '198.51.100.9')).toBe(true)
    await expect.poll(() => sent.map(({ to }) => to), { timeout: 10_000 }).toContain(honest)
  })

  test('from one network has half of the codes at most, IPv6 counted by /64', async () => {
    const known = await people(30, anywhere, clinic.receptionist.userId)
    await Promise.all(known.map((number, index) => request(number, `2001:db8:0:7::${index.toString(16)}`)))
    expect(await server.db.phoneCode.count()).toBe(10)
    const [elsewhere] = await people(1, german, clinic.receptionist.userId)
    await request(elsewhere as string, '2001:db8:0:8::1')
    expect(await server.db.phoneCode.count()).toBe(11)
  })

  test('from one network has no more where the hour turns, and again when it is over', async () => {
    const [first, next, last] = await people(3, german, clinic.receptionist.userId)
    await request(first as string, '203.0.113.1')
    /** As many as no share of an hour brings below the cap. */
    const sentHoursAgo = (hours: number) => server.db.$executeRaw`
      UPDATE message_counts SET count = 100000000, day = (t.then AT TIME ZONE 'UTC')::date,
        scope = regexp_replace(scope, '..$', to_char(t.then AT TIME ZONE 'UTC', 'HH24'))
      FROM (SELECT clock_timestamp() - make_interval(hours => ${hours}::int) AS then) t WHERE scope LIKE 'code network %'`
    await sentHoursAgo(1)
    await request(next as string, '203.0.113.2')
    expect(await server.db.phoneCode.count()).toBe(1)
    await sentHoursAgo(2)
    await request(last as string, '203.0.113.3')
    expect(await server.db.phoneCode.count()).toBe(2)
  })

  test('leaves one line in the audit log for each cap, not one for each request', async () => {
    await server.deps.trail.flush()
    const withheld = async () => {
      const rows = await server.db.auditEvent.findMany({ where: { action: 'code.withheld' } })
      return rows.map(({ detail }) => detail)
    }
    const before = await withheld()
    for (const number of await people(12, american, null)) await request(number, address())
    await server.deps.trail.flush()
    expect((await withheld()).slice(before.length)).toEqual(['more than 5 codes: strangers'])
  })
})

test('an honest day of a clinic gets all its codes, over one Wi-Fi', { timeout: 60_000 }, async () => {
  let number = 0
  for (let hour = 0; hour < 8; hour++) {
    const numbers = Array.from({ length: 8 }, () => `+1303${String(2_000_000 + 10_000 * ++number).slice(0, 7)}`)
    for (const phoneNumber of numbers)
      await addPatient(server.db, { clinics: [clinic], phoneNumber, phoneVerified: true, passwordHash: '-' })
    await server.db.patient.updateMany({
      where: { phoneNumber: { in: numbers } },
      data: { createdById: clinic.receptionist.userId },
    })
    await Promise.all(numbers.map((phoneNumber) => request(phoneNumber, '198.51.100.4')))
    expect(await server.db.phoneCode.count()).toBe(8 * (hour + 1))
    // The next hour.
    await server.db.$executeRaw`UPDATE phone_codes SET created_at = created_at - interval '1 hour'`
    await server.db.$executeRaw`DELETE FROM message_counts WHERE scope LIKE 'code network %'`
  }
  await allSent()
  expect(sent).toHaveLength(64)
})
