import { type OfflineClient, requestOver } from '@anteroom/offline/apollo/client'
import { createEngine } from '@anteroom/offline/engine'
import { createFetchTransport } from '@anteroom/offline/fetch-transport'
import { staffKeeping } from '@anteroom/offline/held'
import { createIndexedDb } from '@anteroom/offline/indexed-db'
import { indexedDbKeyValue } from '@anteroom/offline/key-value'
import { accountOf, createSession, type LogOut, type Session } from '@anteroom/offline/session'
import { createFileSpare, withSpare } from '@anteroom/offline/spare'
import type { Connection } from '../connection.ts'
import { connect, ports } from '../ports.ts'

/** What one log-in at this desk works with. */
export type Place = { account: string; offline: OfflineClient; connection: Connection }

export type DeskState =
  | { at: 'starting' }
  | { at: 'out'; hasEnded: boolean }
  /** `isSealed`: unsent work of an earlier log-in waits for the password of that time. */
  | { at: 'in'; place: Place; isSealed: boolean }

type Unsent = 'SEAL' | 'KEEP' | 'DISCARD'

export type Desk = {
  session: Session
  state: () => DeskState
  subscribe: (listener: () => void) => () => void
  start: () => Promise<void>
  logIn: (username: string, password: string) => Promise<void>
  /** With unsent work nothing happens until it is said what becomes of it. */
  logOut: (unsent?: Unsent) => Promise<LogOut>
}

/** Who works at this browser, with their log of acts and their copy of the clinic's records: also without the server. */
export const createDesk = (): Desk => {
  const request = requestOver('/graphql', fetch.bind(globalThis))
  const texts = indexedDbKeyValue(indexedDB)
  const session = createSession({ request, texts, secure: null, wallClock: ports.clock.wall })
  let state: DeskState = { at: 'starting' }
  let place: Place | null = null
  let password: string | null = null
  let isLeaving = false
  /** One after the other: the log of the last person is closed before the next one's is opened. */
  let turn: Promise<unknown> = Promise.resolve()
  const listeners = new Set<() => void>()

  const become = (next: DeskState) => {
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
    // Patients have screens of their own.
    if (person?.kind !== 'user') return become({ at: 'out', hasEnded: false })
    const account = accountOf(person)
    if (place?.account === account) return
    await close(false)
    const given = password
    password = null
    const transport = createFetchTransport({
      url: '/graphql',
      fetch: fetch.bind(globalThis),
      session,
      reader: person,
      timers: ports.timers,
    })
    const opener = withSpare(createIndexedDb(indexedDB), createFileSpare)
    const engine = createEngine({ account, transport, opener, ports, keeping: staffKeeping })
    const next: Place = { account, ...connect({ engine, session, texts }) }
    await next.offline.start()
    place = next
    // This log was ended by a log-out that the server did not hear of: it ends now.
    if (given === null && engine.status().trouble === 'LOGGED_OUT') return void (await leave('KEEP'))
    become({ at: 'in', place: next, isSealed: false })
    // Opening what was sealed takes a second; nobody waits for it.
    if (given !== null)
      void engine.unlock(given).then(
        (isOpen) => !isOpen && place === next && become({ at: 'in', place: next, isSealed: true }),
        () => undefined,
      )
    let wasLoaded = engine.status().syncedAt !== null
    engine.subscribe(() => {
      if (place !== next || isLeaving) return
      const { trouble, syncedAt } = engine.status()
      if (!wasLoaded && syncedAt !== null) {
        wasLoaded = true
        ports.timers.after(500, () => void next.offline.flush())
      }
      if (trouble === 'OTHER_USER') location.reload()
      else if (trouble === 'LOGGED_OUT' && given === null) end()
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

  const leave = async (unsent?: Unsent): Promise<LogOut> => {
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

  addEventListener('offline', () => place?.offline.hangUp())
  addEventListener('online', () => place?.offline.engine?.nudge())
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') void place?.offline.flush()
  })
  addEventListener('pagehide', () => void place?.offline.flush())

  return {
    session,
    state: () => state,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    start: async () => {
      await session.restore({ atOnce: true })
    },
    logIn: async (username, given) => {
      password = given
      await session.logInStaff(username, given)
      await turn
    },
    logOut: leave,
  }
}
