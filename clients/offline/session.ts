import type { KeyValue } from './key-value.ts'
import type { Engine, Operation, Person } from './model.ts'

export type SessionState =
  /** Not known yet: `restore` is asking. */
  | { status: 'STARTING'; person: null }
  | { status: 'LOGGED_OUT'; person: null }
  /** `isConfirmed` is false while the last user goes on without the server. */
  | { status: 'LOGGED_IN'; person: Person; isConfirmed: boolean }

/** What a log-out would lose, or that it happened. */
export type LogOut = { done: true } | { done: false; unsent: readonly Operation[] }

export type Session = {
  state: () => SessionState
  subscribe: (listener: () => void) => () => void
  /**
   * Tries to go on as whoever was here last: by the refresh token, else for 24 h without the server. With `atOnce` the one known
   * from the last 24 h goes on before the server has answered; it then confirms them, or ends the session.
   */
  restore: (options?: { atOnce?: boolean }) => Promise<SessionState>
  logInStaff: (username: string, password: string) => Promise<Person>
  logInPatient: (phoneNumber: string, password: string) => Promise<Person>
  /** Takes over a Session that another mutation answered, as registerPatient or changePassword. */
  adopt: (session: SessionData) => Promise<Person>
  /** The id of the user or patient who is logged in. */
  account: () => string | null
  /** The present access token, or a new one where there is none. Null where the session has ended; rejects where nobody answers. */
  token: () => Promise<string | null>
  /** As `token`, after the server has refused this one. */
  renewed: (refused: string) => Promise<string | null>
  /**
   * Ends the session and erases what the device holds. With unsent work it does nothing and tells of it, until it is told what
   * to do with that work: seal it with the password, keep it as it is, or throw it away.
   */
  logOut: (options: { engine: Engine | null; unsent?: 'SEAL' | 'KEEP' | 'DISCARD' }) => Promise<LogOut>
}

type ViewerData =
  | { __typename: 'Patient'; id: string; name: string; wards?: { id: string }[] | null }
  | {
      __typename: 'User'
      id: string
      name: string
      role: 'RECEPTIONIST' | 'DOCTOR' | 'ADMIN'
      clinic: { id: string }
      doctor: { id: string; services: { id: string }[] } | null
    }

export type SessionData = {
  accessToken: string
  refreshToken: string | null
  viewer: ViewerData
}

/** What to ask of a Session, so that `adopt` can take it. */
export const sessionSelection = `
  accessToken refreshToken
  viewer {
    __typename
    ... on Patient { id name wards { id } }
    ... on User { id name role clinic { id } doctor { id services { id } } }
  }`

export type SessionPorts = {
  /** Sends one GraphQL request, with cookies where there are any; rejects where no server answered. */
  request: (body: { query: string; variables?: object }, token: string | null) => Promise<SessionAnswer>
  /** Who was here last. */
  texts: KeyValue
  /** Where a phone keeps the refresh token; null in browsers, which hold it in a cookie that no script reads. */
  secure: KeyValue | null
  /** Milliseconds since 1970 by the device's clock. */
  wallClock: () => number
}

export type SessionAnswer = {
  data?: Record<string, unknown> | null
  errors?: readonly { message: string; extensions?: { code?: string } & Record<string, unknown> }[]
}

/** A log-in that the server refused, with its code, as in WRONG_CREDENTIALS. */
export class SessionRefused extends Error {
  readonly code: string
  readonly details: Record<string, unknown>

  constructor(code: string, message: string, details: Record<string, unknown> = {}) {
    super(message)
    this.name = 'SessionRefused'
    this.code = code
    this.details = details
  }
}

const OFFLINE_MS = 24 * 3_600_000
const LAST = 'session.last'
const REFRESH = 'session.refresh'

type Last = { person: Person; contactAt: number }

const personOf = (viewer: ViewerData): Person =>
  viewer.__typename === 'Patient'
    ? { kind: 'patient', patientId: viewer.id, name: viewer.name, wardIds: (viewer.wards ?? []).map(({ id }) => id) }
    : {
        kind: 'user',
        userId: viewer.id,
        name: viewer.name,
        role: viewer.role,
        clinicId: viewer.clinic.id,
        doctorId: viewer.doctor?.id ?? null,
        serviceIds: viewer.doctor?.services.map(({ id }) => id) ?? [],
      }

/** The id of whom a person's log belongs to. */
export const accountOf = (person: Person): string => (person.kind === 'user' ? person.userId : person.patientId)

/** May the last user go on without the server? For 24 h after the last contact; a clock that was put back gives no more. */
export const mayGoOn = (last: { contactAt: number }, now: number): boolean =>
  Math.abs(now - last.contactAt) <= OFFLINE_MS

export const createSession = ({ request, texts, secure, wallClock }: SessionPorts): Session => {
  let state: SessionState = { status: 'STARTING', person: null }
  let token: string | null = null
  let refreshing: Promise<string | null> | null = null
  let last: Last | null = null
  /** How often somebody went: what was asked for before they did is not theirs any more when it comes. */
  let departures = 0
  let isForgetting = false
  const listeners = new Set<() => void>()

  const become = (next: SessionState): SessionState => {
    state = next
    for (const listener of [...listeners]) listener()
    return next
  }

  const ask = async (query: string, variables: object): Promise<SessionData> => {
    const { data, errors } = await request({ query, variables }, null)
    const session = data?.session as SessionData | null | undefined
    if (session) return session
    const [error] = errors ?? []
    const { code = 'INTERNAL', ...details } = error?.extensions ?? {}
    throw new SessionRefused(code, error?.message ?? 'The server did not answer as expected.', details)
  }

  const adopt = async (session: SessionData): Promise<Person> => {
    const before = departures
    token = session.accessToken
    const person = personOf(session.viewer)
    // What cannot be kept is only missed at the next start.
    if (session.refreshToken) await secure?.set(REFRESH, session.refreshToken).catch(() => {})
    last = { person, contactAt: wallClock() }
    await texts.set(LAST, JSON.stringify(last)).catch(() => {})
    if (departures !== before) {
      await forget()
      return person
    }
    become({ status: 'LOGGED_IN', person, isConfirmed: true })
    return person
  }

  const forget = async (): Promise<void> => {
    departures += 1
    isForgetting = true
    refreshing = null
    token = null
    last = null
    await secure?.delete(REFRESH).catch(() => {})
    await texts.delete(LAST).catch(() => {})
    isForgetting = false
    become({ status: 'LOGGED_OUT', person: null })
  }

  const refresh = async (): Promise<string | null> => {
    const before = departures
    const refreshToken = (await secure?.get(REFRESH).catch(() => null)) ?? null
    if (secure && refreshToken === null) {
      await forget()
      return null
    }
    const query = `mutation Refresh($t: String) { session: refreshSession(refreshToken: $t) { ${sessionSelection} } }`
    try {
      const session = await ask(query, { t: refreshToken })
      if (departures !== before) return null
      await adopt(session)
      return token
    } catch (error) {
      if (departures !== before) return null
      const hasEnded = error instanceof SessionRefused && error.code === 'UNAUTHENTICATED'
      if (!hasEnded && !(last && !mayGoOn(last, wallClock()))) throw error
      await forget()
      return null
    }
  }

  const renewed = (refused: string | null): Promise<string | null> => {
    if (token !== null && token !== refused) return Promise.resolve(token)
    if (isForgetting || state.status === 'LOGGED_OUT') return Promise.resolve(null)
    if (!refreshing) {
      const mine = refresh().finally(() => {
        if (refreshing === mine) refreshing = null
      })
      refreshing = mine
    }
    return refreshing
  }

  return {
    state: () => state,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    restore: async ({ atOnce = false } = {}) => {
      const confirming = renewed(null).catch(() => null)
      if (!atOnce) await confirming
      if (state.status !== 'STARTING') return state
      const stored = await texts.get(LAST).catch(() => null)
      // The server was quicker.
      if (state.status !== 'STARTING') return state
      const known = stored === null ? null : (JSON.parse(stored) as Last)
      if (known && mayGoOn(known, wallClock())) {
        last = known
        return become({ status: 'LOGGED_IN', person: known.person, isConfirmed: false })
      }
      if (!atOnce) {
        last = known
        return become({ status: 'LOGGED_OUT', person: null })
      }
      await confirming
      return state.status === 'STARTING' ? become({ status: 'LOGGED_OUT', person: null }) : state
    },
    logInStaff: async (username, password) =>
      adopt(
        await ask(`mutation LogIn($i: LoginStaffInput!) { session: loginStaff(input: $i) { ${sessionSelection} } }`, {
          i: { username, password },
        }),
      ),
    logInPatient: async (phoneNumber, password) =>
      adopt(
        await ask(
          `mutation LogIn($i: LoginPatientInput!) { session: loginPatient(input: $i) { ${sessionSelection} } }`,
          {
            i: { phoneNumber, password },
          },
        ),
      ),
    adopt,
    account: () => (state.person === null ? null : accountOf(state.person)),
    token: () => renewed(null),
    renewed,
    logOut: async ({ engine, unsent }) => {
      const work = (engine?.pending() ?? []).filter(({ answer }) => !answer)
      if (work.length > 0 && !unsent) return { done: false, unsent: work }
      await engine?.end(unsent ?? 'DISCARD')
      const held = token
      await forget()
      // The session may outlive a lost request; without its tokens nobody here can use it.
      await request({ query: 'mutation LogOut { logout }' }, held).catch(() => {})
      return { done: true }
    },
  }
}
