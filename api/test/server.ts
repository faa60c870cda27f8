import type { ExecutionResult } from 'graphql'
import { type Client, createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { fillDemo } from '../demo/demo.ts'
import { createServer } from '../server.ts'
import { createTestDeps, type TestDeps } from './context.ts'
import { createTestDatabase, type TestDatabase } from './database.ts'

export type Answer<Data = any> = {
  data: Data
  errors?: {
    message: string
    path?: (string | number)[]
    extensions: { code: string; field?: string } & Record<string, unknown>
  }[]
  status: number
  headers: Headers
}

/** What a subscription gave so far, and a way to wait for what comes. */
export type Watch<Data = any> = {
  events: ExecutionResult<Data>[]
  /** Waits until an event satisfies the condition; fails after 10 s with all that came. */
  until: (condition: (data: Data) => boolean) => Promise<Data>
  /** Settles when the subscription completes or fails. */
  done: Promise<unknown>
  stop: () => void
}

const PATIENCE_MS = 10_000

const watchOn = (client: Client, query: string, variables?: Record<string, unknown>): Watch => {
  const events: ExecutionResult<any>[] = []
  const waiters = new Set<() => void>()
  let finish: (value: unknown) => void = () => {}
  const done = new Promise<unknown>((resolve) => {
    finish = resolve
  })
  const stop = client.subscribe(
    { query, variables: variables ?? {} },
    {
      next: (event) => {
        events.push(event as ExecutionResult<any>)
        for (const check of waiters) check()
      },
      error: (error) => finish(error),
      complete: () => finish(events.at(-1)?.errors ?? null),
    },
  )
  const until = (condition: (data: any) => boolean): Promise<any> =>
    new Promise((resolve, reject) => {
      const check = () => {
        const found = events.find((event) => event.data && condition(event.data))
        if (!found) return
        clearTimeout(timer)
        waiters.delete(check)
        resolve(found.data)
      }
      const timer = setTimeout(
        () => reject(new Error(`It did not come. What came: ${JSON.stringify(events)}`)),
        PATIENCE_MS,
      )
      waiters.add(check)
      check()
    })
  return { events, until, done, stop }
}

type Options = {
  /** Fill the demonstration clinics. */
  demo?: boolean
  /** A database shared with other instances; it is then not dropped at the end. */
  database?: TestDatabase
  redisUrl?: string | null
  /** Told of every statement. */
  onStatement?: (sql: string) => void
}

/** A whole instance over HTTP and WebSocket, on a database of its own unless told. */
export const startTestServer = async ({
  demo = true,
  database: shared,
  redisUrl = null,
  onStatement,
}: Options = {}) => {
  const database = shared ?? (await createTestDatabase({ max: 16, ...(onStatement ? { onStatement } : {}) }))
  const deps: TestDeps = createTestDeps(database, redisUrl)
  deps.config.port = 0
  deps.config.host = '127.0.0.1'
  if (demo) await fillDemo(deps)
  const server = await createServer(deps)
  const origin = `http://127.0.0.1:${server.port}`
  const clients = new Set<Client>()

  const request = async (
    query: string,
    variables?: object,
    token?: string | null,
    headers: Record<string, string> = {},
  ): Promise<Answer> => {
    const response = await fetch(`${origin}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...headers,
      },
      body: JSON.stringify({ query, variables }),
    })
    const body = (await response.json()) as Omit<Answer, 'status' | 'headers'>
    return { ...body, status: response.status, headers: response.headers }
  }

  const socket = (token?: string | null, options: Partial<Parameters<typeof createClient>[0]> = {}): Client => {
    const client = createClient({
      url: `${origin.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: token ? { authorization: `Bearer ${token}` } : {},
      retryAttempts: 0,
      lazy: true,
      ...options,
    })
    clients.add(client)
    return client
  }

  return {
    deps,
    db: database.db,
    origin,
    port: server.port,
    request,
    socket,
    /** One subscription on a socket of its own. */
    watch: (query: string, variables?: Record<string, unknown>, token?: string | null): Watch =>
      watchOn(socket(token), query, variables),
    watchOn,
    /** An access token by username or phone number, with the demonstration password unless told. */
    login: async (name: string, password = 'anteroom-demo'): Promise<string> => {
      const answer = name.startsWith('+')
        ? await request('mutation($i: LoginPatientInput!) { session: loginPatient(input: $i) { accessToken } }', {
            i: { phoneNumber: name, password },
          })
        : await request('mutation($i: LoginStaffInput!) { session: loginStaff(input: $i) { accessToken } }', {
            i: { username: name, password },
          })
      if (!answer.data?.session) throw new Error(`${name} could not log in: ${JSON.stringify(answer)}`)
      return answer.data.session.accessToken
    },
    close: async () => {
      for (const client of clients) await client.dispose()
      await server.close()
      await deps.close()
      if (!shared) await database.drop()
    },
  }
}

export type TestServer = Awaited<ReturnType<typeof startTestServer>>
