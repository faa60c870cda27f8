import pino from 'pino'
import { describe, expect, test } from 'vitest'
import { ConfigError, parseConfig } from '../config.ts'
import { startTwilioStandIn, twilioAccount } from '../test/twilio-stand-in.ts'
import { checkMessaging, createMessaging } from './create.ts'

const problemsOf = (env: Record<string, string>): readonly string[] => {
  try {
    parseConfig(env)
    return []
  } catch (error) {
    return error instanceof ConfigError ? error.problems : [String(error)]
  }
}

const account = { TWILIO_ACCOUNT_SID: twilioAccount.accountSid, TWILIO_AUTH_TOKEN: twilioAccount.authToken }

/** A log that keeps its lines. */
const keepingLog = () => {
  const lines: string[] = []
  return { lines, log: pino({ level: 'info' }, { write: (line: string) => void lines.push(line) }) }
}

describe('the configuration of messages', () => {
  test.each([
    [{ ...account, TWILIO_FROM: '+15005550006' }, null],
    [{ TWILIO_API_URL: 'http://127.0.0.1:1' }, null],
    [account, 'TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID is required'],
    [{ TWILIO_FROM: '+15005550006', TWILIO_AUTH_TOKEN: 'a' }, 'TWILIO_ACCOUNT_SID is required'],
    [{ ...account, TWILIO_FROM: '1', TWILIO_API_KEY: `SK${'0'.repeat(32)}` }, 'TWILIO_API_SECRET belong together'],
    [{ TWILIO_ACCOUNT_SID: account.TWILIO_ACCOUNT_SID, TWILIO_FROM: '1' }, 'TWILIO_AUTH_TOKEN or TWILIO_API_KEY'],
    [{ ...account, TWILIO_ACCOUNT_SID: 'AC12', TWILIO_FROM: '1' }, 'TWILIO_ACCOUNT_SID must be AC and 32'],
  ])('%j: %s', (env, problem) => {
    const problems = problemsOf(env)
    if (problem === null) expect(problems).toEqual([])
    else expect(problems.join('\n')).toContain(problem)
  })

  test('without credentials messages end in the outbox, and the log says so once for each', async () => {
    const { lines, log } = keepingLog()
    const messaging = createMessaging(parseConfig({}), log)
    await checkMessaging(messaging, log)
    expect(lines.filter((line) => line.includes('outbox'))).toHaveLength(2)
    expect(await messaging.sms.send({ id: '7', to: '+14155550100', body: 'a', validitySeconds: null })).toEqual({
      kind: 'sent',
      providerId: 'outbox:7',
    })
  })

  test.each([
    ['a demonstration', {}, true],
    ['production', { NODE_ENV: 'production', PUBLIC_URL: 'https://a.example', JWT_SECRET: 'x'.repeat(40) }, false],
    ['an account', { ...account, TWILIO_AUTH_TOKEN: 'token', TWILIO_FROM: '+15005550006' }, false],
    ['a process that sends nothing', { WORK: 'api', DATABASE_URL: 'postgresql://localhost/anteroom' }, false],
  ])('in %s (%j) codes are shown: %s', (_name, env, isShown) => {
    const said: string[] = []
    const { lines, log } = keepingLog()
    const { sms } = createMessaging(parseConfig(env), log, (text) => said.push(text))
    sms.showCode?.({ to: '+14155550100', purpose: 'REGISTER', code: '471100' })
    expect(said.join('').includes('471100')).toBe(isShown)
    expect(lines.join('')).not.toContain('471100')
  })

  test('credentials are checked with a clear word, and stand in no log', async () => {
    const standIn = await startTwilioStandIn()
    const env = { ...account, TWILIO_FROM: '+15005550006', TWILIO_API_URL: standIn.url }
    for (const [token, word] of [
      [twilioAccount.authToken, 'accepted'],
      ['not-the-token-canary', 'does not accept the credentials'],
    ] as const) {
      const { lines, log } = keepingLog()
      const messaging = createMessaging(parseConfig({ ...env, TWILIO_AUTH_TOKEN: token }), log)
      await checkMessaging(messaging, log)
      expect(lines.join('')).toContain(word)
      expect(lines.join('')).not.toContain(token)
    }
    expect(standIn.asked()).toBe(0)
    await standIn.close()
  })
})
