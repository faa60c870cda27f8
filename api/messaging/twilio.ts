import twilio from 'twilio'
import { databaseNow } from '../access/clock.ts'
import type { TwilioConfig } from '../config.ts'
import type { SendOutcome, SmsProvider } from './provider.ts'
import { recogniseMessage } from './recognise.ts'
import { within } from './within.ts'

type Options = {
  config: TwilioConfig
  publicUrl: string
  /** An answer that takes longer is given up. */
  timeoutMs?: number
  /** So long a message may be under way before its absence from Twilio's list means that it never arrived. */
  settleMs?: number
}

/** Twilio accepts 1 to 36,000 seconds and advises more than 5. */
const LEAST_VALIDITY_S = 6
const MOST_VALIDITY_S = 36_000
/** Twilio lists the newest first; nobody gets more within the minutes that an unclear message is looked for. */
const LISTED = 100
const DAY_MS = 86_400_000

type Request = Parameters<InstanceType<typeof twilio.RequestClient>['request']>[0]
type Answer = Awaited<ReturnType<InstanceType<typeof twilio.RequestClient>['request']>>

/** A refusal that says when to come back, which the client's own error leaves out. */
class Refused extends Error {
  readonly status: number
  readonly code: number | null
  readonly afterSeconds: number | null

  constructor({ statusCode, body, headers }: Answer) {
    const { message, code } = wordsOf(body)
    super(message ?? `Twilio answered ${statusCode}`)
    this.name = 'Refused'
    this.status = statusCode
    this.code = code
    const after = Number((headers as Record<string, unknown> | undefined)?.['retry-after'])
    this.afterSeconds = Number.isFinite(after) && after > 0 ? Math.ceil(after) : null
  }
}

const wordsOf = (body: unknown): { message: string | null; code: number | null } => {
  if (typeof body !== 'object' || body === null) return { message: null, code: null }
  const { message, code } = body as Record<string, unknown>
  return { message: typeof message === 'string' ? message : null, code: typeof code === 'number' ? code : null }
}

class Requests extends twilio.RequestClient {
  override async request<Data>(options: Request): Promise<never> {
    const answer = (await super.request<Data>(options as never)) as Answer
    if (answer.statusCode < 200 || answer.statusCode > 299) throw new Refused(answer)
    return answer as never
  }
}

/** The connection was never made, so nothing was asked. */
const UNREACHED =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|CERT_\w+|ERR_TLS_\w+|\w*SELF_SIGNED\w*|UNABLE_TO_\w+)$/

const said = (error: unknown): string => {
  if (error instanceof Refused) return `Twilio ${error.code ?? error.status}: ${error.message}`
  return error instanceof Error ? error.message : String(error)
}

/** What a failed attempt means: whether the message may have been accepted all the same. */
const outcomeOf = (error: unknown): SendOutcome => {
  const words = said(error)
  if (!(error instanceof Refused)) {
    const { code, syscall } = error as NodeJS.ErrnoException
    const isUnreached = UNREACHED.test(code ?? '') || (code === 'ETIMEDOUT' && syscall === 'connect')
    return isUnreached ? { kind: 'retry', error: words } : { kind: 'unclear', error: words }
  }
  const after = error.afterSeconds === null ? {} : { afterSeconds: error.afterSeconds }
  // 401: the credentials were changed; the messages wait until somebody puts that right.
  if (error.status === 429 || error.status === 503 || error.status === 401)
    return { kind: 'retry', error: words, ...after }
  if (error.status >= 500 || error.status === 408 || error.status < 400) return { kind: 'unclear', error: words }
  return { kind: 'rejected', error: words }
}

const isReachableByTwilio = (url: string): boolean => !/^(localhost|127\.|\[::1\])/.test(new URL(url).host)

/** SMS by Twilio's own client. */
export const createTwilio = ({ config, publicUrl, timeoutMs = 10_000, settleMs = 20_000 }: Options): SmsProvider => {
  const client = twilio(config.username, config.password, {
    accountSid: config.accountSid,
    httpClient: new Requests({ timeout: timeoutMs, keepAlive: true }),
  })
  if (config.apiUrl) client.api.baseUrl = config.apiUrl
  const sender = config.messagingServiceSid
    ? { messagingServiceSid: config.messagingServiceSid }
    : { from: config.from as string }
  // Twilio refuses a message whose callback cannot be reached.
  const isCalledBack = config.apiUrl !== null || isReachableByTwilio(publicUrl)

  return {
    name: 'twilio',

    send: async ({ id, to, body, validitySeconds }) => {
      try {
        const sent = await within(
          timeoutMs,
          client.messages.create({
            ...sender,
            to,
            body,
            ...(isCalledBack && { statusCallback: `${publicUrl}/webhooks/twilio/status?id=${id}` }),
            ...(validitySeconds !== null && {
              validityPeriod: Math.round(Math.min(MOST_VALIDITY_S, Math.max(LEAST_VALIDITY_S, validitySeconds))),
            }),
          }),
        )
        return sent.sid
          ? { kind: 'sent', providerId: sent.sid }
          : { kind: 'unclear', error: 'Twilio accepted it without saying as what' }
      } catch (error) {
        return outcomeOf(error)
      }
    },

    // The list of a day leaves out what is still queued, and the list of a number may be long: both are asked.
    find: async ({ to, body, since, known }) => {
      const age = Math.max(0, databaseNow().getTime() - since.getTime())
      try {
        const [newest, ofTheDay] = await within(
          timeoutMs,
          Promise.all([
            client.messages.page({ to, pageSize: LISTED }),
            client.messages.page({ to, dateSentAfter: new Date(since.getTime() - DAY_MS), pageSize: LISTED }),
          ]),
        )
        const found = recogniseMessage([...newest.instances, ...ofTheDay.instances], {
          body,
          since,
          known: known ?? [],
        })
        if (found) return found
        return age < settleMs ? { kind: 'unclear', error: 'Twilio does not list it yet' } : null
      } catch (error) {
        return { kind: 'unclear', error: said(error) }
      }
    },

    check: async () => {
      try {
        const account = await within(timeoutMs, client.api.v2010.accounts(config.accountSid).fetch())
        if (account.status !== 'active') return `Twilio says that the account is ${account.status}.`
        return isCalledBack
          ? null
          : 'Twilio cannot reach PUBLIC_URL: messages go out, but what became of them and answers to them stay unknown.'
      } catch (error) {
        if (error instanceof Refused && (error.status === 401 || error.status === 404))
          return `Twilio does not accept the credentials (${said(error)}): look at TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, or the API key.`
        return `Twilio cannot be reached (${said(error)}); messages wait until it can.`
      }
    },
  }
}
