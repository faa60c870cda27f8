import { CombinedGraphQLErrors, gql } from '@apollo/client'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../../../api/test/server.ts'
import { accountOf } from '../session.ts'
import {
  createDeviceSession,
  createPlace,
  type OnlineDevice,
  openDevice,
  type Place,
  until,
} from '../test/online-device.ts'

let server: TestServer
let serviceId: string
let doctorId: string
const opened: OnlineDevice[] = []

beforeAll(async () => {
  server = await startTestServer()
  const user = await server.db.user.findUniqueOrThrow({
    where: { username: 'doctor' },
    include: { doctor: { include: { services: true } } },
  })
  doctorId = user.doctor?.id as string
  serviceId = user.doctor?.services[0]?.serviceId as string
})
afterEach(async () => {
  for (const device of opened.splice(0)) await device.close()
})
afterAll(() => server?.close())

const logIn = async (username: string, place: Place = createPlace()): Promise<OnlineDevice> => {
  const session = createDeviceSession(server.origin, place)
  await (username.startsWith('+')
    ? session.logInPatient(username, 'anteroom-demo')
    : session.logInStaff(username, 'anteroom-demo'))
  const device = await openDevice(server.origin, place, session)
  opened.push(device)
  await until(() => device.engine.status().syncedAt)
  return device
}

const LISTS = `id version asOf service { id }
  waiting { id ticket position status patient { id name } } serving { id ticket status room doctor { id name } }
  onHold { id } ended { id status }`
const BOARD = gql(`query Board($id: ID!) { queue(serviceId: $id) { ${LISTS} } }`)
const WATCH = gql(`subscription Watch($id: ID!) { queueUpdated(serviceId: $id) { ${LISTS} } }`)
const WALK_IN = gql`mutation WalkIn($p: ID!, $s: ID!) {
  addWalkIn(input: { patientId: $p, serviceId: $s }) { id ticket provisionalTicket status patient { name } } }`
const CREATE = gql`mutation Create($n: String!) { createPatient(input: { name: $n }) { id name } }`
const CALL = gql`mutation Call($e: ID!, $d: ID) { callEntry(entryId: $e, doctorId: $d) { id status room } }`
const NEXT = gql`mutation Next($s: ID!, $d: ID) { callNext(serviceId: $s, doctorId: $d) { id status ticket } }`

/** A screen with the board: the query, and the subscription that keeps it fresh. */
const board = ({ offline: { client } }: OnlineDevice) => {
  let last: any
  const query = client.watchQuery({ query: BOARD, variables: { id: serviceId } }).subscribe(({ data }) => {
    if (data) last = data
  })
  const watch = client.subscribe({ query: WATCH, variables: { id: serviceId } }).subscribe({ error: () => {} })
  const idsOf = (list: string): string[] => last?.queue?.[list]?.map(({ id }: { id: string }) => id) ?? []
  return {
    waiting: () => idsOf('waiting'),
    serving: () => idsOf('serving'),
    last: () => last?.queue,
    stop: () => {
      query.unsubscribe()
      watch.unsubscribe()
    },
  }
}

const mutate = async (device: OnlineDevice, mutation: typeof CALL, variables: Record<string, unknown>): Promise<any> =>
  (await device.offline.client.mutate<any>({ mutation, variables })).data

const addPatient = async (device: OnlineDevice, name: string) => {
  const { createPatient } = await mutate(device, CREATE, { n: name })
  const { addWalkIn } = await mutate(device, WALK_IN, { p: createPatient.id, s: serviceId })
  return { patientId: createPatient.id as string, entry: addWalkIn }
}

const codeOf = (error: unknown) => (CombinedGraphQLErrors.is(error) ? error.errors[0]?.extensions?.code : String(error))

const goOffline = async (device: OnlineDevice) => {
  device.place.network.set(false)
  device.engine.nudge()
  await until(() => !device.engine.status().isOnline)
}

const comeBack = async (device: OnlineDevice) => {
  device.place.network.set(true)
  device.engine.nudge()
  await until(
    () =>
      device.engine.status().isOnline && device.engine.status().unsent === 0 && device.engine.pending().length === 0,
  )
}

const waitingOnServer = async () => {
  const token = await server.login('reception')
  const { data } = await server.request(
    `{ queue(serviceId: "${serviceId}") { waiting { id } serving { id } } }`,
    {},
    token,
  )
  return { waiting: data.queue.waiting.map(({ id }: any) => id), serving: data.queue.serving.map(({ id }: any) => id) }
}

describe('a desk and a doctor on a real server', () => {
  it('see the same board, whoever acts', async () => {
    const [desk, doctor] = [await logIn('reception'), await logIn('doctor')]
    const [deskBoard, doctorBoard] = [board(desk), board(doctor)]
    const { entry } = await addPatient(desk, 'Ada Lovelace')
    expect(entry).toMatchObject({ status: 'WAITING', provisionalTicket: null, patient: { name: 'Ada Lovelace' } })
    expect(entry.ticket).toMatch(/^[A-Z]-\d{3}$/)
    await until(() => doctorBoard.waiting().includes(entry.id) && deskBoard.waiting().includes(entry.id))
    await mutate(doctor, CALL, { e: entry.id })
    await until(() => deskBoard.serving().includes(entry.id) && doctorBoard.serving().includes(entry.id))
    await expect(mutate(desk, CALL, { e: entry.id })).rejects.toSatisfy((error) => codeOf(error) === 'ALREADY_CALLED')
    expect(desk.engine.status().notices).toEqual([])
    const served = gql`mutation($e: ID!) { markServed(entryId: $e) { id status } }`
    expect(await mutate(doctor, served, { e: entry.id })).toMatchObject({ markServed: { status: 'SERVED' } })
    await until(() => !deskBoard.serving().includes(entry.id))
    deskBoard.stop()
    doctorBoard.stop()
  })

  it('go on without a network, and everything meets when it returns', async () => {
    const [desk, doctor] = [await logIn('reception'), await logIn('doctor')]
    const [deskBoard, doctorBoard] = [board(desk), board(doctor)]
    await until(() => deskBoard.last() && doctorBoard.last())
    await goOffline(desk)
    const { entry } = await addPatient(desk, 'Grace Hopper')
    expect(entry.provisionalTicket).toMatch(/^[A-Z]\d\d-\d\d$/)
    await until(() => deskBoard.waiting().includes(entry.id))
    const next = await mutate(desk, NEXT, { s: serviceId, d: null })
    expect(next.callNext.status).toBe('CALLED')
    await until(() => deskBoard.serving().includes(next.callNext.id))
    expect(doctorBoard.waiting()).not.toContain(entry.id)
    await comeBack(desk)
    await until(() => doctorBoard.waiting().includes(entry.id) && doctorBoard.serving().includes(next.callNext.id))
    await until(() => deskBoard.last().waiting.find(({ id }: any) => id === entry.id)?.ticket !== entry.ticket)
    const truth = await waitingOnServer()
    await until(() => JSON.stringify(deskBoard.waiting()) === JSON.stringify(truth.waiting))
    expect(doctorBoard.waiting()).toEqual(truth.waiting)
    expect(deskBoard.serving()).toEqual(truth.serving)
    await mutate(desk, gql`mutation($e: ID!) { leaveQueue(entryId: $e) { id } }`, { e: next.callNext.id })
  })

  it('check in and call a booked patient, both before either reached the server', async () => {
    const desk = await logIn('reception')
    const { createPatient } = await mutate(desk, CREATE, { n: 'Booked Patient' })
    const appointmentId = crypto.randomUUID()
    const { clinicId } = await server.db.service.findUniqueOrThrow({ where: { id: serviceId } })
    const startsAt = new Date(Date.now() + 60_000)
    await server.db.appointment.create({
      data: {
        ...{ id: appointmentId, clinicId, serviceId, doctorId, patientId: createPatient.id },
        ...{ startsAt, endsAt: new Date(startsAt.getTime() + 60_000) },
      },
    })
    desk.engine.nudge()
    await until(() => desk.engine.records().appointments.has(appointmentId))
    await goOffline(desk)
    const { checkIn } = await mutate(desk, gql`mutation($a: ID!) { checkIn(appointmentId: $a) { id status } }`, {
      a: appointmentId,
    })
    expect(await mutate(desk, CALL, { e: checkIn.id })).toMatchObject({
      callEntry: { id: checkIn.id, status: 'CALLED' },
    })
    await comeBack(desk)
    expect(desk.engine.status().notices).toEqual([])
    expect(await server.db.queueEntry.findUnique({ where: { id: checkIn.id } })).toMatchObject({
      status: 'CALLED',
      appointmentId,
    })
  })

  it('start from what the device kept, without a network', async () => {
    const place = createPlace()
    const first = await logIn('reception', place)
    const shown = board(first)
    const { entry } = await addPatient(first, 'Kept Patient')
    await until(() => shown.waiting().includes(entry.id))
    shown.stop()
    await first.close()
    opened.splice(opened.indexOf(first), 1)
    place.network.set(false)
    const session = createDeviceSession(server.origin, place)
    expect(await session.restore()).toMatchObject({ status: 'LOGGED_IN', isConfirmed: false })
    const again = await openDevice(server.origin, place, session)
    opened.push(again)
    await until(() => !again.engine.status().isOnline)
    const { data } = await again.offline.client.query<any>({ query: BOARD, variables: { id: serviceId } })
    expect(data?.queue.waiting.map(({ patient }: any) => patient.name)).toContain('Kept Patient')
    expect((await mutate(again, CALL, { e: entry.id })).callEntry).toMatchObject({ status: 'CALLED' })
    await comeBack(again)
    expect(await server.db.queueEntry.findUnique({ where: { id: entry.id } })).toMatchObject({ status: 'CALLED' })
  })

  it('are watched again after each break, with the present state first, and pull what they missed', async () => {
    const [desk, doctor] = [await logIn('reception'), await logIn('doctor')]
    const shown = board(doctor)
    await until(() => shown.last())
    doctor.place.network.set(false)
    const { entry } = await addPatient(desk, 'Missed Patient')
    doctor.place.network.set(true)
    await until(() => shown.waiting().includes(entry.id) && doctor.engine.records().entries.has(entry.id))
    shown.stop()
  })
})

describe('a session', () => {
  it('is refreshed once, however many requests found the access token ended', async () => {
    const desk = await logIn('reception')
    let refreshes = 0
    const place = createPlace()
    const plain = place.network.fetch
    place.network.fetch = (async (url: string, init: RequestInit) => {
      const isRefresh = String(init.body).includes('refreshSession')
      if (isRefresh) refreshes++
      const spoilt = { ...(init.headers as Record<string, string>) }
      if (!isRefresh && refreshes === 0 && spoilt.authorization) spoilt.authorization = 'Bearer spoilt'
      return plain(url, { ...init, headers: spoilt })
    }) as typeof fetch
    const session = createDeviceSession(server.origin, place)
    await session.logInStaff('reception', 'anteroom-demo')
    const device = await openDevice(server.origin, place, session)
    opened.push(device)
    const answers = await Promise.all(
      ['a', 'b', 'c'].map((name) =>
        device.offline.client.query<any>({
          query: gql(`query ${name} { me { ... on User { name } } }`),
          fetchPolicy: 'no-cache',
        }),
      ),
    )
    for (const { data } of answers) expect(data?.me.name).toBe(desk.person.name)
    await until(() => device.engine.status().syncedAt)
    expect(refreshes).toBe(1)
  })

  it('tells at log-out what is unsent, and ends only when told what to do with it', async () => {
    const desk = await logIn('reception')
    await goOffline(desk)
    await mutate(desk, CREATE, { n: 'Unsent' })
    const asked = await desk.session.logOut({ engine: desk.engine })
    expect(asked).toMatchObject({ done: false, unsent: [{ command: 'createPatient' }] })
    expect(desk.session.account()).toBe(accountOf(desk.person))
    desk.place.network.set(true)
    expect(await desk.session.logOut({ engine: desk.engine, unsent: 'DISCARD' })).toEqual({ done: true })
    expect(desk.session.state().status).toBe('LOGGED_OUT')
    expect(await desk.place.secure.get('session.refresh')).toBeNull()
  })

  it('refuses a wrong password with its code', async () => {
    const session = createDeviceSession(server.origin, createPlace())
    await expect(session.logInStaff('reception', 'wrong')).rejects.toMatchObject({ code: 'WRONG_CREDENTIALS' })
  })
})

describe('a patient', () => {
  it('books for themselves without a network, sees it, and leaves the queue', async () => {
    const patient = await logIn('+12025550100')
    const HOME = gql`query Home { me { ... on Patient { id name activeEntries { id status } appointments(first: 20) { edges { node { id status startsAt } } pageInfo { hasNextPage } } } } }`
    let home: any
    patient.offline.client.watchQuery({ query: HOME }).subscribe(({ data }) => {
      if (data) home = data
    })
    await until(() => home)
    await goOffline(patient)
    const startsAt = new Date(Math.ceil(Date.now() / 900_000) * 900_000 + 26 * 3_600_000).toISOString()
    const { bookAppointment } = await mutate(
      patient,
      gql`mutation($s: ID!, $at: DateTime!) { bookAppointment(input: { serviceId: $s, startsAt: $at }) { id status doctor { id name } } }`,
      { s: serviceId, at: startsAt },
    )
    expect(bookAppointment.status).toBe('BOOKED')
    await until(() => home.me.appointments.edges.some(({ node }: any) => node.id === bookAppointment.id))
    await comeBack(patient)
    const stored = await server.db.appointment.findUnique({ where: { id: bookAppointment.id } })
    const refusal = patient.engine.status().notices[0]?.result.code
    // The desk's hours decide; the patient is told either way.
    expect(stored !== null || refusal === 'OUTSIDE_HOURS').toBe(true)
  })
})
