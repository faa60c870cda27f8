import { gql } from '@apollo/client'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../../../api/test/server.ts'
import type { Engine, EntryRecord } from '../model.ts'
import { startByHand } from '../test/hand-server.ts'
import { createDeviceSession, createPlace, openDevice, until } from '../test/online-device.ts'
import { clinicData, desk, entryOf, NOON, patientOf, recordsOf } from '../test/records.ts'
import { createCache } from './cache.ts'
import { OUT_OF_CACHE } from './client.ts'
import { factsQuery } from './facts.ts'
import { createLines, type Line, type LineRow, type ToldChange } from './lines.ts'
import { createLocal } from './local.ts'

type Told = Omit<LineRow, 'position' | 'estimate'> & Pick<EntryRecord, 'boundDoctor' | 'place'>
type Service = { id: string }

const needs = { ended: 2, serviceOf: (id: string) => ({ id }) }

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
  const lines = createLines<Told, Service>(local, ['a'], needs)
  let changes = 0
  const stop = lines.subscribe(() => {
    changes++
  })
  const line = () => lines.read().get('a') as Line<LineRow, Service>
  const { tell } = lines
  const of = (list: 'waiting' | 'serving' | 'onHold' | 'ended') => line()[list].map(({ id }) => id)
  return { ...hand, cache, local, line, tell, of, stop, changes: () => changes }
}

const toldRow = (seq: number, given: Partial<Told> = {}): Told => {
  const { id, version, ticket, provisionalTicket, status, urgency, room, endReason, ...rest } = entryOf(seq)
  const { arrivedAt, dueAt, calledAt, startedAt, finishedAt, boundDoctor, place } = rest
  return {
    ...{ id, version, ticket, provisionalTicket, status, urgency, room, endReason },
    ...{ arrivedAt, dueAt, calledAt, startedAt, finishedAt, boundDoctor, place },
    ...{ reason: null, doctor: null, service: { id: 'a' }, appointment: null },
    patient: { ...{ __typename: 'Patient' }, id: `p${seq}`, name: `Patient p${seq}`, dateOfBirth: null },
    ...given,
  }
}
const paceOf = (recentMinutes: number[] = []) => ({ doctorIds: ['d'], busyDoctorIds: [], recentMinutes })
/** All of the queue at a version, or what changed since another. */
const told = (
  version: number,
  entries: Told[],
  { since = null, gone = [], pace = paceOf() }: Partial<ToldChange<Told, Service>> = {},
): ToldChange<Told, Service> => ({
  ...{ since, version, asOf: NOON.toISOString(), service: { id: 'a' } },
  ...{ entries, gone, pace },
})
const all = () => told(1, [toldRow(1), toldRow(2), toldRow(3)])

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
    expect(tell(all())).toBe(true)
    const before = line()
    tell(all())
    expect(line()).toBe(before)
    const count = changes()
    const urgent = { version: 2, place: { ...entryOf(3).place, rank: 1 } }
    tell(told(2, [toldRow(3, urgent)], { since: 1 }))
    expect(of('waiting')).toEqual(['e3', 'e1', 'e2'])
    expect(line().waiting.map(({ position }) => position)).toEqual([1, 2, 3])
    expect(line().serving).toBe(before.serving)
    expect(changes()).toBe(count + 1)
    tell(told(3, [toldRow(2, { version: 2, status: 'ON_HOLD' })], { since: 2 }))
    expect([of('waiting'), of('onHold')]).toEqual([['e3', 'e1'], ['e2']])
    const [first] = line().waiting
    tell(told(4, [], { since: 3, gone: ['e1'] }))
    expect(of('waiting')).toEqual(['e3'])
    expect(line().waiting[0]).toBe(first)
  })

  it('estimates by the pace that the server tells, for a free doctor and for a bound one', async () => {
    const { tell, line } = await setUp()
    const bound = { boundDoctor: { __typename: 'Doctor', id: 'away' } }
    tell(told(1, [toldRow(1), toldRow(2, bound), toldRow(3)], { pace: paceOf([10, 10, 10, 10, 10]) }))
    expect(line().waiting.map(({ estimate }) => estimate?.likelyMinutes)).toEqual([0, undefined, 15])
    tell(told(2, [], { since: 1, pace: paceOf() }))
    expect(line().waiting.map(({ estimate }) => estimate)).toEqual([null, null, null])
  })

  it('asks to be told anew where something was missed, and stays as it was', async () => {
    const { tell, of } = await setUp()
    tell(all())
    expect(tell(told(3, [toldRow(1, { version: 2, status: 'ON_HOLD' })], { since: 2 }))).toBe(false)
    expect(of('waiting')).toEqual(['e1', 'e2', 'e3'])
    expect(tell(told(3, [toldRow(2)]))).toBe(true)
    expect(of('waiting')).toEqual(['e2'])
  })

  it('shows the last of the ended, and one more where one of them came back', async () => {
    const { tell, of } = await setUp()
    const over = (seq: number) =>
      toldRow(seq, { version: 2, status: 'SERVED', finishedAt: new Date(NOON.getTime() + seq).toISOString() })
    tell(told(1, [over(1), over(2), over(3)]))
    expect(of('ended')).toEqual(['e3', 'e2'])
    tell(told(2, [toldRow(3, { version: 3 })], { since: 1 }))
    expect([of('waiting'), of('ended')]).toEqual([['e3'], ['e2', 'e1']])
  })

  it('follows an act of this device at once, and the server when it has told of it', async () => {
    const { tell, engine, apply, of, line } = await setUp()
    tell(all())
    await engine.act('callEntry', { id: 'e1', room: '1' })
    expect([of('waiting'), of('serving')]).toEqual([['e2', 'e3'], ['e1']])
    expect(line().waiting[0]).toMatchObject({ id: 'e2', position: 1 })
    const called = { version: 2, status: 'CALLED' as const, room: '1', calledAt: NOON.toISOString() }
    await apply({ entries: new Map([...three.entries, ['e1', entryOf(1, called)]]) })
    expect([of('waiting'), of('serving')]).toEqual([['e2', 'e3'], ['e1']])
    tell(told(2, [toldRow(1, { ...called, room: 'as the server says' })], { since: 1 }))
    expect(line().serving[0]?.room).toBe('as the server says')
  })

  it('shows what a pull brought after the server had told it: moves, and a patient who is called otherwise', async () => {
    const { tell, confirm, of, line } = await setUp()
    tell(all())
    await confirm({ patients: new Map([...three.patients, ['p2', patientOf('p2', { version: 2, name: 'Renamed' })]]) })
    await confirm({ entries: new Map([...three.entries, ['e2', entryOf(2, { version: 2 })]]) })
    expect(line().waiting[1]?.patient?.name).toBe('Renamed')
    await confirm({ entries: new Map([...three.entries, ['e1', entryOf(1, { version: 2, status: 'ON_HOLD' })]]) })
    expect(of('waiting')).toEqual(['e2', 'e3'])
  })

  it('replays acts over what the server told, also before a pull has brought it', async () => {
    const { tell, engine, setOnline, line, of, cache } = await setUp()
    const urgent = { version: 2, urgency: 'URGENT' as const, place: { ...entryOf(3).place, rank: 1 } }
    tell(told(2, [toldRow(3, urgent), toldRow(1), toldRow(2)]))
    await setOnline(false)
    expect(of('waiting')).toEqual(['e3', 'e1', 'e2'])
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

  const FACTS = `id version ticket provisionalTicket status urgency room endReason arrivedAt dueAt calledAt startedAt
    finishedAt reason doctor { id name } patient { id name dateOfBirth } service { id }
    appointment { id startsAt bound lateMinutes }`
  const ROW = `${FACTS} position estimate { lowMinutes likelyMinutes highMinutes }`
  const WHOLE = `query($id: ID!) { queue(serviceId: $id) {
    waiting { ${ROW} } serving { ${ROW} } onHold { ${ROW} } ended(last: 2) { ${ROW} } } }`
  const WATCH = gql(`subscription Watch($id: ID!) { queueChanged(serviceId: $id) {
    since version asOf gone service { id } pace { doctorIds busyDoctorIds recentMinutes }
    entries(ended: 4) { ${FACTS} boundDoctor { id } place { rank subRank arrivalSeq ownDueAt } } } }`)

  it('what a device makes of its records is row by row what the server tells', async () => {
    const place = createPlace()
    const session = createDeviceSession(server.origin, place)
    await session.logInStaff('doctor', 'anteroom-demo')
    const device = await openDevice(server.origin, place, session)
    await until(() => device.engine.status().syncedAt)
    const service = await server.db.service.findFirstOrThrow({ where: { name: 'General practice', ticketLetter: 'G' } })
    const { client, local } = device.offline
    if (!local) throw new Error('Nobody is logged in.')
    const lines = createLines<Told, Service>(local, [service.id], needs)
    const changes: ToldChange<Told, Service>[] = []
    const watch = client
      .subscribe<{ queueChanged: ToldChange<Told, Service> }>({
        query: WATCH,
        variables: { id: service.id },
        fetchPolicy: 'no-cache',
        context: OUT_OF_CACHE,
      })
      .subscribe(({ data }) => {
        if (data) changes.push(data.queueChanged)
        if (data) expect(lines.tell(data.queueChanged)).toBe(true)
      })
    const line = () => lines.read().get(service.id) as Line<LineRow, Service>
    const plain = (rows: unknown): LineRow[] =>
      JSON.parse(
        JSON.stringify(rows, (key, value) =>
          ['__typename', 'boundDoctor', 'place'].includes(key) ? undefined : value,
        ),
      )
    await until(
      () => changes.length > 0 && line().waiting.length,
      (count) => count === 5,
    )
    const token = await server.login('doctor')
    const send = (command: string, id: string | undefined, by = token) =>
      server.request(`mutation($id: ID!) { ${command}(entryId: $id) { id } }`, { id }, by)
    const [one, two, three] = line().waiting
    const first = one?.id
    await send('callEntry', first)
    await send('startService', first)
    await send('markServed', first)
    await send('hold', three?.id, await server.login('reception'))
    await send('callEntry', two?.id)
    await until(() => line().ended.length === 1 && line().serving.length === 1 && line().onHold.length === 1)
    expect(changes.slice(1).every(({ since, entries }) => since !== null && entries.length < 4)).toBe(true)
    await until(
      () => local.leads(service.id),
      (leads) => !leads,
    )
    const lists = ['waiting', 'serving', 'onHold', 'ended'] as const
    // The library asks for the version of a patient.
    const unversioned = ({ patient, ...row }: LineRow) => ({
      ...row,
      patient: patient && { ...patient, version: undefined },
    })
    const { data } = await server.request(WHOLE, { id: service.id }, token)
    for (const name of lists) expect(plain(line()[name]).map(unversioned)).toEqual(data.queue[name].map(unversioned))
    // The records come by another way than the board, and may come later.
    const statusOf = (entry: { id: string } | undefined) => device.engine.records().entries.get(entry?.id ?? '')?.status
    await until(() => statusOf(two) === 'CALLED' && statusOf(one) === 'SERVED' && statusOf(three) === 'ON_HOLD')
    place.network.set(false)
    device.engine.nudge()
    await until(() => local.leads(service.id))
    for (const name of lists) expect(plain(line()[name]).map(unversioned)).toEqual(data.queue[name].map(unversioned))
    watch.unsubscribe()
    await device.close()
  })
})
