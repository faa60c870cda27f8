import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Context } from '../context.ts'
import { uuidv7 } from '../database/uuid.ts'
import type { Refusal } from '../errors.ts'
import type { EntryRow } from '../loaders.ts'
import { createTestClinic, type TestClinic } from '../test/clinic.ts'
import { createTestDeps, type TestDeps } from '../test/context.ts'
import { createTestDatabase, type TestDatabase } from '../test/database.ts'
import { createRandom, testSeed } from '../test/random.ts'
import { addWalkIn, callNext, checkIn, type WalkIn } from './commands.ts'
import { ownSubRank } from './order.ts'

let database: TestDatabase
let deps: TestDeps
let statements: string[] = []

beforeAll(async () => {
  database = await createTestDatabase({ onStatement: (sql) => statements.push(sql) })
  deps = createTestDeps(database)
  await deps.jobs.ready()
})
afterAll(async () => {
  await deps.close()
  await database.drop()
})

const at = (minutes: number) => new Date(Date.now() + minutes * 60_000)

const walkIn = async (
  clinic: TestClinic,
  options: Partial<WalkIn> = {},
  ctx: Context = clinic.desk,
): Promise<EntryRow> =>
  addWalkIn(ctx, {
    id: null,
    patientId: options.patientId ?? (await clinic.addPatient()),
    serviceId: clinic.serviceIds[0] as string,
    doctorId: null,
    urgency: null,
    reason: null,
    provisionalTicket: null,
    ...options,
  })

const keyed = (ctx: Context, key: string = uuidv7()): Context => ({
  ...ctx,
  idempotency: { caller: 'u:1', key, steps: 0 },
})

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/

const seed = testSeed()
const LEAD = 5

/** Rows of two runs are alike when they agree in all but chance and time: ids by their first appearance, instants by what they are of. */
const alike = (rows: unknown, named: Map<number, string>): unknown => {
  const labels = new Map<string, string>()
  const text = JSON.stringify(rows, (field, value) => {
    if (typeof value === 'bigint') return Number(value)
    if (typeof value !== 'string' || !INSTANT.test(value)) return value
    return (!/^(cre|upd)atedAt$/.test(field) && named.get(new Date(value).getTime())) || 'sometime'
  })
  const plain = text.replaceAll(UUID, (id) => {
    const label = labels.get(id) ?? `id ${labels.size}`
    labels.set(id, label)
    return label
  })
  return JSON.parse(plain)
}

/** All that arrivals leave behind in a clinic, in the order in which it was made. */
const rowsOf = async (clinic: TestClinic, slots: Date[]): Promise<unknown> => {
  const { db } = database
  const named = new Map(
    slots.flatMap((slot, index) => [
      [slot.getTime(), `slot ${index}`],
      [slot.getTime() - LEAD * 60_000, `due for slot ${index}`],
    ]),
  )
  const entries = await db.queueEntry.findMany({ where: { clinicId: clinic.clinicId }, orderBy: { arrivalSeq: 'asc' } })
  entries.forEach(({ arrivedAt }, index) => {
    named.set(arrivedAt.getTime(), `arrival ${index}`)
  })
  const ofClinic = { clinicId: clinic.clinicId }
  const first = entries[0]?.arrivalSeq ?? 0n
  const relative = (seq: unknown) => Number(seq) - Number(first)
  const events = await db.queueEvent.findMany({
    where: { serviceId: { in: clinic.serviceIds } },
    orderBy: [{ serviceId: 'asc' }, { version: 'asc' }],
  })
  return alike(
    {
      entries: entries.map(({ arrivalSeq, subRank, ...entry }) => ({
        ...entry,
        seq: relative(arrivalSeq),
        isOwnPlace: subRank === ownSubRank(Number(arrivalSeq)),
      })),
      events: events.map((event) => {
        const { arrivalSeq, subRank, ...key } = event.toKey as { arrivalSeq: number; subRank: string }
        return { ...event, toKey: { ...key, seq: relative(arrivalSeq), isOwn: subRank === ownSubRank(arrivalSeq) } }
      }),
      queues: await db.queueState.findMany({
        where: { serviceId: { in: clinic.serviceIds } },
        orderBy: { serviceId: 'asc' },
      }),
      audit: await db.auditEvent.findMany({ where: ofClinic, orderBy: { at: 'asc' } }),
      bookings: await db.appointment.findMany({ where: ofClinic, orderBy: { id: 'asc' } }),
      changes: await db.change.findMany({ where: { streamId: clinic.clinicId }, orderBy: { number: 'asc' } }),
      links: await db.clinicPatient.findMany({ where: ofClinic, orderBy: { patientId: 'asc' } }),
      jobs: await db.$queryRaw`
        SELECT name, data, singleton_key, state::text FROM pgboss.job
        WHERE data->>'clinicId' = ${clinic.clinicId} ORDER BY name, singleton_key`,
      notifications: await db.notification.count({ where: ofClinic }),
    },
    named,
  )
}

/** Answers without chance: an entry as the caller sees it, or the refusal. */
const answerOf = async (asked: Promise<EntryRow>): Promise<unknown> => {
  try {
    const { ticket, status, version, urgency, boundDoctorId } = await asked
    return { ticket, status, version, urgency, isBound: boundDoctorId !== null }
  } catch (error) {
    const { code, message, details } = error as Refusal
    return { code, message, hasEntry: 'entryId' in (details ?? {}) }
  }
}

type Twelve = [string, string, string, string, string, string, string, string, string, string, string, string]

/** Every kind of arrival, and every refusal of one; answers with what was answered and what it left behind. */
const play = async (): Promise<unknown> => {
  const { db } = database
  const clinic = await createTestClinic(deps, { services: 3 })
  const elsewhere = await createTestClinic(deps)
  const [service, closed, remote] = clinic.serviceIds as [string, string, string]
  const doctorId = clinic.doctors[0]?.id as string
  const foreignDoctor = elsewhere.doctors[0]?.id as string
  await db.service.update({ where: { id: service }, data: { bookedLeadMinutes: LEAD } })
  await db.service.update({ where: { id: closed }, data: { open: false, closedReason: 'Full today' } })
  await db.service.update({ where: { id: remote }, data: { remoteJoin: true } })
  const answers: unknown[] = []
  const add = async (options: Partial<WalkIn>, ctx?: Context) => {
    answers.push(await answerOf(walkIn(clinic, options, ctx)))
  }
  const patients: string[] = []
  while (patients.length < 12) patients.push(await clinic.addPatient())
  const [one, two, three, four, five, six, seven, eight, nine, ten, merged, gone] = patients as Twelve

  await add({ patientId: one })
  await add({ patientId: two, urgency: 'URGENT', reason: 'fever, "high" \\ \ud83e\udd12', doctorId })
  await add({ patientId: three, provisionalTicket: 'P7-03', id: uuidv7().toUpperCase() })
  await db.patient.update({ where: { id: four }, data: { guardianId: one } })
  await add({ patientId: four })
  await add({ patientId: await elsewhere.addPatient() }, keyed(clinic.desk))
  await add({ patientId: five, serviceId: remote }, clinic.asPatient(five))

  // Merged records stand for those that they went into.
  await db.patient.update({ where: { id: merged }, data: { mergedIntoId: six } })
  await add({ patientId: merged })
  await db.patient.update({ where: { id: gone }, data: { deletedAt: new Date() } })
  await add({ patientId: gone })
  await add({ patientId: uuidv7() })
  await add({ patientId: one })
  await add({ patientId: seven, doctorId: foreignDoctor })
  await add({ patientId: seven, doctorId: (await clinic.addDoctor([closed])).id })
  await add({ patientId: seven, serviceId: closed })
  await add({ patientId: seven, serviceId: uuidv7() })
  await add({ patientId: seven }, elsewhere.desk)
  await add({ patientId: seven }, clinic.asPatient(seven))
  await add({ patientId: one, serviceId: remote }, clinic.asPatient(one))
  await add({ patientId: one, serviceId: remote }, clinic.asPatient(seven))
  const twice = uuidv7()
  await add({ patientId: seven, id: twice })
  await add({ patientId: seven, id: twice })
  await add(
    { patientId: await elsewhere.addPatient(), serviceId: elsewhere.serviceIds[0] as string, id: twice },
    elsewhere.desk,
  )

  const slots = [at(30), at(-10), at(-120), at(60), at(-5), at(36 * 60), at(90)]
  const [soon, early, missed, own, cancelled, tomorrow, again] = slots as [Date, ...Date[]]
  const book = (patientId: string, startsAt: Date | undefined, bound = false) =>
    clinic.book(patientId, startsAt as Date, { bound })
  const check = async (id: string, ctx: Context = clinic.desk) => {
    answers.push(await answerOf(checkIn(ctx, id)))
  }
  const first = await book(eight, soon, true)
  await check(first)
  await check(first)
  await check(await book(nine, early))
  await check(await book(ten, missed), keyed(clinic.desk))
  const ownBooking = await book(seven, own)
  await check(ownBooking, clinic.asPatient(ten))
  await check(ownBooking, elsewhere.desk)
  // Their walk-in of today is still in the queue of this service.
  await check(ownBooking, clinic.asPatient(seven))
  const off = await book(eight, cancelled)
  await db.appointment.update({ where: { id: off }, data: { status: 'CANCELLED' } })
  await check(off)
  await check(await book(eight, tomorrow))
  await check(uuidv7())
  await check('no id')
  const key = uuidv7()
  const repeated = await book(await clinic.addPatient(), again)
  await check(repeated, keyed(clinic.desk, key))
  await check(repeated, keyed(clinic.desk, key))
  answers.push(await database.db.idempotentStep.count({ where: { key, recordId: { not: null } } }))
  return { answers: alike(answers, new Map()), rows: await rowsOf(clinic, slots) }
}

describe('an arrival at once', () => {
  it('answers and leaves behind what the ordinary transaction does', async () => {
    const played = async () => {
      statements = []
      const result = await play()
      return { result, written: statements.filter((sql) => sql.includes('FROM queue_enter(')).length }
    }
    const short = await played()
    // From here on the short way never has anything to say.
    await database.db.$executeRaw`ALTER FUNCTION queue_arrive RENAME TO queue_arrive_kept`
    await database.db.$executeRaw`
      CREATE FUNCTION queue_arrive(jsonb, text, text, text, int, timestamptz, boolean, uuid, uuid, text[], uuid[], int,
        OUT entry text, OUT version int, OUT jobs text[]) LANGUAGE sql AS 'SELECT NULL::text, NULL::int, NULL::text[]'`
    const ordinary = await played()
    await database.db.$executeRaw`DROP FUNCTION queue_arrive`
    await database.db.$executeRaw`ALTER FUNCTION queue_arrive_kept RENAME TO queue_arrive`
    // Only whoever's record was merged goes the ordinary way by themselves.
    expect([short.written, ordinary.written]).toEqual([1, 12])
    expect(short.result).toEqual(ordinary.result)
  })
})

describe('what only the database knows of an arrival', () => {
  it('the place of who was never moved by hand is that of the rule', async () => {
    const random = createRandom(seed)
    const seqs = [1, 35, 36, 36 ** 5, Number.MAX_SAFE_INTEGER, ...Array.from({ length: 50 }, () => random.int(2 ** 31))]
    const rows = await database.db.$queryRaw<{ place: string }[]>`
      SELECT own_sub_rank(seq) AS place FROM unnest(${seqs}::int8[]) WITH ORDINALITY AS s (seq, nth) ORDER BY nth`
    expect(rows.map(({ place }) => place)).toEqual(seqs.map(ownSubRank))
  })

  it('a ticket has three digits, or as many as it takes', async () => {
    const rows = await database.db.$queryRaw<{ ticket: string }[]>`
      SELECT ticket_text('G', number) AS ticket FROM unnest(ARRAY[1, 14, 999, 1000, 12345]) WITH ORDINALITY AS n (number, nth)
      ORDER BY nth`
    expect(rows.map(({ ticket }) => ticket)).toEqual(['G-001', 'G-014', 'G-999', 'G-1000', 'G-12345'])
  })
})

describe('a short arrival', () => {
  it('is one statement to read and one to write, whatever it writes', async () => {
    const clinic = await createTestClinic(deps)
    const [service] = clinic.serviceIds as [string]
    await database.db.service.update({ where: { id: service }, data: { remoteJoin: true } })
    const count = async (act: () => Promise<unknown>) => {
      statements = []
      await act()
      return statements.length
    }
    const patientId = await clinic.addPatient()
    const stranger = await (await createTestClinic(deps)).addPatient()
    const doctorId = clinic.doctors[0]?.id as string
    const own = await clinic.addPatient()
    const bookings = [await clinic.book(patientId, at(10)), await clinic.book(await clinic.addPatient(), at(20))]
    const [ownBooking, deskBooking] = bookings as [string, string]
    const counted = [
      await count(() => walkIn(clinic, { patientId: stranger, doctorId, urgency: 'URGENT', reason: 'fever' })),
      await count(() => walkIn(clinic, { patientId: own }, clinic.asPatient(own))),
      await count(() => checkIn(clinic.asPatient(patientId), ownBooking)),
      await count(() => checkIn(keyed(clinic.desk), deskBooking)),
    ]
    expect(counted).toEqual([2, 2, 2, 2])
  })

  it('under an Idempotency-Key is made once, however often and fast it is asked for', async () => {
    const clinic = await createTestClinic(deps)
    const patientId = await clinic.addPatient()
    const booking = await clinic.book(await clinic.addPatient(), at(10))
    const [come, check] = [uuidv7(), uuidv7()]
    const five = <T>(act: () => Promise<T>) => Promise.all(Array.from({ length: 5 }, act))
    const came = await five(() => walkIn(clinic, { patientId }, keyed(clinic.desk, come)))
    const checked = await five(() => checkIn(keyed(clinic.desk, check), booking))
    expect(new Set(came.map(({ id }) => id)).size).toBe(1)
    expect(new Set(checked.map(({ id }) => id)).size).toBe(1)
    expect(await database.db.queueEvent.count({ where: { serviceId: clinic.serviceIds[0] as string } })).toBe(2)
    // A refusal keeps nothing of the step: later it can be done.
    const refused = uuidv7()
    await expect(walkIn(clinic, { patientId }, keyed(clinic.desk, refused))).rejects.toMatchObject({
      code: 'ALREADY_WAITING',
      details: { entryId: came[0]?.id },
    })
    expect(await database.db.idempotentStep.count({ where: { key: refused } })).toBe(0)
  })

  it('asked for at once, one patient gets one ticket, and one booking is checked in once', async () => {
    const clinic = await createTestClinic(deps)
    const patientId = await clinic.addPatient()
    const booking = await clinic.book(await clinic.addPatient(), at(10))
    const outcomes = async (act: () => Promise<EntryRow>) => {
      const settled = await Promise.allSettled(Array.from({ length: 6 }, act))
      return settled.map((one) => (one.status === 'fulfilled' ? 'made' : (one.reason as Refusal).code)).sort()
    }
    const once = [...Array.from({ length: 5 }, () => 'ALREADY_WAITING'), 'made']
    expect(await outcomes(() => walkIn(clinic, { patientId }))).toEqual(once)
    expect(await outcomes(() => checkIn(clinic.desk, booking))).toEqual(once)
  })

  it('that waits at the lock until the grace is over is late', async () => {
    const clinic = await createTestClinic(deps)
    const [service] = clinic.serviceIds as [string]
    const booking = await clinic.book(await clinic.addPatient(), new Date(Date.now() - 15 * 60_000 + 700))
    const held = Promise.withResolvers<void>()
    const late = database.db.$transaction(async (tx) => {
      await tx.$queryRaw`SELECT 1 AS one FROM queue_state WHERE service_id = ${service}::uuid FOR UPDATE`
      held.resolve()
      await sleep(1_000)
    })
    await held.promise
    const entry = await checkIn(clinic.desk, booking)
    await late
    expect(entry.dueAt).toEqual(entry.arrivedAt)
    expect(entry.ticketNumber).toBe(1)
  })

  it(`among calls and others who come leaves no gap in tickets or versions (seed ${seed})`, async () => {
    const random = createRandom(seed)
    const clinic = await createTestClinic(deps, { services: 1, doctors: 4 })
    const [service] = clinic.serviceIds as [string]
    const bookings: string[] = []
    for (let i = 0; i < 30; i++)
      bookings.push(
        await clinic.book(await clinic.addPatient(), at(i * 2), {
          doctorId: random.pick(clinic.doctors).id,
          bound: random.next() < 0.2,
        }),
      )
    const calls = clinic.doctors.map(async ({ ctx, id }) => {
      for (let i = 0; i < 8; i++) {
        await callNext(ctx, { serviceId: service, doctorId: null, room: null })
        await database.db.$executeRaw`
          UPDATE queue SET status = 'SERVED', finished_at = clock_timestamp() WHERE doctor_id = ${id}::uuid AND status = 'CALLED'`
      }
    })
    await Promise.all([
      ...bookings.map((id) => checkIn(clinic.desk, id)),
      ...bookings.map(() => walkIn(clinic)),
      ...calls,
    ])
    const entries = await database.db.queueEntry.findMany({
      where: { serviceId: service },
      orderBy: { arrivalSeq: 'asc' },
    })
    const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)
    // Whoever has the lock gets all of it: ticket, sequence and time rise together.
    expect(entries.map(({ ticketNumber }) => ticketNumber)).toEqual(upTo(60))
    const arrivals = entries.map(({ arrivedAt }) => arrivedAt.getTime())
    expect(arrivals).toEqual(arrivals.toSorted((a, b) => a - b))
    const events = await database.db.queueEvent.findMany({ where: { serviceId: service }, orderBy: { version: 'asc' } })
    expect(events.map(({ version }) => version)).toEqual(upTo(events.length))
  })
})
