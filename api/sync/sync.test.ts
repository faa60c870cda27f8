import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parse, validate } from 'graphql'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { LIMITS, refuseTooComplex } from '../http/limits.ts'
import { schema } from '../schema.ts'
import { contextOf, createTestClinic, type TestClinic } from '../test/clinic.ts'
import { createTestDeps, type TestDeps } from '../test/context.ts'
import { createTestDatabase, type TestDatabase } from '../test/database.ts'
import { createDevice, type TestDevice, type TestOperation } from '../test/device.ts'

vi.setConfig({ testTimeout: 90_000 })

let database: TestDatabase
let deps: TestDeps
let clinic: TestClinic
beforeAll(async () => {
  database = await createTestDatabase({ max: 12 })
  deps = createTestDeps(database)
  clinic = await createTestClinic(deps)
})
afterAll(async () => {
  await deps.close()
  await database.drop()
})

const MINUTE = 60_000
const desk = (clientId?: string): TestDevice => createDevice(deps, clinic.desk.viewer, clientId)
const walkIn = async (serviceId = clinic.serviceIds[0]) => ({
  ...{ id: randomUUID(), patientId: await clinic.addPatient(), serviceId },
})
const entryOf = (id: string) => deps.db.queueEntry.findUniqueOrThrow({ where: { id } })
const eventsOf = (entryId: string) =>
  deps.db.queueEvent.findMany({ where: { entryId }, orderBy: { entryVersion: 'asc' } })
const told = (outcomes: readonly { outcome: string; code: string | null }[]) =>
  outcomes.map(({ outcome, code }) => (code ? `${outcome} ${code}` : outcome))

describe('a batch', () => {
  it('applies operations in their order, each seeing what the ones before it did', async () => {
    const device = desk()
    const patientId = randomUUID()
    const id = randomUUID()
    const serviceId = clinic.serviceIds[0]
    const operations = [
      device.operation('createPatient', { id: patientId, name: 'Made Offline', language: 'de' }),
      device.operation('addWalkIn', { id, patientId, serviceId, provisionalTicket: 'P7-01' }),
      device.operation('setUrgency', { id, urgency: 'URGENT' }),
      device.operation('callEntry', { id, room: '2' }),
      device.operation('startService', { id }),
      device.operation('markServed', { id }),
    ]
    const { outcomes, nextSeq } = await device.send(operations)
    expect(outcomes.map(({ id, outcome }) => [id, outcome])).toEqual(operations.map(({ id }) => [id, 'APPLIED']))
    expect(nextSeq).toBe(7)
    expect(await entryOf(id)).toMatchObject({ status: 'SERVED', provisionalTicket: 'P7-01', urgency: 'URGENT' })
  })

  it('goes on behind a refused operation, which leaves nothing behind and uses up its seq', async () => {
    const device = desk()
    const first = await walkIn()
    const { outcomes, nextSeq } = await device.send([
      device.operation('addWalkIn', first),
      device.operation('markServed', { id: first.id }),
      device.operation('hold', { id: first.id }),
    ])
    expect(told(outcomes)).toEqual(['APPLIED', 'REJECTED NOT_CALLED', 'APPLIED'])
    expect(nextSeq).toBe(4)
    expect((await entryOf(first.id)).status).toBe('ON_HOLD')
  })

  it('refuses well-typed but wrong operations one by one', async () => {
    const device = desk()
    const target = { id: randomUUID() }
    const wrong = [
      { ...device.operation('hold', target), hold: undefined },
      { ...device.operation('hold', target), recall: target },
      { ...device.operation('hold', target), id: 'no uuid \u0000' },
      device.operation('hold', { id: 'no uuid' }),
      { ...device.operation('hold', target), hold: undefined, dropped: true },
      device.operation('addWalkIn', { ...(await walkIn()), reason: 'a zero byte \u0000' }),
      device.operation('addWalkIn', await walkIn()),
    ]
    const { outcomes, nextSeq } = await device.send(wrong)
    expect(told(outcomes)).toEqual([
      ...['REJECTED MALFORMED', 'REJECTED MALFORMED', 'REJECTED MALFORMED', 'REJECTED BAD_INPUT', 'REJECTED MALFORMED'],
      ...['REJECTED INTERNAL', 'APPLIED'],
    ])
    expect(outcomes.map(({ id }) => id)).toEqual(wrong.map(({ id }) => id))
    expect(nextSeq).toBe(8)
    expect(told((await device.send(wrong)).outcomes).slice(0, 6)).toEqual(told(outcomes).slice(0, 6))
  })

  it('refuses a seq below 1 without using one up', async () => {
    const device = desk()
    const { outcomes, nextSeq } = await device.send([
      { ...device.operation('addWalkIn', await walkIn()), seq: 0 },
      { ...device.operation('addWalkIn', await walkIn()), seq: -3 },
    ])
    expect(told(outcomes)).toEqual(['REJECTED MALFORMED', 'REJECTED MALFORMED'])
    expect(nextSeq).toBe(1)
  })

  it('takes at most 100 operations and a clientId that is a UUID', async () => {
    const device = desk()
    const many = Array.from({ length: 101 }, () => device.operation('hold', { id: randomUUID() }))
    expect((await device.send(many)).codes).toEqual(['BAD_INPUT'])
    expect((await desk('none').send([])).codes).toEqual(['BAD_INPUT'])
    expect((await desk().send([])).nextSeq).toBe(1)
  })
})

describe('what came before', () => {
  it('is answered again without being done: DUPLICATE, or the same refusal', async () => {
    const device = desk()
    const operations = [
      device.operation('addWalkIn', await walkIn()),
      device.operation('hold', { id: randomUUID() }),
      device.operation('addWalkIn', await walkIn()),
    ]
    const first = await device.send(operations)
    const again = await device.send(operations)
    expect(told(first.outcomes)).toEqual(['APPLIED', 'REJECTED NOT_FOUND', 'APPLIED'])
    expect(told(again.outcomes)).toEqual(['DUPLICATE', 'REJECTED NOT_FOUND', 'DUPLICATE'])
    expect(again.outcomes[1]?.message).toBe(first.outcomes[1]?.message)
    expect(again.nextSeq).toBe(4)
  })

  it('is done once, however many times at once it comes', async () => {
    const device = desk()
    const entries = await Promise.all(Array.from({ length: 5 }, () => walkIn()))
    const operations = entries.map((entry) => device.operation('addWalkIn', entry))
    const repeats = await Promise.all(Array.from({ length: 6 }, () => device.send(operations)))
    const outcomes = repeats.map((repeat) => new Set(repeat.outcomes.map(({ outcome }) => outcome)))
    expect(outcomes.filter((one) => one.has('APPLIED'))).toHaveLength(1)
    expect(outcomes.filter((one) => one.has('DUPLICATE') && one.size === 1)).toHaveLength(5)
    expect(await deps.db.queueEvent.count({ where: { entryId: { in: entries.map(({ id }) => id) } } })).toBe(5)
  })

  it('is known by its id under a new client, too, even at once', async () => {
    const first = desk()
    const operations = [
      first.operation('addWalkIn', await walkIn()),
      first.operation('hold', { id: randomUUID() }),
      first.operation('addWalkIn', await walkIn()),
    ]
    const [a, b] = await Promise.all([first.send(operations), desk().send(operations)])
    const both = [told(a.outcomes).join(), told(b.outcomes).join()].sort()
    expect(both).toEqual(['APPLIED,REJECTED NOT_FOUND,APPLIED', 'DUPLICATE,REJECTED NOT_FOUND,DUPLICATE'])
    const third = desk()
    expect(told((await third.send(operations)).outcomes)).toEqual(['DUPLICATE', 'REJECTED NOT_FOUND', 'DUPLICATE'])
    expect(told((await third.send(operations)).outcomes)).toEqual(['DUPLICATE', 'REJECTED NOT_FOUND', 'DUPLICATE'])
  })

  it('of another account is not taken for it', async () => {
    const operation = { ...desk().operation('addWalkIn', await walkIn()) }
    expect(told((await desk().send([operation])).outcomes)).toEqual(['APPLIED'])
    const other = createDevice(deps, await clinic.user('RECEPTIONIST'))
    expect(told((await other.send([operation])).outcomes)).toEqual(['REJECTED ID_TAKEN'])
  })
})

describe('a log', () => {
  it('gets no outcome from a gap on, and says what is expected', async () => {
    const device = desk()
    const [one, , three] = await Promise.all([walkIn(), walkIn(), walkIn()])
    const operations = [one, three].map((entry) => device.operation('addWalkIn', entry))
    const [first, third] = [operations[0] as TestOperation, { ...(operations[1] as TestOperation), seq: 3 }]
    const gapped = await device.send([first, third])
    expect(told(gapped.outcomes)).toEqual(['APPLIED'])
    expect(gapped.nextSeq).toBe(2)
    expect(await deps.db.queueEntry.count({ where: { id: three.id } })).toBe(0)
  })

  it('may come in any order and halved', async () => {
    const device = desk()
    const operations = []
    for (let i = 0; i < 4; i++) operations.push(device.operation('addWalkIn', await walkIn()))
    const [one, two, three, four] = operations as [TestOperation, TestOperation, TestOperation, TestOperation]
    expect(told((await device.send([two, one])).outcomes)).toEqual(['APPLIED', 'APPLIED'])
    expect((await device.send([four, three])).nextSeq).toBe(5)
    expect(told((await device.send([three, four, one])).outcomes)).toEqual(['DUPLICATE', 'DUPLICATE', 'DUPLICATE'])
  })

  it('of a device that came back from a copy is refused whole, before anything is applied', async () => {
    const device = desk()
    const before = device.operation('addWalkIn', await walkIn())
    await device.send([before])
    const other = { ...device.operation('addWalkIn', await walkIn()), seq: 1 }
    const fresh = device.operation('addWalkIn', await walkIn())
    expect((await device.send([other, { ...fresh, seq: 2 }])).codes).toEqual(['RESET'])
    expect((await device.send([])).nextSeq).toBe(2)
    const renumbered = [before, other, fresh].map((operation, i) => ({ ...operation, seq: i + 1 }))
    expect(told((await desk().send(renumbered)).outcomes)).toEqual(['DUPLICATE', 'APPLIED', 'APPLIED'])
  })

  it('with two operations of one seq is refused whole', async () => {
    const device = desk()
    const two = [await walkIn(), await walkIn()].map((entry) => ({ ...device.operation('addWalkIn', entry), seq: 1 }))
    expect((await device.send(two)).codes).toEqual(['RESET'])
  })

  it('belongs to one account', async () => {
    const device = desk()
    await device.act('addWalkIn', await walkIn())
    const other = createDevice(deps, await clinic.user('RECEPTIONIST'), device.clientId)
    expect((await other.send([other.operation('addWalkIn', await walkIn())])).codes).toEqual(['RESET'])
    expect((await other.send([])).codes).toEqual(['RESET'])
  })
})

describe('time', () => {
  it('is the database’s, less the age: a walk-in arrived when it was taken in, and goes before who came since', async () => {
    const serviceId = clinic.serviceIds[1]
    const device = desk()
    const late = await walkIn(serviceId)
    await desk().act('addWalkIn', late)
    const early = await walkIn(serviceId)
    await device.act('addWalkIn', early, 40 * MINUTE)
    const [a, b] = [await entryOf(early.id), await entryOf(late.id)]
    expect(b.arrivedAt.getTime() - a.arrivedAt.getTime()).toBeGreaterThan(38 * MINUTE)
    expect(a.dueAt < b.dueAt).toBe(true)
    expect(a.ticketNumber).toBe(b.ticketNumber + 1)
  })

  it('never puts an arrival before the clinic day, nor before the device last had nothing unsent, nor in the future', async () => {
    const device = desk()
    const [old, second, future] = [await walkIn(), await walkIn(), await walkIn()]
    await device.act('addWalkIn', old, 29 * 86_400_000)
    const arrived = (await entryOf(old.id)).arrivedAt.getTime()
    // The day of the test clinic began twelve hours ago.
    expect(Date.now() - arrived).toBeLessThan(12.1 * 3_600_000)
    expect(Date.now() - arrived).toBeGreaterThan(11.9 * 3_600_000)
    await device.act('addWalkIn', second, 60 * MINUTE)
    expect(Date.now() - (await entryOf(second.id)).arrivedAt.getTime()).toBeLessThan(MINUTE)
    await desk().act('addWalkIn', future, -86_400_000)
    expect((await entryOf(future.id)).arrivedAt.getTime()).toBeLessThanOrEqual(Date.now() + 1000)
  })

  it('waits for the rest of a log that comes in parts', async () => {
    const device = desk()
    const [one, two] = [await walkIn(), await walkIn()]
    await device.send([device.operation('addWalkIn', one, 30 * MINUTE)], { more: true })
    await device.send([device.operation('addWalkIn', two, 20 * MINUTE)])
    const age = async (id: string) => (Date.now() - (await entryOf(id)).arrivedAt.getTime()) / MINUTE
    expect(await age(one.id)).toBeGreaterThan(29)
    expect(await age(two.id)).toBeGreaterThan(19)
  })

  it('keeps the order of an entry’s moves, whatever their ages say', async () => {
    const device = desk()
    const { id, ...rest } = await walkIn()
    await device.send([
      device.operation('addWalkIn', { id, ...rest }, 20 * MINUTE),
      device.operation('callEntry', { id }, 50 * MINUTE),
      device.operation('startService', { id }, 5 * MINUTE),
      device.operation('markServed', { id }, 0),
    ])
    const at = (await eventsOf(id)).map((event) => event.at.getTime())
    expect(at).toEqual(at.toSorted())
    const entry = await entryOf(id)
    expect((entry.finishedAt as Date).getTime() - (entry.startedAt as Date).getTime()).toBeGreaterThan(4 * MINUTE)
  })

  it('of a check-in decides whether it was the day of the slot', async () => {
    const book = async (inMinutes: number) =>
      clinic.book(await clinic.addPatient(), new Date(Date.now() + inMinutes * MINUTE), {
        doctorId: (await clinic.addDoctor()).id,
      })
    expect(told([await desk().act('checkIn', { id: await book(60) })])).toEqual(['APPLIED'])
    expect(told([await desk().act('checkIn', { id: await book(24 * 60) })])).toEqual(['REJECTED NOT_TODAY'])
    const yesterdays = await book(-20 * 60)
    expect(told([await desk().act('checkIn', { id: yesterdays })])).toEqual(['REJECTED NOT_TODAY'])
    expect(told([await desk().act('checkIn', { id: yesterdays }, 20 * 60 * MINUTE)])).toEqual(['APPLIED'])
  })
})

describe('the queue', () => {
  it('takes a call made from an older copy, and says so where others come first by now', async () => {
    const serviceId = clinic.serviceIds[1]
    const other = await walkIn(serviceId)
    await desk().act('addWalkIn', other, 10 * MINUTE)
    const { id, ...rest } = await walkIn(serviceId)
    const device = desk()
    await device.act('addWalkIn', { id, ...rest })
    await device.act('callEntry', { id }, MINUTE)
    expect((await eventsOf(id)).at(-1)).toMatchObject({ kind: 'CALLED', reason: 'OFFLINE' })
    expect(told([await desk().act('callEntry', { id })])).toEqual(['REJECTED ALREADY_CALLED'])
  })

  it('gives gapless tickets to two desks that come back at once', async () => {
    const devices = [desk(), desk(), desk()]
    const serviceId = (await createTestClinicService()) as string
    const batches = await Promise.all(
      devices.map(async (device) => {
        const operations = []
        for (let i = 0; i < 8; i++) operations.push(device.operation('addWalkIn', await walkIn(serviceId), i * MINUTE))
        return device.send(operations)
      }),
    )
    expect(new Set(batches.flatMap(({ outcomes }) => told(outcomes)))).toEqual(new Set(['APPLIED']))
    const entries = await deps.db.queueEntry.findMany({ where: { serviceId }, orderBy: { ticketNumber: 'asc' } })
    const numbers = Map.groupBy(entries, ({ ticketDay }) => ticketDay.toISOString())
    for (const day of numbers.values())
      expect(day.map(({ ticketNumber }) => ticketNumber)).toEqual(day.map((_, i) => i + 1))
  })

  const createTestClinicService = async () => {
    const id = randomUUID()
    const { clinicId } = clinic
    await deps.db.service.create({ data: { id, clinicId, name: id, ticketLetter: 'T', slotMinutes: 15 } })
    return id
  }
})

describe('rights', () => {
  const commands = (id: string): [string, object][] => [
    ['createPatient', { name: 'New' }],
    ['updatePatient', { id, name: 'New' }],
    ['bookAppointment', { patientId: id, serviceId: clinic.serviceIds[0], startsAt: '2020-01-01T00:00:00Z' }],
    ['checkIn', { id }],
    ['addWalkIn', { patientId: id, serviceId: clinic.serviceIds[0] }],
    ['setUrgency', { id, urgency: 'URGENT' }],
    ['callEntry', { id }],
    ['hold', { id }],
    ['leaveQueue', { id }],
  ]
  const outcomesOf = async (viewer: Parameters<typeof createDevice>[1], id: string) => {
    const device = createDevice(deps, viewer)
    const { outcomes } = await device.send(commands(id).map(([name, input]) => device.operation(name, input)))
    return Object.fromEntries(outcomes.map(({ outcome, code }, i) => [commands(id)[i]?.[0], code ?? outcome]))
  }

  it('are those of each operation, as each role has them now', async () => {
    const patientId = await clinic.addPatient()
    const stranger = (await createTestClinic(deps)).desk.viewer
    const refused = { createPatient: 'FORBIDDEN', addWalkIn: 'FORBIDDEN', setUrgency: 'FORBIDDEN', hold: 'FORBIDDEN' }
    const booking = { updatePatient: 'NOT_FOUND', bookAppointment: 'NOT_FOUND', checkIn: 'NOT_FOUND' }
    expect(await outcomesOf(clinic.asPatient(await clinic.addPatient()).viewer, patientId)).toEqual({
      ...{ ...refused, ...booking, addWalkIn: 'NOT_FOUND', callEntry: 'FORBIDDEN', leaveQueue: 'NOT_FOUND' },
    })
    expect(await outcomesOf(clinic.doctors[0]?.viewer ?? null, patientId)).toEqual({
      ...{ ...refused, updatePatient: 'FORBIDDEN', bookAppointment: 'FORBIDDEN', checkIn: 'FORBIDDEN' },
      ...{ callEntry: 'NOT_FOUND', leaveQueue: 'FORBIDDEN' },
    })
    expect(await outcomesOf(stranger, patientId)).toEqual({
      ...{ ...booking, createPatient: 'APPLIED', addWalkIn: 'NOT_FOUND', setUrgency: 'NOT_FOUND' },
      ...{ callEntry: 'NOT_FOUND', hold: 'NOT_FOUND', leaveQueue: 'NOT_FOUND' },
    })
    expect((await createDevice(deps, clinic.admin.viewer).send([])).codes).toEqual(['FORBIDDEN'])
    expect((await createDevice(deps, null).send([])).codes).toEqual(['UNAUTHENTICATED'])
  })

  it('a patient is no more urgent by their own word', async () => {
    const device = createDevice(deps, clinic.asPatient(await clinic.addPatient()).viewer)
    const input = { serviceId: clinic.serviceIds[0], startsAt: '2099-01-01T00:00:00Z', urgency: 'EMERGENCY' }
    expect(told([await device.act('bookAppointment', input)])).toEqual(['REJECTED FORBIDDEN'])
  })
})

describe('the audit log', () => {
  it('has every operation with its device, refused ones too, and nothing of what follows in the same connection', async () => {
    const device = desk()
    const entry = await walkIn()
    await device.send([device.operation('addWalkIn', entry), device.operation('recall', { id: entry.id })])
    const rows = await deps.db.auditEvent.findMany({ where: { clientId: device.clientId }, orderBy: { id: 'asc' } })
    expect(rows.map(({ action, detail }) => [action, action.startsWith('sync.') ? detail : ''])).toEqual([
      ['queue.walked_in', ''],
      ['sync.addWalkIn', 'APPLIED'],
      ['sync.recall', 'REJECTED: NOT_CALLED'],
    ])
    const { hold } = await import('../queue/commands.ts')
    await hold(contextOf(deps, clinic.desk.viewer), entry.id)
    const [last] = await deps.db.auditEvent.findMany({ where: { entityId: entry.id, action: 'queue.held' } })
    expect(last?.clientId).toBeNull()
  })
})

describe('a process that is killed in mid-batch', () => {
  it('has applied nothing of it, and the whole batch is applied when it comes again', async () => {
    const device = desk()
    const entries = await Promise.all(Array.from({ length: 5 }, () => walkIn()))
    const operations = entries.map((entry) => device.operation('addWalkIn', entry))
    const { viewer } = clinic.desk
    await deps.db.$transaction(
      async (tx) => {
        await tx.$queryRaw`SELECT 1 AS one FROM patients WHERE id = ${entries[3]?.patientId}::uuid FOR UPDATE`
        const job = JSON.stringify({ url: database.url, viewer, clientId: device.clientId, operations })
        const child = spawn(process.execPath, [fileURLToPath(new URL('../test/sender.ts', import.meta.url)), job])
        await expect.poll(() => waitingFor('%patients%'), { timeout: 20_000 }).toBe(1)
        child.kill('SIGKILL')
        await once(child, 'exit')
      },
      { timeout: 30_000 },
    )
    await expect.poll(() => waitingFor('%')).toBe(0)
    expect((await device.send([])).nextSeq).toBe(1)
    expect(await deps.db.queueEntry.count({ where: { id: { in: entries.map(({ id }) => id) } } })).toBe(0)
    const { outcomes, nextSeq } = await device.send(operations)
    expect([new Set(told(outcomes)), nextSeq]).toEqual([new Set(['APPLIED']), 6])
  })

  const waitingFor = async (query: string) => {
    const rows = await deps.db.$queryRaw<unknown[]>`
      SELECT pid FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE ${query}`
    return rows.length
  }
})

describe('a message', () => {
  it('whose cause is older than it is worth is on the ledger as SUPPRESSED, STALE, and never sent', async () => {
    const sent: string[] = []
    Object.assign(deps.messaging.sms, {
      send: async ({ id, body }: { id: string; body: string }) => {
        sent.push(body)
        return { kind: 'sent', providerId: `SM${id}` }
      },
    })
    await deps.jobs.start()
    const device = desk()
    const patientId = randomUUID()
    const id = randomUUID()
    await device.send([
      device.operation('createPatient', { id: patientId, name: 'Late', phoneNumber: '+12025550199' }, 40 * MINUTE),
      device.operation('addWalkIn', { id, patientId, serviceId: clinic.serviceIds[0] }, 30 * MINUTE),
      device.operation('callEntry', { id }, 20 * MINUTE),
    ])
    const ledger = () => deps.db.notification.findMany({ where: { entryId: id, kind: 'YOUR_TURN' } })
    await expect
      .poll(ledger, { timeout: 20_000 })
      .toMatchObject([{ status: 'SUPPRESSED', error: 'STALE', sentAt: null }])
    expect(sent).toEqual([])
  })
})

describe('a document', () => {
  it('may hold a batch of 100 operations in itself, and ask for every field of the answer', () => {
    const ids =
      '{ id: "0198c0de-0000-7000-8000-000000000000", patientId: "0198c0de-0000-7000-8000-000000000000", serviceId: "0198c0de-0000-7000-8000-000000000000", urgency: ROUTINE, reason: "Cough since Monday", provisionalTicket: "P7-03" }'
    const operation = `{ id: "0198c0de-0000-7000-8000-000000000000", seq: 1, ageMs: 1000.5, addWalkIn: ${ids} }`
    const source = `mutation { sync(input: { clientId: "0198c0de-0000-7000-8000-000000000000", operations: [${Array(100).fill(operation).join(' ')}] }) {
      outcomes { id outcome code message overrides { field by at value } } nextSeq changes { cursor hasMore removed
        patients { id version name phoneNumber dateOfBirth language guardian { id } }
        appointments { id version status urgency startsAt endsAt service { id } doctor { id } patient { id } }
        entries { id version ticket status urgency arrivedAt service { id } patient { id } appointment { id } }
        overridden { id outcome code message overrides { field by at value } } } } }`
    expect(source.length).toBeLessThan(LIMITS.characters)
    expect(refuseTooComplex(parse(source, { maxTokens: LIMITS.tokens }))).toBeNull()
    expect(validate(schema, parse(source))).toEqual([])
  })
})

describe('a transaction that is lost', () => {
  it('has consumed nothing: the same batch is applied when it comes again', async () => {
    const device = desk()
    const entries = await Promise.all(Array.from({ length: 6 }, () => walkIn()))
    const operations = entries.map((entry) => device.operation('addWalkIn', entry))
    const blocker = deps.db.$transaction(
      async (tx) => {
        await tx.$queryRaw`SELECT 1 AS one FROM queue_state WHERE service_id = ${clinic.serviceIds[0]}::uuid FOR UPDATE`
        const sending = device.send(operations)
        await expect.poll(() => waiting()).toBeGreaterThan(0)
        await deps.db.$queryRaw`
          SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%queue_state%'`
        return sending
      },
      { timeout: 10_000 },
    )
    const lost = await blocker
    expect(lost.outcomes).toEqual([])
    expect((await device.send([])).nextSeq).toBe(1)
    expect(await deps.db.queueEntry.count({ where: { id: { in: entries.map(({ id }) => id) } } })).toBe(0)
    expect(new Set(told((await device.send(operations)).outcomes))).toEqual(new Set(['APPLIED']))
  })

  const waiting = async () => {
    const rows = await deps.db.$queryRaw<unknown[]>`
      SELECT pid FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%queue_state%'`
    return rows.length
  }
})
