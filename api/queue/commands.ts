import { can, type Subject } from '../access/can.ts'
import { demand, demandOn } from '../access/demand.ts'
import { clinicDay, clinicDayBounds } from '../clinic/day.ts'
import type { Context } from '../context.ts'
import type { Db, Tx } from '../database/client.ts'
import type { Urgency } from '../database/generated/enums.ts'
import { callOnce, transact, type Work } from '../database/transaction.ts'
import { uuidOf, uuidv7 } from '../database/uuid.ts'
import { badInput, notFound, Refusal } from '../errors.ts'
import type { EntryRow } from '../loaders.ts'
import { ALMOST_JOB, MOVE_JOB } from '../notification/kinds.ts'
import { holdPatient, linkPatient } from '../patient/store.ts'
import { arrivalOf, moveTime } from '../sync/stamp.ts'
import { callerFor } from './caller.ts'
import { dueTime, graceEnd, mayTake, placeBehind, rankOf } from './order.ts'
import {
  type Acted,
  type Booking,
  findEntry,
  type Intake,
  keyOf,
  type LockedEntry,
  readArrival,
  readBooking,
  readEntry,
  readIntake,
  readMovedEntry,
  readNext,
  type StoredArrival,
  storeAct,
  storeArrival,
  storeArrivalAtOnce,
  storeCall,
  storeMove,
  type Written,
} from './store.ts'
import {
  appointmentStatusOf,
  type EntryFacts,
  type EntryState,
  isActive,
  type Move,
  transition,
} from './transitions.ts'

export const subjectOfEntry = (entry: EntryRow): Subject => ({
  clinicId: entry.clinicId,
  serviceId: entry.serviceId,
  patientId: entry.patientId,
})

const found = <Found>(entry: Found | null): Found => {
  if (entry === null) throw notFound('queue entry')
  return entry
}

const reloadEntry = async (db: Db, id: string): Promise<EntryRow> => found(await findEntry(db, id))

type Actor = { actorUserId: string | null; actorPatientId: string | null }

const actorOf = (ctx: Context): Actor => ({
  actorUserId: ctx.viewer?.kind === 'user' ? ctx.viewer.userId : null,
  actorPatientId: ctx.viewer?.kind === 'patient' ? ctx.viewer.patientId : null,
})

/** Locks are taken in one order everywhere: doctors, then queues, each by ascending id; so no two commands wait for each other. */
const lockDoctors = async ({ tx, ctx }: Work, doctorIds: readonly string[]): Promise<void> => {
  const ids = doctorIds.filter((id) => !ctx.batch?.locked.has(id))
  if (ids.length > 0)
    await tx.$queryRaw`SELECT id FROM doctors WHERE id = ANY(${ids}::uuid[]) ORDER BY id FOR NO KEY UPDATE`
}

/** The version row is the lock of a queue: whoever waits here then reads what was committed before. */
const lockQueues = async ({ tx, ctx }: Work, serviceIds: readonly string[]): Promise<void> => {
  const ids = [...new Set(serviceIds)].filter((id) => !ctx.batch?.locked.has(id)).sort()
  if (ids.length > 0)
    await tx.$queryRaw`
      SELECT service_id FROM queue_state WHERE service_id = ANY(${ids}::uuid[]) ORDER BY service_id FOR UPDATE`
}

/** Makes the next version of a locked queue; also tells the database's time of it. */
const nextVersion = async (work: Work, serviceId: string): Promise<{ version: number; now: Date }> => {
  const [row] = await work.tx.$queryRaw<{ version: number; now: Date }[]>`
    UPDATE queue_state SET version = version + 1 WHERE service_id = ${serviceId}::uuid
    RETURNING version, clock_timestamp() AS now`
  if (!row) throw notFound('service')
  work.touched.set(serviceId, row.version)
  return row
}

const factsOf = (entry: EntryRow): EntryFacts => ({ ...entry, arrivalSeq: Number(entry.arrivalSeq) })

/** What undo puts back: the fields that the move changed, as they were. */
const beforeOf = (entry: EntryRow, patch: Partial<EntryState>): object =>
  Object.fromEntries(Object.keys(patch).map((name) => [name, entry[name as keyof EntryState]]))

type Moved = {
  entry: EntryRow
  patch: Partial<EntryState>
  kind: string
  reason: string | null
  isReachable: boolean
  at?: Date | null
}

/** Writes a move of an entry whose queue (and target queue) this transaction has locked. */
const writeMove = async (
  work: Work,
  { entry, patch, kind, reason, isReachable, at = null }: Moved,
): Promise<EntryRow> => {
  const next = { ...entry, ...patch }
  const isTransfer = next.serviceId !== entry.serviceId
  const from = isTransfer ? { serviceId: entry.serviceId, ...(await nextVersion(work, entry.serviceId)) } : null
  const moved = await storeMove(work.tx, {
    entry,
    next,
    appointmentStatus: appointmentStatusOf(next.status),
    kind,
    reason,
    from,
    before: beforeOf(entry, patch),
    detail: `${entry.ticket}: ${entry.status} → ${next.status}`,
    at,
    ...actorOf(work.ctx),
  })
  work.touched.set(next.serviceId, moved.version)
  if (isReachable && announcedMoves.has(kind))
    await work.ctx.jobs.enqueue(work.tx, MOVE_JOB, {
      eventId: moved.eventId,
      clinicId: entry.clinicId,
    })
  await lookForAlmost(work, moved)
  return moved.entry
}

/** Moves that patients are told of. */
const announcedMoves = new Set(['CALLED', 'RECALLED', 'NO_SHOW', 'UNDONE'])

/** Somebody near the head may have come close: one look at the queue waits at most, whatever the number of moves. */
const lookForAlmost = async (work: Work, { entry, isAlmostDue }: Written): Promise<void> => {
  if (isAlmostDue) {
    const { serviceId, clinicId } = entry
    await work.ctx.jobs.enqueue(work.tx, ALMOST_JOB, { serviceId, clinicId }, { singletonKey: serviceId })
  }
}

/** Asks the rule and writes what it answers; a refusal leaves nothing behind, since the transaction ends with it. */
const applyMove = async (
  work: Work,
  { entry, now, isReachable }: LockedEntry,
  move: Move,
  reason: string | null,
): Promise<EntryRow> => {
  const patch = transition(factsOf(entry), move, now)
  if (typeof patch === 'string') throw new Refusal(patch)
  return writeMove(work, { entry, patch, kind: move.kind, reason, isReachable, at: work.ctx.batch ? now : null })
}

/** An entry whose queue is locked. What a device did without a network was done when it says, but after the entry's last move. */
const readLocked = async ({ tx, ctx }: Work, id: string): Promise<LockedEntry | null> => {
  const act = ctx.batch?.act
  if (!act) return readEntry(tx, id)
  const read = await readMovedEntry(tx, id)
  return read && { ...read, now: moveTime(act.at, read.movedAt, read.now) }
}

class MovedMeanwhile extends Error {}

/** Finds the entry, checks the right, locks its queue (and others), reads it again and hands it to `act`. */
const onEntry = async (
  ctx: Context,
  id: string,
  action: Parameters<typeof demandOn>[1],
  act: (work: Work, locked: LockedEntry) => Promise<EntryRow>,
  locks: { doctors?: (entry: EntryRow) => Promise<string[]> | string[]; queues?: readonly string[] } = {},
): Promise<EntryRow> => {
  demand(ctx.viewer, action)
  for (let attempt = 1; ; attempt++) {
    try {
      return await transact(ctx, reloadEntry, async (work) => {
        const early = ctx.batch ? await readLocked(work, id) : null
        const seen = early ? early.entry : await findEntry(work.tx, id)
        demandOn(ctx.viewer, action, 'queue entry', seen, subjectOfEntry)
        const queues = [seen.serviceId, ...(locks.queues ?? [])]
        if (locks.doctors) await lockDoctors(work, (await locks.doctors(seen)).toSorted())
        await lockQueues(work, queues)
        // What a batch read behind the locks that it took before it began is as it stays.
        const isHeld = queues.every((serviceId) => ctx.batch?.locked.has(serviceId))
        const locked = early && isHeld ? early : found(await readLocked(work, id))
        if (locked.entry.serviceId !== seen.serviceId) throw new MovedMeanwhile()
        return act(work, locked)
      })
    } catch (error) {
      if (!(error instanceof MovedMeanwhile) || attempt === 5) throw error
      if (ctx.idempotency) ctx.idempotency.steps--
    }
  }
}

/**
 * The short way of a move within a queue: read, ask the rule, and write it if the entry is still as it was read.
 * Null where it is not, and where the rule refuses: then the question is asked again behind the lock, which has the last word.
 */
const actAtOnce = async (
  ctx: Context,
  id: string,
  action: Parameters<typeof demandOn>[1],
  move: Move,
  reason: string | null,
): Promise<EntryRow | null> => {
  demand(ctx.viewer, action)
  if (ctx.batch || uuidOf(id) === null) return null
  const seen = await readEntry(ctx.db, id)
  demandOn(ctx.viewer, action, 'queue entry', seen?.entry ?? null, subjectOfEntry)
  const patch = seen && transition(factsOf(seen.entry), move, seen.now)
  if (!seen || !patch || typeof patch === 'string') return null
  if (move.kind === 'URGENCY_SET' && move.urgency === seen.entry.urgency) return null
  const act = { seen, patch, kind: move.kind, reason, ...actorOf(ctx) }
  const acted = await callOnce<Acted>(
    ctx,
    ({ entry }) => entry !== null,
    (db, step) => storeAct(db, act, step),
  )
  return acted.entry
}

const simpleMove =
  (action: Parameters<typeof demandOn>[1], move: Move) =>
  async (ctx: Context, id: string): Promise<EntryRow> =>
    (await actAtOnce(ctx, id, action, move, null)) ??
    onEntry(ctx, id, action, (work, locked) => applyMove(work, locked, move, null))

/** CALLED → CALLED: the patient is announced again. */
export const recall = simpleMove('entry.call', { kind: 'RECALLED' })
/** CALLED → IN_SERVICE. */
export const startService = simpleMove('entry.serve', { kind: 'STARTED' })
/** CALLED or IN_SERVICE → SERVED. */
export const markServed = simpleMove('entry.serve', { kind: 'SERVED' })
/** CALLED → NO_SHOW. */
export const markNoShow = simpleMove('entry.serve', { kind: 'NO_SHOW' })
/** WAITING → ON_HOLD, keeping the place in time. */
export const hold = simpleMove('entry.hold', { kind: 'HELD' })
/** ON_HOLD, CALLED or NO_SHOW → WAITING, at the same place in time. */
export const returnToQueue = simpleMove('entry.return', { kind: 'RETURNED' })
/** WAITING, ON_HOLD or CALLED → LEFT; by the patient or the desk. */
export const leaveQueue = simpleMove('entry.leave', { kind: 'LEFT' })

/** Sets the urgency of a waiting entry; a manual place is dropped. The same urgency again changes nothing. */
export const setUrgency = async (
  ctx: Context,
  id: string,
  urgency: Urgency,
  reason: string | null,
): Promise<EntryRow> =>
  (await actAtOnce(ctx, id, 'entry.place', { kind: 'URGENCY_SET', urgency }, reason)) ??
  onEntry(ctx, id, 'entry.place', async (work, locked) =>
    locked.entry.urgency === urgency && locked.entry.status === 'WAITING'
      ? locked.entry
      : applyMove(work, locked, { kind: 'URGENCY_SET', urgency }, reason),
  )

/** Places a waiting entry right behind another one of its queue, or first where `after` is null. */
export const moveEntry = async (ctx: Context, id: string, after: string | null, reason: string): Promise<EntryRow> => {
  if (reason.trim() === '') throw badInput('reason', 'must say why; it is kept, and shown to those who are passed')
  if (reason.length > 500) throw badInput('reason', 'must have at most 500 characters')
  if (after === id) throw badInput('after', 'must be another entry')
  return onEntry(ctx, id, 'entry.place', async (work, locked) => {
    const { entry } = locked
    const waiting = await work.tx.queueEntry.findMany({
      where: { serviceId: entry.serviceId, status: 'WAITING', id: { not: id } },
      orderBy: [{ rank: 'asc' }, { dueAt: 'asc' }, { subRank: 'asc' }, { arrivalSeq: 'asc' }, { id: 'asc' }],
    })
    if (entry.status === 'WAITING' && after === null && waiting.length === 0) return entry
    const place = placeBehind(waiting.map(keyOf), after)
    if (!place)
      throw new Refusal('NOT_WAITING', 'The entry named by `after` is not waiting in this queue.', { field: 'after' })
    return applyMove(work, locked, { kind: 'MOVED', ...place }, reason.trim())
  })
}

/** A doctor of the clinic who gives the service; refused otherwise. */
const doctorFor = async (tx: Tx, doctorId: string, service: { id: string; clinicId: string }) => {
  const doctor = await tx.doctor.findUnique({ where: { id: doctorId }, include: { services: true } })
  if (!doctor || doctor.clinicId !== service.clinicId || !doctor.active) throw notFound('doctor')
  if (!doctor.services.some((given) => given.serviceId === service.id)) throw new Refusal('NOT_THEIR_SERVICE')
  return doctor
}

/** Sends an entry to another service, another doctor or both; it keeps its ticket and due time. */
export const transfer = async (
  ctx: Context,
  id: string,
  to: { serviceId: string | null; doctorId: string | null },
): Promise<EntryRow> => {
  if (to.serviceId === null && to.doctorId === null)
    throw badInput('serviceId', 'must name the service to go to, or doctorId the doctor')
  return onEntry(
    ctx,
    id,
    'entry.transfer',
    async (work, locked) => {
      const { entry } = locked
      const serviceId = to.serviceId ?? entry.serviceId
      const service = await work.tx.service.findUnique({ where: { id: serviceId } })
      if (!service || service.clinicId !== entry.clinicId) throw notFound('service')
      if (to.doctorId) await doctorFor(work.tx, to.doctorId, service)
      return applyMove(work, locked, { kind: 'TRANSFERRED', serviceId, boundDoctorId: to.doctorId }, null)
    },
    { queues: to.serviceId ? [to.serviceId] : [] },
  )
}

/** In whose name a call is made; see `callerFor`. */
const callerOf = (ctx: Context, serviceId: string, named: string | null): string | null => {
  if (ctx.viewer?.kind !== 'user') return named
  const caller = callerFor(ctx.viewer, serviceId, named)
  if (caller === 'FORBIDDEN') throw new Refusal('FORBIDDEN', 'A doctor calls in their own name only.')
  return caller.doctorId
}

const cleanRoom = (room: string | null | undefined): string | null => {
  const trimmed = room?.trim() ?? ''
  if (trimmed.length > 40) throw badInput('room', 'must have at most 40 characters')
  return trimmed === '' ? null : trimmed
}

const openEntryOf = (tx: Tx, doctorId: string) =>
  tx.queueEntry.findFirst({ where: { doctorId, status: { in: ['CALLED', 'IN_SERVICE'] } } })

/**
 * Calls the first waiting patient whom this caller may call; null when there is none.
 * The doctor's patient in service is first marked SERVED; a called one refuses the call (DOCTOR_BUSY).
 */
export const callNext = async (
  ctx: Context,
  input: { serviceId: string; doctorId: string | null; room: string | null },
): Promise<EntryRow | null> => {
  demand(ctx.viewer, 'entry.call')
  const room = cleanRoom(input.room)
  const service = await ctx.loaders.service.load(input.serviceId)
  demandOn(ctx.viewer, 'entry.call', 'service', service, ({ id, clinicId }) => ({ clinicId, serviceId: id }))
  const doctorId = callerOf(ctx, service.id, input.doctorId)
  const call = { serviceId: service.id, clinicId: service.clinicId, doctorId, room, ...actorOf(ctx) }
  try {
    const called = await callOnce(
      ctx,
      () => true,
      (db, step) => storeCall(db, call, step),
    )
    return called.outcome === 'REPEATED' && called.recordId ? findEntry(ctx.db, called.recordId) : called.entry
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    if (error.code === 'NOT_FOUND') throw notFound('doctor')
    throw error.code === 'DOCTOR_BUSY' ? new Refusal('DOCTOR_BUSY', BUSY) : error
  }
}

const BUSY = 'The doctor has already called a patient; start, serve or return them first.'

/** A device calls by its own copy of the queue: what has happened has happened, even if by now others come first. */
const reasonOfCall = async ({ tx, ctx }: Work, entry: EntryRow, doctorId: string | null): Promise<string | null> => {
  if (!ctx.batch || entry.status !== 'WAITING') return null
  const first = await readNext(tx, entry.serviceId, doctorId)
  return first && first.entry.id !== entry.id ? 'OFFLINE' : null
}

/** Calls one waiting patient out of turn. */
export const callEntry = async (
  ctx: Context,
  id: string,
  input: { doctorId: string | null; room: string | null },
): Promise<EntryRow> => {
  const room = cleanRoom(input.room)
  // An entry bound to a doctor is called for that doctor where the desk names nobody else.
  const callerFor = (entry: EntryRow) => callerOf(ctx, entry.serviceId, input.doctorId) ?? entry.boundDoctorId
  return onEntry(
    ctx,
    id,
    'entry.call',
    async (work, locked) => {
      const { entry } = locked
      const doctorId = callerFor(entry)
      const service = { id: entry.serviceId, clinicId: entry.clinicId }
      const doctor = doctorId ? await doctorFor(work.tx, doctorId, service) : null
      if (entry.status === 'WAITING' && !mayTake(doctorId, entry)) throw new Refusal('BOUND_ELSEWHERE')
      if (entry.status === 'WAITING' && doctorId && (await openEntryOf(work.tx, doctorId)))
        throw new Refusal('DOCTOR_BUSY')
      const call: Move = { kind: 'CALLED', doctorId, room: room ?? doctor?.room ?? null }
      return applyMove(work, locked, call, await reasonOfCall(work, entry, doctorId))
    },
    {
      doctors: (entry) => {
        const doctorId = callerFor(entry)
        return doctorId ? [doctorId] : []
      },
    },
  )
}

type Arrival = Pick<
  StoredArrival,
  'id' | 'intake' | 'booking' | 'patientId' | 'boundDoctorId' | 'urgency' | 'reason' | 'provisionalTicket'
>

/** What the rules say of an arrival at an instant. */
const arrivingAt = (ctx: Context, arrival: Arrival, arrivedAt: Date): StoredArrival => ({
  ...arrival,
  ticketDay: clinicDay(arrivedAt, arrival.intake),
  rank: rankOf(arrival.urgency),
  dueAt: dueTime(arrivedAt, arrival.booking),
  arrivedAt,
  ...actorOf(ctx),
})

/** Until when the rules say the same: while the clinic day lasts, and for who is in time, the grace. Null for a booking of another day. */
const holdsUntil = ({ intake, booking, ticketDay, arrivedAt }: StoredArrival): Date | null => {
  const { start, end } = clinicDayBounds(ticketDay, intake)
  const last = new Date(end.getTime() - 1)
  if (!booking) return last
  if (booking.startsAt < start || booking.startsAt > last) return null
  const grace = graceEnd(booking)
  return arrivedAt <= grace && grace < last ? grace : last
}

/** The short way of an arrival: read, ask the rules, and write it if nothing speaks against it behind the lock; else null. */
const arriveAtOnce = async (ctx: Context, arrival: Arrival, isAlone: boolean): Promise<EntryRow | null> => {
  const { id, patientId, boundDoctorId, intake } = arrival
  const areIds = [id, patientId, boundDoctorId].every((given) => given === null || uuidOf(given) !== null)
  if (ctx.batch || !areIds) return null
  const arriving = arrivingAt(ctx, arrival, intake.now)
  const until = holdsUntil(arriving)
  if (!until) return null
  const arrived = await callOnce<Acted>(
    ctx,
    ({ entry }) => entry !== null,
    (db, step) => storeArrivalAtOnce(db, arriving, { until, isAlone }, step),
  )
  return arrived.entry
}

/** Makes the queue entry of an arrival with the next ticket of its clinic day; the queue must be locked. */
const enter = async (work: Work, arrival: Arrival): Promise<EntryRow> => {
  const { intake, booking } = arrival
  const { now, waiting } = await readArrival(work.tx, intake.serviceId, arrival.patientId)
  if (waiting)
    throw new Refusal('ALREADY_WAITING', `The patient already has ticket ${waiting.ticket} here.`, {
      entryId: waiting.id,
    })
  const { batch, viewer } = work.ctx
  // Who joins from afar waits from when the clinic hears of it: their own word for an earlier time would be a way to the front.
  const isHeardNow = viewer?.kind === 'patient' && booking === null
  const arrivedAt = batch && !isHeardNow ? arrivalOf(batch.act, now, intake) : now
  const entered = await storeArrival(work.tx, arrivingAt(work.ctx, arrival, arrivedAt))
  work.touched.set(intake.serviceId, entered.version)
  await lookForAlmost(work, entered)
  return entered.entry
}

/** The arrival of a booked patient. */
const bookedArrival = (ctx: Context, booking: Booking): Arrival => ({
  // A device may already have called the patient under this id.
  id: ctx.batch?.act.operationId ?? uuidv7(),
  intake: booking,
  booking,
  patientId: booking.patientId,
  boundDoctorId: booking.bound ? booking.doctorId : null,
  urgency: booking.urgency,
  reason: booking.reason,
  provisionalTicket: null,
})

/** Checks a booked patient in: for the slot's own clinic day, by the desk or the patient. */
export const checkIn = async (ctx: Context, appointmentId: string): Promise<EntryRow> => {
  demand(ctx.viewer, 'appointment.checkIn')
  const seen = await readBooking(ctx.db, appointmentId)
  demandOn(ctx.viewer, 'appointment.checkIn', 'appointment', seen, (row) => row)
  const arrived = seen.status === 'BOOKED' ? await arriveAtOnce(ctx, bookedArrival(ctx, seen), false) : null
  if (arrived) return arrived
  return transact(ctx, reloadEntry, async (work) => {
    const { tx } = work
    await lockQueues(work, [seen.serviceId])
    await tx.$queryRaw`SELECT id FROM appointments WHERE id = ${seen.appointmentId}::uuid FOR UPDATE`
    const booking = (await readBooking(tx, seen.appointmentId)) as Booking
    if (booking.status === 'CHECKED_IN') throw new Refusal('ALREADY_WAITING', 'The patient has already checked in.')
    if (booking.status !== 'BOOKED') throw new Refusal('NOT_BOOKED')
    const slotDay = clinicDay(booking.startsAt, booking)
    if (slotDay !== clinicDay(ctx.batch?.act.at ?? booking.now, booking))
      throw new Refusal('NOT_TODAY', `Checking in is possible on ${slotDay}, the day of the slot.`)
    await tx.appointment.update({
      where: { id: booking.appointmentId },
      data: { status: 'CHECKED_IN', version: { increment: 1 }, updatedAt: booking.now },
    })
    return enter(work, bookedArrival(ctx, booking))
  })
}

export type WalkIn = {
  id: string | null
  patientId: string
  serviceId: string
  doctorId: string | null
  urgency: Urgency | null
  reason: string | null
  provisionalTicket: string | null
}

/** What patients may ask of a queue that they join by themselves: to wait as anybody does, under a ticket of the clinic's own. */
const demandPlain = ({ urgency, doctorId, provisionalTicket }: WalkIn): void => {
  if (urgency !== null && urgency !== 'ROUTINE')
    throw new Refusal(
      'FORBIDDEN',
      'Urgency other than ROUTINE is for staff: leave input.urgency out, and tell the desk if it is urgent.',
    )
  if (doctorId !== null) throw badInput('input.doctorId', 'must be left out; to see one doctor, book a slot')
  if (provisionalTicket !== null)
    throw badInput('input.provisionalTicket', "must be left out; it is for the desk's devices")
}

/** The same id again answers the same entry to whom it was given: the user, or the patient (or guardian) who joined. */
const isOwnRepeat = (ctx: Context, stored: EntryRow): boolean =>
  ctx.viewer?.kind === 'user'
    ? stored.createdById === ctx.viewer.userId
    : stored.createdById === null &&
      stored.appointmentId === null &&
      can(ctx.viewer, 'entry.read', subjectOfEntry(stored))

/** A place in a queue may be kept from afar, but one only: two tickets of one patient would keep others waiting. */
const demandNoOtherTicket = async (tx: Tx, { patientId, clinicId }: { patientId: string; clinicId: string }) => {
  await tx.$queryRaw`SELECT id FROM patients WHERE id = ${patientId}::uuid FOR NO KEY UPDATE`
  const waiting = await tx.queueEntry.findFirst({ where: { patientId, clinicId, finishedAt: null } })
  if (waiting)
    throw new Refusal('ALREADY_WAITING', `The patient already has ticket ${waiting.ticket} here.`, {
      entryId: waiting.id,
    })
}

/** Patients join by themselves where the service lets them: from afar, or at the tablet at the clinic's door. */
const mayJoin = ({ viewer }: Context, { clinicId, doorJoin, remoteJoin }: Intake): boolean =>
  viewer?.kind === 'patient' && viewer.atDoorOf === clinicId ? doorJoin : remoteJoin

/** Takes a patient without a booking into the queue and links them to the clinic; patients join by themselves where the service lets them. */
export const addWalkIn = async (ctx: Context, input: WalkIn): Promise<EntryRow> => {
  demand(ctx.viewer, 'entry.add')
  const isRemote = ctx.viewer?.kind === 'patient'
  if (isRemote) demandPlain(input)
  if ((input.reason?.length ?? 0) > 1000) throw badInput('input.reason', 'must have at most 1,000 characters')
  if (input.provisionalTicket !== null && !/^[A-Z0-9]{1,4}-\d{1,4}$/.test(input.provisionalTicket))
    throw badInput('input.provisionalTicket', 'must be a device code and a number, as in P7-03')
  const intake = await readIntake(ctx.db, input.serviceId)
  if (!intake) throw notFound('service')
  const { clinicId, serviceId } = intake
  if (!can(ctx.viewer, 'entry.add', { clinicId, serviceId, patientId: uuidOf(input.patientId) }))
    throw notFound(isRemote ? 'patient' : 'service')
  const arrival: Arrival = {
    id: input.id ?? uuidv7(),
    intake,
    booking: null,
    patientId: input.patientId,
    boundDoctorId: input.doctorId,
    urgency: input.urgency ?? 'ROUTINE',
    reason: input.reason,
    provisionalTicket: input.provisionalTicket,
  }
  const mayCome = intake.open && (!isRemote || mayJoin(ctx, intake))
  const arrived = mayCome ? await arriveAtOnce(ctx, arrival, isRemote) : null
  if (arrived) return arrived
  return transact(ctx, reloadEntry, async (work) => {
    const { tx } = work
    await lockQueues(work, [serviceId])
    const stored = input.id ? await findEntry(tx, input.id) : null
    if (stored) {
      if (!isOwnRepeat(ctx, stored)) throw new Refusal('ID_TAKEN')
      return stored
    }
    if (isRemote && !mayJoin(ctx, intake)) throw new Refusal('NOT_REMOTE')
    if (!intake.open)
      throw new Refusal(
        'CLOSED',
        intake.closedReason ? `The service takes no walk-ins: ${intake.closedReason}` : undefined,
      )
    const patient = await holdPatient(tx, input.patientId)
    if (!patient) throw notFound('patient')
    if (isRemote) await demandNoOtherTicket(tx, { patientId: patient.id, clinicId })
    if (input.doctorId) await doctorFor(tx, input.doctorId, { id: serviceId, clinicId })
    if (!patient.clinicIds.includes(clinicId)) await linkPatient(tx, clinicId, patient.id)
    return enter(work, { ...arrival, patientId: patient.id })
  })
}

/** The queue's part of cancelling a checked-in booking: its entry becomes LEFT. Refused while the patient is with the doctor. */
export const leaveForCancel = async (work: Work, appointmentId: string, reason: string | null): Promise<void> => {
  const active = { appointmentId, finishedAt: null }
  const seen = await work.tx.queueEntry.findFirst({ where: active })
  if (!seen) throw new Refusal('NOT_BOOKED')
  await lockQueues(work, [seen.serviceId])
  const locked = found(await readLocked(work, seen.id))
  if (locked.entry.serviceId !== seen.serviceId) throw new Refusal('CONFLICT')
  await applyMove(work, locked, { kind: 'LEFT' }, reason)
}

/** The queue's part of deleting an account: whoever waits or is called leaves. Refused while the patient is with the doctor. */
export const leaveEverywhere = async (work: Work, patientId: string): Promise<void> => {
  const active = { patientId, finishedAt: null }
  const seen = await work.tx.queueEntry.findMany({ where: active })
  await lockQueues(
    work,
    seen.map(({ serviceId }) => serviceId),
  )
  for (const { id, serviceId } of seen) {
    const locked = found(await readLocked(work, id))
    if (locked.entry.serviceId !== serviceId) throw new Refusal('CONFLICT')
    if (isActive(locked.entry.status)) await applyMove(work, locked, { kind: 'LEFT' }, null)
  }
}

const revived = (before: unknown): Partial<EntryState> => {
  const patch = { ...(before as Record<string, unknown>) }
  for (const name of ['dueAt', 'calledAt', 'startedAt', 'finishedAt'])
    if (typeof patch[name] === 'string') patch[name] = new Date(patch[name] as string)
  return patch as Partial<EntryState>
}

const lastMove = (db: Db | Tx, entry: EntryRow) =>
  db.queueEvent.findUnique({ where: { entryId_entryVersion: { entryId: entry.id, entryVersion: entry.version } } })

/** Takes back the move that made the entry's present version: by its maker, within the clinic's undo window, with no later move. */
export const undo = async (ctx: Context, id: string, version: number | null): Promise<EntryRow> => {
  demand(ctx.viewer, 'entry.undo')
  const seen = await findEntry(ctx.db, id)
  // A transfer may have taken the entry out of the maker's own services; the maker may still take it back.
  const seenMove = seen && (await lastMove(ctx.db, seen))
  const subject = (row: EntryRow) => ({ ...subjectOfEntry(row), serviceId: seenMove?.fromServiceId ?? row.serviceId })
  demandOn(ctx.viewer, 'entry.undo', 'queue entry', seen, subject)
  const before = revived(seenMove?.before ?? {})
  return transact(ctx, reloadEntry, async (work) => {
    const { tx } = work
    await lockDoctors(work, before.doctorId ? [before.doctorId] : [])
    await lockQueues(work, before.serviceId ? [seen.serviceId, before.serviceId] : [seen.serviceId])
    const { entry, now, isReachable } = found(await readEntry(tx, id))
    const move = await lastMove(tx, entry)
    const clinic = await tx.clinic.findUniqueOrThrow({ where: { id: entry.clinicId } })
    const actor = actorOf(ctx)
    const isMaker =
      move !== null && move.actorUserId === actor.actorUserId && move.actorPatientId === actor.actorPatientId
    if (!move || !isMaker || move.kind === 'UNDONE' || entry.version !== seen.version) throw new Refusal('UNDO_GONE')
    if (version !== null && version !== entry.version) throw new Refusal('UNDO_GONE')
    if (now.getTime() - move.at.getTime() > clinic.undoSeconds * 1000)
      throw new Refusal('UNDO_GONE', `A move can be undone within ${clinic.undoSeconds} seconds.`)
    if (move.before !== null)
      return writeMove(work, { entry, patch: before, kind: 'UNDONE', reason: null, isReachable })
    const left = await writeMove(work, {
      entry,
      patch: { status: 'LEFT', finishedAt: now, endReason: 'UNDONE' },
      kind: 'UNDONE',
      reason: null,
      isReachable,
    })
    if (left.appointmentId)
      await tx.appointment.update({ where: { id: left.appointmentId }, data: { status: 'BOOKED' } })
    return left
  })
}

const dayEndMove = (entry: EntryRow): Move => {
  if (entry.status === 'CALLED') return { kind: 'NO_SHOW', endReason: 'DAY_END' }
  if (entry.status === 'IN_SERVICE') return { kind: 'SERVED', endReason: 'DAY_END' }
  return { kind: 'LEFT', endReason: 'DAY_END' }
}

/**
 * What time does to an entry without anybody's hand: DAY_END ends it whatever its state, NO_SHOW only while it is CALLED.
 * An entry that has moved on meanwhile is left alone.
 */
export const endEntry = (ctx: Context, id: string, why: 'DAY_END' | 'NO_SHOW'): Promise<EntryRow> =>
  transact(ctx, reloadEntry, async (work) => {
    const seen = found(await findEntry(work.tx, id))
    await lockQueues(work, [seen.serviceId])
    const locked = found(await readEntry(work.tx, id))
    const { entry } = locked
    if (entry.serviceId !== seen.serviceId || !isActive(entry.status)) return entry
    if (why === 'DAY_END') return applyMove(work, locked, dayEndMove(entry), why)
    return entry.status === 'CALLED' ? applyMove(work, locked, { kind: 'NO_SHOW' }, null) : entry
  })
