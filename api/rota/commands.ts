import { demand, demandOn } from '../access/demand.ts'
import { subjectOfDoctor } from '../clinic/commands.ts'
import { lockDoctorForChange, reloadDoctor } from '../clinic/store.ts'
import type { Context } from '../context.ts'
import { transact, type Work } from '../database/transaction.ts'
import { badInput, notFound } from '../errors.ts'
import type { DoctorRow } from '../loaders.ts'
import { BOOKING_JOB } from '../notification/kinds.ts'
import { optionalText } from '../text.ts'
import { bookingsOutside } from './outside.ts'
import { type Booking, bookingsToCome, rotaOf } from './store.ts'

const MOST_AT_ONCE = 500

export type CancelOutside = { doctorId: string; appointmentIds: readonly string[]; reason?: string | null }

/**
 * Cancels those of the named bookings for which the doctor's hours have no room, and tells the patients.
 * What the hours do have room for, or what has changed meanwhile, stays as it is.
 */
export const cancelBookingsOutside = async (ctx: Context, input: CancelOutside): Promise<DoctorRow> => {
  demand(ctx.viewer, 'hours.manage')
  const reason = optionalText(input.reason, { field: 'reason', max: 500 })
  if (input.appointmentIds.length > MOST_AT_ONCE)
    throw badInput('appointmentIds', `must name at most ${MOST_AT_ONCE} bookings`)
  const doctor = await ctx.loaders.doctor.load(input.doctorId)
  demandOn(ctx.viewer, 'hours.manage', 'doctor', doctor, subjectOfDoctor)
  const clinic = await ctx.loaders.clinic.load(doctor.clinicId)
  if (!clinic) throw notFound('clinic')
  const named = new Set(input.appointmentIds.map((id) => id.toLowerCase()))
  return transact(ctx, reloadDoctor, async (work) => {
    await lockDoctorForChange(work.tx, doctor.id)
    const plan = { timeZone: clinic.timeZone, ...(await rotaOf(work.tx, doctor.id)) }
    const outside = bookingsOutside(await bookingsToCome(work.tx, doctor.id), plan)
    for (const booking of outside.filter(({ id }) => named.has(id)).sort((a, b) => (a.id < b.id ? -1 : 1)))
      await cancel(work, { booking, clinicId: clinic.id, reason })
    return doctor
  })
}

const cancel = async (
  { tx, ctx, audit }: Work,
  { booking, clinicId, reason }: { booking: Booking; clinicId: string; reason: string | null },
): Promise<void> => {
  // Somebody may check the patient in, move or cancel the booking between our look and our write: then it is no longer ours to cancel.
  const [cancelled] = await tx.$queryRaw<{ version: number }[]>`
    UPDATE appointments SET status = 'CANCELLED', cancel_reason = ${reason}, version = version + 1,
      updated_at = clock_timestamp()
    WHERE id = ${booking.id}::uuid AND status = 'BOOKED' AND version = ${booking.version} RETURNING version`
  if (!cancelled) return
  await audit({
    action: 'appointment.cancelled',
    entity: 'Appointment',
    entityId: booking.id,
    clinicId,
    detail: booking.startsAt.toISOString(),
  })
  const told = { appointmentId: booking.id, kind: 'CANCELLED', version: cancelled.version, clinicId }
  await ctx.jobs.enqueue(tx, BOOKING_JOB, told)
}
