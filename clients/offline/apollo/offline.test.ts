import { ApolloClient, ApolloLink, CombinedGraphQLErrors, DocumentTransform, gql } from '@apollo/client'
import { Observable, Subject } from 'rxjs'
import { afterEach, describe, expect, it } from 'vitest'
import type { Engine, Person } from '../model.ts'
import { startByHand } from '../test/hand-server.ts'
import { bookingOf, clinicData, desk, entryOf, minutesAgo, NOON, patientOf, recordsOf } from '../test/records.ts'
import { askVersions } from './ask-versions.ts'
import { createCache } from './cache.ts'
import { factsQuery } from './facts.ts'
import { createGuardLink } from './guard-link.ts'
import { createLocal, type Local } from './local.ts'
import { createOfflineLink, keepActsOutOfCache } from './offline-link.ts'

type Request = { operation: ApolloLink.Operation; answer: Subject<ApolloLink.Result> }

const clients: ApolloClient[] = []
const engines: Engine[] = []
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop()
  for (const client of clients.splice(0)) client.stop()
})

/** The library with the test in place of the server. */
const setUp = async (person: Person = desk) => {
  const hand = await startByHand('desk')
  engines.push(hand.engine)
  let local: Local | null = null
  const cache = createCache(() => local)
  cache.writeQuery({ ...factsQuery(person), data: { clinic: clinicData } })
  local = createLocal({ cache, engine: hand.engine, person, wallClock: () => NOON.getTime() })
  hand.engine.subscribe(local.update)
  const known = { engine: hand.engine, local }
  const requests: Request[] = []
  let ids = 0
  const client = new ApolloClient({
    cache,
    documentTransform: new DocumentTransform(askVersions),
    link: ApolloLink.from([
      createOfflineLink(cache, () => known, {
        sleep: () => new Promise(() => {}),
        newId: () => `new${++ids}`,
        nextTicket: async () => `P7-0${++ids}`,
      }),
      createGuardLink(cache, () => local),
      new ApolloLink((operation) => {
        const answer = new Subject<ApolloLink.Result>()
        requests.push({ operation, answer })
        return new Observable((observer) => answer.subscribe(observer))
      }),
    ]),
  })
  clients.push(client)
  keepActsOutOfCache(client)
  local.update()
  const answerLast = (data: Record<string, unknown>) => {
    const request = requests.at(-1)
    request?.answer.next({ data })
    if (request?.operation.operationType !== 'subscription') request?.answer.complete()
  }
  return { ...hand, client, cache, local, requests, answerLast }
}

const BOARD = gql`query Board($id: ID!) {
  queue(serviceId: $id) {
    id version asOf service { id name }
    waiting { id ticket position status patient { id name } }
    serving { id ticket status room doctor { id name } }
    onHold { id }
    ended { id status }
  }
}`
const WATCH = gql`subscription Watch($id: ID!) {
  queueUpdated(serviceId: $id) {
    id version asOf service { id }
    waiting { id ticket position status patient { id name } }
    serving { id ticket status room doctor { id name } }
    onHold { id }
    ended { id status }
  }
}`
const CALL = gql`mutation($id: ID!, $d: ID) { callEntry(entryId: $id, doctorId: $d) { id status room doctor { id name } history { at } } }`
const NEXT = gql`mutation { callNext(serviceId: "a", doctorId: "doc1") { id status } }`

const patients = [1, 2, 3].map((seq) => patientOf(`p${seq}`))
const three = recordsOf({ entries: [entryOf(1), entryOf(2), entryOf(3)], patients })

const seenEntry = (seq: number, version: number, given: Record<string, unknown> = {}) => ({
  __typename: 'QueueEntry',
  id: `e${seq}`,
  version,
  ticket: `A-00${seq}`,
  position: null,
  status: 'WAITING',
  patient: { __typename: 'Patient', id: `p${seq}`, version: 1, name: `Patient p${seq}` },
  ...given,
})
const seenQueue = (version: number, lists: Record<string, unknown>) => ({
  __typename: 'Queue',
  id: 'a',
  version,
  asOf: NOON.toISOString(),
  service: { __typename: 'Service', id: 'a' },
  waiting: [],
  serving: [],
  onHold: [],
  ended: [],
  ...lists,
})

/** What a screen with this query shows. */
const show = (
  { client }: { client: ApolloClient },
  query = BOARD,
  variables: Record<string, unknown> = { id: 'a' },
) => {
  const shown: { data: any; partial: boolean }[] = []
  const subscription = client.watchQuery({ query, variables }).subscribe((result) => {
    shown.push({ data: result.data, partial: result.partial })
  })
  return {
    last: () => shown.at(-1)?.data,
    ids: (list = 'waiting') => shown.at(-1)?.data?.queue[list].map(({ id }: { id: string }) => id),
    stop: () => subscription.unsubscribe(),
  }
}
const settle = () => new Promise((resolve) => setTimeout(resolve, 20))
const codeOf = (error: unknown) => (CombinedGraphQLErrors.is(error) ? error.errors[0]?.extensions?.code : String(error))

describe('without a network', () => {
  it('a board that was never asked for is read from the records, in calling order', async () => {
    const device = await setUp()
    await device.confirm(three)
    await device.setOnline(false)
    const board = show(device)
    await settle()
    expect(board.last().queue.waiting).toMatchObject([
      { id: 'e1', position: 1, patient: { name: 'Patient p1' } },
      { id: 'e2', position: 2 },
      { id: 'e3', position: 3 },
    ])
    expect(device.requests).toHaveLength(0)
  })

  it('a call is answered at once in its own selection, and the board follows', async () => {
    const device = await setUp()
    await device.confirm(three)
    await device.setOnline(false)
    const board = show(device)
    const { data } = await device.client.mutate({ mutation: CALL, variables: { id: 'e2', d: 'doc1' } })
    expect(data).toEqual({
      callEntry: {
        __typename: 'QueueEntry',
        id: 'e2',
        version: 2,
        status: 'CALLED',
        room: 'Room of doc1',
        doctor: { __typename: 'Doctor', id: 'doc1', name: 'doc1' },
        history: null,
      },
    })
    await settle()
    expect([board.ids(), board.ids('serving')]).toEqual([['e1', 'e3'], ['e2']])
    await device.client.mutate({ mutation: CALL, variables: { id: 'e3' } })
    await device.client.mutate({ mutation: gql`mutation { hold(entryId: "e1") { id } }` })
    await settle()
    expect([board.ids(), board.ids('serving').toSorted(), board.ids('onHold')]).toEqual([[], ['e2', 'e3'], ['e1']])
    for (const id of ['e1', 'e2', 'e3'])
      expect(device.cache.extract(false)[`QueueEntry:${id}`]).toMatchObject({ status: 'WAITING', version: 1 })
  })

  it('callNext calls the first whom this caller may take, one after the other', async () => {
    const device = await setUp()
    const bound = entryOf(1, { boundDoctor: { __typename: 'Doctor', id: 'doc2' } })
    await device.confirm(recordsOf({ entries: [bound, entryOf(2)], patients }))
    await device.setOnline(false)
    expect((await device.client.mutate({ mutation: NEXT })).data).toMatchObject({
      callNext: { id: 'e2', status: 'CALLED' },
    })
    await expect(device.client.mutate({ mutation: NEXT })).rejects.toSatisfy((error) => codeOf(error) === 'DOCTOR_BUSY')
    expect(device.engine.pending().map(({ command, input }) => [command, input.id])).toEqual([['callEntry', 'e2']])
  })

  it('a patient is registered, added and found, with a provisional ticket', async () => {
    const device = await setUp()
    await device.confirm(three)
    await device.setOnline(false)
    const board = show(device)
    const created = await device.client.mutate<any>({
      mutation: gql`mutation { createPatient(input: { name: "Ada Lovelace" }) { id name phoneNumber activeEntries { id } } }`,
    })
    const patientId = created.data?.createPatient.id
    await device.client.mutate({
      mutation: gql`mutation($p: ID!) { addWalkIn(input: { patientId: $p, serviceId: "a", urgency: URGENT }) { id ticket } }`,
      variables: { p: patientId },
    })
    const found = await device.client.query<any>({
      query: gql`{ patients(search: "love") { edges { node { id name activeEntries { id ticket } } } pageInfo { hasNextPage } } }`,
    })
    await settle()
    expect(found.data?.patients.edges).toMatchObject([
      { node: { name: 'Ada Lovelace', activeEntries: [{ ticket: 'P7-03' }] } },
    ])
    expect(board.last().queue.waiting[0]).toMatchObject({
      ticket: 'P7-03',
      position: 1,
      patient: { name: 'Ada Lovelace' },
    })
  })

  it('what needs the server is refused as OFFLINE, and changes nothing', async () => {
    const device = await setUp()
    await device.setOnline(false)
    const mutation = gql`mutation { setOnDuty(doctorId: "doc1", onDuty: true) { id } }`
    await expect(device.client.mutate({ mutation })).rejects.toSatisfy((error) => codeOf(error) === 'OFFLINE')
    const query = gql`{ analytics(clinicId: "clinic", from: "2026-11-01", to: "2026-11-02") { served } }`
    await expect(device.client.query({ query })).rejects.toSatisfy((error) => codeOf(error) === 'OFFLINE')
    expect(device.requests).toHaveLength(0)
  })

  it('undo takes back what was not sent', async () => {
    const device = await setUp()
    await device.confirm(three)
    await device.setOnline(false)
    const board = show(device)
    await device.client.mutate({ mutation: CALL, variables: { id: 'e1' } })
    const undo = gql`mutation { undo(entryId: "e1") { id status } }`
    expect((await device.client.mutate({ mutation: undo })).data).toMatchObject({
      undo: { id: 'e1', status: 'WAITING' },
    })
    await settle()
    expect(board.ids()).toEqual(['e1', 'e2', 'e3'])
    await expect(device.client.mutate({ mutation: undo })).rejects.toSatisfy((error) => codeOf(error) === 'OFFLINE')
  })

  it("today's bookings are listed from the records, with what was booked and checked in here", async () => {
    const device = await setUp()
    await device.confirm(
      recordsOf({ appointments: [bookingOf('b1', minutesAgo(-30)), bookingOf('b2', minutesAgo(-1440 * 2))], patients }),
    )
    await device.setOnline(false)
    const query = gql`{ appointments(clinicId: "clinic", from: "2026-11-22", to: "2026-11-22") {
      edges { node { id status patient { id } queueEntry { id status } } } pageInfo { hasNextPage } } }`
    const list = show(device, query, {})
    await device.client.mutate({
      mutation: gql`mutation($at: DateTime!) { bookAppointment(input: { patientId: "p1", serviceId: "a", startsAt: $at }) { id doctor { id } } }`,
      variables: { at: minutesAgo(-60) },
    })
    await device.client.mutate({
      mutation: gql`mutation { checkIn(appointmentId: "b1") { id status appointment { id status } } }`,
    })
    await settle()
    expect(
      list.last().appointments.edges.map(({ node }: any) => [node.id, node.status, node.queueEntry?.status ?? null]),
    ).toEqual([
      ['b1', 'CHECKED_IN', 'WAITING'],
      ['new1', 'BOOKED', null],
    ])
  })
})

describe('with a network', () => {
  it('an act waits for the server, and its refusal is an ordinary error with the code', async () => {
    const device = await setUp()
    await device.confirm(three)
    const done = device.client.mutate({ mutation: CALL, variables: { id: 'e1' } })
    const refused = expect(done).rejects.toSatisfy((error) => codeOf(error) === 'ALREADY_CALLED')
    await device.refuse('ALREADY_CALLED')
    await refused
    expect(device.engine.status().notices).toEqual([])
    expect(device.requests).toHaveLength(0)
  })

  it('an act is answered by the record that the server confirmed', async () => {
    const device = await setUp()
    await device.confirm(three)
    const done = device.client.mutate<any>({ mutation: CALL, variables: { id: 'e1', d: 'doc1' } })
    await settle()
    const called = entryOf(1, {
      version: 2,
      status: 'CALLED',
      room: 'Room 9',
      doctor: { __typename: 'Doctor', id: 'doc1' },
    })
    await device.apply(recordsOf({ entries: [called, entryOf(2), entryOf(3)], patients }))
    expect((await done).data?.callEntry).toMatchObject({ status: 'CALLED', room: 'Room 9' })
  })

  it('callNext goes straight to the server under an Idempotency-Key', async () => {
    const device = await setUp()
    await device.confirm(three)
    const done = device.client.mutate({ mutation: NEXT })
    await settle()
    expect(device.requests.at(-1)?.operation.getContext().headers).toMatchObject({ 'idempotency-key': 'new1' })
    device.answerLast({ callNext: { __typename: 'QueueEntry', id: 'e1', version: 2, status: 'CALLED' } })
    expect((await done).data).toMatchObject({ callNext: { id: 'e1' } })
  })

  it('an answer that was long on its way overwrites nothing newer', async () => {
    const device = await setUp()
    const board = show(device)
    await settle()
    const late = device.requests.at(-1)
    device.client.subscribe({ query: WATCH, variables: { id: 'a' } }).subscribe(() => {})
    const called = seenEntry(1, 2, { status: 'CALLED', room: 'R', doctor: null })
    device.answerLast({
      queueUpdated: seenQueue(8, { serving: [called], waiting: [seenEntry(2, 1, { position: 1 })] }),
    })
    late?.answer.next({
      data: { queue: seenQueue(7, { waiting: [seenEntry(1, 1, { position: 1 }), seenEntry(2, 1, { position: 2 })] }) },
    })
    late?.answer.complete()
    await settle()
    expect(board.last().queue).toMatchObject({
      version: 8,
      serving: [{ id: 'e1' }],
      waiting: [{ id: 'e2', position: 1 }],
    })
    await device.confirm(three)
    await settle()
    expect(device.cache.extract(false)['QueueEntry:e1']).toMatchObject({ status: 'CALLED', version: 2 })
  })

  it('a pull that is ahead of the subscription moves the board, and the subscription moves it on', async () => {
    const device = await setUp()
    const board = show(device)
    await settle()
    await device.confirm(three)
    device.answerLast({
      queue: seenQueue(3, { waiting: [1, 2, 3].map((seq) => seenEntry(seq, 1, { position: seq })) }),
    })
    await settle()
    expect(board.ids()).toEqual(['e1', 'e2', 'e3'])
    const held = entryOf(1, { version: 2, status: 'ON_HOLD' })
    await device.confirm(recordsOf({ entries: [held, entryOf(2), entryOf(3)], patients }))
    await settle()
    expect([board.ids(), board.ids('onHold'), board.last().queue.waiting[0].position]).toEqual([
      ['e2', 'e3'],
      ['e1'],
      1,
    ])
    device.client.subscribe({ query: WATCH, variables: { id: 'a' } }).subscribe(() => {})
    device.answerLast({
      queueUpdated: seenQueue(5, {
        waiting: [seenEntry(3, 1, { position: 1 })],
        onHold: [seenEntry(1, 2), seenEntry(2, 2)],
      }),
    })
    await settle()
    expect([board.ids(), board.ids('onHold')]).toEqual([['e3'], ['e1', 'e2']])
  })

  it('nothing flickers between the answer, the pull and the subscription', async () => {
    const device = await setUp()
    await device.confirm(three)
    const board = show(device)
    await settle()
    device.answerLast({
      queue: seenQueue(3, { waiting: [1, 2, 3].map((seq) => seenEntry(seq, 1, { position: seq })) }),
    })
    const seen: unknown[] = []
    device.client.watchQuery({ query: BOARD, variables: { id: 'a' } }).subscribe(({ data }: any) => {
      const list = data?.queue.waiting.map(({ id }: any) => id).join()
      if (list !== undefined && seen.at(-1) !== list) seen.push(list)
    })
    await settle()
    const done = device.client.mutate({ mutation: CALL, variables: { id: 'e1' } })
    await settle()
    await device.apply(
      recordsOf({ entries: [entryOf(1, { version: 2, status: 'CALLED' }), entryOf(2), entryOf(3)], patients }),
    )
    await done
    await settle()
    device.client.subscribe({ query: WATCH, variables: { id: 'a' } }).subscribe(() => {})
    const called = seenEntry(1, 2, { status: 'CALLED', room: null, doctor: null })
    device.answerLast({
      queueUpdated: seenQueue(4, {
        serving: [called],
        waiting: [2, 3].map((seq) => seenEntry(seq, 1, { position: seq - 1 })),
      }),
    })
    await settle()
    expect(seen).toEqual(['e1,e2,e3', 'e2,e3'])
    board.stop()
  })
})
