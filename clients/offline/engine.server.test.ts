import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { IDBFactory } from 'fake-indexeddb'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startTestServer, type TestServer } from '../../api/test/server.ts'
import { createEngine } from './engine.ts'
import { createFetchTransport, type TransportSession } from './fetch-transport.ts'
import { patientKeeping, staffKeeping } from './held.ts'
import type { Engine } from './model.ts'
import { nobodyElse, type Ports, soleHolder } from './ports.ts'
import type { Reader } from './selections.ts'
import { createIndexedDb } from './storage/indexed-db.ts'
import { createMemoryDisk } from './storage/memory.ts'
import { createSqlite } from './storage/sqlite.ts'
import type { StorageOpener } from './storage/storage.ts'
import { BARRED_MS } from './sync-loop.ts'
import { createDevice, quiet, until } from './test/device.ts'
import { nodeSqlite } from './test/node-sqlite.ts'

let server: TestServer
let folder = ''
let serviceId = ''
const engines: Engine[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anteroom-engine-'))
  server = await startTestServer()
  const { data } = await server.request('{ clinics { services { id } } }')
  serviceId = data.clinics[0].services[0].id
})
afterAll(async () => {
  await server?.close()
  await rm(folder, { recursive: true, force: true })
})
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop()
})

const testPorts = (): Ports => ({
  clock: { wall: () => Date.now(), mono: () => performance.now(), bootId: randomUUID() },
  random: Math.random,
  newId: randomUUID,
  timers: {
    after: (milliseconds, work) => {
      const handle = setTimeout(work, milliseconds)
      return () => clearTimeout(handle)
    },
  },
  locks: soleHolder,
  channel: nobodyElse,
  witness: { has: () => false, set: () => {} },
  crypto: null,
})

type Line = { isUp: boolean; loseReplies: number }

/** A device of that log-in, with a line to the server that a test can cut. */
const deviceOf = async (name: string, reader: Reader, opener: StorageOpener = createMemoryDisk()) => {
  const line: Line = { isUp: true, loseReplies: 0 }
  let token = await server.login(name)
  const { data } = await server.request('{ me { ... on User { id } ... on Patient { id } } }', {}, token)
  const account = data.me.id as string
  const session: TransportSession = {
    account: () => account,
    token: async () => token,
    renewed: async () => {
      token = await server.login(name)
      return token
    },
  }
  const ports = testPorts()
  const transport = createFetchTransport({
    url: `${server.origin}/graphql`,
    fetch: async (input, init) => {
      if (!line.isUp) throw new TypeError('fetch failed')
      const response = await fetch(input, init)
      const lost = line.loseReplies > 0
      if (lost) line.loseReplies -= 1
      if (!lost) return response
      await response.text()
      throw new TypeError('fetch failed')
    },
    session,
    reader,
    timers: ports.timers,
  })
  const keeping = reader.kind === 'user' ? staffKeeping : patientKeeping
  const engine = createEngine({ account, transport, opener, ports, keeping })
  engines.push(engine)
  await engine.start()
  return {
    engine,
    line,
    account,
    spoilToken: () => {
      token = `${token.slice(0, -4)}AAAA`
    },
  }
}

const desk = { kind: 'user', role: 'RECEPTIONIST' } as const
const doctor = { kind: 'user', role: 'DOCTOR' } as const

const storages: [string, () => StorageOpener][] = [
  ['memory', createMemoryDisk],
  ['IndexedDB', () => createIndexedDb(new IDBFactory())],
  ['SQLite', () => createSqlite(nodeSqlite(folder))],
]

test.each(storages)(
  'a desk on %s registers, adds and calls without a network; all of it is done once, in order',
  async (_kind, makeOpener) => {
    const { engine, line } = await deviceOf('reception', desk, makeOpener())
    await until(engine, ({ isLoading }) => !isLoading)
    line.isUp = false
    const patient = await engine.act('createPatient', { name: 'Made Offline', language: 'es' })
    const entry = await engine.act('addWalkIn', { patientId: patient.input.id, serviceId, provisionalTicket: 'P7-01' })
    await engine.act('callEntry', { id: entry.input.id, room: '3' })
    await engine.act('startService', { id: entry.input.id })
    line.isUp = true
    line.loseReplies = 1
    engine.nudge()
    await quiet(engine)
    expect(engine.records().entries.get(String(entry.input.id))).toMatchObject({
      status: 'IN_SERVICE',
      room: '3',
      provisionalTicket: 'P7-01',
      patient: { id: patient.input.id },
    })
    expect(engine.records().patients.get(String(patient.input.id))).toMatchObject({
      name: 'Made Offline',
      language: 'es',
    })
    expect(engine.status().notices).toEqual([])
    const { rows } = { rows: await server.db.queueEntry.count({ where: { patientId: String(patient.input.id) } }) }
    expect(rows).toBe(1)
  },
)

test('a doctor holds the queue of their services, without phone numbers', async () => {
  const { engine } = await deviceOf('doctor', doctor)
  await until(engine, ({ isLoading }) => !isLoading)
  expect(engine.records().entries.size).toBeGreaterThan(0)
  for (const patient of engine.records().patients.values()) expect(patient).not.toHaveProperty('phoneNumber')
  const [waiting] = [...engine.records().entries.values()].filter(({ status }) => status === 'WAITING')
  const call = await engine.act('callEntry', { id: waiting?.id })
  expect(await engine.outcome(call.id)).toMatchObject({ outcome: 'APPLIED' })
})

test('a patient holds their own records, and hears of what the desk has overridden', async () => {
  const patient = await deviceOf('+12025550100', { kind: 'patient' })
  await until(patient.engine, ({ isLoading }) => !isLoading)
  expect([...patient.engine.records().patients.keys()]).toContain(patient.account)
  const own = patient.engine.records().patients.get(patient.account)

  patient.line.isUp = false
  const update = await patient.engine.act('updatePatient', { id: patient.account, seen: own?.version, name: 'My Name' })
  const reception = await deviceOf('reception', desk)
  await until(reception.engine, ({ isLoading }) => !isLoading)
  const theirs = await reception.engine.act('updatePatient', {
    id: patient.account,
    seen: own?.version,
    name: 'Desk Name',
  })
  expect(await reception.engine.outcome(theirs.id)).toMatchObject({ outcome: 'APPLIED' })

  patient.line.isUp = true
  patient.engine.nudge()
  expect(await patient.engine.outcome(update.id)).toMatchObject({ outcome: 'OVERRIDDEN' })
  await quiet(patient.engine)
  expect(patient.engine.records().patients.get(patient.account)).toMatchObject({ name: 'Desk Name' })
  expect(patient.engine.status().notices[0]?.result.overrides).toMatchObject([{ field: 'name', value: 'Desk Name' }])

  // Having seen it, the patient may change it again.
  const again = await patient.engine.redo(update.id)
  expect(await patient.engine.outcome(again.id)).toMatchObject({ outcome: 'APPLIED' })
  reception.engine.nudge()
  await until(reception.engine, () => reception.engine.records().patients.get(patient.account)?.name === 'My Name')
})

test("an operation of a newer app than the server's is dropped and listed; those around it are done", async () => {
  const { engine, line } = await deviceOf('reception', desk)
  await until(engine, ({ isLoading }) => !isLoading)
  line.isUp = false
  const made = []
  for (let n = 0; n < 9; n += 1) made.push(await engine.act('createPatient', { name: `Patient ${n}` }))
  const odd = await engine.act('addWalkIn', { patientId: made[0]?.input.id, serviceId, urgency: 'CODE_BLUE' })
  made.push(await engine.act('createPatient', { name: 'Behind It' }))
  line.isUp = true
  engine.nudge()
  await quiet(engine)
  expect(engine.status().notices).toMatchObject([{ id: odd.id, result: { outcome: 'REJECTED', code: 'MALFORMED' } }])
  for (const { input } of made) expect(engine.records().patients.has(String(input.id))).toBe(true)
})

test('a token that has expired is renewed on the way', async () => {
  const { engine, spoilToken } = await deviceOf('reception', desk)
  await until(engine, ({ isLoading }) => !isLoading)
  spoilToken()
  const operation = await engine.act('createPatient', { name: 'After The Token' })
  expect(await engine.outcome(operation.id)).toMatchObject({ outcome: 'APPLIED' })
  expect(engine.status().trouble).toBeNull()
})

test('two devices restored from one copy both go on, and end with the same records', async () => {
  const disk = createMemoryDisk()
  const first = await deviceOf('reception', desk, disk)
  await until(first.engine, ({ isLoading }) => !isLoading)
  first.line.isUp = false
  const shared = await first.engine.act('createPatient', { name: 'In The Copy' })
  await first.engine.stop()
  const copies = [createMemoryDisk(), createMemoryDisk()]
  for (const copy of copies) copy.restore(disk.copy())
  const twins = [await deviceOf('reception', desk, copies[0]), await deviceOf('reception', desk, copies[1])]
  const own = []
  for (const { engine } of twins) own.push(await engine.act('createPatient', { name: 'Of A Twin' }))
  for (const { engine } of twins) await quiet(engine)
  const ids = [shared, ...own].map(({ input }) => String(input.id))
  for (const { engine } of twins) {
    engine.nudge()
    await until(engine, () => ids.every((id) => engine.records().patients.has(id)))
    expect(engine.status().notices).toEqual([])
  }
  expect(await server.db.patient.count({ where: { name: 'In The Copy' } })).toBe(1)
})

test('the operations of an outage arrive in several batches, and another desk has what they made', async () => {
  const { engine, line } = await deviceOf('reception', desk, createIndexedDb(new IDBFactory()))
  const other = await deviceOf('reception', desk)
  await until(engine, ({ isLoading }) => !isLoading)
  line.isUp = false
  for (let n = 0; n < 120; n += 1) {
    const { input } = await engine.act('createPatient', { name: `Patient ${n}` })
    await engine.act('addWalkIn', { patientId: input.id, serviceId })
  }
  line.isUp = true
  line.loseReplies = 1
  engine.nudge()
  await until(engine, ({ unsent }) => unsent === 0, 60_000)
  await quiet(engine)
  const { size } = engine.records().entries
  other.engine.nudge()
  await until(other.engine, () => other.engine.records().entries.size === size, 60_000)
  expect([...other.engine.records().entries.keys()].sort()).toEqual([...engine.records().entries.keys()].sort())
  expect(engine.status().notices).toEqual([])
  expect(await server.db.queueEntry.count({ where: { patient: { name: { startsWith: 'Patient ' } } } })).toBe(120)
}, 120_000)

test('whoever may not sync is asked once, is not kept loading, and leaves no row of refusals behind', async () => {
  const token = await server.login('admin')
  const { data } = await server.request('{ me { ... on User { id } } }', {}, token)
  const account = data.me.id as string
  let asked = 0
  const transport = createFetchTransport({
    url: `${server.origin}/graphql`,
    fetch: (input, init) => {
      asked += 1
      return fetch(input, init)
    },
    session: { account: () => account, token: async () => token, renewed: async () => token },
    reader: { kind: 'user', role: 'ADMIN' },
    timers: testPorts().timers,
  })
  const device = createDevice()
  const engine = await device.tab(transport)
  await until(engine, ({ isLoading }) => !isLoading)
  await expect.poll(() => device.pauses.at(-1)).toBe(BARRED_MS)
  expect(engine.status()).toMatchObject({ isOnline: true, trouble: null })
  expect(asked).toBe(1)
  await server.request('mutation($id: ID!) { hold(entryId: $id) { id } }', { id: account }, token)
  const denied = () => server.db.auditEvent.findMany({ where: { actorUserId: account }, orderBy: { at: 'asc' } })
  await expect.poll(async () => (await denied()).map(({ action }) => action)).toContain('denied.hold')
  expect((await denied()).map(({ action }) => action)).not.toContain('denied.changes')
  await device.close()
})
