import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bookAppointment, cancelAppointment, rescheduleAppointment } from '../appointment/commands.ts'
import type { Context } from '../context.ts'
import { uuidv7 } from '../database/uuid.ts'
import type { EntryRow } from '../loaders.ts'
import { answerInbound } from '../messaging/inbound.ts'
import type { PushMessage, SendOutcome, SmsMessage } from '../messaging/provider.ts'
import {
  addWalkIn,
  callEntry,
  markNoShow,
  markServed,
  moveEntry,
  recall,
  returnToQueue,
  setUrgency,
  startService,
  undo,
} from '../queue/commands.ts'
import { createTestClinic, type TestClinic } from '../test/clinic.ts'
import { createTestDeps, type TestDeps } from '../test/context.ts'
import { createTestDatabase, type TestDatabase } from '../test/database.ts'
import { createRandom, testSeed } from '../test/random.ts'
import { resendMessage } from './commands.ts'

let database: TestDatabase
let deps: TestDeps
let clinic: TestClinic
let service: string

/** A machine with much to do needs a while to get two others to wait. */
const LOCKED = { timeout: 10_000 }

/** What reached the provider, and what it answers next. */
const sms: SmsMessage[] = []
const push: PushMessage[] = []
let answerSms: (message: SmsMessage) => Promise<SendOutcome>
let answerFind: (id: string) => SendOutcome | null
let answerPush: (message: PushMessage) => { goneTokens: string[]; outcome: SendOutcome; accepted?: string[] }

const accept = async ({ id }: SmsMessage): Promise<SendOutcome> => ({ kind: 'sent', providerId: `SM${id}` })

beforeAll(async () => {
  database = await createTestDatabase({ max: 16 })
  deps = createTestDeps(database)
  Object.assign(deps.messaging, {
    sms: {
      name: 'a provider of the test',
      send: async (message: SmsMessage) => {
        sms.push(message)
        return answerSms(message)
      },
      find: async ({ id }: { id: string }) => answerFind(id),
      check: async () => null,
    },
    push: {
      name: 'a provider of the test',
      send: async (message: PushMessage) => {
        push.push(message)
        const answer = answerPush(message)
        return { accepted: answer.outcome.kind === 'sent' ? message.tokens : [], ...answer }
      },
      check: async () => null,
    },
  })
  await deps.jobs.start()
})
afterAll(async () => {
  await deps.close()
  await database.drop()
})
afterEach(() => {
  sms.length = 0
  push.length = 0
})

let number = 0

const fresh = async () => {
  answerSms = accept
  answerFind = () => null
  answerPush = ({ id }) => ({ goneTokens: [], outcome: { kind: 'sent', providerId: `FCM${id}` } })
  clinic = await createTestClinic(deps, { doctors: 3 })
  service = clinic.serviceIds[0] as string
  await deps.db.clinic.update({ where: { id: clinic.clinicId }, data: { name: 'Riverside', quietFrom: 0, quietTo: 0 } })
}

const person = async (phone = true, device = false): Promise<string> => {
  const id = await clinic.addPatient()
  const phoneNumber = `+1202555${String(1000 + number++)}`
  if (phone) await deps.db.patient.update({ where: { id }, data: { phoneNumber } })
  if (device) await deps.db.device.create({ data: { id, patientId: id, pushToken: `token ${id}`, platform: 'ios' } })
  return id
}

const walkIn = (patientId: string, ctx: Context = clinic.desk): Promise<EntryRow> =>
  addWalkIn(ctx, {
    id: null,
    patientId,
    serviceId: service,
    doctorId: null,
    urgency: null,
    reason: null,
    provisionalTicket: null,
  })

const call = (entry: EntryRow) => callEntry(clinic.desk, entry.id, { doctorId: null, room: '7' })

const ledger = async (entryId: string) =>
  (await deps.db.notification.findMany({ where: { entryId }, orderBy: { createdAt: 'asc' } })).map(
    ({ kind, channel, status, error }) => [kind, channel, status, ...(error ? [error] : [])].join(' '),
  )

const settled = (entryId: string, expected: string[]) =>
  expect.poll(() => ledger(entryId).then((rows) => rows.toSorted()), { timeout: 20_000 }).toEqual(expected.toSorted())

describe('a visit', () => {
  beforeAll(fresh)

  it('is told of once on each way: almost, your turn, again on a recall, missed', async () => {
    const entry = await walkIn(await person(true, true))
    await settled(entry.id, ['ALMOST_YOUR_TURN PUSH SENT', 'ALMOST_YOUR_TURN SMS SENT'])
    await call(entry)
    await settled(entry.id, [
      ...['ALMOST_YOUR_TURN PUSH SENT', 'ALMOST_YOUR_TURN SMS SENT'],
      ...['YOUR_TURN PUSH SENT', 'YOUR_TURN SMS SENT'],
    ])
    await recall(clinic.desk, entry.id)
    await expect.poll(() => sms.length, { timeout: 20_000 }).toBe(3)
    await markNoShow(clinic.desk, entry.id)
    await expect.poll(() => sms.length, { timeout: 20_000 }).toBe(4)
    expect(sms.map(({ body }) => body.replace(/\/t\/\S+/, '/t/…'))).toEqual([
      'Riverside: ticket A-001, you are next. Please stay close. http://localhost:4000/t/…',
      'Riverside: ticket A-001, it is your turn. Please come to: 7. http://localhost:4000/t/…',
      'Riverside: ticket A-001, we called you again. Please come to: 7. http://localhost:4000/t/…',
      'Riverside: we called ticket A-001 and did not find you. Please speak to the desk. http://localhost:4000/t/…',
    ])
    expect(sms.every(({ validitySeconds }) => validitySeconds !== null)).toBe(true)
    expect(sms[1]?.validitySeconds).toBeLessThanOrEqual(600)
    expect(push[0]).toMatchObject({ title: expect.any(String), link: expect.stringContaining('/t/') })
  })

  it('is not told twice that it is almost time, even if the position goes back', async () => {
    const entries: EntryRow[] = []
    for (let i = 0; i < 5; i++) entries.push(await walkIn(await person()))
    const third = entries[2] as EntryRow
    await settled(third.id, ['ALMOST_YOUR_TURN SMS SENT'])
    const last = entries[4] as EntryRow
    expect(await ledger(last.id)).toEqual([])
    await moveEntry(clinic.desk, last.id, null, 'First')
    await settled(last.id, ['ALMOST_YOUR_TURN SMS SENT'])
    await setUrgency(clinic.desk, last.id, 'URGENT', null)
    await setUrgency(clinic.desk, last.id, 'ROUTINE', null)
    const called = await call(entries[0] as EntryRow)
    // Whoever looks later than the return finds nobody new near the head.
    await settled((entries[3] as EntryRow).id, ['ALMOST_YOUR_TURN SMS SENT'])
    await returnToQueue(clinic.desk, called.id)
    expect(await ledger(last.id)).toEqual(['ALMOST_YOUR_TURN SMS SENT'])
    expect(await ledger(third.id)).toEqual(['ALMOST_YOUR_TURN SMS SENT'])
  })

  it('is corrected when an undo takes back what was said, and nothing is said where nobody heard anything', async () => {
    await fresh()
    const entry = await walkIn(await person())
    await settled(entry.id, ['ALMOST_YOUR_TURN SMS SENT'])
    await call(entry)
    await settled(entry.id, ['ALMOST_YOUR_TURN SMS SENT', 'YOUR_TURN SMS SENT'])
    await undo(clinic.desk, entry.id, null)
    await settled(entry.id, ['ALMOST_YOUR_TURN SMS SENT', 'YOUR_TURN SMS SENT', 'CORRECTION SMS SENT'])
  })

  it('of a child is told to the guardian', async () => {
    const guardianId = await person()
    const child = await person(false)
    await deps.db.patient.update({ where: { id: child }, data: { guardianId } })
    const entry = await walkIn(child)
    await settled(entry.id, ['ALMOST_YOUR_TURN SMS SENT'])
    const { phoneNumber } = await deps.db.patient.findUniqueOrThrow({ where: { id: guardianId } })
    expect(sms.at(-1)?.to).toBe(phoneNumber)
  })

  it('of somebody whom nothing reaches is told to nobody', async () => {
    const entry = await walkIn(await person(false))
    await call(entry)
    const reachable = await walkIn(await person())
    await settled(reachable.id, ['ALMOST_YOUR_TURN SMS SENT'])
    expect(await ledger(entry.id)).toEqual([])
  })

  it('goes by push first and by SMS only if that fails, where the clinic chose so; devices that are gone are forgotten', async () => {
    await fresh()
    await deps.db.clinic.update({ where: { id: clinic.clinicId }, data: { messageRoute: 'PUSH_FIRST' } })
    const good = await walkIn(await person(true, true))
    await settled(good.id, ['ALMOST_YOUR_TURN PUSH SENT'])
    answerPush = ({ tokens }) => ({ goneTokens: tokens, outcome: { kind: 'rejected', error: 'no device took it' } })
    const bad = await walkIn(await person(true, true))
    await settled(bad.id, ['ALMOST_YOUR_TURN PUSH FAILED no device took it', 'ALMOST_YOUR_TURN SMS SENT'])
    expect(await deps.db.device.count({ where: { patientId: bad.patientId } })).toBe(0)
  })
})

describe('a push message', () => {
  beforeAll(fresh)

  it('reaches every device: those that did not take it are asked again, those that did are not', async () => {
    const patientId = await person(false, true)
    const device = (name: string) => ({ id: uuidv7(), patientId, pushToken: `${name} ${patientId}`, platform: 'ios' })
    await deps.db.device.createMany({ data: [device('second'), device('third')] })
    const [first, second, third] = ['token', 'second', 'third'].map((name) => `${name} ${patientId}`) as string[]
    const asked: string[][] = []
    answerPush = ({ id, tokens }) => {
      asked.push(tokens.toSorted())
      if (asked.length === 1)
        return { accepted: [first as string], goneTokens: [], outcome: { kind: 'retry', error: 'busy' } }
      if (asked.length === 2)
        return { accepted: [third as string], goneTokens: [], outcome: { kind: 'retry', error: 'busy' } }
      return { goneTokens: [], outcome: { kind: 'sent', providerId: `FCM${id}` } }
    }
    const entry = await walkIn(patientId)
    await settled(entry.id, ['ALMOST_YOUR_TURN PUSH SENT'])
    expect(asked).toEqual([[first, second, third].toSorted(), [second, third].toSorted(), [second]])
  })

  it('that one device took is sent, whatever the others answer until it is worth nothing', async () => {
    const patientId = await person(false, true)
    await deps.db.device.create({
      data: { id: uuidv7(), patientId, pushToken: `second ${patientId}`, platform: 'ios' },
    })
    answerPush = ({ tokens }) => ({
      accepted: tokens.filter((token) => token.startsWith('token')),
      ...{ goneTokens: [], outcome: { kind: 'retry', error: 'busy' } },
    })
    const entry = await walkIn(patientId)
    await settled(entry.id, ['ALMOST_YOUR_TURN PUSH QUEUED busy'])
    await deps.db.notification.updateMany({ where: { entryId: entry.id }, data: { validUntil: new Date(0) } })
    await settled(entry.id, ['ALMOST_YOUR_TURN PUSH SENT STALE'])
  })

  it('that fails is never FAILED without its SMS, even if the database goes away between the two', async () => {
    await fresh()
    await deps.db.clinic.update({ where: { id: clinic.clinicId }, data: { messageRoute: 'PUSH_FIRST' } })
    answerPush = () => ({ goneTokens: [], outcome: { kind: 'rejected', error: 'no device took it' } })
    await deps.db.$executeRawUnsafe(`
      CREATE FUNCTION break_off() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM pg_terminate_backend(pg_backend_pid());
        RETURN NEW;
      END $$`)
    await deps.db.$executeRawUnsafe(`
      CREATE TRIGGER break_off BEFORE INSERT ON notifications FOR EACH ROW WHEN (NEW.channel = 'SMS') EXECUTE FUNCTION break_off()`)
    const entry = await walkIn(await person(true, true))
    const failures = () =>
      deps.db.$queryRaw<{ state: string }[]>`
        SELECT state::text FROM pgboss.job
        WHERE name = 'message' AND state = 'retry' AND data->>'clinicId' = ${clinic.clinicId}`
    try {
      await expect.poll(failures, { timeout: 20_000 }).toHaveLength(1)
      expect(await ledger(entry.id)).toEqual(['ALMOST_YOUR_TURN PUSH QUEUED'])
    } finally {
      await deps.db.$executeRaw`DROP TRIGGER break_off ON notifications`
    }
    await deps.db.$executeRaw`UPDATE notifications SET tried_at = NULL WHERE entry_id = ${entry.id}::uuid`
    await settled(entry.id, ['ALMOST_YOUR_TURN PUSH FAILED no device took it', 'ALMOST_YOUR_TURN SMS SENT'])
  })
})

describe('messages about one visit', () => {
  beforeEach(fresh)

  it('"almost your turn" that could not go out yet is not sent any more once the patient is called', async () => {
    answerSms = async () => ({ kind: 'retry', error: '503' })
    const entry = await walkIn(await person())
    await settled(entry.id, ['ALMOST_YOUR_TURN SMS QUEUED 503'])
    answerSms = accept
    await call(entry)
    await settled(entry.id, ['ALMOST_YOUR_TURN SMS SUPPRESSED SUPERSEDED', 'YOUR_TURN SMS SENT'])
  })

  it('"your turn" waits until "almost your turn" has left', async () => {
    let open: () => void = () => {}
    const opened = new Promise<void>((resolve) => {
      open = resolve
    })
    const done: string[] = []
    answerSms = async (message) => {
      if (message.body.includes('you are next')) await opened
      done.push(message.body.includes('you are next') ? 'almost' : 'turn')
      return accept(message)
    }
    const entry = await walkIn(await person())
    await expect.poll(() => sms.length, { timeout: 20_000 }).toBe(1)
    await call(entry)
    const waits = () =>
      deps.db.$queryRaw<unknown[]>`
        SELECT 1 FROM pgboss.job JOIN notifications n ON n.id = (data->>'id')::uuid
        WHERE name = 'message' AND n.entry_id = ${entry.id}::uuid AND n.kind = 'YOUR_TURN' AND start_after > created_on`
    await expect.poll(async () => (await waits()).length, { timeout: 20_000 }).toBeGreaterThan(0)
    expect(sms.length).toBe(1)
    open()
    await settled(entry.id, ['ALMOST_YOUR_TURN SMS SENT', 'YOUR_TURN SMS SENT'])
    expect(done).toEqual(['almost', 'turn'])
  })

  it('an undo waits until the news of the call is written, so that it finds what it takes back', async () => {
    const entry = await walkIn(await person())
    await settled(entry.id, ['ALMOST_YOUR_TURN SMS SENT'])
    const blocked = async () => {
      const [row] = await deps.db.$queryRaw<{ count: number }[]>`
        SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0`
      return row?.count
    }
    let undone: Promise<string> | null = null
    // The ledger lets nobody write: the announcement has read the call and gets no further.
    await deps.db.$transaction(async (tx) => {
      await tx.$executeRaw`LOCK TABLE notifications IN SHARE MODE`
      await call(entry)
      await expect.poll(blocked, { timeout: 2_000, interval: 20 }).toBe(1)
      undone = undo(clinic.desk, entry.id, null).then(() => 'undone')
      const stood = expect
        .poll(blocked, { timeout: 2_000, interval: 20 })
        .toBe(2)
        .then(() => 'waits')
      expect(await Promise.race([undone, stood])).toBe('waits')
    }, LOCKED)
    await undone
    const turn = async () => (await ledger(entry.id)).filter((row) => !row.startsWith('ALMOST')).toSorted()
    // Either nobody heard of the call, or it is taken back.
    await expect
      .poll(turn, { timeout: 20_000 })
      .toSatisfy(
        (rows: string[]) =>
          /^(CORRECTION SMS SUPPRESSED UNDONE,)?YOUR_TURN SMS SUPPRESSED \w+$/.test(rows.join()) ||
          rows.join() === 'CORRECTION SMS SENT,YOUR_TURN SMS SENT',
      )
  })
})

describe('what must not go out', () => {
  beforeAll(fresh)

  it('nothing goes to a number that said STOP', async () => {
    const patientId = await person()
    const { phoneNumber } = await deps.db.patient.findUniqueOrThrow({ where: { id: patientId } })
    await deps.db.stoppedNumber.create({ data: { phoneNumber: phoneNumber as string } })
    const entry = await walkIn(patientId)
    await settled(entry.id, ['ALMOST_YOUR_TURN SMS SUPPRESSED STOPPED'])
    expect(sms).toEqual([])
  })

  it('a stale "your turn" is never sent', async () => {
    const entry = await walkIn(await person())
    await settled(entry.id, ['ALMOST_YOUR_TURN SMS SENT'])
    await deps.jobs.stop()
    await call(entry)
    await deps.jobs.start()
    await settled(entry.id, ['ALMOST_YOUR_TURN SMS SENT', 'YOUR_TURN SMS SENT'])
    const served = await walkIn(await person())
    await settled(served.id, ['ALMOST_YOUR_TURN SMS SENT'])
    await deps.jobs.stop()
    await call(served)
    await startService(clinic.desk, served.id)
    await markServed(clinic.desk, served.id)
    await deps.jobs.start()
    const later = await walkIn(await person())
    await settled(later.id, ['ALMOST_YOUR_TURN SMS SENT'])
    expect(await ledger(served.id)).toEqual(['ALMOST_YOUR_TURN SMS SENT'])
  })

  it('a clinic’s day has a cap', async () => {
    await fresh()
    await deps.db.clinic.update({ where: { id: clinic.clinicId }, data: { dailySmsCap: 2 } })
    const entries: EntryRow[] = []
    for (let i = 0; i < 3; i++) {
      const entry = await walkIn(await person())
      await expect
        .poll(() => ledger(entry.id).then((rows) => rows[0]?.split(' ')[2]), { timeout: 20_000 })
        .toMatch(/SENT|SUPPRESSED/)
      entries.push(entry)
    }
    expect(await Promise.all(entries.map(({ id }) => ledger(id)))).toEqual([
      ['ALMOST_YOUR_TURN SMS SENT'],
      ['ALMOST_YOUR_TURN SMS SENT'],
      ['ALMOST_YOUR_TURN SMS SUPPRESSED DAILY_CAP'],
    ])
  })
})

describe('a booking', () => {
  beforeAll(fresh)

  const rows = async (appointmentId: string) =>
    (await deps.db.notification.findMany({ where: { appointmentId }, orderBy: { createdAt: 'asc' } })).map(
      ({ kind, status }) => `${kind} ${status}`,
    )
  const slot = (days: number) => {
    const at = new Date()
    at.setUTCDate(at.getUTCDate() + days)
    at.setUTCHours(15, 0, 0, 0)
    return at
  }

  it('is confirmed, its changes are told, its reminders wait for their time and only while it stands', async () => {
    const patientId = await person()
    const booking = await bookAppointment(clinic.desk, { patientId, serviceId: service, startsAt: slot(3) })
    await expect.poll(() => rows(booking.id), { timeout: 20_000 }).toEqual(['BOOKED SENT'])
    await rescheduleAppointment(clinic.desk, { id: booking.id, startsAt: slot(4) })
    await expect.poll(() => rows(booking.id), { timeout: 20_000 }).toEqual(['BOOKED SENT', 'RESCHEDULED SENT'])
    const waiting = await deps.db.$queryRaw<{ data: { hours: number; startsAt: string }; start_after: Date }[]>`
      SELECT data, start_after FROM pgboss.job WHERE name = 'announce.reminder' ORDER BY start_after`
    const before = (job: (typeof waiting)[number]) =>
      Math.round((new Date(job.data.startsAt).getTime() - job.start_after.getTime()) / 3_600_000)
    expect(waiting.map(before)).toEqual(waiting.map(({ data }) => data.hours))
    expect(waiting.length).toBe(4)
    // Their time comes at once: those of the slot that was left say nothing.
    await deps.db.$executeRaw`UPDATE pgboss.job SET start_after = now() WHERE name = 'announce.reminder'`
    await expect
      .poll(() => rows(booking.id), { timeout: 20_000 })
      .toEqual(['BOOKED SENT', 'RESCHEDULED SENT', 'REMINDER SENT', 'REMINDER SENT'])
    await cancelAppointment(clinic.desk, booking.id, null)
    await expect.poll(() => rows(booking.id).then((all) => all.at(-1)), { timeout: 20_000 }).toBe('CANCELLED SENT')
    expect(sms.length).toBe(5)
  })
})

describe('messages about one booking', () => {
  beforeEach(fresh)

  const rows = async (appointmentId: string) =>
    (await deps.db.notification.findMany({ where: { appointmentId }, orderBy: { createdAt: 'asc' } })).map(
      ({ kind, status, error }) => [kind, status, ...(error ? [error] : [])].join(' '),
    )
  const settledAs = (id: string, expected: string[]) =>
    expect.poll(() => rows(id), { timeout: 20_000 }).toEqual(expected)
  const slot = (days: number) => new Date(new Date().setUTCHours(15, 0, 0, 0) + days * 86_400_000)
  const book = async () =>
    bookAppointment(clinic.desk, { patientId: await person(), serviceId: service, startsAt: slot(3) })

  it('that it was made is not said any more once it is known that it was moved', async () => {
    answerSms = async () => ({ kind: 'retry', error: '503' })
    const booking = await book()
    await settledAs(booking.id, ['BOOKED QUEUED 503'])
    answerSms = async (sent) => (sent.body.includes('is now on') ? accept(sent) : { kind: 'retry', error: '503' })
    await rescheduleAppointment(clinic.desk, { id: booking.id, startsAt: slot(4) })
    await settledAs(booking.id, ['BOOKED SUPPRESSED SUPERSEDED', 'RESCHEDULED SENT'])
  })

  it('that it was made, or moved, is not said any more once it is cancelled', async () => {
    answerSms = async () => ({ kind: 'retry', error: '503' })
    const booking = await book()
    await settledAs(booking.id, ['BOOKED QUEUED 503'])
    await rescheduleAppointment(clinic.desk, { id: booking.id, startsAt: slot(4) })
    await settledAs(booking.id, ['BOOKED SUPPRESSED SUPERSEDED', 'RESCHEDULED QUEUED 503'])
    answerSms = accept
    await cancelAppointment(clinic.desk, booking.id, null)
    await settledAs(booking.id, ['BOOKED SUPPRESSED SUPERSEDED', 'RESCHEDULED SUPPRESSED SUPERSEDED', 'CANCELLED SENT'])
  })

  it('that it was moved waits until the one that says it was made has left', async () => {
    let open: () => void = () => {}
    const opened = new Promise<void>((resolve) => {
      open = resolve
    })
    const done: string[] = []
    answerSms = async (sent) => {
      if (!sent.body.includes('is now on')) await opened
      done.push(sent.body.includes('is now on') ? 'moved' : 'booked')
      return accept(sent)
    }
    const booking = await book()
    await expect.poll(() => sms.length, { timeout: 20_000 }).toBe(1)
    await rescheduleAppointment(clinic.desk, { id: booking.id, startsAt: slot(4) })
    await settledAs(booking.id, ['BOOKED QUEUED', 'RESCHEDULED QUEUED'])
    open()
    await settledAs(booking.id, ['BOOKED SENT', 'RESCHEDULED SENT'])
    expect(done).toEqual(['booked', 'moved'])
  })

  it('is not sent again by staff when it is no longer so', async () => {
    const booking = await book()
    await settledAs(booking.id, ['BOOKED SENT'])
    const { id } = await deps.db.notification.findFirstOrThrow({ where: { appointmentId: booking.id } })
    await rescheduleAppointment(clinic.desk, { id: booking.id, startsAt: slot(4) })
    await settledAs(booking.id, ['BOOKED SENT', 'RESCHEDULED SENT'])
    await expect(resendMessage(clinic.desk, id)).rejects.toMatchObject({ code: 'MESSAGE_STALE' })
  })
})

describe('a provider that fails', () => {
  beforeAll(fresh)

  beforeEach(freshClinic)

  it('refuses for good: FAILED with its words, and never tried again', async () => {
    answerSms = async () => ({ kind: 'rejected', error: '21211 not a number' })
    const entry = await walkIn(await person())
    await settled(entry.id, ['ALMOST_YOUR_TURN SMS FAILED 21211 not a number'])
    expect(sms.length).toBe(1)
    answerSms = accept
  })

  it('is busy for a while: tried again until it takes the message', async () => {
    let refusals = 2
    answerSms = async (message) => (refusals-- > 0 ? { kind: 'retry', error: '429' } : accept(message))
    const entry = await walkIn(await person())
    await settled(entry.id, ['ALMOST_YOUR_TURN SMS SENT'])
    expect(sms.length).toBe(3)
  })

  it('says when to come back: asked again no earlier, even where that is an hour', async () => {
    answerSms = async () => ({ kind: 'retry', error: '429', afterSeconds: 1_800 })
    const entry = await walkIn(await person())
    await settled(entry.id, ['ALMOST_YOUR_TURN SMS QUEUED 429'])
    const { id } = await deps.db.notification.findFirstOrThrow({ where: { entryId: entry.id } })
    const waiting = () =>
      deps.db.$queryRaw<{ seconds: number }[]>`
        SELECT extract(epoch FROM start_after - created_on)::float8 AS seconds FROM pgboss.job
        WHERE name = 'message' AND state = 'created' AND data->>'id' = ${id}`
    await expect.poll(waiting, { timeout: 20_000 }).toEqual([{ seconds: expect.any(Number) }])
    const [{ seconds }] = (await waiting()) as [{ seconds: number }]
    expect(seconds).toBeGreaterThanOrEqual(1_799)
    expect(seconds).toBeLessThanOrEqual(1_800 * 1.25 + 1)
    expect(sms.length).toBe(1)
    answerSms = accept
    await deps.db.$executeRaw`UPDATE pgboss.job SET start_after = now() WHERE name = 'message' AND data->>'id' = ${id}`
    await settled(entry.id, ['ALMOST_YOUR_TURN SMS SENT'])
    expect(sms.length).toBe(2)
  })

  it('is away until the message is worth nothing: not a dead letter, but suppressed as stale', async () => {
    answerSms = async () => ({ kind: 'retry', error: '503' })
    const entry = await walkIn(await person())
    await settled(entry.id, ['ALMOST_YOUR_TURN SMS QUEUED 503'])
    await deps.db.notification.updateMany({ where: { entryId: entry.id }, data: { validUntil: new Date(0) } })
    await settled(entry.id, ['ALMOST_YOUR_TURN SMS SUPPRESSED STALE'])
    answerSms = accept
  })

  it('may have taken a push message at a try whose answer got lost: FAILED as unclear, not SUPPRESSED, once it is over', async () => {
    const answers: SendOutcome[] = [
      { kind: 'unclear', error: 'ECONNRESET' },
      { kind: 'retry', error: '429' },
    ]
    answerPush = () => ({ goneTokens: [], outcome: answers.shift() ?? { kind: 'retry', error: '429' } })
    const entry = await walkIn(await person(false, true))
    const row = () => deps.db.notification.findFirstOrThrow({ where: { entryId: entry.id, kind: 'ALMOST_YOUR_TURN' } })
    await expect.poll(async () => (await row()).error, { timeout: 20_000 }).toBe('ECONNRESET')
    // The time in which the lost one could still be under way passes at once, and then its worth.
    const pass = async () => {
      await deps.db.notification.updateMany({ where: { entryId: entry.id }, data: { triedAt: new Date(0) } })
      await deps.db.$executeRaw`UPDATE pgboss.job SET start_after = now() WHERE name = 'message' AND state = 'created'`
    }
    await pass()
    await expect.poll(async () => (await row()).error, { timeout: 20_000 }).toBe('429')
    expect((await row()).triedAt).not.toBeNull()
    await deps.db.notification.updateMany({ where: { entryId: entry.id }, data: { validUntil: new Date(0) } })
    await pass()
    await expect
      .poll(() => ledger(entry.id), { timeout: 20_000 })
      .toEqual(['ALMOST_YOUR_TURN PUSH FAILED unclear: STALE'])
  })

  it('says nothing that is clear until the message is worth nothing: FAILED, never QUEUED for ever', async () => {
    answerSms = async () => ({ kind: 'unclear', error: 'no reply' })
    answerFind = () => ({ kind: 'unclear', error: 'not listed' })
    const entry = await walkIn(await person())
    await settled(entry.id, ['ALMOST_YOUR_TURN SMS QUEUED no reply'])
    await deps.db.notification.updateMany({
      where: { entryId: entry.id },
      data: { validUntil: new Date(0), triedAt: new Date(0) },
    })
    const { id } = await deps.db.notification.findFirstOrThrow({ where: { entryId: entry.id } })
    await expect
      .poll(
        () =>
          deps.db.$executeRaw`
            UPDATE pgboss.job SET start_after = now() WHERE name = 'message' AND state = 'created' AND data->>'id' = ${id}`,
        { timeout: 20_000 },
      )
      .toBe(1)
    await settled(entry.id, ['ALMOST_YOUR_TURN SMS FAILED unclear: not listed'])
    answerSms = accept
    answerFind = () => null
  })

  it('is being asked at the moment of a STOP: the STOP is acknowledged only once that is over', async () => {
    let open: () => void = () => {}
    const opened = new Promise<void>((resolve) => {
      open = resolve
    })
    answerSms = async (message) => {
      await opened
      return accept(message)
    }
    const patientId = await person()
    const entry = await walkIn(patientId)
    await expect.poll(() => sms.length, { timeout: 20_000 }).toBe(1)
    const from = (await deps.db.patient.findUniqueOrThrow({ where: { id: patientId } })).phoneNumber as string
    const acknowledged = answerInbound(deps, { providerId: `SMstop${from}`, from, body: 'STOP', optOut: null }).then(
      () => ledger(entry.id),
    )
    await expect.poll(() => deps.db.stoppedNumber.count({ where: { phoneNumber: from } }), { timeout: 20_000 }).toBe(1)
    open()
    expect(await acknowledged).toEqual(['ALMOST_YOUR_TURN SMS SENT'])
    answerSms = accept
  })

  it('accepts and loses its reply, one in three of 24: looked up before it is asked again, none lost, none doubled', {
    timeout: 240_000,
  }, async () => {
    const seed = testSeed()
    const random = createRandom(seed)
    const accepted: string[] = []
    answerSms = async (message) => {
      accepted.push(message.id)
      return random.next() < 1 / 3 ? { kind: 'unclear', error: 'no reply' } : accept(message)
    }
    answerFind = (id) => (accepted.includes(id) ? { kind: 'sent', providerId: `SM${id}` } : null)
    await freshClinic()
    const entries = await Promise.all(Array.from({ length: 24 }, async () => walkIn(await person())))
    for (const entry of entries) await call(entry)
    // The wait before a look-up is real time; here the tries of before are made old instead.
    const age = setInterval(() => {
      void deps.db
        .$executeRaw`UPDATE notifications SET tried_at = tried_at - interval '1 minute' WHERE status = 'QUEUED' AND error IS NOT NULL`
      void deps.db.$executeRaw`UPDATE pgboss.job SET start_after = now() WHERE name = 'message' AND state = 'created'`
    }, 500)
    for (const entry of entries)
      await expect
        .poll(() => ledger(entry.id).then((all) => all.includes('YOUR_TURN SMS SENT')), { timeout: 90_000 })
        .toBe(true)
    const doubled = accepted.length - new Set(accepted).size
    expect(doubled, `seed ${seed}: none doubled`).toBe(0)
    // Who was called before they were told that it is almost their turn is not told that any more.
    const left = () =>
      deps.db.notification.count({
        where: { clinicId: clinic.clinicId, status: { not: 'SENT' }, NOT: { error: 'SUPERSEDED' } },
      })
    await expect.poll(left, { timeout: 90_000, message: `seed ${seed}: none lost` }).toBe(0)
    clearInterval(age)
  })
})

/** A new clinic, while the provider goes on as it is. */
const freshClinic = async () => {
  clinic = await createTestClinic(deps, { doctors: 3 })
  service = clinic.serviceIds[0] as string
}
