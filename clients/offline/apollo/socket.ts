import { type Client, createClient } from 'graphql-ws'
import type { Session } from '../session.ts'

export type SocketPorts = {
  url: string
  /** Left out where the platform has one. */
  webSocketImpl?: unknown
  sleep: (ms: number) => Promise<void>
  /** From 0 to below 1. */
  random: () => number
}

const LEAST_WAIT_MS = 500
const MOST_WAIT_MS = 30_000
const KEEP_ALIVE_MS = 12_000
const PONG_MS = 5_000
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
    keepAlive: KEEP_ALIVE_MS,
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
    retryWait: pause,
    connectionParams: () => (used === null ? {} : { authorization: `Bearer ${used}` }),
    on: {
      connected: () => {
        stale = null
        onConnected()
      },
      closed: (event) => {
        if ((event as { code?: number }).code === FORBIDDEN_CLOSE) stale = used
      },
      // A line that went dead says nothing: without an answer to a ping it is given up.
      ping: (received) => {
        if (received) return
        const mine = { cancelled: false }
        pong = mine
        void ports.sleep(PONG_MS).then(() => {
          if (!mine.cancelled) client.terminate()
        })
      },
      pong: (received) => {
        if (received && pong) pong.cancelled = true
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
