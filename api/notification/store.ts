import { tokenHash } from '../access/tokens.ts'
import { instantKey } from '../connection.ts'
import type { Db, Tx } from '../database/client.ts'
import type { Prisma } from '../database/generated/client.ts'
import type { NotificationKind } from '../database/generated/enums.ts'
import type { NotificationModel } from '../database/generated/models.ts'
import { HEAD } from '../queue/store.ts'
import { type BookingStanding, isBookingCurrent, isCurrent, type Standing } from './current.ts'
import { aboutOf } from './keys.ts'

/** Messages, newest first, behind a place in that order. */
export const listNotifications = (
  db: Db,
  { where, after, take }: { where: Prisma.NotificationWhereInput; after: string[] | null; take: number },
): Promise<NotificationModel[]> => {
  const createdAt = after && instantKey(after[0])
  const behind = createdAt
    ? { OR: [{ createdAt: { lt: createdAt } }, { createdAt, id: { lt: after[1] as string } }] }
    : {}
  return db.notification.findMany({
    where: { AND: [where, behind] },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take,
  })
}

/** What patients cause by themselves, as often as they like. */
const CAUSED_BY_PATIENTS: readonly NotificationKind[] = ['BOOKED', 'RESCHEDULED', 'CANCELLED']
const MOST_ABOUT_BOOKINGS = 10

/**
 * Counts an SMS about a booking against its number's day (in UTC); true where it is one too many. Whoever registers a number can book
 * and cancel all day, and the number may be one that earns by every message.
 */
export const isOverNumberCap = async (db: Db, kind: NotificationKind, phoneNumber: string): Promise<boolean> => {
  if (!CAUSED_BY_PATIENTS.includes(kind)) return false
  // The number cannot be read back from it.
  const scope = `booking number ${tokenHash(phoneNumber)}`
  const [row] = await db.$queryRaw<{ count: number }[]>`
    INSERT INTO message_counts AS c (scope, day, count) VALUES (${scope}, (clock_timestamp() AT TIME ZONE 'UTC')::date, 1)
    ON CONFLICT (scope, day) DO UPDATE SET count = c.count + 1 RETURNING count`
  return (row?.count ?? 0) > MOST_ABOUT_BOOKINGS
}

/**
 * The queues in which somebody near the head was not yet told that it is almost their turn, though a message could reach them.
 * One statement over all clinics, by the index of the calling order.
 */
export const queuesToLookAt = (db: Db): Promise<{ serviceId: string; clinicId: string }[]> => db.$queryRaw`
  SELECT s.id::text AS "serviceId", s.clinic_id::text AS "clinicId" FROM services s
  WHERE EXISTS (
    SELECT FROM (
      SELECT w.id, w.patient_id FROM queue w WHERE w.service_id = s.id AND w.status = 'WAITING'
      ORDER BY w.rank, w.due_at, w.sub_rank, w.arrival_seq, w.id LIMIT ${HEAD}
    ) head JOIN patients p ON p.id = head.patient_id
    WHERE (p.phone_number IS NOT NULL OR p.guardian_id IS NOT NULL
        OR EXISTS (SELECT FROM devices d WHERE d.patient_id = p.id))
      AND NOT EXISTS (SELECT FROM notifications n WHERE n.entry_id = head.id AND n.kind = 'ALMOST_YOUR_TURN'))`

/** Where the visit stands by now. */
export const standingOf = async (db: Db | Tx, entryId: string): Promise<Standing | null> => {
  const [standing] = await db.$queryRaw<Standing[]>`
    SELECT q.status::text AS status,
      (SELECT max(e.entry_version) FROM queue_events e WHERE e.entry_id = q.id AND e.kind = 'CALLED') AS called,
      (SELECT max(e.entry_version) FROM queue_events e WHERE e.entry_id = q.id AND e.kind IN ('CALLED', 'NO_SHOW', 'UNDONE')) AS news
    FROM queue q WHERE q.id = ${entryId}::uuid`
  return standing ?? null
}

/** Where the booking stands by now, and what the ledger says of it. */
const bookingStandingOf = async (db: Db | Tx, appointmentId: string): Promise<BookingStanding | null> => {
  const [standing] = await db.$queryRaw<BookingStanding[]>`
    SELECT a.status::text AS status, a.starts_at AS "startsAt", coalesce((
      SELECT max(substring(n.key FROM ' v([0-9]+)')::int) FROM notifications n
      WHERE n.appointment_id = a.id AND n.kind IN ('RESCHEDULED', 'CANCELLED')), 0) AS told
    FROM appointments a WHERE a.id = ${appointmentId}::uuid`
  return standing ?? null
}

/** Is what the message says no longer so? Of a visit, its last word is what counts; else that of its booking. */
export const isSuperseded = async (
  db: Db | Tx,
  { kind, key, entryId, appointmentId }: Pick<NotificationModel, 'kind' | 'key' | 'entryId' | 'appointmentId'>,
): Promise<boolean> => {
  const visit = entryId && (await standingOf(db, entryId))
  if (visit) return !isCurrent({ kind, version: aboutOf(key).version }, visit)
  const booking = !entryId && appointmentId && (await bookingStandingOf(db, appointmentId))
  return booking ? !isBookingCurrent({ kind, key }, booking) : false
}

export const placeOfNotification = ({ createdAt, id }: NotificationModel): [string, string] => [
  createdAt.toISOString(),
  id,
]
