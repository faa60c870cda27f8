import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../test/database.ts'
import { addPatient } from '../test/scene.ts'
import { startTwilioStandIn, twilioAccount } from '../test/twilio-stand-in.ts'

/** Whole processes, as they are started by hand or by a service, with everything that they say kept. */
type Running = { process: ChildProcess; said: () => string; url: string }

const number = '+13035550177'
const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))
const production = {
  ...{ NODE_ENV: 'production', PUBLIC_URL: 'http://localhost:1' },
  JWT_SECRET: 'a secret of this test alone, longer than thirty-two characters',
}

// Each starts a whole process.
vi.setConfig({ testTimeout: 120_000 })

let twilio: Awaited<ReturnType<typeof startTwilioStandIn>>
let database: TestDatabase
let running: Running | null = null

beforeAll(async () => {
  twilio = await startTwilioStandIn()
})
afterAll(() => twilio.close())
beforeEach(async () => {
  database = await createTestDatabase()
  await addPatient(database.db, { phoneNumber: number, passwordHash: 'none', phoneVerified: true })
})
afterEach(async () => {
  if (running) {
    running.process.kill('SIGTERM')
    if (running.process.exitCode === null) await once(running.process, 'exit')
  }
  running = null
  await database.drop()
})

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

const start = async (env: Record<string, string>): Promise<Running> => {
  const port = await freePort()
  const own = { PORT: String(port), DATABASE_URL: database.url, LOG_LEVEL: 'trace' }
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR, ...own, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
  running = { process: child, said: () => text, url: `http://127.0.0.1:${port}` }
  await expect.poll(() => text, { timeout: 100_000 }).toContain('Anteroom is ready')
  return running
}

const ask = async ({ url }: Running, query: string): Promise<string> => {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })
  return response.text()
}
const request = (server: Running) =>
  ask(server, `mutation { requestPhoneCode(phoneNumber: "${number}", purpose: RESET_PASSWORD) }`)
const reset = (server: Running, code: string) =>
  ask(
    server,
    `mutation { resetPassword(phoneNumber: "${number}", code: "${code}", newPassword: "another long one") { viewer { __typename } } }`,
  )

const message = () => database.db.notification.findFirstOrThrow({ where: { phoneNumber: number } })
const isSent = () =>
  expect
    .poll(async () => (await message()).status, { timeout: 20_000 })
    .toBe('SENT')
    .then(message)

/** The code itself, not six digits of a longer number. */
const alone = (code: string) => new RegExp(`(?<!\\d)${code}(?!\\d)`)

/** Where else a code could be read: the ledger, the jobs, the audit log. */
const kept = async (): Promise<string> => {
  const tables = await database.db.$queryRaw<{ text: string }[]>`
    SELECT row_to_json(n)::text AS text FROM notifications n UNION ALL SELECT row_to_json(a)::text FROM audit_log a
    UNION ALL SELECT row_to_json(j)::text FROM pgboss.job j UNION ALL SELECT row_to_json(c)::text FROM phone_codes c`
  return tables.map(({ text }) => text).join('\n')
}

test('a demonstration without Twilio shows a code once where it was started, and nowhere else', async () => {
  const server = await start({})
  expect(server.said()).toContain('Codes by SMS are printed here')
  const answer = await request(server)
  expect(JSON.parse(answer)).toEqual({ data: { requestPhoneCode: true } })
  await expect.poll(server.said, { timeout: 10_000 }).toMatch(/Demonstration: the code for \+13035550177/)
  const code = /\(RESET_PASSWORD\) is (\d{6})\./.exec(server.said())?.[1] as string
  expect((await isSent()).body).toBeNull()
  const lines = server.said().split('\n')
  expect(lines.filter((line) => alone(code).test(line))).toHaveLength(1)
  expect(lines.filter((line) => line.startsWith('{') && alone(code).test(line))).toEqual([])
  expect(await kept()).not.toMatch(alone(code))
  expect(await reset(server, code)).toContain('"Patient"')
})

test('in production without Twilio a code is shown nowhere', async () => {
  // Its worker is another process, so that what it would send can be read here.
  const server = await start({ ...production, WORK: 'api' })
  expect(await request(server)).toContain('true')
  const code = /\d{6}/.exec((await message()).body ?? '')?.[0] as string
  expect(code).toBeDefined()
  expect(server.said()).not.toContain('Demonstration: ')
  expect(server.said()).not.toMatch(alone(code))
})

test.each([
  ['a trial', {}],
  ['production', production],
])('with Twilio a code of %s is on the phone alone', async (_name, env) => {
  const { accountSid, authToken, from } = twilioAccount
  const account = { TWILIO_ACCOUNT_SID: accountSid, TWILIO_AUTH_TOKEN: authToken, TWILIO_FROM: from }
  const server = await start({ ...env, ...account, TWILIO_API_URL: twilio.url })
  expect(await request(server)).toContain('true')
  expect((await isSent()).body).toBeNull()
  // The patients of the demonstration clinic get messages too.
  const sent = twilio.accepted.findLast(({ to }) => to === number)
  expect(sent).toMatchObject({ body: expect.stringMatching(/\d{6}/) })
  const code = /\d{6}/.exec(sent?.body ?? '')?.[0] as string
  expect(server.said()).not.toContain('Demonstration: ')
  expect(server.said()).not.toMatch(alone(code))
  expect(server.said()).not.toContain(authToken)
  expect(await kept()).not.toMatch(alone(code))
})
