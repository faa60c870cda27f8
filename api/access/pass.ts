import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

type Secrets = { jwtSecret: string }

const markOf = ({ jwtSecret }: Secrets, purpose: string, text: string): Buffer =>
  createHmac('sha256', jwtSecret).update(`anteroom ${purpose} ${text}`).digest()

/** What the server said a moment ago, for whoever it said it to to bring back: signed, good for one purpose, and not for long. */
export const sealPass = (
  secrets: Secrets,
  purpose: string,
  { content, expiresAt }: { content: object; expiresAt: Date },
): string => {
  const body = Buffer.from(JSON.stringify({ ...content, until: expiresAt.getTime() })).toString('base64url')
  return `${body}.${markOf(secrets, purpose, body).toString('base64url')}`
}

/** What stands in a pass, if it is ours, of this purpose and still good at `now`; else null. */
export const openPass = <Content>(secrets: Secrets, purpose: string, pass: string, now: Date): Content | null => {
  const [body = '', mark = ''] = pass.split('.')
  const given = Buffer.from(mark, 'base64url')
  const ours = markOf(secrets, purpose, body)
  if (given.length !== ours.length || !timingSafeEqual(given, ours)) return null
  const { until, ...content } = JSON.parse(Buffer.from(body, 'base64url').toString()) as { until: number }
  return now.getTime() < until ? (content as Content) : null
}

/** An id that only this server makes of these words, the same one each time: for what is sent twice and must be made once. */
export const idOf = (secrets: Secrets, words: string): string => {
  const bytes = createHash('sha256')
    .update(markOf(secrets, 'id', words))
    .digest()
    .subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
