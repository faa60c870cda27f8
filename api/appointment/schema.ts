import { can } from '../access/can.ts'
import { databaseNow } from '../access/clock.ts'
import { asObject, builder, ever, on } from '../builder.ts'
import { calendarBounds, daysBetween } from '../clinic/day.ts'
import { connectionOf, page } from '../connection.ts'
import type { Context } from '../context.ts'
import { AppointmentStatusEnum, UrgencyEnum } from '../enums.ts'
import { badInput, Refusal } from '../errors.ts'
import { subjectOfEntry } from '../queue/commands.ts'
import { AppointmentRef, DoctorRef, PatientRef, QueueEntryRef, ServiceRef, UserRef } from '../refs.ts'
import { bookAppointment, cancelAppointment, rescheduleAppointment, sayLate, subjectOfAppointment } from './commands.ts'
import { type FreeSlot, listAppointments, loadFreeSlots, placeOfAppointment } from './store.ts'

AppointmentRef.implement({
  description: 'A slot that a patient has booked.',
  fields: (t) => ({
    id: t.exposeID('id', { authScopes: asObject }),
    status: t.expose('status', { type: AppointmentStatusEnum, authScopes: asObject }),
    urgency: t.expose('urgency', { type: UrgencyEnum, authScopes: asObject }),
    startsAt: t.expose('startsAt', { type: 'DateTime', authScopes: asObject }),
    endsAt: t.expose('endsAt', { type: 'DateTime', authScopes: asObject }),
    reason: t.exposeString('reason', {
      nullable: true,
      authScopes: on('visit.reason', subjectOfAppointment),
      description: 'Why the patient comes; for the patient and the doctors of the service.',
    }),
    cancelReason: t.exposeString('cancelReason', {
      nullable: true,
      authScopes: on('visit.reason', subjectOfAppointment),
      description: 'What was given as the reason when it was cancelled.',
    }),
    bound: t.exposeBoolean('bound', {
      authScopes: asObject,
      description: 'The booking named this doctor; false where the first free one was reserved.',
    }),
    lateMinutes: t.exposeInt('lateMinutes', {
      nullable: true,
      authScopes: asObject,
      description:
        'How many minutes late the patient said they come, by SMS; 0 where they did not say how many, null where they said nothing.',
    }),
    version: t.exposeInt('version', { authScopes: asObject, description: 'Grows with every change.' }),
    service: t.field({
      type: ServiceRef,
      authScopes: asObject,
      resolve: async (row, _args, { loaders }) => (await loaders.service.load(row.serviceId)) as never,
    }),
    doctor: t.field({
      type: DoctorRef,
      authScopes: asObject,
      resolve: async (row, _args, { loaders }) => (await loaders.doctor.load(row.doctorId)) as never,
    }),
    patient: t.field({
      type: PatientRef,
      nullable: true,
      authScopes: asObject,
      resolve: (row, _args, { loaders }) => loaders.patient.load(row.patientId),
    }),
    createdBy: t.field({
      type: UserRef,
      nullable: true,
      authScopes: on('appointment.list', subjectOfAppointment),
      description: 'The user who booked it; null where the patient did.',
      resolve: (row, _args, { loaders }) => (row.createdById ? loaders.user.load(row.createdById) : null),
    }),
    queueEntry: t.field({
      type: QueueEntryRef,
      nullable: true,
      authScopes: on('entry.read', subjectOfAppointment),
      description: 'The newest entry made by checking in.',
      resolve: async (row, _args, { loaders, viewer }) => {
        const [entry] = await loaders.entriesOfAppointment.load(row.id)
        // It may have been transferred out of the doctor's sight.
        return entry && can(viewer, 'entry.read', subjectOfEntry(entry)) ? entry : null
      },
    }),
  }),
})

export const AppointmentConnection = connectionOf('Appointment', AppointmentRef)

const Slot = builder.objectRef<FreeSlot>('Slot').implement({
  description: 'A free slot of one doctor.',
  fields: (t) => ({
    startsAt: t.expose('startsAt', { type: 'DateTime', authScopes: asObject }),
    endsAt: t.expose('endsAt', { type: 'DateTime', authScopes: asObject }),
    doctor: t.expose('doctor', { type: DoctorRef, authScopes: asObject }),
  }),
})

const MOST_DAYS = 62

const demandRange = (from: string, to: string, most: number): void => {
  if (from > to) throw badInput('to', 'must not be before from')
  if (daysBetween(from, to) >= most) throw badInput('to', `must be within ${most} days, from and to included`)
}

const availableSlots = async (
  { db, loaders }: Context,
  { serviceId, doctorId, from, to }: { serviceId: string; doctorId?: string | null; from: string; to: string },
): Promise<FreeSlot[]> => {
  demandRange(from, to, MOST_DAYS)
  const service = await loaders.service.load(serviceId)
  const clinic = service && (await loaders.clinic.load(service.clinicId))
  if (!clinic) return []
  const wanted = { doctorId: doctorId ?? null, days: { from, to }, now: databaseNow() }
  return loadFreeSlots(db, { clinic, service }, wanted)
}

/** Which of the clinic's appointments the viewer may list: all of them, those of their services, or none. */
const listable = ({ viewer }: Context, clinicId: string) => {
  if (can(viewer, 'appointment.list', { clinicId })) return { clinicId }
  if (viewer?.kind !== 'user' || viewer.clinicId !== clinicId) return null
  return { clinicId, serviceId: { in: [...viewer.serviceIds] } }
}

builder.queryFields((t) => ({
  availableSlots: t.field({
    type: [Slot],
    authScopes: ever('public.read'),
    description: `Free slots by time, then by the doctor's name; from and to are inclusive and at most ${MOST_DAYS} days.`,
    args: {
      serviceId: t.arg.id({ required: true }),
      doctorId: t.arg.id(),
      from: t.arg({ type: 'Date', required: true }),
      to: t.arg({ type: 'Date', required: true }),
    },
    resolve: (_root, args, ctx) => availableSlots(ctx, args),
  }),
  appointment: t.field({
    type: AppointmentRef,
    nullable: true,
    authScopes: ever('appointment.read'),
    args: { id: t.arg.id({ required: true }) },
    resolve: async (_root, { id }, { loaders, viewer }) => {
      const row = await loaders.appointment.load(id)
      return row && can(viewer, 'appointment.read', subjectOfAppointment(row)) ? row : null
    },
  }),
  appointments: t.field({
    type: AppointmentConnection,
    nullable: true,
    authScopes: ever('appointment.list'),
    description:
      'Appointments that start on these calendar days of the clinic (inclusive), by start. Doctors see those of their services.',
    args: {
      clinicId: t.arg.id({ required: true }),
      from: t.arg({ type: 'Date', required: true }),
      to: t.arg({ type: 'Date', required: true }),
      doctorId: t.arg.id(),
      first: t.arg.int(),
      after: t.arg.string(),
    },
    resolve: async (_root, { clinicId, from, to, doctorId, ...args }, ctx) => {
      demandRange(from, to, Number.POSITIVE_INFINITY)
      const own = listable(ctx, clinicId)
      if (!own) throw new Refusal('FORBIDDEN')
      const clinic = await ctx.loaders.clinic.load(clinicId)
      if (!clinic) return null
      const { start, end } = calendarBounds(from, to, clinic.timeZone)
      const where = { ...own, startsAt: { gte: start, lt: end }, ...(doctorId && { doctorId }) }
      return page(args, placeOfAppointment, 2, (after, take) => listAppointments(ctx.db, { where, after, take }))
    },
  }),
}))

export const BookAppointmentInput = builder.inputType('BookAppointmentInput', {
  description:
    'Without a doctor the first free one is reserved, and the entry is not bound to that doctor. Urgency other than ROUTINE is for staff.',
  fields: (t) => ({
    id: t.id({ description: 'An id that this caller has already stored answers that record.' }),
    patientId: t.id({
      description: 'The desk names the patient; patients may name a ward, and are meant themselves otherwise.',
    }),
    serviceId: t.id({ required: true }),
    doctorId: t.id(),
    startsAt: t.field({ type: 'DateTime', required: true, description: 'The start of a free slot.' }),
    reason: t.string({ description: 'Why the patient comes; at most 1000 characters.' }),
    urgency: t.field({ type: UrgencyEnum }),
  }),
})

export const RescheduleAppointmentInput = builder.inputType('RescheduleAppointmentInput', {
  fields: (t) => ({
    id: t.id({ required: true }),
    startsAt: t.field({ type: 'DateTime', required: true, description: 'The start of a free slot.' }),
    doctorId: t.id({ description: 'Binds the appointment to this doctor.' }),
  }),
})

builder.mutationFields((t) => ({
  bookAppointment: t.field({
    type: AppointmentRef,
    authScopes: ever('appointment.book'),
    args: { input: t.arg({ type: BookAppointmentInput, required: true }) },
    resolve: (_root, { input }, ctx) => bookAppointment(ctx, input),
  }),
  rescheduleAppointment: t.field({
    type: AppointmentRef,
    authScopes: ever('appointment.change'),
    description:
      'Refused as NOT_BOOKED once the patient has checked in. A lost race for the slot leaves the booking as it was.',
    args: { input: t.arg({ type: RescheduleAppointmentInput, required: true }) },
    resolve: (_root, { input }, ctx) => rescheduleAppointment(ctx, input),
  }),
  cancelAppointment: t.field({
    type: AppointmentRef,
    authScopes: ever('appointment.change'),
    description: 'A patient who has checked in leaves the queue.',
    args: { id: t.arg.id({ required: true }), reason: t.arg.string() },
    resolve: (_root, { id, reason }, ctx) => cancelAppointment(ctx, id, reason),
  }),
  sayLate: t.field({
    type: AppointmentRef,
    authScopes: ever('appointment.change'),
    description:
      'The patient comes late: the desk sees it, and the slot stays theirs. Said again, the last word counts. Refusals: NOT_FOUND, NOT_BOOKED.',
    args: {
      appointmentId: t.arg.id({ required: true }),
      minutes: t.arg.int({ description: 'By how many minutes, from 1 to 240; left out where it is not known.' }),
    },
    resolve: (_root, { appointmentId, minutes }, ctx) => sayLate(ctx, appointmentId, minutes ?? null),
  }),
}))
