import { AsyncLocalStorage } from 'node:async_hooks'
import { createHash } from 'node:crypto'
import { subscribe } from 'node:diagnostics_channel'
import type { ClientRequest } from 'node:http'
import type { Agent } from 'node:https'
import { cert, initializeApp, type ServiceAccount } from 'firebase-admin/app'
import { getMessaging, type Message } from 'firebase-admin/messaging'
import { databaseNow } from '../access/clock.ts'
import { uuidv7 } from '../database/uuid.ts'
import { createAppleTokens, isApples } from './apple-tokens.ts'
import type { PushMessage, PushProvider, PushResult, SendOutcome } from './provider.ts'
import { within } from './within.ts'

type Options = {
  /** The key, or the path of its file. With an agent the path: for a key in memory Firebase's client forgets the agent. */
  serviceAccount: ServiceAccount | string
  /** Dials something else than Google's servers. */
  agent: Agent | null
  /** The app on iPhones: its bundle identifier, and whether its builds are for development. */
  ios: { bundleId: string; isSandbox: boolean }
  /** An answer that takes longer is given up; Firebase's client repeats a refused or broken request by itself meanwhile. */
  timeoutMs?: number
}

type Sent = { kind: 'gone' } | SendOutcome

const GONE = 'messaging/registration-token-not-registered'
/** Refused before it was accepted: for the number of messages, by a busy server, or for want of an access token. */
const LATER = /(rate-exceeded|server-unavailable|quota-exceeded|authentication-error|invalid-credential)$/
const NEVER =
  /(invalid-argument|invalid-registration-token|invalid-recipient|invalid-payload|invalid-package-name|mismatched-credential|third-party-auth-error|payload-size-limit-exceeded|invalid-apns-credentials)$/
const NOT_CONNECTED = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH/

const outcomeOf = (error: unknown): Sent => {
  const { code = '', message = String(error) } = error as { code?: string; message?: string }
  const words = code ? `Firebase ${code}: ${message}` : message
  if (code === GONE) return { kind: 'gone' }
  if (LATER.test(code) || NOT_CONNECTED.test(message)) return { kind: 'retry', error: words }
  return NEVER.test(code) ? { kind: 'rejected', error: words } : { kind: 'unclear', error: words }
}

/** How often Firebase's client asked for the message that is being sent. */
const asking = new AsyncLocalStorage<{ requests: number }>()
subscribe('http.client.request.created', (event) => {
  const asked = asking.getStore()
  if (asked && (event as { request: ClientRequest }).request.path.endsWith('/messages:send')) asked.requests++
})

/** Firebase's client repeats a request whose answer got lost, so that only the first refusal is surely one of the message itself. */
const doubted = (outcome: Sent, requests: number): Sent =>
  outcome.kind === 'retry' && requests > 1 ? { kind: 'unclear', error: outcome.error } : outcome

const shortened = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 32)

/**
 * Firebase's client may send twice, and so may we: the key makes the second copy take the first one's place under way,
 * the tag on the screen.
 */
const messageTo = (token: string, message: PushMessage, now: Date): Message => {
  const { id, title, body, link, path, ttlSeconds, collapseKey, tag } = message
  const key = shortened(collapseKey)
  return {
    token,
    notification: { title, body },
    data: { id, tag, ...(link !== null && { link }), ...(path !== null && { path }) },
    android: {
      priority: 'high',
      collapseKey: key,
      ...(ttlSeconds !== null && { ttl: ttlSeconds * 1000 }),
      notification: { tag },
    },
    apns: {
      headers: {
        'apns-priority': '10',
        'apns-collapse-id': key,
        ...(ttlSeconds !== null && { 'apns-expiration': String(Math.floor(now.getTime() / 1000) + ttlSeconds) }),
      },
      payload: { aps: { sound: 'default', threadId: tag } },
    },
    webpush: {
      headers: { Urgency: 'high', Topic: key, ...(ttlSeconds !== null && { TTL: String(ttlSeconds) }) },
      notification: { tag },
      // Firebase takes only these; without one a tap opens the app itself.
      ...(link?.startsWith('https:') && { fcmOptions: { link } }),
    },
  }
}

/** One word for all devices: the doubtful comes before the hopeful; where none is left to be asked again, sent if any took it. */
const together = (results: readonly Sent[]): SendOutcome => {
  for (const kind of ['unclear', 'retry', 'sent', 'rejected'] as const) {
    const found = results.find((result) => result.kind === kind)
    if (found && found.kind !== 'gone') return found
  }
  return { kind: 'rejected', error: 'no device is registered any more' }
}

/** Push by Firebase's own client. */
export const createFirebase = ({ serviceAccount, agent, ios, timeoutMs = 10_000 }: Options): PushProvider => {
  const credential = agent ? cert(serviceAccount, agent) : cert(serviceAccount)
  const app = initializeApp({ credential, ...(agent && { httpAgent: agent }) }, uuidv7())
  const messaging = getMessaging(app)
  const apples = createAppleTokens({ credential, agent, ...ios, timeoutMs })

  const sendTo = async (given: string, message: PushMessage): Promise<Sent> => {
    const exchanged = isApples(given) ? await apples.exchange(given) : { kind: 'token' as const, token: given }
    if (exchanged.kind !== 'token') return exchanged
    const { token } = exchanged
    const asked = { requests: 0 }
    try {
      const send = () => messaging.send(messageTo(token, message, databaseNow()))
      const providerId = await within(timeoutMs, asking.run(asked, send))
      return { kind: 'sent', providerId }
    } catch (error) {
      const outcome = outcomeOf(error)
      if (outcome.kind === 'gone' && token !== given) apples.forget(given)
      return doubted(outcome, asked.requests)
    }
  }

  return {
    name: 'firebase',

    send: async (message): Promise<PushResult> => {
      const results = await Promise.all(message.tokens.map((token) => sendTo(token, message)))
      return {
        accepted: message.tokens.filter((_token, index) => results[index]?.kind === 'sent'),
        goneTokens: message.tokens.filter((_token, index) => results[index]?.kind === 'gone'),
        outcome: together(results),
      }
    },

    check: async () => {
      try {
        await within(timeoutMs, credential.getAccessToken())
        return null
      } catch (error) {
        const words = error instanceof Error ? error.message : String(error)
        return `Firebase gives no access for the service account (${words}): look at FIREBASE_SERVICE_ACCOUNT.`
      }
    },
  }
}
