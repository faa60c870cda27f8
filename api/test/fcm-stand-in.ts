import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom } from './random.ts'

export type FcmFaults = {
  seed?: number
  /** Of so many accepted messages, one's reply is lost: the connection breaks. 0: never. */
  dropOneIn?: number
  /** Of so many requests to send, one is refused with 429 before it is accepted, and one with 503. */
  busyOneIn?: number
  downOneIn?: number
  /** Told of every message that was accepted, before the answer goes out. */
  onAccepted?: (message: SentMessage) => void
  slowMs?: number
  /** The token endpoint refuses the service account. */
  refuseAccess?: boolean
  /** Tokens that are refused, with FCM's own code: UNREGISTERED, QUOTA_EXCEEDED, INTERNAL, INVALID_ARGUMENT … */
  refusedTokens?: Record<string, string>
  /** Tokens of Apple's that are not taken, with the word of the Instance ID service. */
  refusedApples?: Record<string, string>
}

const statusOf: Record<string, number> = {
  UNREGISTERED: 404,
  QUOTA_EXCEEDED: 429,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  INVALID_ARGUMENT: 400,
  SENDER_ID_MISMATCH: 403,
}

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

const serviceAccount = {
  type: 'service_account',
  project_id: 'anteroom-trial',
  private_key_id: 'trial',
  private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  client_email: 'trial@anteroom-trial.iam.gserviceaccount.com',
  client_id: '1',
  token_uri: 'https://oauth2.googleapis.com/token',
}

/** A file with the key of a service account of nobody's, made for this run. */
export const writeServiceAccount = (): string => {
  const file = join(mkdtempSync(join(tmpdir(), 'anteroom-fcm-')), 'service-account.json')
  writeFileSync(file, JSON.stringify(serviceAccount), { mode: 0o600 })
  return file
}

export type SentMessage = {
  token: string
  notification: { title: string; body: string }
  data: Record<string, string>
  android: { ttl?: string; collapse_key: string; notification: { tag: string } }
  apns: { headers: Record<string, string> }
  webpush: { headers: Record<string, string>; notification: { tag: string }; fcmOptions?: { link: string } }
}

const textOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

/** Google's token endpoint and FCM in one: whatever host is asked for, this answers, without TLS. */
export const startFcmStandIn = async (faults: FcmFaults = {}) => {
  const random = createRandom(faults.seed ?? 1)
  const accepted: SentMessage[] = []
  const hosts = new Set<string>()
  const imports: { application: string; sandbox: boolean; apns_tokens: string[] }[] = []
  const server = createServer(async (request, response) => {
    const say = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body))
    }
    hosts.add(request.headers.host ?? '')
    // Whoever asked may have given up meanwhile.
    const text = await textOf(request).catch(() => null)
    if (text === null) return
    if (faults.slowMs) await sleep(faults.slowMs)
    if (request.url?.endsWith('/token'))
      return faults.refuseAccess
        ? say(400, { error: 'invalid_grant', error_description: 'Invalid grant: account not found' })
        : say(200, { access_token: 'ya29.trial', expires_in: 3600, token_type: 'Bearer' })
    if (request.url === '/iid/v1:batchImport' && request.headers.host === 'iid.googleapis.com') {
      const { authorization, access_token_auth } = request.headers
      if (authorization !== 'Bearer ya29.trial' || access_token_auth !== 'true')
        return say(401, { error: 'Unauthorized' })
      const asked = JSON.parse(text) as (typeof imports)[number]
      imports.push(asked)
      return say(200, {
        results: asked.apns_tokens.map((apns_token) => {
          const status = faults.refusedApples?.[apns_token] ?? 'OK'
          return { apns_token, status, ...(status === 'OK' && { registration_token: `ios:${apns_token.slice(0, 8)}` }) }
        }),
      })
    }
    if (request.url !== `/v1/projects/${serviceAccount.project_id}/messages:send`) return say(404, { error: {} })
    if (request.headers.authorization !== 'Bearer ya29.trial')
      return say(401, { error: { code: 401, status: 'UNAUTHENTICATED', message: 'no access' } })
    const { message } = JSON.parse(text) as { message: SentMessage }
    const oneIn = (count: number | undefined): boolean => Boolean(count) && random.int(count as number) === 0
    const isBusy = oneIn(faults.busyOneIn)
    const isDown = oneIn(faults.downOneIn)
    const refusal =
      faults.refusedTokens?.[message.token] ?? (isBusy ? 'QUOTA_EXCEEDED' : isDown ? 'UNAVAILABLE' : undefined)
    if (refusal) {
      const code = statusOf[refusal] ?? 500
      return say(code, {
        error: {
          code,
          status: refusal === 'UNREGISTERED' ? 'NOT_FOUND' : refusal,
          message: `refused: ${refusal}`,
          details: [{ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode: refusal }],
        },
      })
    }
    accepted.push(message)
    faults.onAccepted?.(message)
    if (oneIn(faults.dropOneIn)) return void response.destroy()
    say(200, { name: `projects/${serviceAccount.project_id}/messages/${accepted.length}` })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    accepted,
    faults,
    hosts,
    imports,
    close: async (): Promise<void> => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
