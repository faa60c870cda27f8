import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openTokens } from '../api/access/sessions.ts'
import type { UserViewer } from '../api/access/viewer.ts'
import { connect } from '../api/database/client.ts'
import { startEmbedded } from '../api/database/embedded.ts'
import { applyMigrations } from '../api/database/migrate.ts'
import { uuidv7 } from '../api/database/uuid.ts'
import { createTestClinic } from '../api/test/clinic.ts'
import { createTestDeps } from '../api/test/context.ts'
import { createEngine } from '../clients/offline/engine.ts'
import { createFetchTransport } from '../clients/offline/fetch-transport.ts'
import { staffKeeping } from '../clients/offline/held.ts'
import type { Engine } from '../clients/offline/model.ts'
import { phonePorts } from '../clients/offline/ports.ts'
import { createMemoryDisk } from '../clients/offline/storage/memory.ts'
import type { Options } from './main.ts'
import type { Measure } from './measure.ts'

/** Each patient of the outage is registered, queued, called, taken in and served: five operations. */
const PATIENTS = 200
const OUTAGE_MS = 8 * 3_600_000
const APPLIED_WITHIN_MS = 5_000
const SEEN_WITHIN_MS = 1_000

const INSTANCE = fileURLToPath(new URL('../clients/offline/proof/server-process.ts', import.meta.url))

const startApi = async (url: string): Promise<{ child: ChildProcess; origin: string }> => {
  const child = spawn(process.execPath, [INSTANCE, url], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout as NodeJS.ReadableStream, 'data')
  return { child, origin: `http://127.0.0.1:${String(line).trim()}` }
}

/** Resolves as soon as the engine's state satisfies the condition. */
const until = (engine: Engine, condition: () => boolean): Promise<void> =>
  new Promise((resolve) => {
    const check = () => {
      if (!condition()) return
      stop()
      resolve()
    }
    const stop = engine.subscribe(check)
    check()
  })

/** The subscription by which a connected device hears of news, in the words of graphql-transport-ws. */
const watchChanges = (origin: string, token: string, hear: () => void): WebSocket => {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  const say = (message: object) => socket.send(JSON.stringify(message))
  socket.onopen = () => say({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } })
  socket.onmessage = ({ data }) => {
    const { type } = JSON.parse(String(data)) as { type: string }
    if (type === 'connection_ack')
      say({ id: '1', type: 'subscribe', payload: { query: 'subscription { changesAvailable }' } })
    else if (type === 'ping') say({ type: 'pong' })
    else if (type === 'next') hear()
  }
  return socket
}

/** A desk as an app makes it; its network and its clock are in our hands. */
const openDesk = async (origin: string, { userId }: UserViewer, token: string) => {
  let isDown = false
  let asleep = 0
  const witness = { has: () => false, set: () => {} }
  const plain = phonePorts(witness)
  const ports = {
    ...plain,
    clock: {
      bootId: plain.clock.bootId,
      wall: () => plain.clock.wall() + asleep,
      mono: () => plain.clock.mono() + asleep,
    },
  }
  const engine = createEngine({
    account: userId,
    transport: createFetchTransport({
      url: `${origin}/graphql`,
      fetch: (input, init) => (isDown ? Promise.reject(new TypeError('fetch failed')) : fetch(input, init)),
      session: { account: () => userId, token: async () => token, renewed: async () => null },
      reader: { kind: 'user', role: 'RECEPTIONIST' },
      timers: ports.timers,
    }),
    opener: createMemoryDisk(),
    ports,
    keeping: staffKeeping,
  })
  await engine.start()
  const live = watchChanges(origin, token, () => engine.nudge())
  await until(engine, () => engine.status().syncedAt !== null)
  return {
    engine,
    pass: (milliseconds: number) => {
      asleep += milliseconds
    },
    setDown: (down: boolean) => {
      isDown = down
    },
    close: async () => {
      live.close()
      await engine.stop()
    },
  }
}

const playOutage = async (url: string, origin: string): Promise<{ applied: number; seen: number }> => {
  const db = connect(url)
  const deps = createTestDeps({ db, url })
  const clinic = await createTestClinic(deps, { services: 2, doctors: 2 })
  const tokenOf = async ({ userId }: UserViewer) => (await openTokens(deps, { userId })).accessToken
  const [one, other] = [await clinic.user('RECEPTIONIST'), await clinic.user('RECEPTIONIST')]
  const desk = await openDesk(origin, one, await tokenOf(one))
  const screen = await openDesk(origin, other, await tokenOf(other))

  desk.setDown(true)
  for (let i = 0; i < PATIENTS; i++) {
    const [patientId, id] = [uuidv7(), uuidv7()]
    const serviceId = clinic.serviceIds[i % 2]
    await desk.engine.act('createPatient', { id: patientId, name: `Patient ${i}`, dateOfBirth: '1980-01-01' })
    await desk.engine.act('addWalkIn', { id, patientId, serviceId, provisionalTicket: `P1-${i}` })
    await desk.engine.act('callEntry', { id, room: '1' })
    await desk.engine.act('startService', { id })
    await desk.engine.act('markServed', { id })
    desk.pass(OUTAGE_MS / PATIENTS)
  }

  const servedAt = ({ engine }: { engine: Engine }) =>
    [...engine.records().entries.values()].filter(({ status }) => status === 'SERVED').length
  const start = performance.now()
  desk.setDown(false)
  desk.engine.nudge()
  await until(desk.engine, () => desk.engine.status().unsent === 0)
  const applied = performance.now() - start
  await until(screen.engine, () => servedAt(screen) === PATIENTS)
  const seen = performance.now() - start - applied
  const refused = desk.engine.status().notices
  if (refused.length > 0) throw new Error(`refused: ${JSON.stringify(refused[0])}`)
  await until(desk.engine, () => servedAt(desk) === PATIENTS)

  await desk.close()
  await screen.close()
  await deps.close()
  await db.$disconnect()
  return { applied, seen }
}

/** A desk comes back after eight hours with 1,000 operations; another screen of the clinic watches. */
export const run = async ({ rounds, say }: Options): Promise<Measure[]> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'anteroom-bench-'))
  const embedded = await startEmbedded({ dataDir, log: () => {} })
  let child: ChildProcess | null = null
  try {
    await applyMigrations(embedded.url, () => {})
    const api = await startApi(embedded.url)
    child = api.child
    await playOutage(embedded.url, api.origin)
    const played: { applied: number; seen: number }[] = []
    for (let i = 0; i < rounds; i++) {
      const times = await playOutage(embedded.url, api.origin)
      played.push(times)
      say(
        `${5 * PATIENTS} operations applied ${times.applied.toFixed(0)} ms after reconnecting, seen on the other screen ${times.seen.toFixed(0)} ms later`,
      )
    }
    const measure = (
      name: string,
      limit: number,
      of: (times: { applied: number; seen: number }) => number,
    ): Measure => ({
      name,
      subject: 'anteroom',
      reference: 'promised',
      unit: 'ms',
      better: 'lower',
      rounds: played.map((times) => ({ subject: of(times), reference: limit })),
    })
    return [
      measure('sync.applied', APPLIED_WITHIN_MS, ({ applied }) => applied),
      measure('sync.seen', SEEN_WITHIN_MS, ({ seen }) => Math.max(0, seen)),
    ]
  } finally {
    if (child) {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    }
    await embedded.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}
