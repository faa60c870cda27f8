import { can } from '../access/can.ts'
import { demand, demandOn } from '../access/demand.ts'
import { calendarBounds, wallOf } from '../clinic/day.ts'
import type { Context } from '../context.ts'
import type { Tx } from '../database/client.ts'
import type { Urgency } from '../database/generated/enums.ts'
import { transact, type Work } from '../database/transaction.ts'
import { uuidOf, uuidv7 } from '../database/uuid.ts'
import { badInput, notFound, Refusal } from '../errors.ts'
import type { AppointmentRow, ClinicRow, DoctorRow, ServiceRow } from '../loaders.ts'
import { MOST_LATE_MINUTES } from '../messaging/answers.ts'
import { BOOKING_JOB } from '../notification/kinds.ts'
import { holdPatient, linkPatient } from '../patient/store.ts'
import { leaveForCancel } from '../queue/commands.ts'
import { optionalText, wholeNumber } from '../text.ts'
import { freeCandidates, withSlotAt } from './candidates.ts'
import type { SlotTime } from './slots.ts'
import { bookingsOf, doctorsOf, findAppointment, loadRotas, reloadAppointment } from './store.ts'

export const subjectOfAppointment = ({ clinicId, serviceId, patientId }: AppointmentRow) => ({
  clinicId,
  serviceId,
  patientId,
})

const databaseNow = async (tx: Tx): Promise<Date> => {
  const [row] = await tx.$queryRaw<{ now: Date }[]>`SELECT clock_timestamp() AS now`
  return (row as { now: Date }).now
}

const demandFuture = async (tx: Tx, startsAt: Date): Promise<void> => {
  if (startsAt <= (await databaseNow(tx))) throw new Refusal('IN_THE_PAST')
}

/** Bookings share these locks; whoever changes hours or duty takes them alone. So no booking falls outside hours that change meanwhile. */
const shareDoctors = async (tx: Tx, serviceId: string, doctorId: string | null): Promise<void> => {
  await tx.$queryRaw`
    SELECT id FROM doctors
    WHERE id IN (SELECT doctor_id FROM doctor_services WHERE service_id = ${serviceId}::uuid)
      AND (${doctorId}::uuid IS NULL OR id = ${doctorId}::uuid)
    ORDER BY id FOR SHARE`
}

/** Moving a booking updates rows that others may be moving to the same slot; alone with the doctors, nobody waits in a circle. */
const lockDoctors = async (tx: Tx, serviceId: string, doctorId: string | null): Promise<void> => {
  await tx.$queryRaw`
    SELECT id FROM doctors
    WHERE id IN (SELECT doctor_id FROM doctor_services WHERE service_id = ${serviceId}::uuid)
      AND (${doctorId}::uuid IS NULL OR id = ${doctorId}::uuid)
    ORDER BY id FOR NO KEY UPDATE`
}

type Wish = { service: ServiceRow; clinic: ClinicRow; doctorId: string | null; startsAt: Date }

const refuseDoctor = async (tx: Tx, { service }: Wish, doctorId: string): Promise<never> => {
  const doctor = await tx.doctor.findUnique({ where: { id: doctorId } })
  if (!doctor?.active || doctor.clinicId !== service.clinicId) throw notFound('doctor')
  throw new Refusal('NOT_THEIR_SERVICE')
}

/** The doctors who can be given that slot, best first; refused where none works then or none is free. Their rows must be locked. */
const findCandidates = async (
  tx: Tx,
  wish: Wish,
  present: AppointmentRow | null,
): Promise<{ doctor: DoctorRow; slot: SlotTime }[]> => {
  const { service, clinic, doctorId, startsAt } = wish
  const doctors = await doctorsOf(tx, service.id, doctorId)
  if (doctorId && doctors.length === 0) await refuseDoctor(tx, wish, doctorId)
  const ids = doctors.map(({ id }) => id)
  const { day } = wallOf(startsAt, clinic.timeZone)
  const rotas = await loadRotas(tx, ids, { clinic, service, days: { from: day, to: day } })
  const offers = withSlotAt(doctors, rotas, { startsAt, day })
  if (offers.length === 0) throw new Refusal('OUTSIDE_HOURS')
  const bookings = await bookingsOf(tx, ids, calendarBounds(day, day, clinic.timeZone))
  const others = bookings.filter(({ id }) => id !== present?.id)
  const free = freeCandidates(offers, others, present?.doctorId)
  if (free.length === 0) throw new Refusal('SLOT_TAKEN')
  return free
}

const isPatientBusy = async (tx: Tx, patientId: string, { startsAt, endsAt }: SlotTime): Promise<boolean> =>
  (await tx.appointment.findFirst({
    where: { patientId, status: { in: ['BOOKED', 'CHECKED_IN'] }, startsAt: { lt: endsAt }, endsAt: { gt: startsAt } },
  })) !== null

export type Booking = {
  id?: string | null
  patientId?: string | null
  serviceId: string
  doctorId?: string | null
  startsAt: Date
  reason?: string | null
  urgency?: Urgency | null
}

const demandUrgency = (ctx: Context, urgency: Urgency, clinicId: string): void => {
  if (urgency === 'ROUTINE' || can(ctx.viewer, 'visit.urgency', { clinicId })) return
  throw new Refusal(
    'FORBIDDEN',
    'Urgency other than ROUTINE is for staff: leave input.urgency out, and tell the desk if it is urgent.',
  )
}

/** A repeat of the same id waits here for the first, and then finds what it made. */
const findFirstUse = async (tx: Tx, id: string): Promise<AppointmentRow | null> => {
  await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`appointment ${id}`}, 0))::text`
  return findAppointment(tx, id)
}

/** A record under this id is an answer only for who stored it: the user, or the patient (or guardian) whom it is for. */
const storedBefore = (ctx: Context, stored: AppointmentRow): AppointmentRow => {
  const isOwn =
    ctx.viewer?.kind === 'user'
      ? stored.createdById === ctx.viewer.userId
      : stored.createdById === null && can(ctx.viewer, 'appointment.read', subjectOfAppointment(stored))
  if (!isOwn) throw new Refusal('ID_TAKEN')
  return stored
}

/**
 * Books a slot: for the patient or their ward, or by the desk, which links the patient to the clinic.
 * Without a doctor the first free one is reserved. An id that this caller has already stored answers that booking.
 */
export const bookAppointment = async (ctx: Context, input: Booking): Promise<AppointmentRow> => {
  demand(ctx.viewer, 'appointment.book')
  const id = input.id == null ? uuidv7() : uuidOf(input.id)
  if (!id) throw badInput('input.id', 'must be a UUID')
  const reason = optionalText(input.reason, { field: 'input.reason', max: 1000 })
  const urgency = input.urgency ?? 'ROUTINE'
  const patientId = input.patientId ?? (ctx.viewer?.kind === 'patient' ? ctx.viewer.patientId : null)
  if (!patientId) throw badInput('input.patientId', 'must name the patient')
  const service = await ctx.loaders.service.load(input.serviceId)
  const clinic = service && (await ctx.loaders.clinic.load(service.clinicId))
  if (!clinic) throw notFound('service')
  const subject = { clinicId: service.clinicId, patientId: uuidOf(patientId) }
  if (!can(ctx.viewer, 'appointment.book', subject)) throw notFound(ctx.viewer?.kind === 'user' ? 'service' : 'patient')
  demandUrgency(ctx, urgency, service.clinicId)
  const doctorId = input.doctorId ?? null
  const booked = await transact(ctx, reloadAppointment, async (work) => {
    const { tx } = work
    const stored = input.id == null ? null : await findFirstUse(tx, id)
    if (stored) return storedBefore(ctx, stored)
    await shareDoctors(tx, service.id, doctorId)
    await demandFuture(tx, input.startsAt)
    const candidates = await findCandidates(tx, { service, clinic, doctorId, startsAt: input.startsAt }, null)
    const patient = await holdPatient(tx, patientId)
    if (!patient) throw notFound('patient')
    const fields = {
      id,
      clinicId: clinic.id,
      serviceId: service.id,
      patientId: patient.id,
      urgency,
      bound: doctorId !== null,
      reason,
      createdById: ctx.viewer?.kind === 'user' ? ctx.viewer.userId : null,
    }
    for (const { doctor, slot } of candidates) {
      if (await isPatientBusy(tx, patient.id, slot)) throw new Refusal('PATIENT_BUSY')
      // Somebody may take the slot between our look and our write; the constraint decides, and the next free doctor is tried.
      const { count } = await tx.appointment.createMany({
        data: [{ ...fields, doctorId: doctor.id, ...slot }],
        skipDuplicates: true,
      })
      if (count === 1) return noteBooking(work, { id, clinic, service, patientId: patient.id })
      if (await isPatientBusy(tx, patient.id, slot)) throw new Refusal('PATIENT_BUSY')
    }
    throw new Refusal('SLOT_TAKEN')
  })
  ctx.loaders.patient.clear(booked.patientId)
  return booked
}

/** The patient is told of it: enqueued with the change itself. */
const tell = (
  { ctx, tx }: Work,
  kind: 'BOOKED' | 'RESCHEDULED' | 'CANCELLED',
  { id, version, clinicId }: AppointmentRow,
) => ctx.jobs.enqueue(tx, BOOKING_JOB, { appointmentId: id, kind, version, clinicId })

const noteBooking = async (
  work: Work,
  { id, clinic, service, patientId }: { id: string; clinic: ClinicRow; service: ServiceRow; patientId: string },
): Promise<AppointmentRow> => {
  const { tx, audit } = work
  await linkPatient(tx, clinic.id, patientId)
  const appointment = await reloadAppointment(tx, id)
  await tell(work, 'BOOKED', appointment)
  await audit({
    action: 'appointment.booked',
    entity: 'Appointment',
    entityId: id,
    clinicId: clinic.id,
    detail: `${service.name}, ${appointment.startsAt.toISOString()}`,
  })
  return appointment
}

/** Moves a booking to another slot of its service: with the doctor it is bound to or the one named, else with any who is free. */
export const rescheduleAppointment = async (
  ctx: Context,
  input: { id: string; startsAt: Date; doctorId?: string | null },
): Promise<AppointmentRow> => {
  demand(ctx.viewer, 'appointment.change')
  const seen = await ctx.loaders.appointment.load(input.id)
  demandOn(ctx.viewer, 'appointment.change', 'appointment', seen, subjectOfAppointment)
  const service = (await ctx.loaders.service.load(seen.serviceId)) as ServiceRow
  const clinic = (await ctx.loaders.clinic.load(seen.clinicId)) as ClinicRow
  const moved = await transact(ctx, reloadAppointment, async (work) => {
    const { tx, audit } = work
    const doctorId = input.doctorId ?? (seen.bound ? seen.doctorId : null)
    await lockDoctors(tx, service.id, doctorId)
    await tx.$queryRaw`SELECT id FROM appointments WHERE id = ${seen.id}::uuid FOR UPDATE`
    const present = await reloadAppointment(tx, seen.id)
    if (present.status !== 'BOOKED') throw new Refusal('NOT_BOOKED')
    // Somebody else rescheduled it to another doctor while we were asking.
    if (present.version !== seen.version && input.doctorId == null && present.bound && present.doctorId !== doctorId)
      throw new Refusal('CONFLICT')
    await demandFuture(tx, input.startsAt)
    const [best] = await findCandidates(tx, { service, clinic, doctorId, startsAt: input.startsAt }, present)
    const { doctor, slot } = best as { doctor: DoctorRow; slot: SlotTime }
    await tx.$executeRaw`
      UPDATE appointments SET starts_at = ${slot.startsAt}, ends_at = ${slot.endsAt}, doctor_id = ${doctor.id}::uuid,
        bound = ${present.bound || input.doctorId != null}, version = version + 1, updated_at = clock_timestamp()
      WHERE id = ${present.id}::uuid`
    await audit({
      action: 'appointment.rescheduled',
      entity: 'Appointment',
      entityId: present.id,
      clinicId: present.clinicId,
      detail: `${present.startsAt.toISOString()} → ${slot.startsAt.toISOString()}`,
    })
    const moved = await reloadAppointment(tx, present.id)
    await tell(work, 'RESCHEDULED', moved)
    return moved
  })
  ctx.loaders.appointment.clear(input.id)
  return moved
}

/** Cancels a booking; of a patient who has checked in, the queue entry ends as LEFT. */
export const cancelAppointment = async (
  ctx: Context,
  id: string,
  reason: string | null | undefined,
): Promise<AppointmentRow> => {
  demand(ctx.viewer, 'appointment.change')
  const cancelReason = optionalText(reason, { field: 'reason', max: 500 })
  const seen = await ctx.loaders.appointment.load(id)
  demandOn(ctx.viewer, 'appointment.change', 'appointment', seen, subjectOfAppointment)
  const cancelled = await transact(ctx, reloadAppointment, async (work) => {
    const { tx, audit } = work
    const count = await tx.$executeRaw`
      UPDATE appointments SET status = 'CANCELLED', cancel_reason = ${cancelReason}, version = version + 1,
        updated_at = clock_timestamp()
      WHERE id = ${seen.id}::uuid AND status = 'BOOKED'`
    if (count === 0) {
      const present = await reloadAppointment(tx, seen.id)
      if (present.status !== 'CHECKED_IN')
        throw new Refusal('NOT_ACTIVE', 'The appointment has ended or was cancelled.')
      await leaveForCancel(work, seen.id, null)
      await tx.appointment.update({ where: { id: seen.id }, data: { cancelReason } })
    }
    await audit({
      action: 'appointment.cancelled',
      entity: 'Appointment',
      entityId: seen.id,
      clinicId: seen.clinicId,
      detail: seen.startsAt.toISOString(),
    })
    const ended = await reloadAppointment(tx, seen.id)
    await tell(work, 'CANCELLED', ended)
    return ended
  })
  ctx.loaders.appointment.clear(id)
  return cancelled
}

/** The bookings' part of deleting an account: what is still to come is cancelled. Nobody is left to be told of it. */
export const cancelEverything = async ({ tx, audit }: Work, patientId: string): Promise<void> => {
  const cancelled = await tx.$queryRaw<{ id: string; clinicId: string; startsAt: Date }[]>`
    UPDATE appointments SET status = 'CANCELLED', version = version + 1, updated_at = clock_timestamp()
    WHERE id IN (
      SELECT id FROM appointments WHERE patient_id = ${patientId}::uuid AND status = 'BOOKED' ORDER BY id FOR UPDATE)
    RETURNING id::text, clinic_id::text AS "clinicId", starts_at AS "startsAt"`
  for (const { id, clinicId, startsAt } of cancelled)
    await audit({
      action: 'appointment.cancelled',
      entity: 'Appointment',
      entityId: id,
      clinicId,
      detail: startsAt.toISOString(),
    })
}

/** The patient says that they come late, by so many minutes where they know: the desk sees it, and their slot stays theirs. The last word counts. */
export const sayLate = async (ctx: Context, id: string, minutes: number | null): Promise<AppointmentRow> => {
  demand(ctx.viewer, 'appointment.change')
  if (minutes !== null) wholeNumber(minutes, 'minutes', [1, MOST_LATE_MINUTES])
  const seen = await ctx.loaders.appointment.load(id)
  demandOn(ctx.viewer, 'appointment.change', 'appointment', seen, subjectOfAppointment)
  const noted = await transact(ctx, reloadAppointment, async ({ tx, audit }) => {
    const count = await tx.$executeRaw`
      UPDATE appointments SET late_minutes = ${minutes ?? 0}, version = version + 1, updated_at = clock_timestamp()
      WHERE id = ${seen.id}::uuid AND status = 'BOOKED'`
    if (count === 0) throw new Refusal('NOT_BOOKED')
    await audit({
      action: 'appointment.late',
      entity: 'Appointment',
      entityId: seen.id,
      clinicId: seen.clinicId,
      detail: minutes === null ? 'without saying by how much' : `${minutes} min`,
    })
    return reloadAppointment(tx, seen.id)
  })
  ctx.loaders.appointment.clear(id)
  return noted
}
