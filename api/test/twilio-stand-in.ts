import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import twilio from 'twilio'
import { createRandom } from './random.ts'

/** A message that the stand-in accepted, as Twilio lists it. */
export type AcceptedMessage = {
  sid: string
  to: string
  from: string | null
  messagingServiceSid: string | null
  body: string
  validityPeriod: string | null
  statusCallback: string | null
  status: string
  errorCode: number | null
  createdAt: Date
  /** What stands before the account in the address asked: a process of a test can be told by it. */
  askedBy: string
}

export type TwilioFaults = {
  seed?: number
  /** Of so many accepted messages, one's reply is lost: the connection breaks. 0: never. */
  dropOneIn?: number
  /** Of so many requests to send, one is refused with 429 and Retry-After before it is accepted. */
  busyOneIn?: number
  /** Of so many requests to send, one ends in a 500 although it was accepted. */
  failOneIn?: number
  /** Of so many requests to send, one is refused with 503 before it is accepted. */
  downOneIn?: number
  /** Of so many requests to send, one is answered only after `lateMs`. */
  lateOneIn?: number
  lateMs?: number
  /** Told of every message that was accepted, before the answer goes out. */
  onAccepted?: (message: AcceptedMessage) => void
  /** Told of every number for which it was refused for now (429, 503): the message will be tried again. */
  onRefused?: (to: string) => void
  /** Every answer takes so long. */
  slowMs?: number
  /** Accepted messages are not listed for so long. */
  hiddenMs?: number
  /** Numbers that are refused, with Twilio's code. */
  refusedNumbers?: Record<string, number>
  /** Listed without their texts, as an account with body redaction does. */
  redacted?: boolean
}

export const twilioAccount = {
  accountSid: `AC${'0123456789abcdef'.repeat(2)}`,
  username: `AC${'0123456789abcdef'.repeat(2)}`,
  password: 'the-auth-token-of-the-stand-in',
  authToken: 'the-auth-token-of-the-stand-in',
  from: '+15005550006',
  messagingServiceSid: null,
}

const bodyOf = async (request: IncomingMessage): Promise<URLSearchParams> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'))
}

const wordsOf: Record<number, string> = {
  21211: "The 'To' number is not a valid phone number.",
  21610: 'Attempt to send to unsubscribed recipient',
}

/** A Twilio of our own: accepts, loses replies, refuses, is slow; lists; calls back with its signature. Told to by a seed. */
export const startTwilioStandIn = async (faults: TwilioFaults = {}) => {
  const random = createRandom(faults.seed ?? 1)
  const accepted: AcceptedMessage[] = []
  const byNumber = new Map<string, AcceptedMessage[]>()
  /** How often sending was asked for, refused or not. */
  let asked = 0
  const oneIn = (count: number | undefined): boolean => Boolean(count) && random.int(count as number) === 0

  const listed = (message: AcceptedMessage) => ({
    account_sid: twilioAccount.accountSid,
    api_version: '2010-04-01',
    body: faults.redacted ? '' : message.body,
    date_created: message.createdAt.toUTCString().replace('GMT', '+0000'),
    date_sent: message.status === 'queued' ? null : message.createdAt.toUTCString().replace('GMT', '+0000'),
    date_updated: message.createdAt.toUTCString().replace('GMT', '+0000'),
    direction: 'outbound-api',
    error_code: message.errorCode,
    error_message: null,
    from: message.from,
    messaging_service_sid: message.messagingServiceSid,
    num_media: '0',
    num_segments: '1',
    price: null,
    price_unit: 'USD',
    sid: message.sid,
    status: message.status,
    subresource_uris: {},
    to: message.to,
    uri: `/2010-04-01/Accounts/${twilioAccount.accountSid}/Messages/${message.sid}.json`,
  })

  const say = (response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify(body))
  }

  const refuse = (response: ServerResponse, status: number, code: number, message: string, headers = {}): void =>
    say(response, status, { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status }, headers)

  const send = async (request: IncomingMessage, response: ServerResponse, askedBy: string): Promise<void> => {
    // Whoever asked may have given up meanwhile.
    const form = await bodyOf(request).catch(() => null)
    if (!form) return
    asked += 1
    const to = form.get('To') ?? ''
    const refusal = faults.refusedNumbers?.[to]
    if (refusal) return refuse(response, 400, refusal, wordsOf[refusal] ?? 'refused')
    const isBusy = oneIn(faults.busyOneIn)
    if (isBusy || oneIn(faults.downOneIn)) {
      faults.onRefused?.(to)
      return isBusy
        ? refuse(response, 429, 20429, 'Too Many Requests', { 'retry-after': '1' })
        : refuse(response, 503, 20503, 'Service unavailable')
    }
    const message: AcceptedMessage = {
      sid: `SM${accepted.length.toString(16).padStart(32, '0')}`,
      to,
      from: form.get('From'),
      messagingServiceSid: form.get('MessagingServiceSid'),
      body: form.get('Body') ?? '',
      validityPeriod: form.get('ValidityPeriod'),
      statusCallback: form.get('StatusCallback'),
      status: 'queued',
      errorCode: null,
      createdAt: new Date(),
      askedBy,
    }
    accepted.push(message)
    byNumber.set(to, [...(byNumber.get(to) ?? []), message])
    faults.onAccepted?.(message)
    if (oneIn(faults.lateOneIn)) await sleep(faults.lateMs)
    if (oneIn(faults.dropOneIn)) return void response.destroy()
    if (oneIn(faults.failOneIn)) return refuse(response, 500, 20500, 'Internal server error')
    say(response, 201, listed(message))
  }

  const list = (url: URL, response: ServerResponse): void => {
    const to = url.searchParams.get('To')
    const after = url.searchParams.get('DateSent>')
    const seen = Date.now() - (faults.hiddenMs ?? 0)
    const messages = (byNumber.get(to ?? '') ?? [])
      .filter((message) => message.createdAt.getTime() <= seen)
      .filter((message) => after === null || (message.status !== 'queued' && message.createdAt >= new Date(after)))
      .toReversed()
      .slice(0, Number(url.searchParams.get('PageSize') ?? 50))
    say(response, 200, {
      messages: messages.map(listed),
      end: 0,
      first_page_uri: url.pathname,
      next_page_uri: null,
      page: 0,
      page_size: 50,
      previous_page_uri: null,
      start: 0,
      uri: url.pathname,
    })
  }

  const server = createServer(async (request, response) => {
    if (faults.slowMs) await sleep(faults.slowMs)
    const url = new URL(request.url ?? '/', 'http://stand-in')
    const [username, password] = Buffer.from((request.headers.authorization ?? '').replace('Basic ', ''), 'base64')
      .toString()
      .split(':')
    if (username !== twilioAccount.username || password !== twilioAccount.password)
      return refuse(response, 401, 20003, 'Authenticate')
    const account = `/2010-04-01/Accounts/${twilioAccount.accountSid}`
    const askedBy = url.pathname.slice(0, url.pathname.indexOf(account))
    const path = url.pathname.slice(askedBy.length)
    if (path === `${account}.json`)
      return say(response, 200, { sid: twilioAccount.accountSid, status: 'active', type: 'Full' })
    if (path !== `${account}/Messages.json`) return refuse(response, 404, 20404, 'not found')
    return request.method === 'POST' ? send(request, response, askedBy) : list(url, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  /** Posts to us as Twilio does: signed over the public address, sent to where the instance listens. */
  const post = (
    publicUrl: string,
    target: string,
    params: Record<string, string>,
    { origin = publicUrl, token = twilioAccount.authToken } = {},
  ): Promise<Response> =>
    fetch(`${origin}${target}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-twilio-signature': twilio.getExpectedTwilioSignature(token, `${publicUrl}${target}`, params),
      },
      body: new URLSearchParams(params),
      // Twilio waits no longer either.
      signal: AbortSignal.timeout(15_000),
    })

  return {
    url: `http://127.0.0.1:${port}`,
    accepted,
    faults,
    asked: (): number => asked,
    post,
    /** Says what became of an accepted message, at the address that came with it. */
    report: (
      message: AcceptedMessage,
      status: string,
      { publicUrl, origin, errorCode }: { publicUrl: string; origin: string; errorCode?: number },
    ): Promise<Response> => {
      message.status = status
      message.errorCode = errorCode ?? null
      const target = (message.statusCallback ?? '').slice(publicUrl.length)
      const params = {
        AccountSid: twilioAccount.accountSid,
        MessageSid: message.sid,
        SmsSid: message.sid,
        MessageStatus: status,
        SmsStatus: status,
        To: message.to,
        From: message.from ?? '',
        ApiVersion: '2010-04-01',
        ...(errorCode && { ErrorCode: String(errorCode) }),
      }
      return post(publicUrl, target, params, { origin })
    },
    close: async (): Promise<void> => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export type TwilioStandIn = Awaited<ReturnType<typeof startTwilioStandIn>>
