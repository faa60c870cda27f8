import { can } from '../access/can.ts'
import { asObject, builder, ever } from '../builder.ts'
import { subjectOfDoctor } from '../clinic/commands.ts'
import { WeeklyHours } from '../clinic/schema.ts'
import { DoctorRef, ServiceRef } from '../refs.ts'
import { cancelBookingsOutside } from './commands.ts'
import { bookingsOutside } from './outside.ts'
import { plannedRota } from './plan.ts'
import { type Booking, bookingsToCome, rotaOf } from './store.ts'

const BookingOutsideRef = builder.objectRef<Booking>('BookingOutside').implement({
  description: 'A booking still to come for which a doctor’s hours have no room. Whose it is, is for the desk.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Of the appointment.', authScopes: asObject }),
    startsAt: t.expose('startsAt', { type: 'DateTime', authScopes: asObject }),
    endsAt: t.expose('endsAt', { type: 'DateTime', authScopes: asObject }),
    service: t.field({
      type: ServiceRef,
      authScopes: asObject,
      resolve: (booking, _args, { loaders }) => loaders.service.load(booking.serviceId) as never,
    }),
  }),
})

const PlannedLeave = builder.inputType('PlannedLeave', {
  description: 'Leave without from and to is the whole day.',
  fields: (t) => ({
    day: t.field({ type: 'Date', required: true }),
    from: t.string({ description: 'Local wall-clock time, as in 08:30.' }),
    to: t.string({ description: 'Later than from, at most 24:00.' }),
  }),
})

const HoursPlan = builder.inputType('HoursPlan', {
  description: 'A change of a doctor’s hours that is not made yet. What is left out stays as it is.',
  fields: (t) => ({
    doctorId: t.id({ required: true }),
    hours: t.field({ type: [WeeklyHours], description: 'In place of the weekly hours.' }),
    leave: t.field({ type: PlannedLeave, description: 'Beside the leave that there is.' }),
    withoutException: t.id({ description: 'Leave or extra hours that would be taken back.' }),
  }),
})

builder.queryField('bookingsOutside', (t) =>
  t.field({
    type: [BookingOutsideRef],
    nullable: true,
    description:
      'The bookings still to come for which a doctor’s hours would have no room, by start; without a change, those for which they have none now. For admins of the clinic.',
    args: { plan: t.arg({ type: HoursPlan, required: true }) },
    authScopes: ever('hours.manage'),
    resolve: async (_root, { plan }, { db, loaders, viewer }) => {
      const doctor = await loaders.doctor.load(plan.doctorId)
      const clinic = doctor && (await loaders.clinic.load(doctor.clinicId))
      if (!clinic || !can(viewer, 'hours.manage', subjectOfDoctor(doctor))) return null
      const rota = plannedRota(await rotaOf(db, doctor.id), plan)
      return bookingsOutside(await bookingsToCome(db, doctor.id), { timeZone: clinic.timeZone, ...rota })
    },
  }),
)

builder.mutationField('cancelBookingsOutside', (t) =>
  t.field({
    type: DoctorRef,
    description:
      'Cancels those of the named bookings for which the doctor’s hours have no room, and tells the patients; the others stay. For admins of the clinic. Refusals: NOT_FOUND, BAD_INPUT.',
    authScopes: ever('hours.manage'),
    args: {
      doctorId: t.arg.id({ required: true }),
      appointmentIds: t.arg.idList({ required: true, description: 'As bookingsOutside names them; at most 500.' }),
      reason: t.arg.string({ description: 'For the patients to read; at most 500 characters.' }),
    },
    resolve: (_root, args, ctx) => cancelBookingsOutside(ctx, args),
  }),
)
