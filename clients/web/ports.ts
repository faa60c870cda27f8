import { createOfflineClient, type OfflineClient, type OfflineClientOptions } from '@anteroom/offline/apollo/client'
import { memoryKeyValue } from '@anteroom/offline/key-value'
import { browserPorts, type Ports } from '@anteroom/offline/ports'
import { createSession } from '@anteroom/offline/session'
import { type Connection, createConnection } from './connection.ts'

declare const __SCHEMA__: string

export const ports: Ports = browserPorts()

/** A lost connection is known within five seconds. */
const liveness = { everyMs: 2_000, patienceMs: 2_500 }

/** The Apollo Client of one viewer of this page, and whether its line to the server stands. */
export const connect = (
  options: Pick<OfflineClientOptions, 'engine' | 'session' | 'texts'>,
): { offline: OfflineClient; connection: Connection } => {
  const connection = createConnection()
  const offline = createOfflineClient({
    ...options,
    httpUrl: '/graphql',
    wsUrl: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/graphql`,
    schema: __SCHEMA__,
    ports: { ...ports, fetch: fetch.bind(globalThis), liveness, onLine: connection.hear },
  })
  return { offline, connection }
}

/** For screens without a log-in: whoever may be logged in at this browser, they see what strangers may see. */
export const connectAsNobody = () => {
  const texts = memoryKeyValue()
  const refused = { errors: [{ message: 'Nobody is logged in.', extensions: { code: 'UNAUTHENTICATED' } }] }
  const session = createSession({ request: async () => refused, texts, secure: null, wallClock: ports.clock.wall })
  const connected = connect({ engine: null, session, texts })
  addEventListener('offline', connected.offline.hangUp)
  return connected
}
