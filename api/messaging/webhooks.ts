import twilio from 'twilio'
import { readForm } from '../access/form.ts'
import type { Deps } from '../context.ts'
import { isUnavailable } from '../database/transaction.ts'
import { uuidv7 } from '../database/uuid.ts'
import { noteDelivery } from './delivery.ts'
import { answerInbound } from './inbound.ts'

const MOST_FORM_BYTES = 16 * 1024
const PHONE_NUMBER = /^\+[1-9]\d{6,14}$/

const answer = (status: number, body: string | null = null, type = 'text/plain'): Response =>
  new Response(body, {
    status,
    headers: { 'cache-control': 'no-store', ...(body !== null && { 'content-type': `${type}; charset=utf-8` }) },
  })

/** As Twilio's check wants them: one that comes several times is a list. */
const paramsOf = (form: URLSearchParams): Record<string, string | string[]> =>
  Object.fromEntries(
    [...new Set(form.keys())].map((name) => {
      const values = form.getAll(name)
      return [name, values.length > 1 ? values : (values[0] as string)]
    }),
  )

const twiml = (text: string | null): Response => {
  const response = new twilio.twiml.MessagingResponse()
  if (text) response.message(text)
  return answer(200, response.toString(), 'text/xml')
}

const act = async (deps: Deps, path: string, form: URLSearchParams): Promise<Response> => {
  const providerId = form.get('MessageSid') ?? form.get('SmsSid')
  if (!providerId) return answer(400, 'MessageSid is missing.')
  if (path === '/webhooks/twilio/inbound') {
    const from = form.get('From') ?? ''
    if (!PHONE_NUMBER.test(from)) return twiml(null)
    const optOut = form.get('OptOutType') || null
    return twiml(await answerInbound(deps, { providerId, from, body: form.get('Body') ?? '', optOut }))
  }
  await noteDelivery(deps, {
    id: form.get('id'),
    providerId,
    status: (form.get('MessageStatus') ?? form.get('SmsStatus') ?? '').toLowerCase(),
    errorCode: form.get('ErrorCode') || null,
    to: form.get('To'),
  })
  return answer(204)
}

/**
 * What Twilio tells us, at /webhooks/twilio/status and /webhooks/twilio/inbound. Nothing is believed without Twilio's signature
 * over the address that Twilio asked for: PUBLIC_URL and what comes behind it, whatever a proxy made of it since.
 */
export const handleTwilio = async (deps: Deps, request: Request, target: string): Promise<Response> => {
  const { config, log } = deps
  const [path = '', query = ''] = target.split('?', 2)
  if (path !== '/webhooks/twilio/status' && path !== '/webhooks/twilio/inbound') return answer(404, 'not found')
  if (request.method !== 'POST') return answer(405, 'Twilio asks by POST.')
  const token = config.twilio?.authToken
  const signature = request.headers.get('x-twilio-signature')
  // Refused unread: the server takes no body without a length.
  const isSmall = Number(request.headers.get('content-length')) <= MOST_FORM_BYTES
  const form = token && signature && isSmall ? await readForm(request) : null
  if (!token || !signature || !form) return answer(403, 'Not signed by Twilio.')
  if (!twilio.validateRequest(token, signature, `${config.publicUrl}${target}`, paramsOf(form)))
    return answer(403, 'Not signed by Twilio.')
  try {
    const id = new URLSearchParams(query).get('id')
    if (id) form.set('id', id)
    return await act(deps, path, form)
  } catch (error) {
    if (isUnavailable(error)) return answer(503, 'The database cannot be reached at present.')
    const id = uuidv7()
    log.error({ err: error, id }, 'a request of Twilio failed unexpectedly')
    return answer(500, `An unexpected error; the log knows it as ${id}.`)
  }
}
