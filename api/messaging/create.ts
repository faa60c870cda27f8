import { readFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { connect } from 'node:net'
import type { ServiceAccount } from 'firebase-admin/app'
import type { Logger } from 'pino'
import { type Config, ConfigError } from '../config.ts'
import { createFirebase } from './firebase.ts'
import { demonstrationSms, outboxPush, outboxSms } from './outbox.ts'
import type { Messaging } from './provider.ts'
import { createTwilio } from './twilio.ts'

const wrong = (message: string): ConfigError => new ConfigError([`FIREBASE_SERVICE_ACCOUNT ${message}`])

/** The key from JSON or from a file; the file's path itself where another server is dialled. */
const serviceAccountOf = (given: string, isDialledElsewhere: boolean): ServiceAccount | string => {
  const isJson = given.trim().startsWith('{')
  let text = given
  try {
    if (!isJson) text = readFileSync(given, 'utf8')
  } catch {
    throw wrong('is neither JSON nor a file that can be read')
  }
  try {
    const account = JSON.parse(text) as ServiceAccount
    if (!isDialledElsewhere) return account
  } catch {
    throw wrong('is not valid JSON')
  }
  if (isJson) throw wrong('must be the path of a file where FIREBASE_API_URL is set')
  return given
}

/** Whatever is asked for, this one address is dialled, without TLS. */
const agentTo = (apiUrl: string): Agent => {
  const { hostname, port } = new URL(apiUrl)
  return Object.assign(new Agent({ keepAlive: true }), {
    createConnection: () => connect({ host: hostname, port: Number(port || 80) }),
  })
}

/**
 * Twilio and Firebase where their credentials are given, else the outbox. Malformed credentials are a ConfigError.
 * `show` prints for whoever started a demonstration; in production nothing is shown.
 */
export const createMessaging = (config: Config, log: Logger, show?: (text: string) => void): Messaging => {
  // A process that leaves the sending to others cannot know whether they have an account.
  const isDemonstration = !config.production && config.work.jobs
  const outbox = show && isDemonstration ? demonstrationSms(show) : outboxSms
  const sms = config.twilio ? createTwilio({ config: config.twilio, publicUrl: config.publicUrl }) : outbox
  let push = outboxPush
  if (config.firebase) {
    const { serviceAccount, apiUrl, ios } = config.firebase
    const account = serviceAccountOf(serviceAccount, apiUrl !== null)
    try {
      push = createFirebase({ serviceAccount: account, agent: apiUrl ? agentTo(apiUrl) : null, ios })
    } catch (error) {
      throw wrong(`is not a service account's key: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  if (!config.twilio)
    log.info(
      'There are no credentials of Twilio: SMS end as SENT in the outbox, where staff can read them; none goes out.',
    )
  if (!config.firebase)
    log.info('There are no credentials of Firebase: push messages end as SENT in the outbox; none goes out.')
  if (config.twilio && !config.twilio.authToken)
    log.warn(
      'TWILIO_AUTH_TOKEN is missing: delivery reports and answers from Twilio cannot be verified and are refused.',
    )
  return { sms, push }
}

/** Asks both providers whether they accept the credentials, and says so in the log; sends nothing. */
export const checkMessaging = async ({ sms, push }: Messaging, log: Logger): Promise<void> => {
  await Promise.all(
    [sms, push].map(async (provider) => {
      if (provider.name === 'outbox') return
      const problem = await provider.check()
      if (problem) log.error({ provider: provider.name }, problem)
      else log.info({ provider: provider.name }, 'the credentials are accepted')
    }),
  )
}
