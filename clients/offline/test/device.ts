import { createEngine } from '../engine.ts'
import { staffKeeping } from '../held.ts'
import type { Engine, Status } from '../model.ts'
import type { Channel, Locks, Ports } from '../ports.ts'
import { createMemoryDisk } from '../storage/memory.ts'
import type { StorageOpener } from '../storage/storage.ts'
import type { Transport } from '../transport.ts'

/** The locks and channels between the tabs of one browser. A tab that dies gives its locks back and hears nothing more. */
const createBrowser = () => {
  const queues = new Map<string, { tab: string; grant: () => void }[]>()
  const holders = new Map<string, string>()
  const ears = new Map<string, { tab: string; listener: (message: unknown) => void }[]>()
  const dead = new Set<string>()

  const pass = (name: string) => {
    holders.delete(name)
    const next = queues.get(name)?.shift()
    if (!next) return
    holders.set(name, next.tab)
    next.grant()
  }

  const locks = (tab: string): Locks => ({
    request: async (name, signal, work) => {
      if (signal.aborted) return
      if (holders.has(name))
        await new Promise<void>((grant, refuse) => {
          const waiter = { tab, grant }
          queues.set(name, [...(queues.get(name) ?? []), waiter])
          signal.addEventListener('abort', () => {
            queues.set(
              name,
              (queues.get(name) ?? []).filter((one) => one !== waiter),
            )
            if (holders.get(name) !== tab) refuse(signal.reason)
          })
        })
      else holders.set(name, tab)
      await work().finally(() => {
        if (!dead.has(tab)) pass(name)
      })
    },
  })

  const channel =
    (tab: string) =>
    (name: string): Channel => {
      let mine: ((message: unknown) => void) | null = null
      let isClosed = false
      return {
        post: (message) => {
          if (isClosed) throw new DOMException('Channel is closed', 'InvalidStateError')
          if (dead.has(tab)) return
          const copy = structuredClone(message)
          for (const { tab: other, listener } of ears.get(name) ?? [])
            if (other !== tab) setImmediate(() => !dead.has(other) && listener(structuredClone(copy)))
        },
        listen: (listener) => {
          mine = listener
          ears.set(name, [...(ears.get(name) ?? []), { tab, listener }])
        },
        close: () => {
          isClosed = true
          ears.set(
            name,
            (ears.get(name) ?? []).filter(({ listener }) => listener !== mine),
          )
        },
      }
    }

  return {
    locks,
    channel,
    kill: (tab: string) => {
      dead.add(tab)
      for (const [name, waiters] of queues)
        queues.set(
          name,
          waiters.filter((waiter) => waiter.tab !== tab),
        )
      for (const [name, holder] of [...holders]) if (holder === tab) pass(name)
    },
  }
}

let made = 0
const newId = () => {
  made += 1
  return `00000000-0000-7000-8000-${String(made).padStart(12, '0')}`
}

/** The platform's cryptography, with a thousand rounds of a password's key in place of many more. */
const quickCrypto = {
  getRandomValues: crypto.getRandomValues.bind(crypto),
  subtle: new Proxy(crypto.subtle, {
    get: (subtle, name: keyof SubtleCrypto) =>
      name === 'deriveKey'
        ? (algorithm: object, ...rest: [CryptoKey, AesKeyGenParams, boolean, KeyUsage[]]) =>
            subtle.deriveKey(
              { ...algorithm, ...('iterations' in algorithm && { iterations: 1_000 }) } as Pbkdf2Params,
              ...rest,
            )
        : (subtle[name] as () => unknown).bind(subtle),
  }),
} as unknown as Crypto

/** One device with its disk, clocks and tabs. Waiting takes no time: every pause ends as soon as nothing else is to do. */
export const createDevice = (opener: StorageOpener = createMemoryDisk()) => {
  const browser = createBrowser()
  const witnessed = new Set<string>()
  const time = { wall: 1_800_000_000_000, mono: 5_000, bootId: 'boot-1' }
  const pauses: number[] = []
  const engines = new Set<Engine>()
  let tabs = 0

  const portsOf = (tab: string): Ports => ({
    clock: {
      wall: () => time.wall,
      mono: () => time.mono,
      get bootId() {
        return time.bootId
      },
    },
    random: () => 0.5,
    newId,
    timers: {
      after: (milliseconds, work) => {
        pauses.push(milliseconds)
        // The minute between polls does not pass by itself; the pauses after a failure do.
        const handle = milliseconds < 60_000 ? setTimeout(work, 1) : undefined
        return () => clearTimeout(handle)
      },
    },
    locks: browser.locks(tab),
    channel: browser.channel(tab),
    witness: {
      has: (name) => witnessed.has(name),
      set: (name, exists) => {
        if (exists) witnessed.add(name)
        else witnessed.delete(name)
      },
    },
    crypto: quickCrypto,
    turn: () => new Promise((resolve) => setImmediate(resolve)),
  })

  const tab = async (transport: Transport, account = transport.account() ?? 'nobody') => {
    tabs += 1
    const name = `tab-${tabs}`
    const engine = createEngine({ account, transport, opener, ports: portsOf(name), keeping: staffKeeping })
    engines.add(engine)
    await engine.start()
    return Object.assign(engine, {
      /** The tab is gone from one moment to the next. */
      kill: () => browser.kill(name),
    })
  }

  return {
    time,
    pauses,
    tab,
    /** Every tab is gone from one moment to the next, as when the power goes off. */
    killAll: () => {
      for (let n = 1; n <= tabs; n += 1) browser.kill(`tab-${n}`)
      engines.clear()
    },
    close: async () => {
      for (const engine of engines) await engine.stop().catch(() => {})
    },
  }
}

/** Waits until the engine is as asked. */
export const until = (engine: Engine, isSo: (status: Status) => boolean, patienceMs = 10_000): Promise<void> =>
  new Promise((resolve, reject) => {
    const check = () => {
      if (!isSo(engine.status())) return
      clearTimeout(patience)
      stop()
      resolve()
    }
    const patience = setTimeout(() => reject(new Error(`It stayed at ${JSON.stringify(engine.status())}`)), patienceMs)
    const stop = engine.subscribe(check)
    check()
  })

/** Everything sent, answered and pulled. */
export const quiet = (engine: Engine): Promise<void> =>
  until(
    engine,
    ({ unsent, isLoading, isOnline }) => unsent === 0 && !isLoading && isOnline && engine.pending().length === 0,
  )
