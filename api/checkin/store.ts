import type { Db } from '../database/client.ts'
import { Prisma } from '../database/generated/client.ts'
import type { EntryRow } from '../loaders.ts'

/** A visit of today at the door: a booking that can be checked in, or a ticket that was given already. */
export type FoundVisit = {
  patientId: string
  givenName: string
  serviceId: string
  appointmentId: string | null
  entryId: string | null
  startsAt: Date | null
  ticket: string | null
}

/** SQL: the people of a number whose birth date this is: its holder, and those they are guardian of. A guardian stands for their wards too. */
const behindNumber = (phoneNumber: string, dateOfBirth: string) => Prisma.sql`
  SELECT p.id FROM patients h JOIN patients p ON p.id = h.id OR p.guardian_id = h.id
  WHERE h.phone_number = ${phoneNumber} AND h.merged_into_id IS NULL AND h.deleted_at IS NULL
    AND p.merged_into_id IS NULL AND p.deleted_at IS NULL
    AND ${dateOfBirth}::date IN (h.date_of_birth, p.date_of_birth)`

/** SQL: what the people of a list have today at a clinic. Bookings within a day and a half either way by the index, then by the clinic's own day. */
const visitsOf = (clinicId: string, people: Prisma.Sql) => Prisma.sql`
  WITH people AS MATERIALIZED (${people}), clinic AS (
    SELECT id, time_zone, day_starts_at, ((clock_timestamp() AT TIME ZONE time_zone) - make_interval(mins => day_starts_at))::date AS today
    FROM clinics WHERE id = ${clinicId}::uuid
  ), bookings AS (
    SELECT a.patient_id, a.service_id, a.id AS appointment_id, NULL::uuid AS entry_id, a.starts_at, NULL::text AS ticket
    FROM clinic c JOIN people n ON true JOIN appointments a ON a.patient_id = n.id AND a.clinic_id = c.id
    WHERE a.status = 'BOOKED'
      AND a.starts_at BETWEEN clock_timestamp() - interval '36 hours' AND clock_timestamp() + interval '36 hours'
      AND ((a.starts_at AT TIME ZONE c.time_zone) - make_interval(mins => c.day_starts_at))::date = c.today
  ), tickets AS (
    SELECT e.patient_id, e.service_id, e.appointment_id, e.id AS entry_id, a.starts_at, e.ticket
    FROM clinic c JOIN people n ON true JOIN queue e ON e.patient_id = n.id AND e.clinic_id = c.id AND e.finished_at IS NULL
    LEFT JOIN appointments a ON a.id = e.appointment_id
  )
  SELECT v.patient_id::text AS "patientId", split_part(p.name, ' ', 1) AS "givenName", v.service_id::text AS "serviceId",
    v.appointment_id::text AS "appointmentId", v.entry_id::text AS "entryId", v.starts_at AS "startsAt", v.ticket
  FROM (SELECT * FROM bookings UNION ALL SELECT * FROM tickets) v JOIN patients p ON p.id = v.patient_id
  ORDER BY v.starts_at NULLS FIRST, v.entry_id, v.appointment_id`

/** One statement, whether the number is known or not. */
export const visitsByNumber = (
  db: Db,
  { clinicId, phoneNumber, dateOfBirth }: { clinicId: string; phoneNumber: string; dateOfBirth: string },
): Promise<FoundVisit[]> => db.$queryRaw<FoundVisit[]>(visitsOf(clinicId, behindNumber(phoneNumber, dateOfBirth)))

export const visitsOfPatient = (db: Db, clinicId: string, patientId: string): Promise<FoundVisit[]> =>
  db.$queryRaw<FoundVisit[]>(
    visitsOf(
      clinicId,
      Prisma.sql`SELECT id FROM patients WHERE id = ${patientId}::uuid OR guardian_id = ${patientId}::uuid`,
    ),
  )

/** The people of a number with this birth date, and no others: who comes without a booking is one of them or somebody new. */
export const peopleBorn = (
  db: Db,
  phoneNumber: string,
  dateOfBirth: string,
): Promise<{ id: string; name: string }[]> => db.$queryRaw`
  SELECT p.id::text, p.name FROM patients h JOIN patients p ON p.id = h.id OR p.guardian_id = h.id
  WHERE h.phone_number = ${phoneNumber} AND h.merged_into_id IS NULL AND h.deleted_at IS NULL
    AND p.merged_into_id IS NULL AND p.deleted_at IS NULL AND p.date_of_birth = ${dateOfBirth}::date
  ORDER BY (p.id = h.id) DESC, p.id`

type Ticket = {
  patientId: string
  clinicId: string
  entryId?: string | null
  appointmentId?: string | null
  serviceId?: string
}

/** The ticket that somebody has at a clinic now: this one, that of this booking, one of this service, or any. */
export const openEntry = async (
  db: Db,
  { patientId, clinicId, entryId, appointmentId, serviceId }: Ticket,
): Promise<EntryRow | null> => {
  const open = await db.queueEntry.findMany({
    where: { patientId, clinicId, finishedAt: null },
    orderBy: { arrivalSeq: 'desc' },
  })
  return (
    open.find(({ id }) => id === entryId) ??
    open.find((entry) => appointmentId && entry.appointmentId === appointmentId) ??
    open.find((entry) => entry.serviceId === serviceId) ??
    open[0] ??
    null
  )
}
