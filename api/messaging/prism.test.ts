import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { NotificationKind } from '../database/generated/enums.ts'
import { type MessageValues, textOf } from '../notification/texts.ts'
import { twilioAccount } from '../test/twilio-stand-in.ts'
import { createTwilio } from './twilio.ts'

const description =
  process.env.TWILIO_OPENAPI ?? fileURLToPath(new URL('../../../shared/data/twilio_api_v2010.json', import.meta.url))
const isThere = existsSync(description)
if (!isThere)
  console.log(
    `Twilio's OpenAPI description is not there (${description}; TWILIO_OPENAPI names another): those tests are skipped.`,
  )

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })

const clinic = { name: 'Riverside Clinic', timeZone: 'America/New_York' }
const link = 'https://clinic.example.org/t/Zk3vT0mC5s2xq8uL1wYb4A'
const startsAt = new Date('2026-11-24T14:30:00Z')
const visit = { clinic, link, ticket: 'G-014' }
const values: MessageValues = {
  BOOKED: { clinic, link, startsAt },
  RESCHEDULED: { clinic, link, startsAt },
  REMINDER: { clinic, link, startsAt },
  ALMOST_YOUR_TURN: { ...visit, position: 3 },
  YOUR_TURN: { ...visit, room: 'Room 2', again: false },
  MISSED: visit,
  CANCELLED: { clinic, startsAt },
  CORRECTION: { ...visit, room: null, says: 'NOT_YET' },
  VERIFICATION: { code: '042917' },
}
const kinds = Object.keys(values) as NotificationKind[]

/** Prism refuses with 422 what breaks the description. (Its own answers are Twilio's examples, some of which break it themselves.) */
describe.runIf(isThere)("Twilio's own description", () => {
  let prism: ChildProcess
  let apiUrl = ''

  beforeAll(async () => {
    const port = await freePort()
    const cli = fileURLToPath(new URL('../../node_modules/@stoplight/prism-cli/dist/index.js', import.meta.url))
    prism = spawn(process.execPath, [cli, 'mock', '--port', String(port), '--host', '127.0.0.1', description], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    apiUrl = `http://127.0.0.1:${port}`
    let said = ''
    await new Promise<void>((resolve, reject) => {
      const listen = (chunk: Buffer) => {
        said += chunk.toString()
        if (said.includes('is listening')) resolve()
      }
      prism.stdout?.on('data', listen)
      prism.stderr?.on('data', listen)
      prism.once('exit', (code) => reject(new Error(`Prism ended with ${code}: ${said}`)))
    })
  })

  afterAll(async () => {
    prism.removeAllListeners('exit')
    const ended = new Promise((resolve) => prism.once('exit', resolve))
    prism.kill()
    await ended
  })

  const provider = (changes: object = {}) =>
    createTwilio({
      config: { ...twilioAccount, apiUrl, ...changes },
      publicUrl: 'https://clinic.example.org',
      settleMs: 0,
    })

  const send = (
    sms: ReturnType<typeof provider>,
    kind: NotificationKind,
    language: string,
    validitySeconds: number | null,
  ) =>
    sms.send({
      id: '01934567-89ab-7cde-8f01-23456789abcd',
      to: '+14155550100',
      body: textOf(kind, language, values[kind]).body,
      validitySeconds,
    })

  test.each(kinds)(
    'is kept by %s in each language, with and without an end, from a number and a service',
    async (kind) => {
      const messagingServiceSid = `MG${'0a'.repeat(16)}`
      for (const sms of [provider(), provider({ messagingServiceSid, from: null })])
        for (const language of ['en', 'es'])
          for (const validity of [null, 180])
            expect(await send(sms, kind, language, validity)).toMatchObject({ kind: 'sent' })
    },
  )

  test('is kept by looking a message up and by checking the credentials', async () => {
    const sms = provider()
    expect(await sms.find({ id: '1', to: '+14155550100', body: 'nothing', since: new Date() })).toBeNull()
    expect(await sms.check()).toBeNull()
  })

  test('is truly checked: a request that breaks it is refused', async () => {
    const outcome = await provider({ accountSid: `AC${'z'.repeat(32)}` }).send({
      id: '1',
      to: '+14155550100',
      body: 'a',
      validitySeconds: null,
    })
    expect(outcome).toEqual({ kind: 'rejected', error: 'Twilio 422: Twilio answered 422' })
  })
})
