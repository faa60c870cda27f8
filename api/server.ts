import { readFileSync } from 'node:fs'
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { GraphQLError, type GraphQLFormattedError } from 'graphql'
import { useServer } from 'graphql-ws/use/ws'
import { createYoga, type Plugin } from 'graphql-yoga'
import { type WebSocket, WebSocketServer } from 'ws'
import { databaseNow } from './access/clock.ts'
import { handleTokenRequest } from './access/oauth.ts'
import { handleSetup } from './access/setup.ts'
import { verifyAccessToken } from './access/tokens.ts'
import type { Viewer } from './access/viewer.ts'
import { createViewers } from './access/viewers.ts'
import type { Context, Deps } from './context.ts'
import { Refusal } from './errors.ts'
import { cookiesOf, readAccessCookie } from './http/cookies.ts'
import { presentError } from './http/errors.ts'
import { graphiqlTabs, renderPage } from './http/graphiql.ts'
import { useIdempotency } from './http/idempotency.ts'
import { useLimits } from './http/limits.ts'
import { createPatientApp } from './http/patient-app.ts'
import { createStatic } from './http/static.ts'
import { createTurnPage } from './http/turn.ts'
import { useVariables } from './http/variables.ts'
import { createLane } from './lane/lane.ts'
import { createLoaders, type Loaders } from './loaders.ts'
import { handleTwilio } from './messaging/webhooks.ts'
import { schema } from './schema.ts'

/** One open WebSocket: who is behind it, renewed while it is open. */
type Connection = { viewer: Viewer | null; ip: string; stop: () => void }
type Extra = { request: IncomingMessage; socket: WebSocket; connection?: Connection }

type HttpContext = { request: Request; req: IncomingMessage; res: ServerResponse }
type SocketContext = { extra: Extra; operationId: string }

const MOST_BODY_BYTES = 1_000_000
const MOST_SOCKET_MESSAGE_BYTES = 256_000
const MOST_SUBSCRIPTIONS = 1_000
/** A phone that does not answer within this time is gone. */
const PING_MS = 25_000
/** The session ended or its token expired: come back with a new one. */
const FORBIDDEN_CLOSE = 4403
/** Nothing is wrong with the client: it comes back by itself. */
const LATER_CLOSE = 1013

export type Server = {
  /** The port that was bound; useful where the configured one is 0. */
  port: number
  close: () => Promise<void>
}

const bearer = (header: unknown): string | null =>
  typeof header === 'string' && /^bearer /i.test(header) ? header.slice(7).trim() : null

/** Boots HTTP and WebSocket on the given dependencies. */
export const createServer = async (deps: Deps): Promise<Server> => {
  const { config, db, bus, log } = deps
  const viewers = createViewers({ db, bus, log })
  const lane = createLane(log)
  const publicOrigin = new URL(config.publicUrl).origin

  const ipOf = (req: IncomingMessage): string => {
    const forwarded = config.trustProxy
      ? String(req.headers['x-forwarded-for'] ?? '')
          .split(',')
          .at(-1)
          ?.trim()
      : ''
    return forwarded || req.socket.remoteAddress || ''
  }

  /** Who holds this token now; null for one that is forged, expired or of an ended session. */
  const holderOf = async (token: string): Promise<{ viewer: Viewer; expiresAt: Date; sessionId: string } | null> => {
    const claims = verifyAccessToken(token, config, databaseNow())
    const viewer = claims && (await viewers.viewerOf(claims.sessionId))
    return viewer && { viewer, ...claims }
  }

  const base = (ip: string) => ({ ...deps, loaders: createLoaders(db), idempotency: null, ip })

  const httpContext = async ({
    request,
    req,
    res,
  }: HttpContext): Promise<Context & { idempotencyKey: string | null }> => {
    const authorization = request.headers.get('authorization')
    const token = authorization === null ? readAccessCookie(request, req) : bearer(authorization)
    const holder = token ? await holderOf(token) : null
    return {
      ...base(ipOf(req)),
      viewer: holder?.viewer ?? null,
      // GraphiQL's own cookie outlives nothing: without it the page is simply logged out.
      hasStaleToken: authorization !== null && holder === null,
      cookies: cookiesOf(config, request, req, res),
      idempotencyKey: request.headers.get('idempotency-key'),
    }
  }

  /** What an operation of a socket stands on; `liven` adds what is only known when it is asked for. */
  const socketContext = ({ extra }: SocketContext): Omit<Context, 'loaders'> & { idempotencyKey: null } => ({
    ...deps,
    idempotency: null,
    ip: extra.connection?.ip ?? '',
    viewer: null,
    cookies: null,
    idempotencyKey: null,
  })

  /** Each event asks who the viewer is now. Most of ten thousand phones never need the loaders. */
  const liven = (context: object, { connection }: Extra): void => {
    let loaders: Loaders | null = null
    Object.defineProperties(context, {
      viewer: { configurable: true, enumerable: true, get: () => connection?.viewer ?? null, set: () => {} },
      loaders: {
        configurable: true,
        enumerable: true,
        get: () => {
          loaders ??= createLoaders(db)
          return loaders
        },
        set: (next: Loaders) => {
          loaders = next
        },
      },
    })
  }

  /** Everything beside /graphql. */
  const useRoutes = (): Plugin<HttpContext> => ({
    onRequest: async ({ request, url, serverContext, endResponse, fetchAPI }) => {
      const req = (serverContext as unknown as HttpContext).req
      const text = (body: string, status: number, type = 'text/plain') =>
        endResponse(
          new fetchAPI.Response(body, {
            status,
            headers: { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-store' },
          }),
        )
      if (url.pathname === '/oauth/token') return endResponse(await handleTokenRequest(deps, request, ipOf(req)))
      if (url.pathname.startsWith('/setup/')) return endResponse(await handleSetup(deps, request, ipOf(req)))
      if (url.pathname.startsWith('/webhooks/twilio/'))
        return endResponse(await handleTwilio(deps, request, req.url ?? ''))
      if (url.pathname === '/healthz') return text('ok', 200)
      if (url.pathname === '/readyz')
        return db.$queryRaw`SELECT 1`.then(
          () => text('ready', 200),
          () => text('the database does not answer', 503),
        )
      if (url.pathname === '/')
        return endResponse(new fetchAPI.Response(null, { status: 302, headers: { location: '/graphql' } }))
      if (url.pathname !== '/graphql') return text('not found', 404)
    },
  })

  /** Events need a socket that ends with the rights behind it. */
  const useSocketsOnly = (): Plugin => ({
    onSubscribe: ({ args, setResultAndStopExecution }) => {
      if ('extra' in (args.contextValue as object)) return
      const refusal = new Refusal('BAD_INPUT', 'Subscriptions are served over WebSocket (graphql-ws) only.')
      setResultAndStopExecution({ errors: [presentError(refusal, log)] })
    },
  })

  /** Events go out by the lane, with the same result as by an execution for each subscriber. */
  const useLane = (): Plugin => ({ onSubscribe: ({ setSubscribeFn }) => setSubscribeFn(lane.subscribe) })

  const yoga = createYoga<HttpContext, Context>({
    schema,
    graphqlEndpoint: '/graphql',
    landingPage: false,
    logging: false,
    batching: false,
    multipart: false,
    cors: { origin: [publicOrigin], credentials: true, methods: ['POST'] },
    context: (initial: unknown) =>
      'extra' in (initial as object)
        ? (socketContext(initial as SocketContext) as unknown as Context)
        : httpContext(initial as HttpContext),
    maskedErrors: { maskError: (error) => presentError(error, log) },
    graphiql: async () => ({
      title: 'Anteroom API',
      subscriptionsProtocol: 'WS',
      credentials: 'same-origin',
      defaultTabs: await graphiqlTabs(db, config.production),
    }),
    renderGraphiQL: renderPage,
    plugins: [useRoutes(), useLimits(), useSocketsOnly(), useVariables(), useIdempotency(), useLane()] as Plugin[],
  })

  const serveApp = createStatic(config.publicUrl)
  const serveTurn = createTurnPage(deps)
  const servePatientApp = createPatientApp(config.publicUrl)

  const handler = (req: IncomingMessage, res: ServerResponse): void => {
    res.setHeader('x-content-type-options', 'nosniff')
    res.setHeader('referrer-policy', 'same-origin')
    res.setHeader('x-frame-options', 'DENY')
    if (config.publicUrl.startsWith('https:')) res.setHeader('strict-transport-security', 'max-age=31536000')
    const refuse = (status: number, code: string, message: string) => {
      res.writeHead(status, { 'content-type': 'application/json', connection: 'close' })
      res.end(JSON.stringify({ errors: [{ message, extensions: { code } }] }))
    }
    if (req.headers['transfer-encoding']) refuse(411, 'BAD_INPUT', 'The request needs a content-length.')
    else if (Number(req.headers['content-length'] ?? 0) > MOST_BODY_BYTES)
      refuse(413, 'PAYLOAD_TOO_LARGE', `The body has more than ${MOST_BODY_BYTES} bytes.`)
    else if (!serveTurn(req, res) && !servePatientApp(req, res) && !serveApp(req, res))
      void yoga(req, res, { req, res })
  }

  const server = config.tls
    ? createHttpsServer({ cert: readFileSync(config.tls.certFile), key: readFileSync(config.tls.keyFile) }, handler)
    : createHttpServer(handler)
  server.requestTimeout = 30_000
  server.headersTimeout = 10_000

  /** Ties a socket to its session: closed when the token expires or the session ends, its viewer renewed when rights change. */
  const connect = async (extra: Extra, token: string | null): Promise<boolean> => {
    const connection: Connection = { viewer: null, ip: ipOf(extra.request), stop: () => {} }
    extra.connection = connection
    if (!token) return true
    try {
      const holder = await holderOf(token)
      if (!holder) return false
      const { viewer, expiresAt, sessionId } = holder
      connection.viewer = viewer
      const close = (why: string) => {
        connection.viewer = null
        extra.socket.close(FORBIDDEN_CLOSE, why)
      }
      const timer = setTimeout(
        () => close('The access token has expired.'),
        expiresAt.getTime() - databaseNow().getTime(),
      )
      timer.unref()
      const unwatch = viewers.watch(sessionId, (present) => {
        if (present) connection.viewer = present
        else close('The session has ended.')
      })
      connection.stop = () => {
        clearTimeout(timer)
        unwatch()
      }
      if (extra.socket.readyState !== extra.socket.OPEN) connection.stop()
      return true
    } catch (error) {
      log.warn({ err: error }, 'a socket could not be authenticated')
      extra.socket.close(LATER_CLOSE, 'Who you are cannot be looked up at present; try again.')
      return false
    }
  }

  const formatted = (error: unknown): GraphQLFormattedError => presentError(error, log).toJSON()

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(config.port, config.host, resolve)
  })
  server.on('error', (error) => log.error({ err: error }, 'the HTTP server met an error'))

  const sockets = new WebSocketServer({
    server,
    path: '/graphql',
    maxPayload: MOST_SOCKET_MESSAGE_BYTES,
    perMessageDeflate: false,
    verifyClient: ({ req, origin }: { req: IncomingMessage; origin: string }) => {
      if (!origin) return true
      return origin === publicOrigin || (URL.canParse(origin) && new URL(origin).host === req.headers.host)
    },
  })

  sockets.on('connection', (socket, request) => lane.outlets.add(socket, request.socket))

  const closer = useServer<Record<string, unknown>, Extra>(
    {
      connectionInitWaitTimeout: 5_000,
      execute: (args) => (args.rootValue as { execute: (args: unknown) => never }).execute(args),
      subscribe: (args) => (args.rootValue as { subscribe: (args: unknown) => never }).subscribe(args),
      onConnect: async ({ connectionParams, extra }) => {
        const given = connectionParams?.authorization ?? connectionParams?.Authorization
        if (given !== undefined && bearer(given) === null) return false
        return connect(extra, bearer(given) ?? readAccessCookie(null, extra.request))
      },
      onDisconnect: ({ extra }) => extra.connection?.stop(),
      onSubscribe: async (context, id, params) => {
        try {
          if (Object.keys(context.subscriptions).length > MOST_SUBSCRIPTIONS)
            throw new Refusal('TOO_COMPLEX', `One socket carries at most ${MOST_SUBSCRIPTIONS} operations at once.`)
          const { schema, execute, subscribe, contextFactory, parse, validate } = yoga.getEnveloped({
            extra: context.extra,
            operationId: id,
            params,
          } as never)
          const document = parse(params.query)
          const invalid = validate(schema, document)
          if (invalid.length > 0) return invalid.map((error: unknown) => presentError(error, log))
          const contextValue = await contextFactory()
          liven(contextValue, context.extra)
          return {
            schema,
            document,
            contextValue,
            operationName: params.operationName,
            variableValues: params.variables,
            rootValue: { execute, subscribe },
          }
        } catch (error) {
          return [presentError(error, log)]
        }
      },
      onNext: (_context, _id, _payload, _args, result) =>
        result.errors
          ? {
              ...result,
              errors: result.errors.map((error) => (error instanceof GraphQLError ? presentError(error, log) : error)),
            }
          : undefined,
      onError: (_context, _id, _payload, errors) => errors.map((error) => formatted(error)),
    },
    sockets as never,
    PING_MS,
  )

  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      await closer.dispose()
      const timer = setTimeout(() => server.closeAllConnections(), 3_000)
      await closed
      clearTimeout(timer)
      viewers.close()
      lane.outlets.close()
      await yoga.dispose()
    },
  }
}
