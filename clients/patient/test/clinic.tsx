import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createOfflineClient, requestOver } from '@anteroom/offline/apollo/client'
import { createSession } from '@anteroom/offline/session'
import { createConnection } from '@anteroom/web/connection'
import { cleanup, configure, renderAsync } from '@testing-library/react-native'
import { buildSchema, GraphQLError, graphql } from 'graphql'
import { App } from '../app.tsx'
import type { Pocket, PocketState } from '../session/pocket.ts'
import { begin, device } from './device.ts'
import { createFeed, createLine } from './line.ts'

// Somebody else may need the machine at the same time.
configure({ asyncUtilTimeout: 20_000 })

const schema = buildSchema(readFileSync(join(__dirname, '../../../schema.graphql'), 'utf8'))

export const idOf = (number: number): string => `01940000-0000-7000-8000-${String(number).padStart(12, '0')}`

/** A refusal as the API gives it. */
export const refuse = (code: string): never => {
  throw new GraphQLError(code, { extensions: { code } })
}

const practice = {
  id: idOf(1),
  name: 'Riverside Clinic',
  timeZone: 'America/New_York',
  dayStartsAt: '04:00',
  address: '12 River Street',
  directions: 'Through the glass door',
  graceMinutes: 15,
}
const doctor = { id: idOf(3), name: 'Dr. Ben Okafor', onDuty: true }
const service = {
  id: idOf(2),
  name: 'General practice',
  ticketLetter: 'G',
  slotMinutes: 15,
  bookedLeadMinutes: 0,
  open: true,
  closedReason: null,
  remoteJoin: true,
  doctors: [doctor],
  clinic: practice,
}

export const bookingAt = (startsAt: string, more: object = {}) => ({
  id: idOf(20),
  version: 1,
  status: 'BOOKED',
  startsAt,
  endsAt: new Date(Date.parse(startsAt) + 900_000).toISOString(),
  bound: true,
  lateMinutes: null,
  reason: 'A rash',
  patient: { id: idOf(10), version: 1, name: 'Grace Miller' },
  service,
  doctor,
  queueEntry: null,
  ...more,
})

export const entry = (more: object = {}) => ({
  id: idOf(30),
  version: 1,
  status: 'WAITING',
  ticket: 'G-014',
  room: null,
  patient: { id: idOf(10), version: 1, name: 'Grace Miller' },
  service,
  history: [],
  ...more,
})

export const place = (more: object = {}) => ({
  entryId: idOf(30),
  version: 1,
  ticket: 'G-014',
  status: 'WAITING',
  position: 4,
  ahead: 3,
  room: null,
  asOf: new Date().toISOString(),
  estimate: { lowMinutes: 20, likelyMinutes: 26, highMinutes: 35 },
  ...more,
})

export const patient = (more: object = {}) => ({
  __typename: 'Patient',
  id: idOf(10),
  version: 1,
  name: 'Grace Miller',
  phoneNumber: '+12025550100',
  phoneVerified: true,
  dateOfBirth: '1990-05-17',
  language: 'en',
  code: 'A1b2C3d4E5f6G7h8I9j0-_',
  wards: [],
  activeEntries: [],
  appointments: { edges: [] },
  ...more,
})

export const viewer = { __typename: 'Patient', id: idOf(10), name: 'Grace Miller', wards: [] }

/** What stands at a field of the query or the mutation, made anew for each question. */
type Answer = (input: Record<string, unknown>) => unknown

/** What the clinic was asked: the command or field, and what with. */
export type Asked = { name: string; input: Record<string, unknown> }

/**
 * The app's screens over its own Apollo client, links and cache. In place of the server, answers of the test, which the API's schema checks:
 * a question that it does not know, or an answer that leaves out what must be there, fails as it would at the server.
 */
export const openClinic = async (answers: Record<string, Answer>, { isIn = true } = {}) => {
  const asked: Asked[] = []
  const complaints: string[] = []
  let isReachable = true
  const positions = createFeed<{ positionUpdated: object }>()
  const all: Record<string, Answer> = {
    clinics: () => [{ ...practice, services: [service], doctors: [doctor] }],
    me: () => patient(),
    ...answers,
  }
  const root = Object.fromEntries(
    Object.entries(all).map(([name, answer]) => [
      name,
      (input: Record<string, unknown>) => {
        asked.push({ name, input: { ...input } })
        return answer(input)
      },
    ]),
  )
  const over = (async (_url: string, { body }: { body: string }) => {
    if (!isReachable) throw new TypeError('Network request failed')
    const { query, variables } = JSON.parse(body)
    const { data, errors } = await graphql({ schema, source: query, variableValues: variables, rootValue: root })
    // Whatever has no code is none of the API's refusals: the question or the answer is wrong.
    for (const { message, extensions } of errors ?? []) if (!extensions.code) complaints.push(message)
    return new Response(JSON.stringify({ data, ...(errors && { errors }) }), {
      status: 200,
      headers: { 'content-type': 'application/json' },
    })
  }) as typeof fetch

  const request = requestOver(`${device.origin}/graphql`, over)
  const session = createSession({
    request,
    texts: device.texts,
    secure: device.secure,
    wallClock: device.ports.clock.wall,
  })
  if (isIn) await session.adopt({ accessToken: 'a', refreshToken: null, viewer: viewer as never })
  const connection = createConnection()
  const offline = createOfflineClient({
    engine: null,
    session,
    texts: device.texts,
    httpUrl: `${device.origin}/graphql`,
    wsUrl: device.wsUrl,
    schema: String(Math.random()),
    ports: {
      ...device.ports,
      fetch: over,
      webSocketImpl: createLine(schema, { positionUpdated: () => positions.watch() }),
      onLine: connection.hear,
    },
  })
  await offline.start()
  const place = { patientId: idOf(10), name: 'Grace Miller', offline, connection }
  let state: PocketState = isIn ? { at: 'in', place } : { at: 'out', hasEnded: false }
  const listeners = new Set<() => void>()
  session.subscribe(() => {
    state = session.state().status === 'LOGGED_IN' ? { at: 'in', place } : { at: 'out', hasEnded: false }
    for (const listener of [...listeners]) listener()
  })
  const pocket: Pocket = {
    device,
    session,
    request,
    state: () => state,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    start: async () => {},
    logOut: () => session.logOut({ engine: null }),
    forget: async () => void (await session.logOut({ engine: null })),
  }
  return {
    asked,
    session,
    /** What was asked under that name, the last time; null where it was not. */
    last: (name: string): Record<string, unknown> | null => asked.findLast((one) => one.name === name)?.input ?? null,
    reach: (next: boolean) => {
      isReachable = next
    },
    /** Tells whoever watches where they stand now. */
    moves: (position: object) => positions.give({ positionUpdated: position }),
    /** Opens the app at an address. */
    open: async (path: string) => {
      begin(path)
      await renderAsync(<App pocket={pocket} />)
    },
    close: async () => {
      cleanup()
      await offline.stop()
      if (complaints.length > 0) throw new Error(complaints.join('\n'))
    },
  }
}

export type Clinic = Awaited<ReturnType<typeof openClinic>>
