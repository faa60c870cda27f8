import { randomUUID } from 'node:crypto'
import WebSocket from 'ws'
import { createOfflineClient, type OfflineClient, requestOver } from '../apollo/client.ts'
import { createEngine } from '../engine.ts'
import { createFetchTransport } from '../fetch-transport.ts'
import { patientKeeping, staffKeeping } from '../held.ts'
import { type KeyValue, memoryKeyValue } from '../key-value.ts'
import type { Engine, Person } from '../model.ts'
import { nobodyElse, type Ports, soleHolder } from '../ports.ts'
import { accountOf, createSession, type Session } from '../session.ts'
import { createMemoryDisk, type MemoryDisk } from '../storage/memory.ts'

/** What of a device outlives its app: storage, texts, and the network that the test switches. */
export type Place = {
  disk: MemoryDisk
  texts: KeyValue
  secure: KeyValue
  network: Network
}

export type Network = {
  isUp: () => boolean
  /** Down: requests find nobody and open sockets die. */
  set: (isUp: boolean) => void
  fetch: typeof fetch
  socket: typeof WebSocket
  sockets: () => number
}

export const createNetwork = (): Network => {
  let isUp = true
  const open = new Set<WebSocket>()
  return {
    isUp: () => isUp,
    set: (next) => {
      isUp = next
      if (!isUp) for (const socket of open) socket.terminate()
    },
    fetch: (async (input: string, init?: RequestInit) => {
      if (!isUp) throw new TypeError('fetch failed')
      return fetch(input, init)
    }) as typeof fetch,
    socket: class extends WebSocket {
      constructor(url: string, protocols?: string | string[]) {
        super(isUp ? url : 'ws://127.0.0.1:1', protocols)
        open.add(this)
        this.on('close', () => open.delete(this))
      }
    } as typeof WebSocket,
    sockets: () => open.size,
  }
}

export const createPlace = (): Place => ({
  disk: createMemoryDisk(),
  texts: memoryKeyValue(),
  secure: memoryKeyValue(),
  network: createNetwork(),
})

export const testPorts = (): Ports => {
  const witnesses = new Set<string>()
  return {
    clock: { wall: () => Date.now(), mono: () => performance.now(), bootId: randomUUID() },
    random: Math.random,
    newId: randomUUID,
    timers: {
      after: (ms, work) => {
        const timer = setTimeout(work, ms)
        timer.unref()
        return () => clearTimeout(timer)
      },
    },
    locks: soleHolder,
    channel: nobodyElse,
    witness: { has: (name) => witnesses.has(name), set: (name) => void witnesses.add(name) },
    crypto: null,
  }
}

export type OnlineDevice = {
  place: Place
  session: Session
  offline: OfflineClient
  engine: Engine
  person: Person
  close: () => Promise<void>
}

export const createDeviceSession = (origin: string, place: Place, ports: Ports = testPorts()): Session =>
  createSession({
    request: requestOver(`${origin}/graphql`, place.network.fetch),
    texts: place.texts,
    secure: place.secure,
    wallClock: ports.clock.wall,
  })

/** The app of whoever is logged in, as a client puts it together, on a real server. */
export const openDevice = async (
  origin: string,
  place: Place,
  session: Session,
  ports = testPorts(),
): Promise<OnlineDevice> => {
  const { person } = session.state()
  if (!person) throw new Error('Nobody is logged in.')
  const engine = createEngine({
    account: accountOf(person),
    transport: createFetchTransport({
      url: `${origin}/graphql`,
      fetch: place.network.fetch,
      session,
      reader: person,
      timers: ports.timers,
    }),
    opener: place.disk,
    ports,
    keeping: person.kind === 'user' ? staffKeeping : patientKeeping,
  })
  const offline = createOfflineClient({
    engine,
    session,
    httpUrl: `${origin}/graphql`,
    wsUrl: `${origin.replace('http', 'ws')}/graphql`,
    texts: place.texts,
    schema: 'test',
    ports: { ...ports, fetch: place.network.fetch, webSocketImpl: place.network.socket },
  })
  await offline.start()
  return { place, session, offline, engine, person, close: () => offline.stop() }
}

/** Waits until something holds; fails after ten seconds. */
export const until = async <T>(what: () => T | Promise<T>, holds: (value: T) => boolean = Boolean): Promise<T> => {
  const end = Date.now() + 10_000
  for (;;) {
    const value = await what()
    if (holds(value)) return value
    if (Date.now() > end) throw new Error(`It did not come; the last was ${JSON.stringify(value)}`)
    await new Promise((resolve) => setTimeout(resolve, 15))
  }
}
