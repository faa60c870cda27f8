import type { Db } from '../../database/client.ts'
import { Prisma } from '../../database/generated/client.ts'
import { changeNumber, type EntryColumns, type Snapshot, toEntryRow } from '../store.ts'
import type { QueueChange } from './apply.ts'

type ChangeLine = {
  version: number
  as_of: Date
  duty: string[]
  recent: number[]
  events: number
  entries: string
  change_number: number
  changes: number
  renewed: string[]
}

/** A clinic's records that changed since are told up to so many. */
const MOST_CHANGES = 2_000

/**
 * What happened to a queue since a snapshot, by one statement. Null where its events do not tell it all: a version was made without
 * one, as when the pace or the service changed or patients were merged; then the queue is read whole.
 */
export const loadChange = async (
  db: Db,
  {
    serviceId,
    clinicId,
    version: since,
    changeNumber: told,
  }: Pick<Snapshot, 'serviceId' | 'clinicId' | 'version' | 'changeNumber'>,
): Promise<QueueChange | null> => {
  const [line] = await db.$queryRaw<ChangeLine[]>`
    WITH events AS MATERIALIZED (
      SELECT version, entry_id FROM queue_events WHERE service_id = ${serviceId}::uuid AND version > ${since}::int
      UNION
      SELECT from_version, entry_id FROM queue_events
      WHERE from_service_id = ${serviceId}::uuid AND from_version > ${since}::int
    ), changed AS MATERIALIZED (
      SELECT entity, record_id FROM changes WHERE stream_id = ${clinicId}::uuid AND number > ${told}::bigint
      LIMIT ${MOST_CHANGES}
    ), concerned AS (
      SELECT e.id FROM changed c JOIN queue e ON e.patient_id = c.record_id WHERE c.entity = 'P'
        AND e.service_id = ${serviceId}::uuid AND (e.finished_at IS NULL OR e.finished_at > now() - interval '1 day')
      UNION
      SELECT e.id FROM changed c JOIN queue e ON e.appointment_id = c.record_id WHERE c.entity = 'A'
        AND e.service_id = ${serviceId}::uuid AND (e.finished_at IS NULL OR e.finished_at > now() - interval '1 day')
    )
    SELECT q.version, clock_timestamp() AS as_of,
      (SELECT coalesce(array_agg(d.id::text), '{}') FROM doctor_services ds JOIN doctors d ON d.id = ds.doctor_id
        WHERE ds.service_id = q.service_id AND d.on_duty AND d.active) AS duty,
      (SELECT coalesce(array_agg(r.minutes), '{}') FROM (
        SELECT extract(epoch FROM r.finished_at - r.called_at)::float8 / 60 AS minutes FROM queue r
        WHERE r.service_id = q.service_id AND r.status = 'SERVED' AND r.finished_at > now() - interval '6 hours'
          AND r.end_reason IS NULL
        ORDER BY r.finished_at DESC LIMIT 20) r) AS recent,
      (SELECT count(DISTINCT version)::int FROM events) AS events,
      (SELECT coalesce(json_agg(e), '[]')::text FROM queue e
        WHERE e.id IN (SELECT entry_id FROM events UNION SELECT id FROM concerned)) AS entries,
      ${changeNumber(Prisma.sql`${clinicId}::uuid`)} AS change_number,
      (SELECT count(*)::int FROM changed) AS changes,
      (SELECT coalesce(array_agg(DISTINCT record_id::text), '{}') FROM changed WHERE entity IN ('A', 'P')) AS renewed
    FROM queue_state q
    WHERE q.service_id = ${serviceId}::uuid`
  if (!line || line.events !== line.version - since || line.changes !== line.change_number - told) return null
  return {
    version: line.version,
    asOf: line.as_of,
    duty: line.duty,
    recentMinutes: line.recent,
    changeNumber: line.change_number,
    renewed: line.renewed,
    entries: (JSON.parse(line.entries) as EntryColumns[]).map(toEntryRow),
  }
}
