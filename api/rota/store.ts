import type { Db, Tx } from '../database/client.ts'
import type { Rota } from './plan.ts'

export type Booking = { id: string; serviceId: string; startsAt: Date; endsAt: Date; version: number }

/** The bookings of a doctor still to come by the database's clock, by start. */
export const bookingsToCome = (db: Db | Tx, doctorId: string): Promise<Booking[]> =>
  db.$queryRaw`
    SELECT id::text, service_id::text AS "serviceId", starts_at AS "startsAt", ends_at AS "endsAt", version
    FROM appointments
    WHERE doctor_id = ${doctorId}::uuid AND status = 'BOOKED' AND starts_at > clock_timestamp()
    ORDER BY starts_at, id`

/** When a doctor works: the weekly hours, leave and extra hours; never any more, where they have left. */
export const rotaOf = async (db: Db | Tx, doctorId: string): Promise<Rota> => {
  const { active } = await db.doctor.findUniqueOrThrow({ where: { id: doctorId }, select: { active: true } })
  if (!active) return { weekly: [], exceptions: [] }
  const weekly = await db.doctorHours.findMany({ where: { doctorId } })
  const exceptions = await db.hoursException.findMany({ where: { doctorId } })
  return {
    weekly: weekly.map(({ weekday, fromMinute, toMinute }) => ({ weekday, from: fromMinute, to: toMinute })),
    exceptions: exceptions.map(({ id, day, kind, fromMinute, toMinute }) => ({
      id,
      day: day.toISOString().slice(0, 10),
      kind,
      from: fromMinute,
      to: toMinute,
    })),
  }
}
