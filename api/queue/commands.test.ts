import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Context } from '../context.ts'
import { uuidv7 } from '../database/uuid.ts'
import type { EntryRow } from '../loaders.ts'
import { createTestClinic, type TestClinic, type TestDoctor } from '../test/clinic.ts'
import { createTestDeps, type TestDeps } from '../test/context.ts'
import { createTestDatabase, type TestDatabase } from '../test/database.ts'
import {
  addWalkIn,
  callEntry,
  callNext,
  checkIn,
  hold,
  leaveQueue,
  markNoShow,
  markServed,
  moveEntry,
  recall,
  returnToQueue,
  setUrgency,
  startService,
  transfer,
  undo,
} from './commands.ts'
import { historyOf } from './history.ts'
import { endDays } from './jobs.ts'
import { loadHistory, loadSnapshot } from './store.ts'

let database: TestDatabase
let deps: TestDeps
let clinic: TestClinic
let service: string
let other: string
let doctor: TestDoctor
let second: TestDoctor

beforeAll(async () => {
  database = await createTestDatabase()
  deps = createTestDeps(database)
})
afterAll(async () => {
  await deps.close()
  await database.drop()
})

const fresh = async () => {
  clinic = await createTestClinic(deps)
  ;[service, other] = clinic.serviceIds as [string, string]
  ;[doctor, second] = clinic.doctors as [TestDoctor, TestDoctor]
}

const walkIn = async (
  options: Partial<Parameters<typeof addWalkIn>[1]> = {},
  ctx: Context = clinic.desk,
): Promise<EntryRow> =>
  addWalkIn(ctx, {
    id: null,
    patientId: options.patientId ?? (await clinic.addPatient()),
    serviceId: service,
    doctorId: null,
    urgency: null,
    reason: null,
    provisionalTicket: null,
    ...options,
  })

const next = (ctx: Context = doctor.ctx, serviceId = service, doctorId: string | null = null) =>
  callNext(ctx, { serviceId, doctorId, room: null })

const refused = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    (value) =>
      `not refused: ${JSON.stringify(value, (_key, part) => (typeof part === 'bigint' ? Number(part) : part))}`,
    (error) => (error as { code?: string }).code ?? String(error),
  )

const waiting = async (serviceId = service): Promise<string[]> =>
  ((await loadSnapshot(deps.db, serviceId))?.waiting ?? []).map((entry) => entry.ticket)

describe('a queue', () => {
  beforeAll(fresh)

  it('calls in the order of arrival, urgency first, and gives gapless tickets', async () => {
    await walkIn()
    await walkIn()
    await walkIn({ urgency: 'EMERGENCY' })
    expect(await waiting()).toEqual(['A-003', 'A-001', 'A-002'])
    expect((await next())?.ticket).toBe('A-003')
  })

  it('refuses a doctor who has a called patient, and serves the one in service by the next call', async () => {
    expect(await refused(next())).toBe('DOCTOR_BUSY')
    const called = (await deps.db.queueEntry.findFirst({
      where: { ticket: 'A-003', clinicId: clinic.clinicId },
    })) as EntryRow
    await startService(doctor.ctx, called.id)
    expect((await next())?.ticket).toBe('A-001')
    expect((await deps.db.queueEntry.findUnique({ where: { id: called.id } }))?.status).toBe('SERVED')
  })

  it('answers null when nobody waits whom this caller may call', async () => {
    expect((await next(clinic.desk))?.ticket).toBe('A-002')
    await walkIn({ doctorId: second.id })
    expect(await next(clinic.desk)).toBeNull()
    expect((await next(second.ctx))?.ticket).toBe('A-004')
  })
})

describe('the rules of moves', () => {
  beforeAll(fresh)

  it('hold and return keep the place; recall changes nothing but the version', async () => {
    const first = await walkIn()
    await walkIn()
    await hold(clinic.desk, first.id)
    expect(await waiting()).toEqual(['A-002'])
    await returnToQueue(clinic.desk, first.id)
    expect(await waiting()).toEqual(['A-001', 'A-002'])
    const called = (await next()) as EntryRow
    const again = await recall(doctor.ctx, called.id)
    expect(again).toMatchObject({ status: 'CALLED', version: called.version + 1 })
    await returnToQueue(doctor.ctx, called.id)
    expect(await waiting()).toEqual(['A-001', 'A-002'])
  })

  it('a patient waits once for each service', async () => {
    const patientId = await clinic.addPatient()
    await walkIn({ patientId })
    expect(await refused(walkIn({ patientId }))).toBe('ALREADY_WAITING')
    expect((await walkIn({ patientId, serviceId: other })).ticket).toBe('B-001')
  })

  it('an id that this caller has stored answers that entry; anybody else is refused', async () => {
    const id = uuidv7()
    const made = await walkIn({ id })
    expect((await walkIn({ id })).ticket).toBe(made.ticket)
    const colleague = await createTestClinic(deps)
    const patientId = await colleague.addPatient()
    const input = {
      id,
      patientId,
      serviceId: colleague.serviceIds[0] as string,
      doctorId: null,
      urgency: null,
      reason: null,
      provisionalTicket: null,
    }
    expect(await refused(addWalkIn(colleague.desk, input))).toBe('ID_TAKEN')
  })

  it('transfer keeps ticket and due time, binds to the doctor named, and raises both versions', async () => {
    const entry = await walkIn()
    const before = [await loadSnapshot(deps.db, service), await loadSnapshot(deps.db, other)]
    const sent = await transfer(clinic.desk, entry.id, { serviceId: other, doctorId: second.id })
    expect(sent).toMatchObject({ serviceId: other, ticket: entry.ticket, boundDoctorId: second.id, status: 'WAITING' })
    const after = [await loadSnapshot(deps.db, service), await loadSnapshot(deps.db, other)]
    expect(after.map((queue) => queue?.version)).toEqual(before.map((queue) => (queue?.version ?? 0) + 1))
    expect(await refused(callEntry(doctor.ctx, entry.id, { doctorId: null, room: null }))).toBe('BOUND_ELSEWHERE')
  })

  it('a place by hand copies rank and due time, is fixed, and is dropped by a new urgency', async () => {
    await fresh()
    const [a, b, c] = [await walkIn({ urgency: 'URGENT' }), await walkIn(), await walkIn()] as [
      EntryRow,
      EntryRow,
      EntryRow,
    ]
    await moveEntry(clinic.desk, c.id, a.id, 'In pain')
    expect(await waiting()).toEqual([a.ticket, c.ticket, b.ticket])
    await setUrgency(clinic.desk, a.id, 'ROUTINE', null)
    expect(await waiting()).toEqual([c.ticket, a.ticket, b.ticket])
    await setUrgency(clinic.desk, c.id, 'URGENT', null)
    await setUrgency(clinic.desk, c.id, 'ROUTINE', null)
    expect(await waiting()).toEqual([a.ticket, b.ticket, c.ticket])
    await moveEntry(clinic.desk, c.id, null, 'First, please')
    expect(await waiting()).toEqual([c.ticket, a.ticket, b.ticket])
    expect(await refused(moveEntry(clinic.desk, c.id, uuidv7(), 'x'))).toBe('NOT_WAITING')
    expect(await refused(moveEntry(clinic.desk, c.id, a.id, '  '))).toBe('BAD_INPUT')
    const { waitingNow, moves } = await loadHistory(deps.db, b)
    expect(historyOf(b.id, waitingNow, moves).map(({ kind, reason, position }) => [kind, reason, position])).toEqual([
      ['WALKED_IN', null, 2],
      ['PASSED', 'In pain', 3],
      ['PASSED', 'First, please', 3],
    ])
  })

  it('a service closed to walk-ins refuses them with its reason', async () => {
    await deps.db.service.update({ where: { id: other }, data: { open: false, closedReason: 'Full today' } })
    expect(await refused(walkIn({ serviceId: other }))).toBe('CLOSED')
    await deps.db.service.update({ where: { id: other }, data: { open: true, closedReason: null } })
  })

  it('no-show and leave end a visit; a no-show can come back', async () => {
    const entry = await walkIn({ urgency: 'EMERGENCY' })
    await next(clinic.desk)
    await markNoShow(clinic.desk, entry.id)
    expect((await returnToQueue(clinic.desk, entry.id)).status).toBe('WAITING')
    const left = await leaveQueue(clinic.asPatient(entry.patientId), entry.id)
    expect(left.status).toBe('LEFT')
    expect(await refused(leaveQueue(clinic.desk, entry.id))).toBe('NOT_ACTIVE')
  })
})

describe('checking in', () => {
  beforeAll(fresh)
  const soon = (minutes: number) => new Date(Date.now() + minutes * 60_000)

  it('is for the day of the slot only', async () => {
    const tomorrow = await clinic.book(await clinic.addPatient(), soon(36 * 60))
    expect(await refused(checkIn(clinic.desk, tomorrow))).toBe('NOT_TODAY')
    expect(await refused(checkIn(clinic.desk, uuidv7()))).toBe('NOT_FOUND')
  })

  it('makes one entry, due at the slot, bound only where the booking named the doctor, and the booking follows its states', async () => {
    const patientId = await clinic.addPatient()
    const startsAt = new Date(Date.now() - 60_000)
    const id = await clinic.book(patientId, startsAt, { doctorId: second.id, bound: true })
    const entry = await checkIn(clinic.asPatient(patientId), id)
    expect(entry).toMatchObject({ boundDoctorId: second.id, doctorId: null, dueAt: startsAt })
    expect(await refused(checkIn(clinic.desk, id))).toBe('ALREADY_WAITING')
    expect(await refused(checkIn(clinic.asPatient(await clinic.addPatient()), id))).toBe('NOT_FOUND')
    const status = async () => (await deps.db.appointment.findUnique({ where: { id } }))?.status
    expect(await status()).toBe('CHECKED_IN')
    await next(second.ctx)
    await markServed(second.ctx, entry.id)
    expect(await status()).toBe('COMPLETED')
    await undo(second.ctx, entry.id, null)
    expect(await status()).toBe('CHECKED_IN')
  })

  it('undone, the booking is BOOKED again and the ticket stays used', async () => {
    const id = await clinic.book(await clinic.addPatient(), soon(1), { doctorId: second.id })
    const entry = await checkIn(clinic.desk, id)
    const undone = await undo(clinic.desk, entry.id, null)
    expect(undone).toMatchObject({ status: 'LEFT', endReason: 'UNDONE' })
    expect((await deps.db.appointment.findUnique({ where: { id } }))?.status).toBe('BOOKED')
    expect((await checkIn(clinic.desk, id)).ticketNumber).toBe(entry.ticketNumber + 1)
  })
})

describe('undo', () => {
  beforeAll(fresh)

  it('takes back the last move: by its maker only, once, and not when somebody moved the entry since', async () => {
    const entry = await walkIn()
    await next()
    expect(await refused(undo(clinic.desk, entry.id, null))).toBe('UNDO_GONE')
    expect((await undo(doctor.ctx, entry.id, null)).status).toBe('WAITING')
    expect(await refused(undo(doctor.ctx, entry.id, null))).toBe('UNDO_GONE')
    const held = await hold(clinic.desk, entry.id)
    expect(await refused(undo(clinic.desk, entry.id, held.version - 1))).toBe('UNDO_GONE')
    await returnToQueue(clinic.desk, entry.id)
    await setUrgency(clinic.desk, entry.id, 'URGENT', 'fever')
    expect((await undo(clinic.desk, entry.id, null)).urgency).toBe('ROUTINE')
  })

  it('is refused where an invariant no longer holds', async () => {
    await fresh()
    const [first, then] = [await walkIn(), await walkIn()] as [EntryRow, EntryRow]
    await next()
    await startService(doctor.ctx, first.id)
    await next()
    expect(await refused(undo(doctor.ctx, first.id, null))).toBe('DOCTOR_BUSY')
    await markServed(doctor.ctx, then.id)
    expect((await undo(doctor.ctx, first.id, null)).status).toBe('IN_SERVICE')
  })

  it('brings a transferred entry back, both queues raised', async () => {
    await fresh()
    const entry = await walkIn({ doctorId: doctor.id })
    await transfer(clinic.desk, entry.id, { serviceId: other, doctorId: null })
    expect(await undo(clinic.desk, entry.id, null)).toMatchObject({ serviceId: service, boundDoctorId: doctor.id })
    expect(await waiting()).toEqual([entry.ticket])
    expect(await waiting(other)).toEqual([])
  })

  it('is too late after the undo window', async () => {
    const entry = await walkIn()
    await hold(clinic.desk, entry.id)
    await deps.db.clinic.update({ where: { id: clinic.clinicId }, data: { undoSeconds: 0 } })
    expect(await refused(undo(clinic.desk, entry.id, null))).toBe('UNDO_GONE')
  })
})

describe('the end of the clinic day', () => {
  it('ends entries that were 12 hours old when the day began, and missed bookings; younger entries keep their place', async () => {
    await fresh()
    const entries = [await walkIn(), await walkIn(), await walkIn(), await walkIn(), await walkIn()]
    const [old, called, inService, held, young] = entries as [EntryRow, EntryRow, EntryRow, EntryRow, EntryRow]
    await callEntry(clinic.desk, called.id, { doctorId: null, room: null })
    await callEntry(clinic.desk, inService.id, { doctorId: null, room: null })
    await startService(clinic.desk, inService.id)
    await hold(clinic.desk, held.id)
    const missed = await clinic.book(await clinic.addPatient(), new Date(Date.now() - 30 * 3_600_000))
    const past = entries.filter((entry) => entry !== young).map(({ id }) => id)
    await deps.db
      .$executeRaw`UPDATE queue SET arrived_at = arrived_at - interval '40 hours' WHERE id = ANY(${past}::uuid[])`
    await endDays(deps)
    const state = async (id: string) => (await deps.db.queueEntry.findUnique({ where: { id } })) as EntryRow
    const ended = await Promise.all([old, called, inService, held].map(({ id }) => state(id)))
    expect(ended.map(({ status, endReason }) => [status, endReason])).toEqual([
      ['LEFT', 'DAY_END'],
      ['NO_SHOW', 'DAY_END'],
      ['SERVED', 'DAY_END'],
      ['LEFT', 'DAY_END'],
    ])
    expect((await state(young.id)).status).toBe('WAITING')
    expect((await deps.db.appointment.findUnique({ where: { id: missed } }))?.status).toBe('NO_SHOW')
  })
})

describe('rights', () => {
  beforeAll(fresh)

  it('another clinic finds nothing, another role is forbidden, nobody is not logged in', async () => {
    const entry = await walkIn()
    const stranger = await createTestClinic(deps)
    expect(await refused(hold(stranger.desk, entry.id))).toBe('NOT_FOUND')
    expect(await refused(next(stranger.desk))).toBe('NOT_FOUND')
    expect(await refused(hold(doctor.ctx, entry.id))).toBe('FORBIDDEN')
    expect(await refused(next(clinic.admin))).toBe('FORBIDDEN')
    expect(await refused(next(clinic.asPatient(entry.patientId)))).toBe('FORBIDDEN')
    expect(await refused(next({ ...clinic.desk, viewer: null }))).toBe('UNAUTHENTICATED')
    expect(await refused(leaveQueue(clinic.asPatient(await clinic.addPatient()), entry.id))).toBe('NOT_FOUND')
    const elsewhere = await clinic.addDoctor([other])
    expect(await refused(next(elsewhere.ctx))).toBe('NOT_FOUND')
    expect(await refused(next(doctor.ctx, service, second.id))).toBe('FORBIDDEN')
    expect(await refused(next(clinic.desk, service, elsewhere.id))).toBe('NOT_THEIR_SERVICE')
  })
})
