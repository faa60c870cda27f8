import { type Client, createClient } from 'graphql-ws'
import type { Session } from '../session.ts'

export type SocketPorts = {
  url: string
  /** Left out where the platform has one. */
  webSocketImpl?: unknown
  sleep: (ms: number) => Promise<void>
  /** From 0 to below 1. */
  random: () => number
  /** How often the line is tried, and how long an answer may take; a desk wants to know sooner than a phone. */
  liveness?: Liveness | undefined
  /** Told of what the line does. */
  onLine?: ((event: LineEvent) => void) | undefined
}

export type Liveness = { everyMs: number; patienceMs: number }

/** `lost` also where nobody watches anything any more, with `isWanted` false. */
export type LineEvent = { is: 'open' } | { is: 'heard' } | { is: 'lost'; isWanted: boolean }

const LEAST_WAIT_MS = 500
const MOST_WAIT_MS = 30_000
const CALM: Liveness = { everyMs: 12_000, patienceMs: 5_000 }
/** Nobody watches anything any more. */
const NORMAL_CLOSE = 1000
/** The session ended or its access token expired. */
const FORBIDDEN_CLOSE = 4403

/** How long to wait before the next try: anything up to a bound that doubles, so that a clinic's devices do not return at once. */
export const backOff = (retries: number, random: () => number): number =>
  random() * Math.min(MOST_WAIT_MS, LEAST_WAIT_MS * 2 ** retries)

export type Socket = { client: Client; wake: () => void; close: () => Promise<void> }

/**
 * One WebSocket for everything that is watched. It comes back by itself, for ever, with the subscriptions that were open;
 * `onConnected` is called each time.
 */
export const createSocket = (ports: SocketPorts, session: Session, onConnected: () => void): Socket => {
  let used: string | null = null
  let stale: string | null = null
  let wakeUp: () => void = () => {}
  let isClosed = false
  let pong: { cancelled: boolean } | null = null
  const { everyMs, patienceMs } = ports.liveness ?? CALM
  const tell = (event: LineEvent) => ports.onLine?.(event)

  const pause = (retries: number): Promise<void> =>
    Promise.race([
      ports.sleep(backOff(retries, ports.random)),
      new Promise<void>((resolve) => {
        wakeUp = resolve
      }),
    ])

  /** Without a token that is good now, nothing is opened: as somebody unknown the socket would see other things. */
  const waitForToken = async (): Promise<void> => {
    for (let tries = 0; !isClosed; tries++) {
      try {
        used = await (stale === null ? session.token() : session.renewed(stale))
        return
      } catch {
        await pause(tries)
      }
    }
  }

  const client = createClient({
    url: async () => {
      await waitForToken()
      return ports.url
    },
    ...(ports.webSocketImpl !== undefined && { webSocketImpl: ports.webSocketImpl }),
    lazy: true,
    lazyCloseTimeout: 2_000,
    keepAlive: everyMs,
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
    retryWait: pause,
    connectionParams: () => (used === null ? {} : { authorization: `Bearer ${used}` }),
    on: {
      connected: () => {
        stale = null
        tell({ is: 'open' })
        onConnected()
      },
      closed: (event) => {
        if (pong) pong.cancelled = true
        const { code } = (event ?? {}) as { code?: number }
        if (code === FORBIDDEN_CLOSE) stale = used
        tell({ is: 'lost', isWanted: code !== NORMAL_CLOSE && !isClosed })
      },
      message: () => tell({ is: 'heard' }),
      // A line that went dead says nothing: without an answer to a ping it is given up.
      ping: (received) => {
        if (received) return
        const mine = { cancelled: false }
        pong = mine
        void ports.sleep(patienceMs).then(() => {
          if (!mine.cancelled) client.terminate()
        })
      },
      pong: (received) => {
        if (!received) return
        if (pong) pong.cancelled = true
        tell({ is: 'heard' })
      },
    },
  })
  return {
    client,
    wake: () => wakeUp(),
    close: async () => {
      isClosed = true
      wakeUp()
      try {
        await client.dispose()
      } catch {
        // It was closed in another way meanwhile.
      }
    },
  }
}
