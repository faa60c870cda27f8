import { ApolloClient, ApolloLink, DocumentTransform, HttpLink, split } from '@apollo/client'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { OperationTypeNode } from 'graphql'
import type { KeyValue } from '../key-value.ts'
import type { Engine } from '../model.ts'
import type { Ports } from '../ports.ts'
import type { Session, SessionPorts } from '../session.ts'
import { BARRED_MS } from '../sync-loop.ts'
import { askVersions } from './ask-versions.ts'
import { createAuthLink } from './auth-link.ts'
import { createCache } from './cache.ts'
import { factsQuery } from './facts.ts'
import { createGuardLink, OUT_OF_CACHE } from './guard-link.ts'
import { createLocal, type Local } from './local.ts'
import { createOfflineLink, keepActsOutOfCache } from './offline-link.ts'
import { createPersistence } from './persist.ts'
import { createSocket, type LineEvent, type Liveness } from './socket.ts'
import { createTickets } from './tickets.ts'

export type { LineEvent }
export { OUT_OF_CACHE }

/** The platform, as the engine has it, and the network. */
export type OfflineClientPorts = Pick<Ports, 'clock' | 'random' | 'newId' | 'timers'> & {
  fetch: typeof fetch
  /** Left out where the platform has one. */
  webSocketImpl?: unknown
  /** How often the WebSocket is tried; left out, calmly. */
  liveness?: Liveness
  /** Told when the WebSocket opens, is heard, or is lost. */
  onLine?: (event: LineEvent) => void
}

export type OfflineClientOptions = {
  /** Null while nobody is logged in: then everything goes straight to the server. */
  engine: Engine | null
  session: Session
  httpUrl: string
  wsUrl: string
  /** Where the cache and the ticket count are kept. */
  texts: KeyValue
  /** Names what the cache's snapshots look like, as a hash of the schema: another one starts with an empty cache. */
  schema: string
  ports: OfflineClientPorts
}

export type OfflineClient = {
  /** For ApolloProvider; screens use the plain hooks. */
  client: ApolloClient
  engine: Engine | null
  session: Session
  /** What the device knows by itself; null while nobody is logged in. */
  local: Local | null
  /** With the password of a log-in that just happened, what a log-out had sealed is opened. */
  start: (options?: { password?: string }) => Promise<void>
  /** Stops everything; with `erase` the kept cache goes as well. */
  stop: (options?: { erase?: boolean }) => Promise<void>
  /** Writes the cache now, as when the page is hidden. */
  flush: () => Promise<void>
  /** The platform says that the network went: asks the server instead of waiting for the line to fall silent. */
  hangUp: () => void
}

/** How a session talks to the API before there is a client. */
export const requestOver =
  (httpUrl: string, fetchOver: typeof fetch): SessionPorts['request'] =>
  async (body, token) => {
    const response = await fetchOver(httpUrl, {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'content-type': 'application/json', ...(token !== null && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify(body),
    })
    if (response.status >= 500) throw new TypeError(`The server answered ${response.status}.`)
    return response.json()
  }

/** The clinic at which the viewer works, and its time. */
const presentClinic = (local: Local | null) => {
  const person = local?.person
  const clinic = local?.clinics().find(({ id }) => person?.kind === 'user' && person.clinicId === id)
  return local && clinic ? { clinic, now: local.now() } : null
}

/** Between the parts of a day's records that go into the cache, so that they hold up nothing. */
const LATER_MS = 100

const NEWS = 'subscription OfflineNews { changesAvailable }'

/** The errors of a subscription that the server refused. */
const isForbidden = (errors: unknown): boolean =>
  Array.isArray(errors) && errors.some(({ extensions }) => extensions?.code === 'FORBIDDEN')

/**
 * Apollo Client for one viewer at one device: a cache that also knows what the device did by itself, links that turn commands
 * into operations of the log, one WebSocket, and the snapshot of the cache. It is made anew when somebody else logs in.
 */
export const createOfflineClient = (options: OfflineClientOptions): OfflineClient => {
  const { engine, session, texts, ports } = options
  const { person } = session.state()
  const sleep = (ms: number) => new Promise<void>((resolve) => void ports.timers.after(ms, resolve))
  let local: Local | null = null
  let isRestored = false
  const cache = createCache(() => local)
  if (engine && person)
    local = createLocal({
      cache,
      engine,
      person,
      wallClock: ports.clock.wall,
      // The kept cache has nearly all of it; where there is none, the first screens wait for it.
      later: (work) => (isRestored ? void ports.timers.after(LATER_MS, work) : work()),
    })
  const known = engine && local ? { engine, local } : null

  const key =
    person === null ? 'nobody' : person.kind === 'user' ? `user.${person.userId}` : `patient.${person.patientId}`
  const persistence = createPersistence(cache, {
    texts,
    key: `cache.${key}`,
    schema: options.schema,
    sleep,
  })

  let isOpen = false
  const socket = createSocket(
    {
      url: options.wsUrl,
      webSocketImpl: ports.webSocketImpl,
      sleep,
      random: ports.random,
      liveness: ports.liveness,
      onLine: (event) => {
        ports.onLine?.(event)
        if (event.is === 'open') isOpen = true
        if (event.is !== 'lost') return
        // Whether the server is gone or only this line is known by asking it; a line that never stood tells nothing new.
        if (isOpen && event.isWanted) engine?.nudge()
        isOpen = false
      },
    },
    session,
    () => {
      engine?.nudge()
      void loadFacts()
    },
  )

  const http = new HttpLink({ uri: options.httpUrl, fetch: ports.fetch, credentials: 'same-origin' })
  const client = new ApolloClient({
    cache,
    documentTransform: new DocumentTransform(askVersions),
    link: ApolloLink.from([
      createOfflineLink(cache, () => known, {
        sleep,
        newId: ports.newId,
        nextTicket: createTickets(texts, ports.random, () => presentClinic(local)),
      }),
      createGuardLink(cache, () => local),
      split(
        ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
        new GraphQLWsLink(socket.client),
        ApolloLink.from([createAuthLink(session), http]),
      ),
    ]),
  })

  if (known) keepActsOutOfCache(client)

  const loadFacts = async (): Promise<void> => {
    if (!person) return
    await client.query({ ...factsQuery(person), fetchPolicy: 'network-only' }).catch(() => {})
    local?.update()
  }

  let stops: (() => void)[] = []

  /** Told of news for as long as it runs; where the server ends it, it is asked for again after a while. */
  const followNews = (): void => {
    if (!engine) return
    let isStopped = false
    let unsubscribe = () => {}
    const again = (error?: unknown) => {
      if (!isStopped) void sleep(isForbidden(error) ? BARRED_MS : 5_000 + ports.random() * 5_000).then(subscribe)
    }
    const subscribe = () => {
      if (isStopped) return
      unsubscribe = socket.client.subscribe(
        { query: NEWS },
        { next: () => engine.nudge(), error: again, complete: () => again() },
      )
    }
    subscribe()
    stops.push(() => {
      isStopped = true
      unsubscribe()
    })
  }

  return {
    client,
    engine,
    session,
    local,
    start: async ({ password } = {}) => {
      const restoring = persistence.restore()
      if (!engine || !known) {
        await restoring
        cache.onChange = persistence.schedule
        return
      }
      let isReady = false
      let wasOnline = true
      stops.push(
        engine.subscribe(() => {
          if (!isReady) return
          const { isOnline } = engine.status()
          if (isOnline && !wasOnline) socket.wake()
          wasOnline = isOnline
          known.local.update()
        }),
      )
      ;[isRestored] = await Promise.all([restoring, engine.start()])
      cache.onChange = persistence.schedule
      wasOnline = engine.status().isOnline
      isReady = true
      if (password !== undefined) await engine.unlock(password)
      known.local.update()
      followNews()
      void loadFacts()
    },
    stop: async ({ erase = false } = {}) => {
      cache.onChange = undefined
      for (const end of stops) end()
      stops = []
      client.stop()
      await socket.close()
      await engine?.stop()
      await (erase ? persistence.erase() : persistence.flush())
    },
    flush: persistence.flush,
    hangUp: () => socket.client.terminate(),
  }
}
