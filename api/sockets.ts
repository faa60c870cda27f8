import type { IncomingMessage } from 'node:http'
import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
} from 'graphql'
import { CloseCode, handleProtocols, makeServer, type WebSocket as Transport } from 'graphql-ws'
import type { Logger } from 'pino'
import type { WebSocket, WebSocketServer } from 'ws'
import { databaseNow } from './access/clock.ts'
import type { Viewer } from './access/viewer.ts'
import type { Viewers } from './access/viewers.ts'
import type { Context, Deps } from './context.ts'
import { Refusal } from './errors.ts'
import { readAccessCookie } from './http/cookies.ts'
import { presentError } from './http/errors.ts'
import { variableProblems } from './http/variables.ts'
import type { Lane } from './lane/lane.ts'
import type { Outlet } from './lane/outlets.ts'
import { createLoaders, type Loaders } from './loaders.ts'

const MOST_SUBSCRIPTIONS = 1_000
const INIT_MS = 5_000
/** A phone that does not answer within this time is gone. */
const PING_MS = 25_000
/** The session ended or its token expired: come back with a new one. */
const FORBIDDEN_CLOSE = 4403
/** Nothing is wrong with the client: it comes back by itself. */
const LATER_CLOSE = 1013
const GOING_CLOSE = 1001

/** Who holds a token now; null for one that is forged, expired or of an ended session. */
export type Holder = { viewer: Viewer; expiresAt: Date; sessionId: string }

/** How documents are parsed and validated, and queries and mutations executed: by the plugins that HTTP has. */
export type Graphql = {
  schema: GraphQLSchema
  parse: (query: string) => DocumentNode
  validate: (schema: GraphQLSchema, document: DocumentNode) => readonly GraphQLError[]
  execute: (args: ExecutionArgs) => Promise<ExecutionResult>
}

type Needs = {
  deps: Deps
  sockets: WebSocketServer
  lane: Lane
  viewers: Viewers
  holderOf: (token: string) => Promise<Holder | null>
  ipOf: (request: IncomingMessage) => string
  graphql: Graphql
  pingMs?: number
}

export const bearer = (header: unknown): string | null =>
  typeof header === 'string' && /^bearer /i.test(header) ? header.slice(7).trim() : null

/**
 * One open WebSocket: who is behind it, renewed while it is open. Of the request that opened it, nothing is kept.
 * This and the contexts below are classes, because ten thousand phones are open at once.
 */
class Connection implements Transport {
  readonly socket: WebSocket
  readonly outlet: Outlet
  readonly ip: string
  /** GraphiQL's own cookie, until the client has said who it is. */
  cookie: string | null
  viewer: Viewer | null = null
  private readonly log: Logger
  private readonly pingMs: number
  /** Until it says who it is, ends the wait for that; then pings. */
  private heart: NodeJS.Timeout
  private isAwaited = false
  private expiresAt = Number.POSITIVE_INFINITY
  /** At the token's end, where that comes soon after the next ping: most sockets have only one timer. */
  private expiry: NodeJS.Timeout | null = null
  private unwatch: (() => void) | null = null

  constructor(outlet: Outlet, ip: string, cookie: string | null, log: Logger, pingMs: number) {
    this.socket = outlet.socket
    this.outlet = outlet
    this.ip = ip
    this.cookie = cookie
    this.log = log
    this.pingMs = pingMs
    this.heart = setTimeout(hurry, INIT_MS, this).unref()
    this.socket.on('pong', () => {
      this.isAwaited = false
    })
  }

  get protocol(): string {
    return this.socket.protocol
  }

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN
  }

  send(data: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.isOpen) this.socket.send(data, (error) => (error ? reject(error) : resolve()))
      else resolve()
    })
  }

  close(code?: number, reason?: string): void {
    this.socket.close(code, reason)
  }

  onMessage(take: (data: string) => Promise<void>): void {
    this.socket.on('message', (data) => take(String(data)).catch((error: unknown) => this.failed(error)))
  }

  /** It said who it is, and is pinged from now on. */
  begin(): void {
    clearTimeout(this.heart)
    this.heart = setInterval(beat, this.pingMs, this).unref()
  }

  failed(error: unknown): void {
    this.log.error({ err: error }, 'a socket failed')
    this.close(CloseCode.InternalServerError, 'Internal server error')
  }

  beat(): void {
    this.timeExpiry()
    if (this.isAwaited) this.socket.terminate()
    else if (this.isOpen) {
      this.isAwaited = true
      this.socket.ping()
    }
  }

  /** Ties it to a session: closed when the token expires or the session ends, its viewer renewed when rights change. */
  tie({ viewer, expiresAt, sessionId }: Holder, viewers: Viewers): void {
    this.viewer = viewer
    this.expiresAt = expiresAt.getTime()
    this.timeExpiry()
    this.unwatch = viewers.watch(sessionId, (present) => {
      if (present) this.viewer = present
      else part(this, 'The session has ended.')
    })
    if (!this.isOpen) this.untie()
  }

  private timeExpiry(): void {
    const left = this.expiresAt - databaseNow().getTime()
    if (left <= 2 * this.pingMs && this.isOpen)
      this.expiry ??= setTimeout(part, left, this, 'The access token has expired.').unref()
  }

  untie(): void {
    clearInterval(this.heart)
    if (this.expiry) clearTimeout(this.expiry)
    this.unwatch?.()
    this.unwatch = null
  }
}

const beat = (connection: Connection): void => connection.beat()

const hurry = (connection: Connection): void =>
  connection.close(CloseCode.ConnectionInitialisationTimeout, 'Connection initialisation timeout')

const part = (connection: Connection, why: string): void => {
  connection.viewer = null
  connection.close(FORBIDDEN_CLOSE, why)
}

/** What a subscription stands on: each event asks who the viewer is now, and few ever need the loaders. */
class SubscriptionContext implements Context {
  private readonly deps: Deps
  readonly extra: Connection
  readonly operationId: string
  private own: Loaders | null = null

  constructor(deps: Deps, connection: Connection, operationId: string) {
    this.deps = deps
    this.extra = connection
    this.operationId = operationId
  }

  get config(): Deps['config'] {
    return this.deps.config
  }

  get db(): Deps['db'] {
    return this.deps.db
  }

  get bus(): Deps['bus'] {
    return this.deps.bus
  }

  get log(): Deps['log'] {
    return this.deps.log
  }

  get trail(): Deps['trail'] {
    return this.deps.trail
  }

  get live(): Deps['live'] {
    return this.deps.live
  }

  get jobs(): Deps['jobs'] {
    return this.deps.jobs
  }

  get messaging(): Deps['messaging'] {
    return this.deps.messaging
  }

  get idempotency(): null {
    return null
  }

  get cookies(): null {
    return null
  }

  get viewer(): Viewer | null {
    return this.extra.viewer
  }

  get ip(): string {
    return this.extra.ip
  }

  get loaders(): Loaders {
    this.own ??= createLoaders(this.db)
    return this.own
  }

  set loaders(loaders: Loaders) {
    this.own = loaders
  }
}

/** Speaks graphql-transport-ws on these sockets; returns the way to close them all. */
export const serveSockets = (needs: Needs): (() => Promise<void>) => {
  const { deps, sockets, lane, viewers, holderOf, ipOf, graphql, pingMs = PING_MS } = needs
  const { db, log } = deps
  const { schema, parse, validate, execute } = graphql

  const connect = async (connection: Connection, token: string | null): Promise<boolean> => {
    if (!token) return true
    try {
      const holder = await holderOf(token)
      if (!holder) return false
      connection.tie(holder, viewers)
      return true
    } catch (error) {
      log.warn({ err: error }, 'a socket could not be authenticated')
      connection.close(LATER_CLOSE, 'Who you are cannot be looked up at present; try again.')
      return false
    }
  }

  const contextOf = (connection: Connection, operationId: string, isSubscription: boolean): Context =>
    isSubscription
      ? new SubscriptionContext(deps, connection, operationId)
      : {
          ...deps,
          ...{ viewer: connection.viewer, ip: connection.ip, loaders: createLoaders(db) },
          ...{ idempotency: null, cookies: null },
        }

  const present = (error: unknown): GraphQLError => presentError(error, log)

  const subscribe = async (args: ExecutionArgs): Promise<ExecutionResult | AsyncIterable<unknown>> => {
    const problems = variableProblems(args)
    return problems.length > 0 ? { errors: problems } : lane.subscribe(args)
  }

  const server = makeServer<Record<string, unknown>, Connection>({
    // The connection's own timer sees to it.
    connectionInitWaitTimeout: 0,
    onConnect: async (client) => {
      const { connectionParams, extra } = client
      extra.begin()
      const given = connectionParams?.authorization ?? connectionParams?.Authorization
      const token = bearer(given)
      const { cookie } = extra
      // What says who somebody is is not kept while the socket is open.
      extra.cookie = null
      Object.assign(client, { connectionParams: undefined })
      if (given !== undefined && token === null) return false
      return connect(extra, token ?? cookie)
    },
    onSubscribe: (client, id, { query, operationName, variables }) => {
      try {
        if (Object.keys(client.subscriptions).length > MOST_SUBSCRIPTIONS)
          throw new Refusal('TOO_COMPLEX', `One socket carries at most ${MOST_SUBSCRIPTIONS} operations at once.`)
        const document = parse(query)
        const invalid = validate(schema, document)
        if (invalid.length > 0) return invalid.map(present)
        const isSubscription = getOperationAST(document, operationName)?.operation === 'subscription'
        const contextValue = contextOf(client.extra, id, isSubscription)
        return { schema, document, contextValue, operationName, variableValues: variables }
      } catch (error) {
        return [present(error)]
      }
    },
    execute: execute as never,
    subscribe: subscribe as never,
    onNext: (_client, _id, _payload, _args, result) =>
      result.errors
        ? { ...result, errors: result.errors.map((error) => (error instanceof GraphQLError ? present(error) : error)) }
        : undefined,
    onError: (_client, _id, _payload, errors) => errors.map((error) => present(error).toJSON()),
  })

  sockets.options.handleProtocols = handleProtocols
  sockets.on('connection', (socket, request) => {
    const outlet = lane.outlets.of(socket, request.socket)
    const connection = new Connection(outlet, ipOf(request), readAccessCookie(null, request), log, pingMs)
    socket.on('message', () => lane.outlets.heed(outlet))
    const closed = server.opened(connection, connection)
    socket.on('error', (error) => {
      log.warn({ err: error }, 'a socket broke')
      connection.close(CloseCode.InternalServerError, 'Internal server error')
    })
    socket.on('close', (code, reason) => {
      connection.untie()
      closed(code, String(reason)).catch((error: unknown) => connection.failed(error))
    })
  })

  return () => {
    for (const client of sockets.clients) client.close(GOING_CLOSE, 'Going away')
    sockets.removeAllListeners()
    return new Promise((resolve, reject) => sockets.close((error) => (error ? reject(error) : resolve())))
  }
}
