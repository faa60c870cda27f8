import { type Clock, uuidOf } from './clock.ts'

/** What the library needs of the platform; each can be another one in a browser, on a phone and in a test. */
export type Ports = {
  clock: Clock
  /** From 0 up to, not including, 1: for the jitter of waiting times. */
  random: () => number
  /** A new UUID, never given before. */
  newId: () => string
  timers: Timers
  locks: Locks
  channel: (name: string) => Channel
  witness: Witness
  /** Null where the platform has none: then unsent work cannot be sealed at log-out. */
  crypto: Crypto | null
  /** Resolves in a turn of its own, so that what was begun, as a request, comes first. */
  turn?: () => Promise<void>
}

export type Timers = {
  /** Returns the way to call it off. */
  after: (milliseconds: number, work: () => void) => () => void
}

/** As `navigator.locks`: `work` runs while this tab alone has the lock, which a tab that dies gives back. */
export type Locks = {
  request: (name: string, signal: AbortSignal, work: () => Promise<void>) => Promise<void>
}

/** As BroadcastChannel: what one tab posts reaches all the others, in the order of posting. */
export type Channel = {
  post: (message: unknown) => void
  listen: (listener: (message: unknown) => void) => void
  close: () => void
}

/** Remembers outside of the storage, as a cookie does, that a database was here, so that its wiping is noticed. */
export type Witness = {
  has: (name: string) => boolean
  set: (name: string, exists: boolean) => void
}

/** For one engine on a device, as on a phone: nobody else wants the lock. */
export const soleHolder: Locks = {
  request: async (_name, signal, work) => {
    if (!signal.aborted) await work()
  },
}

/** For one engine on a device: there is nobody to tell. */
export const nobodyElse = (): Channel => ({ post: () => {}, listen: () => {}, close: () => {} })

const realTimers: Timers = {
  after: (milliseconds, work) => {
    const handle = setTimeout(work, milliseconds)
    return () => clearTimeout(handle)
  },
}

const cryptoId = (clock: Clock) => () => uuidOf(clock.wall(), crypto.getRandomValues(new Uint8Array(10)))

const pageClock = (): Clock => ({
  wall: () => Date.now(),
  mono: () => performance.now(),
  // Every page counts from its own beginning.
  bootId: uuidOf(Date.now(), crypto.getRandomValues(new Uint8Array(10))),
})

/** A phone: one engine, real time. The witness is whatever outlives the database; without one a wipe looks like a first start. */
export const phonePorts = (witness: Witness): Ports => {
  const clock = pageClock()
  return {
    clock,
    random: Math.random,
    newId: cryptoId(clock),
    timers: realTimers,
    locks: soleHolder,
    channel: nobodyElse,
    witness,
    crypto: null,
  }
}

const TEN_YEARS_S = 315_360_000

/** A browser's eviction takes all storage of a site but its cookies. */
const cookieWitness: Witness = {
  has: (name) => document.cookie.split('; ').includes(`${name}=1`),
  set: (name, exists) => {
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing in older browsers, and asynchronous.
    document.cookie = `${name}=1; path=/; samesite=strict; max-age=${exists ? TEN_YEARS_S : 0}`
  },
}

/** A page in a browser: Web Locks and BroadcastChannel between its tabs. */
export const browserPorts = (): Ports => ({
  ...phonePorts(cookieWitness),
  // Pages that do not come over HTTPS have no subtle cryptography.
  crypto: crypto.subtle ? crypto : null,
  turn: () =>
    new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = () => {
        port1.close()
        resolve()
      }
      port2.postMessage(null)
    }),
  locks: navigator.locks
    ? {
        request: async (name, signal, work) => {
          await navigator.locks.request(name, { signal }, work)
        },
      }
    : soleHolder,
  channel: (name) => {
    const channel = new BroadcastChannel(name)
    return {
      post: (message) => channel.postMessage(message),
      listen: (listener) => {
        channel.onmessage = ({ data }) => listener(data)
      },
      close: () => channel.close(),
    }
  },
})
