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

/** This instance did not hear the others for a while: whatever they told meanwhile is to be looked up. */
type Missed = { kind: 'missed' }

type Listener = (message: BusMessage | Missed) => void

export type Bus = {
  /** Tells this instance at once and the others soon. Never throws, never waits. */
  publish: (message: BusMessage) => void
  /** Returns the way to stop listening. */
  subscribe: (listener: Listener) => () => void
  close: () => Promise<void>
}

/** How messages reach the other instances. */
type Wire = { send: (text: string) => Promise<void>; close: () => Promise<void> }

/** Who is told by a wire; `missed` whenever it listens again after a time in which it may not have. */
type Ear = { receive: (text: string) => void; missed: () => void }

const CHANNEL = 'anteroom'
const GATHER_MS = 5
/** A NOTIFY payload is limited to 8,000 bytes. */
const MOST_IN_ONE = 60
const RECONNECT_MS = 250
/** A connection that a network swallowed is found out by asking it something. */
const PULSE_MS = 1_000
const TIMEOUT_MS = 2_500
/** Hints that could not be sent are kept for when the wire is back, so many of them at most. */
const MOST_KEPT = 5_000

/** LISTEN/NOTIFY on a connection of its own, renewed when it breaks or does not answer. */
const postgresWire = (databaseUrl: string, log: Logger, { receive, missed }: Ear): Wire => {
  let client: Client | null = null
  let hasListened = false
  let isClosed = false
  let retry: NodeJS.Timeout | null = null
  /** One statement at a time on the one connection. */
  let line: Promise<unknown> = Promise.resolve()

  const ask = (on: Client, sql: string, values?: string[]): Promise<unknown> => {
    const asked = line.then(() => {
      if (client !== on) throw new Error('The connection was lost before it could be asked.')
      return on.query(sql, values)
    })
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
      .then(() => {
        if (client !== fresh) return
        if (hasListened) missed()
        hasListened = true
      })
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
      const present = client
      if (!present) throw new Error('The bus has no database connection at present.')
      await ask(present, 'SELECT pg_notify($1, $2)', [CHANNEL, text]).catch((error) => {
        lose(present, error)
        throw error
      })
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

/** Redis pub/sub, where REDIS_URL is set. Both connections are renewed when they break or do not answer. */
const redisWire = (redisUrl: string, log: Logger, { receive, missed }: Ear): Wire => {
  const options = {
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    connectTimeout: TIMEOUT_MS,
    commandTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    retryStrategy: (times: number) => Math.min(times * 50, RECONNECT_MS),
    lazyConnect: true,
  }
  const sender = new Redis(redisUrl, options)
  const listener = new Redis(redisUrl, { ...options, autoResubscribe: false })
  let hasListened = false
  for (const redis of [sender, listener]) {
    redis.on('error', (error) => log.warn({ err: error }, 'the bus cannot reach Redis; it tries again'))
    redis.connect().catch(() => {})
  }
  listener.on('ready', () => {
    listener.subscribe(CHANNEL).then(
      () => {
        if (hasListened) missed()
        hasListened = true
      },
      (error) => {
        log.warn({ err: error }, 'the bus could not subscribe; it tries again')
        listener.disconnect(true)
      },
    )
  })
  listener.on('message', (_channel, text) => receive(text))
  const pulse = setInterval(() => {
    for (const redis of [sender, listener]) if (redis.status === 'ready') redis.ping().catch(() => {})
  }, PULSE_MS)
  pulse.unref()
  return {
    send: async (text) => {
      await sender.publish(CHANNEL, text)
    },
    close: async () => {
      clearInterval(pulse)
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
  const listeners = new Set<Listener>()
  /** What is to be told, by its subject: of many versions of one queue only the newest is worth telling. */
  let waiting = new Map<string, BusMessage>()
  let timer: NodeJS.Timeout | null = null
  let isClosed = false

  const deliver = (message: BusMessage | Missed): void => {
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

  const ear = { receive, missed: () => deliver({ kind: 'missed' }) }
  const wire = where.redisUrl ? redisWire(where.redisUrl, log, ear) : postgresWire(where.databaseUrl, log, ear)

  const send = async (): Promise<void> => {
    const messages = [...waiting]
    waiting = new Map()
    for (let i = 0; i < messages.length; i += MOST_IN_ONE) {
      const portion = messages.slice(i, i + MOST_IN_ONE).map(([, message]) => message)
      try {
        await wire.send(JSON.stringify([origin, portion]))
      } catch (error) {
        log.warn({ err: error }, 'the other instances could not be told; it is tried again')
        // What was said of the same subjects meanwhile is newer.
        waiting = new Map([...messages.slice(i), ...waiting].slice(-MOST_KEPT))
        return later(RECONNECT_MS)
      }
    }
  }

  const later = (ms: number): void => {
    if (isClosed) return
    timer ??= setTimeout(() => {
      timer = null
      void send()
    }, ms)
  }

  return {
    publish: (message) => {
      deliver(message)
      waiting.set(subjectOf(message), message)
      later(GATHER_MS)
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: async () => {
      isClosed = true
      if (timer) clearTimeout(timer)
      await wire.close()
    },
  }
}
