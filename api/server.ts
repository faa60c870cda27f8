import { readFileSync } from 'node:fs'
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createYoga, type Plugin } from 'graphql-yoga'
import { WebSocketServer } from 'ws'
import { databaseNow } from './access/clock.ts'
import { handleTokenRequest } from './access/oauth.ts'
import { handleSetup } from './access/setup.ts'
import { verifyAccessToken } from './access/tokens.ts'
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
import { createLoaders } from './loaders.ts'
import { handleTwilio } from './messaging/webhooks.ts'
import { schema } from './schema.ts'
import { bearer, type Graphql, type Holder, serveSockets } from './sockets.ts'

type HttpContext = { request: Request; req: IncomingMessage; res: ServerResponse }

const MOST_BODY_BYTES = 1_000_000
const MOST_SOCKET_MESSAGE_BYTES = 256_000
export type Server = {
  /** The port that was bound; useful where the configured one is 0. */
  port: number
  close: () => Promise<void>
}

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

  const holderOf = async (token: string): Promise<Holder | null> => {
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
    onSubscribe: ({ setResultAndStopExecution }) => {
      const refusal = new Refusal('BAD_INPUT', 'Subscriptions are served over WebSocket (graphql-ws) only.')
      setResultAndStopExecution({ errors: [presentError(refusal, log)] })
    },
  })

  const yoga = createYoga<HttpContext, Context>({
    schema,
    graphqlEndpoint: '/graphql',
    landingPage: false,
    logging: false,
    batching: false,
    multipart: false,
    cors: { origin: [publicOrigin], credentials: true, methods: ['POST'] },
    context: httpContext,
    maskedErrors: { maskError: (error) => presentError(error, log) },
    graphiql: async () => ({
      title: 'Anteroom API',
      subscriptionsProtocol: 'WS',
      credentials: 'same-origin',
      defaultTabs: await graphiqlTabs(db, config.production),
    }),
    renderGraphiQL: renderPage,
    plugins: [useRoutes(), useLimits(), useSocketsOnly(), useVariables(), useIdempotency()] as Plugin[],
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

  const closeSockets = serveSockets({
    ...{ deps, sockets, lane, viewers, holderOf, ipOf },
    // One for all operations: nothing that sockets use of it depends on who asks.
    graphql: yoga.getEnveloped({} as never) as unknown as Graphql,
  })

  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      await closeSockets()
      const timer = setTimeout(() => server.closeAllConnections(), 3_000)
      await closed
      clearTimeout(timer)
      viewers.close()
      lane.outlets.close()
      await yoga.dispose()
    },
  }
}
