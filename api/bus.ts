import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { Client } from 'pg'
import type { Logger } from 'pino'

/**
 * What instances tell each other after a commit. A message is a hint, never the truth: readers go by versions in the database,
 * and a slow periodic check heals a lost one.
 */
export type BusMessage =
  | { kind: 'queue'; serviceId: string; version: number }
  /** A session ended, or its holder's rights changed. */
  | { kind: 'session'; sessionId: string }
  /** A message of the ledger changed its state. */
  | { kind: 'message'; clinicId: string; id: string }
  /** Something was committed: streams of changes may have grown. */
  | { kind: 'change' }
  /** A job waits to be done. */
  | { kind: 'job'; name: string }

export type Bus = {
  /** Tells this instance at once and the others soon. Never throws, never waits. */
  publish: (message: BusMessage) => void
  /** Returns the way to stop listening. */
  subscribe: (listener: (message: BusMessage) => void) => () => void
  close: () => Promise<void>
}

/** How messages reach the other instances. */
type Wire = { send: (text: string) => Promise<void>; close: () => Promise<void> }

const CHANNEL = 'anteroom'
const GATHER_MS = 5
/** A NOTIFY payload is limited to 8,000 bytes. */
const MOST_IN_ONE = 60
const RECONNECT_MS = 500
const PULSE_MS = 2_000
const TIMEOUT_MS = 3_000

/** LISTEN/NOTIFY on a connection of its own, renewed when it breaks or does not answer. */
const postgresWire = (databaseUrl: string, log: Logger, receive: (text: string) => void): Wire => {
  let client: Client | null = null
  let isClosed = false
  let retry: NodeJS.Timeout | null = null
  /** One statement at a time on the one connection. */
  let line: Promise<unknown> = Promise.resolve()

  const ask = (on: Client, sql: string, values?: string[]): Promise<unknown> => {
    const asked = line.then(() => (client === on ? on.query(sql, values) : undefined))
    line = asked.catch(() => {})
    return asked
  }

  const lose = (lost: Client, error?: unknown): void => {
    if (client !== lost) return
    client = null
    lost.removeAllListeners()
    lost.on('error', () => {})
    lost.end().catch(() => {})
    if (isClosed) return
    log.warn({ err: error }, 'the bus lost its database connection; it is renewed')
    retry = setTimeout(connect, RECONNECT_MS)
  }

  const connect = (): void => {
    const fresh = new Client({
      connectionString: databaseUrl,
      connectionTimeoutMillis: TIMEOUT_MS,
      query_timeout: TIMEOUT_MS,
      keepAlive: true,
      application_name: 'anteroom bus',
    })
    client = fresh
    fresh.on('error', (error) => lose(fresh, error))
    fresh.on('end', () => lose(fresh))
    fresh.on('notification', ({ payload }) => payload && receive(payload))
    fresh
      .connect()
      .then(() => ask(fresh, `LISTEN ${CHANNEL}`))
      .catch((error) => lose(fresh, error))
  }

  const pulse = setInterval(() => {
    const present = client
    if (present) ask(present, 'SELECT 1').catch((error) => lose(present, error))
  }, PULSE_MS)
  pulse.unref()
  connect()

  return {
    send: async (text) => {
      if (client) await ask(client, 'SELECT pg_notify($1, $2)', [CHANNEL, text])
    },
    close: async () => {
      isClosed = true
      clearInterval(pulse)
      if (retry) clearTimeout(retry)
      const last = client
      client = null
      last?.removeAllListeners()
      last?.on('error', () => {})
      await last?.end().catch(() => {})
    },
  }
}

/** Redis pub/sub, where REDIS_URL is set. */
const redisWire = (redisUrl: string, log: Logger, receive: (text: string) => void): Wire => {
  const options = { maxRetriesPerRequest: 1, enableOfflineQueue: false, connectTimeout: TIMEOUT_MS, lazyConnect: true }
  const sender = new Redis(redisUrl, options)
  // The listener's queue is on, so that it subscribes whenever the connection comes (back).
  const listener = new Redis(redisUrl, { ...options, enableOfflineQueue: true, maxRetriesPerRequest: null })
  for (const redis of [sender, listener]) {
    redis.on('error', (error) => log.warn({ err: error }, 'the bus cannot reach Redis; it tries again'))
    redis.connect().catch(() => {})
  }
  listener.subscribe(CHANNEL).catch((error) => log.warn({ err: error }, 'the bus could not subscribe'))
  listener.on('message', (_channel, text) => receive(text))
  return {
    send: async (text) => {
      await sender.publish(CHANNEL, text)
    },
    close: async () => {
      sender.disconnect()
      listener.disconnect()
    },
  }
}

/** Of many messages about one subject only the newest is worth telling. */
const subjectOf = (message: BusMessage): string => {
  switch (message.kind) {
    case 'queue':
      return message.serviceId
    case 'session':
      return message.sessionId
    case 'message':
      return message.id
    case 'change':
      return 'change'
    case 'job':
      return message.name
  }
}

export const createBus = (where: { databaseUrl: string; redisUrl: string | null; log: Logger }): Bus => {
  const { log } = where
  const origin = randomUUID()
  const listeners = new Set<(message: BusMessage) => void>()
  let waiting: BusMessage[] = []
  let timer: NodeJS.Timeout | null = null

  const deliver = (message: BusMessage): void => {
    for (const listener of listeners)
      try {
        listener(message)
      } catch (error) {
        log.error({ err: error }, 'a listener of the bus failed')
      }
  }

  const receive = (text: string): void => {
    const [from, messages] = JSON.parse(text) as [string, BusMessage[]]
    if (from !== origin) for (const message of messages) deliver(message)
  }

  const wire = where.redisUrl ? redisWire(where.redisUrl, log, receive) : postgresWire(where.databaseUrl, log, receive)

  /** Of many versions of one queue only the newest is worth telling. */
  const send = async (): Promise<void> => {
    timer = null
    const newest = new Map<string, BusMessage>()
    for (const message of waiting) newest.set(subjectOf(message), message)
    waiting = []
    const messages = [...newest.values()]
    for (let i = 0; i < messages.length; i += MOST_IN_ONE)
      await wire.send(JSON.stringify([origin, messages.slice(i, i + MOST_IN_ONE)]))
  }

  return {
    publish: (message) => {
      deliver(message)
      waiting.push(message)
      timer ??= setTimeout(() => {
        send().catch((error) =>
          log.warn({ err: error }, 'a hint to the other instances was lost; they heal by themselves'),
        )
      }, GATHER_MS)
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: async () => {
      if (timer) clearTimeout(timer)
      await wire.close()
    },
  }
}
