import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { startTestServer, type TestServer } from './test/server.ts'

let server: TestServer
const statements: string[] = []
let reception: string
let doctor: string
let admin: string
let clinicId: string
let serviceId: string
let otherServiceId: string

beforeAll(async () => {
  server = await startTestServer({ onStatement: (sql) => statements.push(sql) })
  reception = await server.login('reception')
  doctor = await server.login('doctor')
  admin = await server.login('admin')
  const { data } = await server.request('{ clinics { id name services { id } } }')
  clinicId = data.clinics[0].id
  ;[serviceId, otherServiceId] = data.clinics[0].services.map((service: { id: string }) => service.id)
})
afterAll(() => server.close())

const codes = (answer: { errors?: { extensions: { code: string } }[] }) =>
  answer.errors?.map((error) => error.extensions.code)

const newPatient = async (): Promise<string> => {
  const answer = await server.request(
    'mutation { createPatient(input: { name: "Test Person" }) { id } }',
    {},
    reception,
  )
  return answer.data.createPatient.id
}

const walkIn = async (service = serviceId): Promise<{ id: string; ticket: string }> => {
  const answer = await server.request(
    'mutation($i: AddWalkInInput!) { addWalkIn(input: $i) { id ticket } }',
    { i: { patientId: await newPatient(), serviceId: service } },
    reception,
  )
  return answer.data.addWalkIn
}

const move = (name: string, id: string, token = reception) =>
  server.request(`mutation($id: ID!) { ${name}(entryId: $id) { id status version } }`, { id }, token)

describe('the demonstration clinic', () => {
  it('has what the README promises', async () => {
    const { data } = await server.request('{ clinics { name services { name } doctors { name } } }')
    expect(data.clinics.map((clinic: { name: string }) => clinic.name)).toEqual([
      'Riverside Clinic',
      'Wellfield Clinic',
    ])
    for (const clinic of data.clinics) {
      expect(clinic.services.length).toBeGreaterThanOrEqual(3)
      expect(clinic.doctors.length).toBeGreaterThanOrEqual(4)
    }
    const waits = await server.request(
      'query($s: ID!) { queue(serviceId: $s) { waiting { ticket position } } }',
      { s: serviceId },
      reception,
    )
    expect(waits.data.queue.waiting.length).toBeGreaterThanOrEqual(3)
    for (const name of ['reception2', 'doctor2', 'admin2', '+12025550100']) await server.login(name)
  })
})

describe('errors', () => {
  it.each([
    ['a document that is not GraphQL', '{', {}, 'GRAPHQL_PARSE_FAILED', undefined],
    ['an unknown field', '{ nothing }', {}, 'GRAPHQL_VALIDATION_FAILED', undefined],
    ['an id that is no UUID', 'query($id: ID!) { clinic(id: $id) { id } }', { id: 'x' }, 'BAD_INPUT', 'id'],
    [
      'an id in an input that is no UUID',
      'mutation($input: AddWalkInInput!) { addWalkIn(input: $input) { id } }',
      { input: { patientId: 'x', serviceId: 'y' } },
      'BAD_INPUT',
      'input.patientId',
    ],
    [
      'a variable of the wrong type',
      'query($first: Int) { patients(first: $first) { edges { cursor } } }',
      { first: 'many' },
      'BAD_INPUT',
      'first',
    ],
    [
      'a missing part of an input',
      'mutation($input: LoginStaffInput!) { loginStaff(input: $input) { accessToken } }',
      { input: { username: 'reception' } },
      'BAD_INPUT',
      'input.password',
    ],
    [
      'a day that is none',
      'query($c: ID!, $d: Date!) { analytics(clinicId: $c, from: $d, to: $d) { arrivals } }',
      { c: '01a20488-77f1-76aa-9760-55c3c14bb39f', d: '2026-02-30' },
      'BAD_INPUT',
      'd',
    ],
  ])('%s has a code and names the field', async (_name, query, variables, code, field) => {
    const answer = await server.request(query, variables, reception)
    expect(answer.errors?.[0]?.extensions).toMatchObject({ code, ...(field ? { field } : {}) })
  })

  it('an expired or forged token is refused, but may still be exchanged', async () => {
    expect(codes(await server.request('{ me { __typename } }', {}, 'forged'))).toEqual(['UNAUTHENTICATED'])
    const again = await server.request(
      'mutation { loginStaff(input: { username: "reception", password: "anteroom-demo" }) { accessToken } }',
      {},
      'forged',
    )
    expect(again.errors).toBeUndefined()
  })

  it('a document that asks for too much is refused, over HTTP and WebSocket alike', async () => {
    const deep = `{ me { ... on User { clinic ${'{ services { clinic '.repeat(12)}{ id }${' } }'.repeat(12)} } } }`
    const aliases = `{ ${Array.from({ length: 80 }, (_, i) => `a${i}: __typename`).join(' ')} }`
    const circle = 'fragment A on Query { ...B } fragment B on Query { ...A } { ...A }'
    const directives = `{ clinics ${'@skip(if: false) '.repeat(40)} { id } }`
    for (const query of [deep, aliases, circle, directives]) {
      expect(codes(await server.request(query))).toEqual(['TOO_COMPLEX'])
      const { done } = server.watch(query, {}, reception)
      expect((await done) as unknown).toMatchObject([{ extensions: { code: 'TOO_COMPLEX' } }])
    }
  })

  it('a body that is too large is refused before it is read', async () => {
    const response = await fetch(`${server.origin}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: `{ me { __typename } } #${'x'.repeat(1_100_000)}` }),
    })
    expect(response.status).toBe(413)
  })

  it('a subscription over plain HTTP is told where to go', async () => {
    const answer = await server.request('subscription($c: ID!) { displayUpdated(clinicId: $c) { version } }', {
      c: clinicId,
    })
    expect(codes(answer)).toEqual(['BAD_INPUT'])
  })
})

describe('Idempotency-Key', () => {
  const callNext = 'mutation($s: ID!) { callNext(serviceId: $s) { id ticket status patient { phoneNumber } } }'

  it('a repeated call answers the first result to the letter and calls nobody else', async () => {
    await walkIn(otherServiceId)
    await walkIn(otherServiceId)
    const key = { 'idempotency-key': 'call-1' }
    const first = await server.request(callNext, { s: otherServiceId }, doctor, key)
    const second = await server.request(callNext, { s: otherServiceId }, doctor, key)
    expect(first.data.callNext.status).toBe('CALLED')
    expect({ data: second.data, errors: second.errors }).toEqual({ data: first.data, errors: first.errors })
    await move('markServed', first.data.callNext.id, doctor)
    const queue = await server.request(
      'query($s: ID!) { queue(serviceId: $s) { waiting { id } } }',
      { s: otherServiceId },
      reception,
    )
    expect(queue.data.queue.waiting.length).toBe(1)
  })

  it('forty at once, more than there are connections, do it once', async () => {
    await walkIn(otherServiceId)
    const answers = await Promise.all(
      Array.from({ length: 40 }, () =>
        server.request(callNext, { s: otherServiceId }, doctor, { 'idempotency-key': 'call-at-once' }),
      ),
    )
    expect(new Set(answers.map((answer) => answer.data.callNext?.id)).size).toBe(1)
    const called = answers[0]?.data.callNext.id
    await move('markServed', called, doctor)
    const entries = await server.db.queueEvent.count({ where: { entryId: called, kind: 'CALLED' } })
    expect(entries).toBe(1)
  })

  it('a repeat whose first answer was lost with its process still does nothing', async () => {
    const entry = await walkIn(otherServiceId)
    const key = { 'idempotency-key': 'lost' }
    const first = await server.request(
      'mutation($id: ID!) { hold(entryId: $id) { id status version } }',
      { id: entry.id },
      reception,
      key,
    )
    await server.db.idempotentAnswer.updateMany({ where: { key: 'lost' }, data: { answer: null } })
    const second = await server.request(
      'mutation($id: ID!) { hold(entryId: $id) { id status version } }',
      { id: entry.id },
      reception,
      key,
    )
    expect(second.data).toEqual(first.data)
  })

  it('is forgotten after 24 hours', async () => {
    const entry = await walkIn(otherServiceId)
    const key = { 'idempotency-key': 'yesterday' }
    const hold = 'mutation($id: ID!) { hold(entryId: $id) { id status } }'
    await server.request(hold, { id: entry.id }, reception, key)
    await server.db
      .$executeRaw`UPDATE idempotent_answers SET created_at = created_at - interval '25 hours' WHERE key = 'yesterday'`
    expect(codes(await server.request(hold, { id: entry.id }, reception, key))).toEqual(['NOT_WAITING'])
  })

  it('refusals are repeated too, another request under the key is refused, another caller has keys of their own', async () => {
    const entry = await walkIn(otherServiceId)
    const key = { 'idempotency-key': 'refusal' }
    const start = 'mutation($id: ID!) { startService(entryId: $id) { id } }'
    expect(codes(await server.request(start, { id: entry.id }, reception, key))).toEqual(['NOT_CALLED'])
    await server.request('mutation($id: ID!) { callEntry(entryId: $id) { id } }', { id: entry.id }, reception)
    expect(codes(await server.request(start, { id: entry.id }, reception, key))).toEqual(['NOT_CALLED'])
    const other = 'mutation($id: ID!) { recall(entryId: $id) { id } }'
    expect(codes(await server.request(other, { id: entry.id }, reception, key))).toEqual(['IDEMPOTENCY_KEY_REUSED'])
    expect((await server.request(other, { id: entry.id }, doctor, key)).errors).toBeUndefined()
  })
})

describe('live', () => {
  const position = 'subscription($e: ID!) { positionUpdated(entryId: $e) { entryId status position room version } }'
  const board = `subscription($s: ID!) { queueUpdated(serviceId: $s) {
    version waiting { id ticket position patient { name phoneNumber } } serving { id ticket } } }`

  it('the state at once, then each change, versions rising; a called patient sees the room', async () => {
    const entry = await walkIn()
    const watch = server.watch(position, { e: entry.id }, reception)
    const first = await watch.until(() => true)
    expect(first.positionUpdated).toMatchObject({ entryId: entry.id, status: 'WAITING' })
    await server.request(
      'mutation($id: ID!) { setUrgency(entryId: $id, urgency: EMERGENCY) { id } }',
      { id: entry.id },
      reception,
    )
    await watch.until((data) => data.positionUpdated.position === 1)
    await server.request(
      'mutation($id: ID!) { callEntry(entryId: $id, room: "7") { id } }',
      { id: entry.id },
      reception,
    )
    await watch.until((data) => data.positionUpdated.status === 'CALLED' && data.positionUpdated.room === '7')
    await move('markServed', entry.id)
    await watch.until((data) => data.positionUpdated.status === 'SERVED')
    const versions = watch.events.map((event) => event.data?.positionUpdated.version)
    expect(versions).toEqual(versions.toSorted((a, b) => a - b))
    expect(new Set(versions).size).toBe(versions.length)
  })

  it('only those whose position changed are told', async () => {
    const [ahead, behind] = [await walkIn(), await walkIn()]
    const watches = [ahead, behind].map((entry) => server.watch(position, { e: entry.id }, reception))
    const [before, after] = watches as [(typeof watches)[number], (typeof watches)[number]]
    await Promise.all(watches.map((watch) => watch.until(() => true)))
    await move('hold', behind.id)
    await after.until((data) => data.positionUpdated.status === 'ON_HOLD')
    expect(before.events.length).toBe(1)
  })

  it('a watcher follows a transfer to the other queue', async () => {
    const entry = await walkIn()
    const watch = server.watch(position, { e: entry.id }, reception)
    await watch.until(() => true)
    await server.request(
      'mutation($id: ID!, $s: ID!) { transfer(entryId: $id, serviceId: $s) { id } }',
      { id: entry.id, s: otherServiceId },
      reception,
    )
    await server.request(
      'mutation($id: ID!) { callEntry(entryId: $id, room: "9") { id } }',
      { id: entry.id },
      reception,
    )
    await watch.until((data) => data.positionUpdated.status === 'CALLED' && data.positionUpdated.room === '9')
  })

  it('boards have names, the display has none, and a patient watches only their own', async () => {
    const entry = await walkIn()
    const desk = server.watch(board, { s: serviceId }, reception)
    const seen = await desk.until((data) =>
      data.queueUpdated.waiting.some((one: { id: string }) => one.id === entry.id),
    )
    expect(seen.queueUpdated.waiting.at(-1).patient.name).toBe('Test Person')
    const screen = server.watch(
      'subscription($c: ID!) { displayUpdated(clinicId: $c) { version waiting { ticket } called { ticket room } } }',
      { c: clinicId },
    )
    await screen.until((data) =>
      data.displayUpdated.waiting.some((one: { ticket: string }) => one.ticket === entry.ticket),
    )
    const patient = await server.login('+12025550100')
    const foreign = server.watch(position, { e: entry.id }, patient)
    expect(await foreign.done).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }])
    const forbidden = server.watch(board, { s: serviceId }, patient)
    expect(await forbidden.done).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }])
    const nobody = server.watch(position, { e: entry.id })
    expect(await nobody.done).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }])
  })

  it('one change is one read of the queue, however many are watching', async () => {
    const entry = await walkIn()
    const client = server.socket(reception)
    const watches = Array.from({ length: 200 }, () => server.watchOn(client, position, { e: entry.id }))
    await Promise.all(watches.map((watch) => watch.until(() => true)))
    statements.length = 0
    await move('hold', entry.id)
    await Promise.all(watches.map((watch) => watch.until((data) => data.positionUpdated.status === 'ON_HOLD')))
    expect(statements.filter((sql) => /FROM queue_state q\s/.test(sql)).length).toBe(1)
  })
})

describe('rights taken away while a socket is open', () => {
  it('logging out closes the socket, and nothing more is told', async () => {
    const token = await server.login('reception')
    const entry = await walkIn()
    let closed: { code?: number } = {}
    const client = server.socket(token, {
      on: {
        closed: (event) => {
          closed = event as { code?: number }
        },
      },
    })
    const watch = server.watchOn(client, 'subscription($s: ID!) { queueUpdated(serviceId: $s) { version } }', {
      s: serviceId,
    })
    await watch.until(() => true)
    await server.request('mutation { logout }', {}, token)
    await watch.done
    expect(closed.code).toBe(4403)
    const count = watch.events.length
    await move('hold', entry.id)
    expect(watch.events.length).toBe(count)
    expect(codes(await server.request('{ me { __typename } }', {}, token))).toEqual(['UNAUTHENTICATED'])
  })

  it('deactivating a user does, too', async () => {
    const name = 'temp.desk'
    const made = await server.request(
      'mutation($i: CreateUserInput!) { createUser(input: $i) { id } }',
      { i: { clinicId, username: name, name: 'Temp', password: 'a long password', role: 'RECEPTIONIST' } },
      admin,
    )
    const token = await server.login(name, 'a long password')
    const watch = server.watch(
      'subscription($s: ID!) { queueUpdated(serviceId: $s) { version } }',
      { s: serviceId },
      token,
    )
    await watch.until(() => true)
    await server.request(
      'mutation($id: ID!) { deactivateUser(id: $id) { active } }',
      { id: made.data.createUser.id },
      admin,
    )
    expect(await watch.done).toMatchObject({ code: 4403 })
  })

  it("a doctor's board ends when the service is taken from them", async () => {
    const made = await server.request(
      'mutation($i: CreateUserInput!) { createUser(input: $i) { id } }',
      {
        i: {
          clinicId,
          username: 'temp.doctor',
          name: 'Dr. Temp',
          password: 'a long password',
          role: 'DOCTOR',
          serviceIds: [serviceId, otherServiceId],
        },
      },
      admin,
    )
    const token = await server.login('temp.doctor', 'a long password')
    const watch = server.watch(
      'subscription($s: ID!) { queueUpdated(serviceId: $s) { version } }',
      { s: serviceId },
      token,
    )
    await watch.until(() => true)
    await server.request(
      'mutation($id: ID!, $i: UpdateUserInput!) { updateUser(id: $id, input: $i) { id } }',
      { id: made.data.createUser.id, i: { serviceIds: [otherServiceId] } },
      admin,
    )
    await walkIn()
    expect(await watch.done).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }])
  })
})

describe('browsers', () => {
  const LOGIN =
    'mutation { loginStaff(input: { username: "reception", password: "anteroom-demo" }) { refreshToken accessToken } }'
  const own = { 'sec-fetch-site': 'same-origin' }
  const cookieOf = (answer: { headers: Headers }) =>
    answer.headers.getSetCookie().find((cookie) => cookie.startsWith('anteroom_refresh='))

  it('hold the refresh token where no script can read it, and refresh by it alone', async () => {
    const login = await server.request(LOGIN, {}, null, own)
    expect(login.data.loginStaff.refreshToken).toBeNull()
    const cookie = cookieOf(login) as string
    expect(cookie).toMatch(/; Path=\/graphql; HttpOnly; SameSite=Strict; Max-Age=\d+/)
    const held = cookie.split(';')[0] as string
    const refreshed = await server.request('mutation { refreshSession { accessToken refreshToken } }', {}, null, {
      ...own,
      cookie: held,
    })
    expect(refreshed.data.refreshSession.accessToken).toBeTruthy()
    expect(refreshed.data.refreshSession.refreshToken).toBeNull()
    const next = (cookieOf(refreshed) as string).split(';')[0] as string
    expect(next).not.toBe(held)
    const out = await server.request('mutation { logout }', {}, null, { ...own, cookie: next })
    expect(cookieOf(out)).toContain('Max-Age=0')
    const gone = await server.request('mutation { refreshSession { accessToken } }', {}, null, { ...own, cookie: next })
    expect(codes(gone)).toEqual(['UNAUTHENTICATED'])
  })

  it('get no cookie and no answer to read from a page of somebody else', async () => {
    const login = await server.request(LOGIN, {}, null, {
      'sec-fetch-site': 'cross-site',
      origin: 'https://evil.example',
    })
    expect(login.headers.getSetCookie()).toEqual([])
    expect(login.headers.get('access-control-allow-origin')).not.toBe('https://evil.example')
    expect(login.headers.get('access-control-allow-origin')).not.toBe('*')
  })
})

describe('sockets', () => {
  const closeCode = (socket: WebSocket) => new Promise<number>((resolve) => socket.once('close', resolve))
  const open = (options: { origin?: string } = {}) =>
    new WebSocket(`${server.origin.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', options)

  it('refuse a foreign origin, a forged token and an oversized message', async () => {
    await expect(
      new Promise((_resolve, reject) => open({ origin: 'https://evil.example' }).once('error', reject)),
    ).rejects.toThrow('401')
    const forged = open()
    forged.once('open', () =>
      forged.send(JSON.stringify({ type: 'connection_init', payload: { authorization: 'Bearer forged' } })),
    )
    expect(await closeCode(forged)).toBe(4403)
    const large = open()
    large.once('open', () => large.send('x'.repeat(300_000)))
    expect(await closeCode(large)).toBe(1009)
  })
})

describe('GraphiQL and health', () => {
  it('is served whole, with nothing to load from elsewhere, with tabs for the demonstration clinic', async () => {
    const response = await fetch(`${server.origin}/graphql`, { headers: { accept: 'text/html' } })
    const html = await response.text()
    expect(html).toContain('loginStaff')
    expect(html).toContain(serviceId)
    expect(html).not.toMatch(/<(script|link)[^>]+(src|href)="https?:/)
  })
  it('says whether it lives and is ready', async () => {
    expect((await fetch(`${server.origin}/healthz`)).status).toBe(200)
    expect((await fetch(`${server.origin}/readyz`)).status).toBe(200)
    expect((await fetch(`${server.origin}/nothing`)).status).toBe(404)
  })
})

describe('the audit log', () => {
  it('tells the admin who did what, also what was denied; nobody else reads it', async () => {
    const entry = await walkIn()
    await move('hold', entry.id)
    await move('hold', entry.id, doctor)
    await server.deps.trail.flush()
    const log =
      'query($c: ID!, $e: ID) { auditLog(clinicId: $c, entityId: $e, first: 10) { edges { node { action detail actor { ... on User { name } } } } } }'
    const { data } = await server.request(log, { c: clinicId, e: entry.id }, admin)
    const actions = data.auditLog.edges.map((edge: { node: { action: string } }) => edge.node.action)
    expect(actions).toEqual(['denied.hold', 'queue.held', 'queue.walked_in'])
    expect(codes(await server.request(log, { c: clinicId }, reception))).toEqual(['FORBIDDEN'])
    const other = await server.login('admin2')
    expect(codes(await server.request(log, { c: clinicId }, other))).toEqual(['FORBIDDEN'])
  })
})
