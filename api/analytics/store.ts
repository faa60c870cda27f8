import { addDays, clinicDayBounds, type DayRule } from '../clinic/day.ts'
import { type Db, PLANNED_EACH_TIME } from '../database/client.ts'
import { Prisma } from '../database/generated/client.ts'
import type { NotificationChannel, NotificationKind, QueueStatus, Urgency } from '../database/generated/enums.ts'
import { type Capacity, capacityOf } from './capacity.ts'
import { counter, type Figures, UNKNOWN, urgencies, type Visits } from './figures.ts'
import { type PackedVisits, unpacked } from './packed.ts'
import { daysFrom, timesOf } from './times.ts'

/** How messages fared, by kind and channel. */
export type MessageRow = {
  kind: NotificationKind
  channel: NotificationChannel
  queued: number
  sent: number
  delivered: number
  failed: number
  suppressed: number
}

export type Report = {
  total: Figures
  byDay: (Figures & { day: string; capacity: number })[]
  byHour: (Figures & { hour: number })[]
  capacityByHour: { hour: number; visits: number }[]
  byDoctor: (Figures & { doctorId: string })[]
  byUrgency: (Figures & { urgency: Urgency })[]
  messages: MessageRow[]
}

/** Clinic days of one clinic, both inclusive. */
export type Range = { clinicId: string; from: string; to: string } & DayRule

/** Which visits are behind a bar; what is null does not matter. */
export type VisitSearch = {
  hour: number | null
  doctorId: string | null
  urgency: Urgency | null
  status: QueueStatus | null
}

export type VisitRow = {
  /** Only for the place in the list; it is told to nobody. */
  id: string
  ticket: string
  serviceName: string
  doctorId: string | null
  urgency: Urgency
  status: QueueStatus
  arrivedAt: Date
  wait: number | null
  service: number | null
}

const instantsOf = (range: Range): { start: Date; end: Date } => ({
  start: clinicDayBounds(range.from, range).start,
  end: clinicDayBounds(range.to, range).end,
})

/** Undone arrivals are not counted. */
const countedIn = (range: Range): Prisma.Sql => {
  const { start, end } = instantsOf(range)
  return Prisma.sql`clinic_id = ${range.clinicId}::uuid AND arrived_at >= ${start} AND arrived_at < ${end}
    AND end_reason IS DISTINCT FROM 'UNDONE'`
}

const localHour = (timeZone: string): Prisma.Sql =>
  Prisma.sql`date_part('hour', arrived_at AT TIME ZONE ${timeZone})::int`

/** A visit ended by the day's end counts, but not its time in service. */
const SERVICE = Prisma.sql`CASE WHEN status = 'SERVED' AND end_reason IS NULL THEN finished_at - coalesce(started_at, called_at) END`

/** Tenths of a minute as a number of two bytes, its greatest where the time is not known. */
const tenths = (time: Prisma.Sql): Prisma.Sql =>
  Prisma.sql`coalesce(least(abs((date_part('epoch', ${time}) / 6)::int), ${Prisma.raw(`${UNKNOWN}`)}), ${Prisma.raw(`${UNKNOWN}`)})::bigint`

/**
 * The visits of a range in one statement and no order. PostgreSQL takes seconds to sort half a million of them along each dimension,
 * but hands them over in tenths of a second if it packs them; the rest is counting.
 */
const loadVisits = async (db: Db, range: Range): Promise<Visits> => {
  const { start } = instantsOf(range)
  return unpacked(
    await db.$queryRaw<PackedVisits[]>`${PLANNED_EACH_TIME}
      SELECT doctor_id::text AS "doctorId", urgency::text, status::text, encode(string_agg(int8send(
        floor(date_part('epoch', arrived_at - ${start}::timestamptz))::bigint * 4294967296
        + ${tenths(Prisma.sql`called_at - arrived_at`)} * 65536 + ${tenths(SERVICE)}), ''), 'base64') AS packed
      FROM queue WHERE ${countedIn(range)} GROUP BY doctor_id, urgency, status`,
  )
}

const loadCapacity = async (db: Db, range: Range): Promise<Capacity> => {
  const doctors = await db.doctor.findMany({
    where: { clinicId: range.clinicId, active: true },
    select: {
      hours: { select: { weekday: true, fromMinute: true, toMinute: true } },
      exceptions: {
        where: { day: { gte: new Date(range.from), lte: new Date(addDays(range.to, 1)) } },
        select: { day: true, kind: true, fromMinute: true, toMinute: true },
      },
      services: { select: { service: { select: { slotMinutes: true } } } },
    },
  })
  const stretch = <Row extends { fromMinute: number; toMinute: number }>({ fromMinute, toMinute, ...row }: Row) => ({
    ...row,
    from: fromMinute,
    to: toMinute,
  })
  return capacityOf(
    range,
    doctors.map(({ hours, exceptions, services }) => ({
      weekly: hours.map(stretch),
      exceptions: exceptions.map((row) => ({ ...stretch(row), day: row.day.toISOString().slice(0, 10) })),
      slotMinutes: services.map(({ service }) => service.slotMinutes),
    })),
  )
}

/** Messages that were caused on these days, by kind and channel. SENT counts those that were delivered, too. */
const loadMessageRows = (db: Db, range: Range): Promise<MessageRow[]> => {
  const { start, end } = instantsOf(range)
  return db.$queryRaw<MessageRow[]>`
    ${PLANNED_EACH_TIME} SELECT kind::text, channel::text,
      (count(*) FILTER (WHERE status = 'QUEUED'))::int AS queued,
      (count(*) FILTER (WHERE status IN ('SENT', 'DELIVERED')))::int AS sent,
      (count(*) FILTER (WHERE status = 'DELIVERED'))::int AS delivered,
      (count(*) FILTER (WHERE status = 'FAILED'))::int AS failed,
      (count(*) FILTER (WHERE status = 'SUPPRESSED'))::int AS suppressed
    FROM notifications
    WHERE clinic_id = ${range.clinicId}::uuid AND created_at >= ${start} AND created_at < ${end}
    GROUP BY kind, channel ORDER BY kind, channel`
}

/** Everything that visits and messages of some clinic days tell. How many statements it takes depends on nothing. */
export const loadReport = async (db: Db, range: Range): Promise<Report> => {
  const [visits, capacity, messages] = await Promise.all([
    loadVisits(db, range),
    loadCapacity(db, range),
    loadMessageRows(db, range),
  ])
  const days = daysFrom(range.from, range.to)
  const { day, hour } = timesOf(visits.seconds, days, range)
  const count = counter(visits)
  const [total] = count({ of: new Int32Array(visits.count), count: 1 })
  const some = <Row extends Figures>(rows: Row[]): Row[] => rows.filter(({ arrivals }) => arrivals > 0)
  return {
    total: total as Figures,
    byDay: count({ of: day, count: days.length })
      .map((figures, at) => ({
        ...figures,
        day: days[at] as string,
        capacity: capacity.byDay.get(days[at] as string) ?? 0,
      }))
      .filter(({ arrivals, capacity: room }) => room > 0 || arrivals > 0),
    byHour: some(count({ of: hour, count: 24 }).map((figures, at) => ({ ...figures, hour: at }))),
    capacityByHour: [...capacity.byHour]
      .map(([at, visits]) => ({ hour: at, visits }))
      .toSorted((a, b) => a.hour - b.hour),
    byDoctor: some(
      count({ of: visits.doctors, count: visits.doctorIds.length }).map((figures, at) => ({
        ...figures,
        doctorId: visits.doctorIds[at] as string,
      })),
    ),
    byUrgency: some(
      count({ of: visits.urgencies, count: urgencies.length }).map((figures, at) => ({
        ...figures,
        urgency: urgencies[at] as Urgency,
      })),
    ),
    messages,
  }
}

/** The visits behind a bar, in the order of their arrival: nothing that says whose they were. */
export const visitPage = (
  db: Db,
  range: Range,
  { hour, doctorId, urgency, status }: VisitSearch,
  after: { at: Date; id: string } | null,
  take: number,
): Promise<VisitRow[]> => db.$queryRaw<VisitRow[]>`
  ${PLANNED_EACH_TIME} SELECT q.id::text, q.ticket, s.name AS "serviceName", q.doctor_id::text AS "doctorId", q.urgency::text, q.status::text,
    q.arrived_at AS "arrivedAt", date_part('epoch', called_at - arrived_at) / 60 AS wait,
    date_part('epoch', ${SERVICE}) / 60 AS service
  FROM (
    SELECT * FROM queue WHERE ${countedIn(range)}
      AND (${hour}::int IS NULL OR ${localHour(range.timeZone)} = ${hour}::int)
      AND (${doctorId}::uuid IS NULL OR doctor_id = ${doctorId}::uuid)
      AND (${urgency}::text IS NULL OR urgency::text = ${urgency}::text)
      AND (${status}::text IS NULL OR status::text = ${status}::text)
      AND (${after?.at ?? null}::timestamptz IS NULL OR (arrived_at, id) > (${after?.at ?? null}::timestamptz, ${after?.id ?? null}::uuid))
    ORDER BY arrived_at, id LIMIT ${take}
  ) q JOIN services s ON s.id = q.service_id
  ORDER BY q.arrived_at, q.id`
