import { createOfflineClient, type OfflineClient, requestOver } from '@anteroom/offline/apollo/client'
import { createEngine } from '@anteroom/offline/engine'
import { createFetchTransport } from '@anteroom/offline/fetch-transport'
import { patientKeeping } from '@anteroom/offline/held'
import { accountOf, createSession, type LogOut, type Session, type SessionPorts } from '@anteroom/offline/session'
import { type Connection, createConnection } from '@anteroom/web/connection'
import type { Device } from '../device-port.ts'
import { SCHEMA } from '../generated/schema-hash.ts'

/** What one log-in on this device works with. */
export type Place = { patientId: string; name: string; offline: OfflineClient; connection: Connection }

export type PocketState = { at: 'starting' } | { at: 'out'; hasEnded: boolean } | { at: 'in'; place: Place }

export type Pocket = {
  device: Device
  session: Session
  /** One request in nobody's name, as registering needs. */
  request: SessionPorts['request']
  state: () => PocketState
  subscribe: (listener: () => void) => () => void
  start: () => Promise<void>
  /** With unsent work nothing happens until it is said what becomes of it. */
  logOut: (unsent?: 'KEEP' | 'DISCARD') => Promise<LogOut>
  /** The account is gone, and with it everything that this device held of it. */
  forget: () => Promise<void>
}

const PATIENCE_MS = 3_000

/** Who uses this phone or browser, with their log of acts and their copy of their own records: also without the server. */
export const createPocket = (device: Device): Pocket => {
  const { ports, texts, secure } = device
  const httpUrl = `${device.origin}/graphql`
  const request = requestOver(httpUrl, fetch.bind(globalThis))
  const session = createSession({ request, texts, secure, wallClock: ports.clock.wall })
  let state: PocketState = { at: 'starting' }
  let place: Place | null = null
  let isLeaving = false
  /** One after the other: the log of the last person is closed before the next one's is opened. */
  let turn: Promise<unknown> = Promise.resolve()
  const listeners = new Set<() => void>()

  const become = (next: PocketState) => {
    state = next
    for (const listener of [...listeners]) listener()
  }

  const close = async (erase: boolean) => {
    const closing = place
    place = null
    await closing?.offline.stop({ erase })
  }

  const open = async () => {
    const { person } = session.state()
    // Staff have screens of their own.
    if (person?.kind !== 'patient') return become({ at: 'out', hasEnded: false })
    if (place?.patientId === person.patientId) return
    await close(false)
    const transport = createFetchTransport({
      url: httpUrl,
      fetch: fetch.bind(globalThis),
      session,
      reader: { kind: 'patient' },
      timers: ports.timers,
    })
    const engine = createEngine({
      account: accountOf(person),
      transport,
      opener: device.openDatabase(),
      ports,
      keeping: patientKeeping,
    })
    const connection = createConnection()
    const offline = createOfflineClient({
      engine,
      session,
      texts,
      httpUrl,
      wsUrl: device.wsUrl,
      schema: SCHEMA,
      ports: { ...ports, fetch: fetch.bind(globalThis), onLine: connection.hear },
    })
    await offline.start()
    const next: Place = { patientId: person.patientId, name: person.name, offline, connection }
    place = next
    become({ at: 'in', place: next })
    if (engine.status().trouble === 'LOGGED_OUT') await engine.unlock(null)
    engine.subscribe(() => {
      if (place !== next || isLeaving) return
      const { trouble } = engine.status()
      if (trouble === 'OTHER_USER' || trouble === 'LOGGED_OUT') end()
    })
  }

  const end = () => {
    const hadSomebody = place !== null
    turn = turn.then(() => close(false)).then(() => become({ at: 'out', hasEnded: hadSomebody }))
  }

  session.subscribe(() => {
    if (isLeaving) return
    const { status } = session.state()
    if (status === 'LOGGED_IN') turn = turn.then(open).catch(() => become({ at: 'out', hasEnded: false }))
    else if (status === 'LOGGED_OUT') end()
  })

  /** What was done a moment ago is on its way: with a network nobody need decide what becomes of it. */
  const sendLast = async (): Promise<void> => {
    const engine = place?.offline.engine
    const last = engine?.pending().at(-1)
    if (!engine || !last || !engine.status().isOnline) return
    engine.nudge()
    const patience = new Promise<void>((resolve) => void ports.timers.after(PATIENCE_MS, resolve))
    await Promise.race([engine.outcome(last.id), patience])
  }

  const leave = async (unsent?: 'KEEP' | 'DISCARD'): Promise<LogOut> => {
    if (!unsent) await sendLast()
    isLeaving = true
    try {
      const left = await session.logOut({ engine: place?.offline.engine ?? null, ...(unsent ? { unsent } : {}) })
      if (!left.done) return left
      await close(true)
      become({ at: 'out', hasEnded: false })
      return left
    } finally {
      isLeaving = false
    }
  }

  device.watch({
    online: () => place?.offline.engine?.nudge(),
    offline: () => place?.offline.hangUp(),
    hidden: () => void place?.offline.flush(),
    shown: () => place?.offline.engine?.nudge(),
  })

  return {
    device,
    session,
    request,
    state: () => state,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    start: async () => {
      await session.restore({ atOnce: true })
    },
    logOut: leave,
    forget: async () => void (await leave('DISCARD')),
  }
}
