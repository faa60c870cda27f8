import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { uuidv7 } from '../database/uuid.ts'
import type { EntryRow } from '../loaders.ts'
import { createTestClinic, type TestClinic } from '../test/clinic.ts'
import { createRandom, testSeed } from '../test/random.ts'
import { startTestServer, type TestServer } from '../test/server.ts'
import {
  addWalkIn,
  callEntry,
  hold,
  markNoShow,
  markServed,
  moveEntry,
  returnToQueue,
  setUrgency,
  transfer,
  undo,
} from './commands.ts'
import { estimate, type Pace } from './estimate.ts'
import { compareKeys, positions } from './order.ts'
import { applyChange } from './projection/apply.ts'
import { loadChange } from './projection/store.ts'
import { loadSnapshot, type Snapshot } from './store.ts'

let server: TestServer
let clinic: TestClinic
let statements: string[] = []
let service: string
let reception: string

beforeAll(async () => {
  server = await startTestServer({ onStatement: (sql) => statements.push(sql) })
  clinic = await createTestClinic(server.deps)
  service = clinic.serviceIds[0] as string
  reception = await server.login('reception')
})
afterAll(() => server.close())

const walkIn = async (serviceId = service): Promise<EntryRow> =>
  addWalkIn(clinic.desk, {
    id: null,
    patientId: await clinic.addPatient(),
    serviceId,
    doctorId: null,
    urgency: null,
    reason: null,
    provisionalTicket: null,
  })

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Without what only the clock decides. */
const lasting = ({ asOf: _, ...snapshot }: Snapshot) => ({ ...snapshot, positions: [...snapshot.positions] })

describe('a queue kept up to date by its changes', () => {
  it('is at every version the very same that a read of all of it gives', async () => {
    const entries: EntryRow[] = []
    for (let i = 0; i < 6; i++) entries.push(await walkIn())
    const [a, b, c, d, e, f] = entries as [EntryRow, EntryRow, EntryRow, EntryRow, EntryRow, EntryRow]
    const moves: (() => Promise<unknown>)[] = [
      () => callEntry(clinic.desk, c.id, { doctorId: clinic.doctors[0]?.id ?? null, room: '1' }),
      () => hold(clinic.desk, a.id),
      () => setUrgency(clinic.desk, f.id, 'EMERGENCY', null),
      () => moveEntry(clinic.desk, e.id, null, 'A child'),
      () => callEntry(clinic.desk, b.id, { doctorId: null, room: '2' }),
      () => returnToQueue(clinic.desk, a.id),
      () => transfer(clinic.desk, d.id, { serviceId: clinic.serviceIds[1] as string, doctorId: null }),
      () => transfer(clinic.desk, d.id, { serviceId: service, doctorId: clinic.doctors[1]?.id ?? null }),
      () => returnToQueue(clinic.desk, b.id),
      () => walkIn(),
    ]
    let kept = (await loadSnapshot(server.db, service)) as Snapshot
    for (const move of moves) {
      await move()
      const change = await loadChange(server.db, kept)
      expect(change).not.toBeNull()
      const before = lasting(kept)
      const next = applyChange(kept, change as NonNullable<typeof change>)
      expect(lasting(kept)).toEqual(before)
      const whole = (await loadSnapshot(server.db, service)) as Snapshot
      expect(lasting(next)).toEqual(lasting(whole))
      expect([...next.positions.keys()]).toEqual([...whole.positions.keys()])
      kept = next
    }
  })

  it('holds none of the versions before it, however long a queue is watched', async () => {
    let kept = (await loadSnapshot(server.db, service)) as Snapshot
    const gone: WeakRef<object>[] = []
    for (let version = 0; version < 5; version++) {
      await walkIn()
      const change = await loadChange(server.db, kept)
      const next = applyChange(kept, change as NonNullable<typeof change>)
      expect(next.positions.size).toBe(next.waiting.length)
      gone.push(new WeakRef(kept))
      kept = next
    }
    await expect
      .poll(() => {
        collectGarbage()
        return gone.filter((snapshot) => snapshot.deref())
      })
      .toEqual([])
    expect(kept.waiting.length).toBeGreaterThan(0)
  })

  it('knows when its changes do not tell it all', async () => {
    const known = (await loadSnapshot(server.db, service)) as Snapshot
    await server.db.$executeRaw`UPDATE queue_state SET version = version + 1 WHERE service_id = ${service}::uuid`
    expect(await loadChange(server.db, known)).toBeNull()
    expect((await loadChange(server.db, { ...known, version: known.version + 1 }))?.entries).toEqual([])
  })
})

const demoQueue = async (): Promise<{ serviceId: string; waiting: string[] }> => {
  const { data } = await server.request('{ clinics { name services { id } } }')
  const serviceId = data.clinics.find(({ name }: { name: string }) => name === 'Riverside Clinic').services[0].id
  const queue = await server.request(
    'query($s: ID!) { queue(serviceId: $s) { waiting { id } } }',
    { s: serviceId },
    reception,
  )
  return { serviceId, waiting: queue.data.queue.waiting.map(({ id }: { id: string }) => id) }
}

const PLACE = 'subscription($e: ID!) { positionUpdated(entryId: $e) { status position version } }'
const BOARD = 'subscription($s: ID!) { queueUpdated(serviceId: $s) { version waiting { ticket patient { name } } } }'

const ENTRY =
  'id version status patient { name } dueAt place { rank subRank arrivalSeq } boundDoctor { id } calledAt finishedAt'
const CHANGES = `subscription($s: ID!) { queueChanged(serviceId: $s) { since version gone
  entries(ended: 200) { ${ENTRY} } pace { doctorIds busyDoctorIds recentMinutes } } }`
const SHOWN = 'id version status patient { name } position estimate { lowMinutes likelyMinutes highMinutes }'
const WHOLE = `query($s: ID!) { queue(serviceId: $s) { version waiting { ${SHOWN} } serving { ${SHOWN} } onHold { ${SHOWN} }
  ended(last: 5) { ${SHOWN} } } }`

/** A log-in of the clinic's desk. */
const tokenOf = async ({ desk: { viewer } }: TestClinic): Promise<string> => {
  const { passwordHash } = await server.db.user.findUniqueOrThrow({ where: { username: 'reception' } })
  const id = viewer?.kind === 'user' ? viewer.userId : ''
  const { username } = await server.db.user.update({ where: { id }, data: { passwordHash } })
  return server.login(username)
}

/** A change of what a queue rests on that is no move of anybody. */
const raiseAlone = (serviceId: string) =>
  server.db.$executeRaw`UPDATE queue_state SET version = version + 1 WHERE service_id = ${serviceId}::uuid`

/** The queue out of what was told of it, as the descriptions in the schema say. */
const putTogether = (events: readonly any[]) => {
  const entries = new Map<string, any>()
  let pace: Pace = { doctorIds: new Set(), busyDoctorIds: new Set(), recentMinutes: [] }
  for (const event of events) {
    if (event.since === null) entries.clear()
    for (const id of event.gone) entries.delete(id)
    for (const entry of event.entries) entries.set(entry.id, entry)
    const { doctorIds, busyDoctorIds, recentMinutes } = event.pace
    pace = { doctorIds: new Set(doctorIds), busyDoctorIds: new Set(busyDoctorIds), recentMinutes }
  }
  const keyOf = ({ id, dueAt, place }: any) => ({ id, dueAt: new Date(dueAt), ...place })
  const ordered = [...entries.values()].toSorted((a, b) => compareKeys(keyOf(a), keyOf(b)))
  const boundOf = ({ boundDoctor }: any): string | null => boundDoctor?.id ?? null
  const places = positions(
    ordered
      .filter(({ status }) => status === 'WAITING')
      .map((entry) => ({ id: entry.id, boundDoctorId: boundOf(entry) })),
  )
  const shown = (entry: any) => {
    const { id, version, status, patient } = entry
    const position = places.get(id) ?? null
    return { id, version, status, patient, position, estimate: position && estimate(position, boundOf(entry), pace) }
  }
  const listOf = (...statuses: string[]) => ordered.filter(({ status }) => statuses.includes(status))
  const latest = (time: string) => (a: any, b: any) => Date.parse(b[time]) - Date.parse(a[time])
  return {
    waiting: listOf('WAITING').map(shown),
    serving: listOf('CALLED', 'IN_SERVICE').toSorted(latest('calledAt')).map(shown),
    onHold: listOf('ON_HOLD').map(shown),
    ended: listOf('SERVED', 'NO_SHOW', 'LEFT')
      .toSorted((a, b) => latest('finishedAt')(a, b) || b.place.arrivalSeq - a.place.arrivalSeq)
      .map(shown),
  }
}

describe('many who watch one queue', () => {
  it('cost no statement each: a change is read by one, and a board that several show is worked out once', async () => {
    const { serviceId, waiting } = await demoQueue()
    const costOf = async (places: number, boards: number): Promise<string[]> => {
      const client = server.socket(reception)
      const watches = [
        ...Array.from({ length: places }, (_, i) => server.watchOn(client, PLACE, { e: waiting[i % waiting.length] })),
        ...Array.from({ length: boards }, () => server.watchOn(client, BOARD, { s: serviceId })),
      ]
      for (const watch of watches) await watch.until(() => true)
      // Reads of the beginning are over when a change has arrived everywhere.
      const change = async () => {
        const { version } = await server.db.queueState.findUniqueOrThrow({ where: { serviceId } })
        statements = []
        await server.request('mutation($e: ID!) { hold(entryId: $e) { id } }', { e: waiting[0] }, reception)
        const later = (data: any) => (data.positionUpdated ?? data.queueUpdated).version > version
        for (const watch of watches) await watch.until(later)
        const seen = statements.filter((sql) =>
          /^\s*(WITH events|SELECT q\.service_id)|FROM "public"\."patients"/.test(sql),
        )
        await server.request('mutation($e: ID!) { returnToQueue(entryId: $e) { id } }', { e: waiting[0] }, reception)
        for (const watch of watches)
          await watch.until((data) => later(data) && (data.positionUpdated ?? data.queueUpdated).version > version + 1)
        return seen
      }
      await change()
      const cost = await change()
      await client.dispose()
      return cost
    }
    const few = await costOf(1, 1)
    const many = await costOf(150, 20)
    expect(few.filter((sql) => sql.includes('WITH events'))).toHaveLength(1)
    expect(many.map((sql) => sql.slice(0, 60))).toEqual(few.map((sql) => sql.slice(0, 60)))
  })

  it('are told what was changed in the records of those who wait, however it meets the moves', async () => {
    const seed = testSeed()
    const random = createRandom(seed)
    const { serviceId, waiting } = await demoQueue()
    const people = await server.db.queueEntry.findMany({ where: { id: { in: waiting } }, select: { patientId: true } })
    const board = server.watch(BOARD, { s: serviceId }, reception)
    await board.until(() => true)
    const rename = async (count: number) => {
      const { patientId } = random.pick(people)
      await server.db.$executeRaw`
        UPDATE patients SET name = ${`Renamed ${count}`}, version = version + 1 WHERE id = ${patientId}::uuid`
    }
    const move = async (act: string) =>
      server.request(`mutation($e: ID!) { ${act}(entryId: $e) { id } }`, { e: waiting[0] }, reception)
    for (let count = 0; count < 30; count++) {
      const renames = Array.from({ length: random.int(3) }, (_, i) => rename(3 * count + i))
      await Promise.all([move(count % 2 === 0 ? 'hold' : 'returnToQueue'), ...renames])
    }
    await move('hold')
    await move('returnToQueue')
    const { data } = await server.request(
      'query($s: ID!) { queue(serviceId: $s) { version waiting { ticket patient { name } } } }',
      { s: serviceId },
      reception,
    )
    const shown = await board.until(({ queueUpdated }) => queueUpdated.version === data.queue.version)
    expect(shown.queueUpdated, `seed ${seed}`).toEqual(data.queue)
    board.stop()
  })

  it('may be told only what changed: whatever happens, put together it is the queue', async () => {
    const seed = testSeed()
    const random = createRandom(seed)
    const queue = await createTestClinic(server.deps, { services: 2 })
    const [mine = '', other = ''] = queue.serviceIds
    const doctor = queue.doctors[0] as TestClinic['doctors'][number]
    const token = await tokenOf(queue)
    const boards = [server.watch(CHANGES, { s: mine }, token)]
    const ids: string[] = []
    const enter = async () => {
      const { id } = await addWalkIn(queue.desk, {
        ...{
          id: null,
          patientId: await queue.addPatient(),
          serviceId: mine,
          doctorId: random.int(4) ? null : doctor.id,
        },
        ...{ urgency: null, reason: null, provisionalTicket: null },
      })
      ids.push(id)
    }
    for (let count = 0; count < 8; count++) await enter()
    const acts: (() => Promise<unknown>)[] = [
      enter,
      () => hold(queue.desk, random.pick(ids)),
      () => returnToQueue(queue.desk, random.pick(ids)),
      () => callEntry(queue.desk, random.pick(ids), { doctorId: null, room: '1' }),
      () => callEntry(queue.desk, random.pick(ids), { doctorId: doctor.id, room: '2' }),
      () => markServed(queue.desk, random.pick(ids)),
      () => markNoShow(queue.desk, random.pick(ids)),
      () => undo(queue.desk, random.pick(ids), null),
      () => moveEntry(queue.desk, random.pick(ids), random.int(2) ? random.pick(ids) : null, 'A child'),
      () => transfer(queue.desk, random.pick(ids), { serviceId: random.pick([mine, other]), doctorId: null }),
      () => setUrgency(queue.desk, random.pick(ids), random.pick(['URGENT', 'ROUTINE'] as const), null),
      async () => {
        const { patientId } = await server.db.queueEntry.findUniqueOrThrow({ where: { id: random.pick(ids) } })
        const name = `Renamed ${random.int(1_000)}`
        await server.db.$executeRaw`
          UPDATE patients SET name = ${name}, version = version + 1 WHERE id = ${patientId}::uuid`
      },
      () => raiseAlone(mine),
      async () => boards.push(server.watch(CHANGES, { s: mine }, token)),
    ]
    let done = 0
    for (let count = 0; count < 120; count++)
      await Promise.all(
        Array.from({ length: 1 + random.int(3) }, () =>
          // What cannot be done now is refused, as at a desk.
          random
            .pick(acts)()
            .then(
              () => done++,
              () => undefined,
            ),
        ),
      )
    // The last version comes after all that was changed in records.
    await enter()
    const { data } = await server.request(WHOLE, { s: mine }, token)
    const { version, ended, ...open } = data.queue
    for (const [place, board] of boards.entries()) {
      await board.until(({ queueChanged }) => queueChanged.version === version)
      const events = board.events.map(({ data }) => (data as any).queueChanged)
      const told = putTogether(events)
      expect({ ...told, ended: told.ended.slice(0, 5) }, `board ${place}, seed ${seed}`).toEqual({ ...open, ended })
      expect(events.every(({ since }, at) => since === null || since === events[at - 1]?.version)).toBe(true)
      board.stop()
    }
    const first = boards[0]?.events.map(({ data }) => (data as any).queueChanged) ?? []
    expect(first.filter(({ since }) => since !== null).length, `seed ${seed}`).toBeGreaterThan(first.length / 2)
    expect(done).toBeGreaterThan(50)
  })

  it('are answered on one socket under their own ids, each with its own selection', async () => {
    const { waiting } = await demoQueue()
    const client = server.socket(reception)
    const one = server.watchOn(client, 'subscription($e: ID!) { positionUpdated(entryId: $e) { place: position } }', {
      e: waiting[0],
    })
    const other = server.watchOn(
      client,
      'subscription($e: ID!) { it: positionUpdated(entryId: $e) { __typename ticket } }',
      { e: waiting[1] },
    )
    expect(await one.until(() => true)).toEqual({ positionUpdated: { place: 1 } })
    expect(await other.until(() => true)).toEqual({ it: { __typename: 'QueuePosition', ticket: expect.any(String) } })
    one.stop()
    await client.dispose()
  })
})

describe('the screen of a waiting room', () => {
  const SCREEN = 'subscription($c: ID!) { displayUpdated(clinicId: $c) { version } }'

  it('that comes from another instance begins with what the database says, not with what hints have told this one', async () => {
    const { serviceId, waiting } = await demoQueue()
    const { clinicId } = await server.db.service.findUniqueOrThrow({ where: { id: serviceId } })
    const first = server.watch(SCREEN, { c: clinicId })
    const { version } = (await first.until(() => true)).displayUpdated
    // As another instance changes it whose hint was lost.
    await server.db.$transaction([
      server.db.$executeRaw`UPDATE queue_state SET version = version + 1 WHERE service_id = ${serviceId}::uuid`,
      server.db.$executeRaw`UPDATE queue SET status = 'ON_HOLD' WHERE id = ${waiting[2]}::uuid`,
    ])
    const next = server.watch(SCREEN, { c: clinicId })
    await next.until(() => true)
    expect(next.events[0]?.data.displayUpdated.version).toBeGreaterThan(version)
    for (const screen of [first, next]) await screen.until((data) => data.displayUpdated.version === version + 1)
    await server.db.$transaction([
      server.db.$executeRaw`UPDATE queue_state SET version = version + 1 WHERE service_id = ${serviceId}::uuid`,
      server.db.$executeRaw`UPDATE queue SET status = 'WAITING' WHERE id = ${waiting[2]}::uuid`,
    ])
    first.stop()
    next.stop()
  })

  it('shows a service that was opened elsewhere, however its hint was lost', async () => {
    const { serviceId } = await demoQueue()
    const { clinicId } = await server.db.service.findUniqueOrThrow({ where: { id: serviceId } })
    const screen = server.watch(SCREEN, { c: clinicId })
    await screen.until(() => true)
    const id = uuidv7()
    await server.db.service.create({
      data: { id, clinicId, name: 'Opened elsewhere', ticketLetter: 'X', slotMinutes: 10 },
    })
    await server.db.$executeRaw`UPDATE queue_state SET version = version + 1 WHERE service_id = ${id}::uuid`
    const { _sum: all } = await server.db.queueState.aggregate({
      where: { service: { clinicId } },
      _sum: { version: true },
    })
    await screen.until((data) => data.displayUpdated.version === all.version)
    screen.stop()
  })
})

describe('a socket whose client does not read', () => {
  it('is sent no more than it takes, however often the queue moves, and reads the newest when it goes on', async () => {
    const { serviceId, waiting } = await demoQueue()
    const stalled = new WebSocket(`${server.origin.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    const messages: any[] = []
    stalled.on('message', (data) => messages.push(JSON.parse(String(data))))
    await new Promise((resolve) => stalled.once('open', resolve))
    stalled.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${reception}` } }))
    await expect.poll(() => messages.length).toBe(1)
    // Large answers to many questions, so that what the kernel holds for the client is soon full.
    const fields = Array.from({ length: 50 }, (_, i) => `a${i}: patient { name version phoneNumber code }`).join(' ')
    const query = `subscription($s: ID!) { queueUpdated(serviceId: $s) { version waiting { id ${fields} } } }`
    const ids = Array.from({ length: 40 }, (_, i) => String(i))
    const ask = { query, variables: { s: serviceId } }
    for (const id of ids) stalled.send(JSON.stringify({ id, type: 'subscribe', payload: ask }))
    await expect.poll(() => messages.length, { timeout: 20_000 }).toBe(ids.length + 1)
    const healthy = server.watch(PLACE, { e: waiting[1] }, reception)
    await healthy.until(() => true)
    stalled.pause()
    let version = 0
    for (let i = 0; i < 30; i++) {
      await server.request(
        `mutation($e: ID!) { ${i % 2 === 0 ? 'hold' : 'returnToQueue'}(entryId: $e) { id } }`,
        { e: waiting[0] },
        reception,
      )
      version = (await server.db.queueState.findUniqueOrThrow({ where: { serviceId } })).version
      await healthy.until((data) => data.positionUpdated.version >= version)
    }
    stalled.resume()
    const versionsOf = (id: string): number[] =>
      messages.filter((message) => message.id === id).map((message) => message.payload.data.queueUpdated.version)
    const newest = () => ids.map((id) => versionsOf(id).at(-1))
    await expect.poll(newest, { timeout: 20_000 }).toEqual(ids.map(() => version))
    for (const id of ids) expect(versionsOf(id)).toEqual([...new Set(versionsOf(id))].toSorted((a, b) => a - b))
    expect(messages.length).toBeLessThan(ids.length * 20)
    stalled.terminate()
    healthy.stop()
  })
})
