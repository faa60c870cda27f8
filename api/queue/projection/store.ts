import type { Db } from '../../database/client.ts'
import { toEntryRow } from '../store.ts'
import type { QueueChange } from './apply.ts'

type ChangeLine = {
  version: number
  as_of: Date
  duty: string[]
  recent: number[]
  events: number
  entries: string
}

/**
 * What happened to a queue since a version, by one statement. Null where its events do not tell it all: a version was made without
 * one, as when the pace, the service or a patient's record changed; then the queue is read whole.
 */
export const loadChange = async (db: Db, serviceId: string, since: number): Promise<QueueChange | null> => {
  const [line] = await db.$queryRaw<ChangeLine[]>`
    WITH events AS MATERIALIZED (
      SELECT version, entry_id FROM queue_events WHERE service_id = ${serviceId}::uuid AND version > ${since}::int
      UNION
      SELECT from_version, entry_id FROM queue_events
      WHERE from_service_id = ${serviceId}::uuid AND from_version > ${since}::int
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
      (SELECT coalesce(json_agg(e), '[]')::text FROM queue e WHERE e.id IN (SELECT entry_id FROM events)) AS entries
    FROM queue_state q WHERE q.service_id = ${serviceId}::uuid`
  if (!line || line.events !== line.version - since) return null
  return {
    version: line.version,
    asOf: line.as_of,
    duty: line.duty,
    recentMinutes: line.recent,
    entries: (JSON.parse(line.entries) as Record<string, unknown>[]).map(toEntryRow),
  }
}
