import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, createClient } from 'graphql-ws'
import { WebSocket } from 'ws'

/** The server said no. */
export class Refused extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.name = 'Refused'
    this.code = code
  }
}

/** An answer and when it was asked for and came, by this process's stopwatch. */
export type Timed<T> = { data: T; sentAt: number; answeredAt: number }

/** Somebody who is logged in, for as long as the replay takes: tokens are renewed as they expire. */
export type Login = {
  token: () => Promise<string>
  /** This token was refused; the next one asked for is another. */
  expire: (token: string) => void
  ask: <T>(document: string, variables?: Record<string, unknown>) => Promise<T>
  /** For what must not happen twice: a repeat after a lost answer carries the same Idempotency-Key. */
  once: <T>(document: string, variables?: Record<string, unknown>) => Promise<Timed<T>>
}

type Tokens = { access: string; refresh: string; goodUntil: number }
type TokenAnswer = { access_token: string; refresh_token: string; expires_in: number; error_description?: string }
type Answer<T> = { data?: T | null; errors?: { message: string; extensions?: { code?: string } }[] }

const PATIENCE_MS = 15_000
/** A server that is restarted answers again within these. */
const RETRY_MS = [100, 250, 500, 1_000, 2_000, 4_000, 8_000]
/** A token is renewed so long before it expires. */
const AHEAD_MS = 60_000
const PASSING = ['UNAVAILABLE', 'TOO_MANY_ATTEMPTS']

const post = async (url: string, headers: Record<string, string>, body: string): Promise<Response> => {
  for (let attempt = 0; ; attempt++) {
    try {
      const response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(PATIENCE_MS) })
      if (response.status < 500 || attempt === RETRY_MS.length) return response
      await response.body?.cancel()
    } catch (error) {
      if (attempt === RETRY_MS.length) throw error
    }
    await sleep(RETRY_MS[attempt])
  }
}

const askTokens = async (url: string, form: Record<string, string>): Promise<Tokens> => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const response = await post(`${url}/oauth/token`, headers, new URLSearchParams(form).toString())
  const answer = (await response.json()) as TokenAnswer
  if (!response.ok) throw new Refused('UNAUTHENTICATED', answer.error_description ?? `HTTP ${response.status}`)
  return {
    access: answer.access_token,
    refresh: answer.refresh_token,
    goodUntil: performance.now() + answer.expires_in * 1_000 - AHEAD_MS,
  }
}

/** A request by HTTP; sent again where no answer comes. */
export const request = async <T>(
  url: string,
  document: string,
  variables: Record<string, unknown> = {},
  { token, key }: { token?: string; key?: string } = {},
): Promise<Timed<T>> => {
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  if (token) headers.authorization = `Bearer ${token}`
  if (key) headers['idempotency-key'] = key
  const body = JSON.stringify({ query: document, variables })
  for (let attempt = 0; ; attempt++) {
    const sentAt = performance.now()
    const response = await post(`${url}/graphql`, headers, body)
    const { data, errors } = (await response.json()) as Answer<T>
    const answeredAt = performance.now()
    const [error] = errors ?? []
    if (!error && data) return { data, sentAt, answeredAt }
    const code = error?.extensions?.code ?? `HTTP_${response.status}`
    if (!PASSING.includes(code) || attempt === RETRY_MS.length) throw new Refused(code, error?.message ?? 'no data')
    await sleep(RETRY_MS[attempt])
  }
}

const loginOf = (url: string, opened: Tokens): Login => {
  let tokens = opened
  let renewing: Promise<Tokens> | null = null
  const token = async (): Promise<string> => {
    if (performance.now() < tokens.goodUntil) return tokens.access
    renewing ??= askTokens(url, { grant_type: 'refresh_token', refresh_token: tokens.refresh }).finally(() => {
      renewing = null
    })
    tokens = await renewing
    return tokens.access
  }
  const expire = (refused: string): void => {
    if (refused === tokens.access) tokens = { ...tokens, goodUntil: 0 }
  }
  const send = async <T>(document: string, variables?: Record<string, unknown>, key?: string): Promise<Timed<T>> => {
    const used = await token()
    try {
      return await request<T>(url, document, variables, { token: used, key })
    } catch (error) {
      if (!(error instanceof Refused) || error.code !== 'UNAUTHENTICATED') throw error
      expire(used)
      return request<T>(url, document, variables, { token: await token(), key })
    }
  }
  return {
    token,
    expire,
    ask: async <T>(document: string, variables?: Record<string, unknown>) => (await send<T>(document, variables)).data,
    once: (document, variables) => send(document, variables, randomUUID()),
  }
}

/** Logs in with a username (or a phone number) and password. */
export const logIn = async (url: string, username: string, password: string): Promise<Login> =>
  loginOf(url, await askTokens(url, { grant_type: 'password', username, password }))

/** Goes on with a session that a mutation opened. */
export const resume = (url: string, session: { accessToken: string; refreshToken: string; expiresAt: string }): Login =>
  loginOf(url, {
    access: session.accessToken,
    refresh: session.refreshToken,
    // Only a guess where the clocks differ: a token that is refused is renewed.
    goodUntil: performance.now() + Date.parse(session.expiresAt) - Date.now() - AHEAD_MS,
  })

/** A server takes 1,000 operations on one socket; a desk with many screens opens several. */
const MOST_ON_A_SOCKET = 250
const FORBIDDEN_CLOSE = 4403

type Socket = { client: Client; active: number }

/** Live subscriptions of one login, over as many sockets as they need; each outlives its token and a lost connection. */
export type Sockets = {
  watch: <T>(
    document: string,
    variables: Record<string, unknown>,
    sink: { next: (data: T) => void; lost: (why: string) => void },
  ) => void
  close: () => Promise<void>
}

const openSocket = (url: string, login: Login): Socket => {
  let used = ''
  const client = createClient({
    url: `${url.replace(/^http/, 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: async () => {
      used = await login.token()
      return { authorization: `Bearer ${used}` }
    },
    keepAlive: 10_000,
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
    retryWait: async (retries) => {
      await sleep((RETRY_MS[Math.min(retries, 4)] as number) * (0.5 + Math.random() / 2))
    },
    on: {
      closed: (event) => {
        if ((event as { code?: number }).code === FORBIDDEN_CLOSE) login.expire(used)
      },
    },
  })
  return { client, active: 0 }
}

const reasonOf = (error: unknown): string => {
  if (Array.isArray(error)) return error.map(({ message }: { message: string }) => message).join(' ')
  if (error instanceof Error) return error.message
  const { code, reason } = error as { code?: number; reason?: string }
  return `the socket closed (${code ?? 'unknown'}) ${reason ?? ''}`
}

export const openSockets = (url: string, login: Login): Sockets => {
  const sockets: Socket[] = []
  return {
    watch: <T>(
      document: string,
      variables: Record<string, unknown>,
      sink: { next: (data: T) => void; lost: (why: string) => void },
    ) => {
      let socket = sockets.find(({ active }) => active < MOST_ON_A_SOCKET)
      if (!socket) {
        socket = openSocket(url, login)
        sockets.push(socket)
      }
      const chosen = socket
      chosen.active++
      chosen.client.subscribe(
        { query: document, variables },
        {
          next: ({ data, errors }) => {
            if (errors?.length) sink.lost(reasonOf(errors))
            else sink.next(data as T)
          },
          error: (error) => {
            chosen.active--
            sink.lost(reasonOf(error))
          },
          complete: () => {
            chosen.active--
          },
        },
      )
    },
    close: async () => {
      await Promise.all(sockets.map(({ client }) => client.dispose()))
    },
  }
}
