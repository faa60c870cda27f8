import type { Db } from '../database/client.ts'
import type { NotificationChannel, NotificationKind, Urgency } from '../database/generated/enums.ts'

/** Minutes; null where nothing was counted. */
export type Distribution = {
  count: number
  mean: number | null
  p50: number | null
  p90: number | null
  max: number | null
}

export type AnalyticsRow = {
  arrivals: number
  served: number
  noShows: number
  left: number
  wait: Distribution
  service: Distribution
}

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
  clinicId: string
  start: Date
  end: Date
  total: AnalyticsRow
  byHour: (AnalyticsRow & { hour: number })[]
  byDoctor: (AnalyticsRow & { doctorId: string })[]
  byUrgency: (AnalyticsRow & { urgency: Urgency })[]
}

type Line = {
  level: number
  hour: number | null
  doctor_id: string | null
  urgency: Urgency | null
  arrivals: number
  served: number
  no_shows: number
  left_count: number
  wait: Distribution
  service: Distribution
}

const nothing: Distribution = { count: 0, mean: null, p50: null, p90: null, max: null }
const empty: AnalyticsRow = { arrivals: 0, served: 0, noShows: 0, left: 0, wait: nothing, service: nothing }

const toRow = (line: Line): AnalyticsRow => ({
  arrivals: line.arrivals,
  served: line.served,
  noShows: line.no_shows,
  left: line.left_count,
  wait: line.wait,
  service: line.service,
})

/**
 * Everything the visits that began in [start, end) tell, by one statement over one scan.
 * Undone arrivals are not counted; a visit ended by the day's end counts, but not its minutes in service.
 */
export const loadReport = async (
  db: Db,
  clinicId: string,
  timeZone: string,
  start: Date,
  end: Date,
): Promise<Report> => {
  const lines = await db.$queryRaw<Line[]>`
    WITH visit AS (
      SELECT extract(hour FROM arrived_at AT TIME ZONE ${timeZone})::int AS hour, doctor_id::text, urgency::text, status,
        extract(epoch FROM called_at - arrived_at)::float8 / 60 AS wait,
        CASE WHEN status = 'SERVED' AND end_reason IS NULL
          THEN extract(epoch FROM finished_at - coalesce(started_at, called_at))::float8 / 60 END AS service
      FROM queue
      WHERE clinic_id = ${clinicId}::uuid AND arrived_at >= ${start} AND arrived_at < ${end}
        AND end_reason IS DISTINCT FROM 'UNDONE'
    )
    SELECT grouping(hour, doctor_id, urgency)::int AS level, hour, doctor_id, urgency,
      count(*)::int AS arrivals,
      (count(*) FILTER (WHERE status = 'SERVED'))::int AS served,
      (count(*) FILTER (WHERE status = 'NO_SHOW'))::int AS no_shows,
      (count(*) FILTER (WHERE status = 'LEFT'))::int AS left_count,
      json_build_object('count', count(wait), 'mean', avg(wait), 'p50', percentile_cont(0.5) WITHIN GROUP (ORDER BY wait),
        'p90', percentile_cont(0.9) WITHIN GROUP (ORDER BY wait), 'max', max(wait)) AS wait,
      json_build_object('count', count(service), 'mean', avg(service),
        'p50', percentile_cont(0.5) WITHIN GROUP (ORDER BY service),
        'p90', percentile_cont(0.9) WITHIN GROUP (ORDER BY service), 'max', max(service)) AS service
    FROM visit GROUP BY GROUPING SETS ((), (hour), (doctor_id), (urgency))
    ORDER BY level, hour, doctor_id, urgency`
  // grouping() has a bit for each column that a line does not tell apart: 7 is the total.
  const total = lines.find((line) => line.level === 7)
  return {
    clinicId,
    start,
    end,
    total: total ? toRow(total) : empty,
    byHour: lines.flatMap((line) => (line.level === 3 ? [{ hour: line.hour as number, ...toRow(line) }] : [])),
    byDoctor: lines.flatMap((line) =>
      line.level === 5 && line.doctor_id !== null ? [{ doctorId: line.doctor_id, ...toRow(line) }] : [],
    ),
    byUrgency: lines.flatMap((line) =>
      line.level === 6 ? [{ urgency: line.urgency as Urgency, ...toRow(line) }] : [],
    ),
  }
}

/** Messages that were caused in [start, end), by kind and channel. SENT counts those that were delivered, too. */
export const loadMessageRows = (db: Db, clinicId: string, start: Date, end: Date): Promise<MessageRow[]> =>
  db.$queryRaw<MessageRow[]>`
    SELECT kind::text, channel::text,
      (count(*) FILTER (WHERE status = 'QUEUED'))::int AS queued,
      (count(*) FILTER (WHERE status IN ('SENT', 'DELIVERED')))::int AS sent,
      (count(*) FILTER (WHERE status = 'DELIVERED'))::int AS delivered,
      (count(*) FILTER (WHERE status = 'FAILED'))::int AS failed,
      (count(*) FILTER (WHERE status = 'SUPPRESSED'))::int AS suppressed
    FROM notifications
    WHERE clinic_id = ${clinicId}::uuid AND created_at >= ${start} AND created_at < ${end}
    GROUP BY kind, channel ORDER BY kind, channel`
