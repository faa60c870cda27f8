import { gql } from '@apollo/client'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../../../api/test/server.ts'
import type { Engine } from '../model.ts'
import { startByHand } from '../test/hand-server.ts'
import { createDeviceSession, createPlace, openDevice, until } from '../test/online-device.ts'
import { clinicData, desk, entryOf, NOON, patientOf, recordsOf } from '../test/records.ts'
import { createCache } from './cache.ts'
import { OUT_OF_CACHE } from './client.ts'
import { factsQuery } from './facts.ts'
import { createLines, type LineRow } from './lines.ts'
import { createLocal } from './local.ts'

type Told = { id: string; service: { id: string }; waiting: LineRow[]; serving: LineRow[]; ended: LineRow[] }

const needs = {
  ended: 2,
  make: (id: string, { waiting, serving, ended }: Omit<Told, 'id' | 'service'>): Told => ({
    ...{ id, service: { id } },
    ...{ waiting, serving, ended },
  }),
}

const engines: Engine[] = []
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop()
})

const three = recordsOf({
  entries: [entryOf(1), entryOf(2), entryOf(3)],
  patients: [1, 2, 3].map((seq) => patientOf(`p${seq}`)),
})

/** The queue of a desk with three who wait, whose server is the test's. */
const setUp = async () => {
  const hand = await startByHand('desk')
  engines.push(hand.engine)
  const cache = createCache(() => local)
  cache.writeQuery({ ...factsQuery(desk), data: { clinic: clinicData } })
  const local = createLocal({ cache, engine: hand.engine, person: desk, wallClock: () => NOON.getTime() })
  hand.engine.subscribe(local.update)
  await hand.confirm(three)
  const lines = createLines<Told>(local, ['a'], needs)
  let changes = 0
  const stop = lines.subscribe(() => {
    changes++
  })
  const line = () => lines.read().get('a') as Told
  /** As the guard does with what the subscription brings, and then the screen. */
  const tell = (told: Told) => {
    const entries = [...told.waiting, ...told.serving]
    for (const entry of entries) local.sawEntry({ ...entry })
    local.sawView('a', {
      statuses: new Set(['WAITING', 'CALLED', 'IN_SERVICE']),
      versions: new Map(entries.map(({ id, version }) => [id, version])),
    })
    lines.tell(told)
  }
  const of = (list: 'waiting' | 'serving' | 'ended') => line()[list].map(({ id }) => id)
  return { ...hand, cache, local, line, tell, of, stop, changes: () => changes }
}

const toldRow = (seq: number, position: number | null, given: Partial<LineRow> = {}): LineRow => {
  const { id, version, ticket, provisionalTicket, status, urgency, room, endReason, ...times } = entryOf(seq)
  const { arrivedAt, dueAt, calledAt, startedAt, finishedAt } = times
  return {
    ...{ id, version, ticket, provisionalTicket, status, urgency, room, endReason },
    ...{ arrivedAt, dueAt, calledAt, startedAt, finishedAt },
    ...{ reason: null, position, estimate: null, doctor: null, service: { id: 'a' }, appointment: null },
    patient: { ...{ __typename: 'Patient' }, id: `p${seq}`, name: `Patient p${seq}`, dateOfBirth: null },
    ...given,
  }
}
const told = (waiting: LineRow[], serving: LineRow[] = []): Told => ({
  ...{ id: 'a', service: { id: 'a' } },
  ...{ waiting, serving, ended: [] },
})

describe('a queue on a screen', () => {
  it('is read from the records before the server has told it, in calling order with places', async () => {
    const { line } = await setUp()
    expect(line().waiting).toMatchObject([
      { id: 'e1', position: 1, patient: { name: 'Patient p1' } },
      { id: 'e2', position: 2 },
      { id: 'e3', position: 3 },
    ])
  })

  it('is what the server told, while the device knows nothing newer; what did not change is the same object', async () => {
    const { tell, line, changes, of } = await setUp()
    tell(told([toldRow(1, 1), toldRow(2, 2), toldRow(3, 3)]))
    const before = line()
    tell(told([toldRow(1, 1), toldRow(2, 2), toldRow(3, 3)]))
    expect(line()).toBe(before)
    const count = changes()
    tell(told([toldRow(1, 1), toldRow(3, 2, { version: 2 }), toldRow(2, 3)]))
    expect(of('waiting')).toEqual(['e1', 'e3', 'e2'])
    expect(line().waiting[0]).toBe(before.waiting[0])
    expect(line().serving).toBe(before.serving)
    expect(changes()).toBe(count + 1)
  })

  it('follows an act of this device at once, and the server when it has told of it', async () => {
    const { tell, engine, apply, of, line } = await setUp()
    tell(told([toldRow(1, 1), toldRow(2, 2), toldRow(3, 3)]))
    await engine.act('callEntry', { id: 'e1', room: '1' })
    expect([of('waiting'), of('serving')]).toEqual([['e2', 'e3'], ['e1']])
    expect(line().waiting[0]).toMatchObject({ id: 'e2', position: 1 })
    const called = { version: 2, status: 'CALLED' as const, room: '1', calledAt: NOON.toISOString() }
    await apply({ entries: new Map([...three.entries, ['e1', entryOf(1, called)]]) })
    expect([of('waiting'), of('serving')]).toEqual([['e2', 'e3'], ['e1']])
    tell(told([toldRow(2, 1), toldRow(3, 2)], [toldRow(1, null, { ...called, room: 'as the server says' })]))
    expect(line().serving[0]?.room).toBe('as the server says')
  })

  it('shows what a pull brought after the server had told it: moves, and a patient who is called otherwise', async () => {
    const { tell, confirm, of, line } = await setUp()
    tell(told([toldRow(1, 1), toldRow(2, 2), toldRow(3, 3)]))
    await confirm({ patients: new Map([...three.patients, ['p2', patientOf('p2', { version: 2, name: 'Renamed' })]]) })
    await confirm({ entries: new Map([...three.entries, ['e2', entryOf(2, { version: 2 })]]) })
    expect(line().waiting[1]?.patient?.name).toBe('Renamed')
    await confirm({ entries: new Map([...three.entries, ['e1', entryOf(1, { version: 2, status: 'ON_HOLD' })]]) })
    expect(of('waiting')).toEqual(['e2', 'e3'])
  })

  it('replays acts over what the server told, also before a pull has brought it', async () => {
    const { tell, engine, setOnline, line, cache } = await setUp()
    const urgent = { version: 2, urgency: 'URGENT' as const }
    tell(told([toldRow(3, 1, urgent), toldRow(1, 2), toldRow(2, 3)]))
    await setOnline(false)
    await engine.act('callEntry', { id: 'e3', room: '1' })
    expect(line().serving).toMatchObject([{ id: 'e3', urgency: 'URGENT', version: 3 }])
    expect(cache.extract(false)['QueueEntry:e3']).toMatchObject({ version: 1, urgency: 'ROUTINE' })
  })

  it('shows as many of the ended as the screen asks for, the last first', async () => {
    const { confirm, of, setOnline } = await setUp()
    const ended = (seq: number) =>
      entryOf(seq, { status: 'SERVED', version: 2, finishedAt: new Date(NOON.getTime() + seq).toISOString() })
    await confirm({ entries: new Map([1, 2, 3].map((seq) => [`e${seq}`, ended(seq)])) })
    await setOnline(false)
    expect(of('ended')).toEqual(['e3', 'e2'])
  })

  it('is not followed any more by a screen that is gone', async () => {
    const { engine, stop, changes } = await setUp()
    stop()
    const count = changes()
    await engine.act('hold', { id: 'e1' })
    expect(changes()).toBe(count)
  })
})

describe('on a real server', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer()
  })
  afterAll(() => server?.close())

  const ROW = `id version ticket provisionalTicket status urgency room endReason arrivedAt dueAt calledAt startedAt
    finishedAt reason position estimate { lowMinutes likelyMinutes highMinutes } doctor { id name }
    patient { id name dateOfBirth } service { id } appointment { id startsAt bound lateMinutes }`
  const WATCH = gql(`subscription Watch($id: ID!) { queueUpdated(serviceId: $id) {
    id asOf service { id } waiting { ${ROW} } serving { ${ROW} } ended(last: 2) { ${ROW} } } }`)

  it('what a device makes of its records is row by row what the server tells', async () => {
    const place = createPlace()
    const session = createDeviceSession(server.origin, place)
    await session.logInStaff('doctor', 'anteroom-demo')
    const device = await openDevice(server.origin, place, session)
    await until(() => device.engine.status().syncedAt)
    const service = await server.db.service.findFirstOrThrow({ where: { name: 'General practice', ticketLetter: 'G' } })
    const { client, local } = device.offline
    if (!local) throw new Error('Nobody is logged in.')
    const lines = createLines<Told>(local, [service.id], needs)
    let last: Told | null = null
    const watch = client
      .subscribe<{ queueUpdated: Told }>({
        query: WATCH,
        variables: { id: service.id },
        fetchPolicy: 'no-cache',
        context: OUT_OF_CACHE,
      })
      .subscribe(({ data }) => {
        last = data?.queueUpdated ?? last
        if (last) lines.tell(last)
      })
    const line = () => lines.read().get(service.id)
    const plain = (told: unknown) =>
      JSON.parse(JSON.stringify(told, (key, value) => (key === '__typename' ? undefined : value)))
    await until(
      () => last?.waiting.length,
      (count) => count === 5,
    )
    const token = await server.login('doctor')
    const send = (command: string, id: string | undefined) =>
      server.request(`mutation($id: ID!) { ${command}(entryId: $id) { id } }`, { id }, token)
    const first = (last as unknown as Told).waiting[0]?.id
    await send('callEntry', first)
    await send('startService', first)
    await send('markServed', first)
    await send('callEntry', (last as unknown as Told).waiting[1]?.id)
    await until(
      () => last,
      (told) => told?.ended.length === 1 && told.serving.length === 1,
    )
    await until(
      () => local.leads(service.id),
      (leads) => !leads,
    )
    const byServer = plain(last)
    expect(plain(line()).waiting).toEqual(byServer.waiting)
    // The records come by another way than the board, and may come later.
    const statusOf = (entry: { id: string } | undefined) => device.engine.records().entries.get(entry?.id ?? '')?.status
    const { serving: called, ended: served } = last as unknown as Told
    await until(() => statusOf(called[0]) === 'CALLED' && statusOf(served[0]) === 'SERVED')
    place.network.set(false)
    device.engine.nudge()
    await until(() => local.leads(service.id))
    const { waiting, serving, ended } = plain(line())
    const shared = ({ patient, ...row }: LineRow & { patient: { version?: number } | null }) => ({
      ...row,
      patient: patient && { ...patient, version: undefined },
    })
    expect(waiting.map(shared)).toEqual(byServer.waiting.map(shared))
    expect(serving.map(shared)).toEqual(byServer.serving.map(shared))
    expect(ended.map(shared)).toEqual(byServer.ended.map(shared))
    watch.unsubscribe()
    await device.close()
  })
})
