import type { Db } from '../database/client.ts'

type Year = {
  clinicId: string
  serviceIds: readonly string[]
  doctorIds: readonly string[]
  /** The first day, as YYYY-MM-DD. */
  from: string
  days: number
  visitsADay: number
}

const PATIENTS = 1_000

/**
 * Days of finished visits, made within the database: busy in the morning, long waits at noon, one in twelve a no-show and one in
 * fifteen gone unseen, and a message for each visit. The same arguments make the same visits, besides their ids.
 */
export const fillVisits = async (
  db: Db,
  { clinicId, serviceIds, doctorIds, from, days, visitsADay }: Year,
): Promise<void> => {
  await db.$transaction(
    async (tx) => {
      // What is told to desks of a year at once would take longer than the year's rows.
      await tx.$executeRaw`ALTER TABLE queue DISABLE TRIGGER USER`
      await tx.$executeRaw`ALTER TABLE patients DISABLE TRIGGER USER`
      await tx.$executeRaw`
        INSERT INTO patients (id, name, code) SELECT id, 'A patient', id::text FROM (
          SELECT uuidv7() AS id FROM generate_series(1, ${PATIENTS}::int)) made`
      await tx.$executeRaw`
        WITH people AS MATERIALIZED (
          SELECT array_agg(id) AS ids FROM (SELECT id FROM patients ORDER BY id DESC LIMIT ${PATIENTS}::int) made
        ), visit AS (
          SELECT d, i, (d * ${visitsADay}::int + i) AS n, (${from}::date + d) AS day,
            (${from}::date + d)::timestamptz + interval '13 hours'
              + ((i * 7919) % 36000) * interval '1 second' * (0.4 + 0.6 * ((i % 10) / 9.0)) AS at,
            30 + ((i::bigint * 104729 + d * 1301) % 5400) AS wait, 120 + ((i::bigint * 7507 + d * 31) % 1800) AS service
          FROM generate_series(0, ${days - 1}::int) d, generate_series(1, ${visitsADay}::int) i
        ), told AS (
          SELECT *, CASE WHEN n % 15 = 0 THEN 'LEFT' WHEN n % 12 = 0 THEN 'NO_SHOW' ELSE 'SERVED' END AS status FROM visit
        )
        INSERT INTO queue (id, clinic_id, service_id, patient_id, ticket_service_id, ticket_day, ticket_number, ticket, status, urgency,
          rank, due_at, own_due_at, sub_rank, doctor_id, arrived_at, called_at, started_at, finished_at)
        SELECT uuidv7(), ${clinicId}::uuid, (${serviceIds}::uuid[])[1 + n % ${serviceIds.length}::int], ids[1 + n % ${PATIENTS}::int],
          (${serviceIds}::uuid[])[1 + n % ${serviceIds.length}::int], day, i, 'A-' || lpad(i::text, 3, '0'), status::"QueueStatus",
          (CASE WHEN n % 97 = 0 THEN 'EMERGENCY' WHEN n % 11 = 0 THEN 'URGENT' ELSE 'ROUTINE' END)::"Urgency", 2, at, at, 'a',
          CASE WHEN status <> 'LEFT' THEN (${doctorIds}::uuid[])[1 + n % ${doctorIds.length}::int] END,
          at, CASE WHEN status <> 'LEFT' THEN at + wait * interval '1 second' END,
          CASE WHEN status = 'SERVED' THEN at + (wait + 20) * interval '1 second' END,
          at + (wait + CASE WHEN status = 'SERVED' THEN 20 + service ELSE 60 END) * interval '1 second'
        FROM told, people ORDER BY at`
      await tx.$executeRaw`
        INSERT INTO notifications (id, clinic_id, entry_id, kind, channel, status, key, created_at)
        SELECT uuidv7(), clinic_id, id, 'YOUR_TURN', 'SMS',
          (CASE WHEN ticket_number % 20 = 0 THEN 'FAILED' WHEN ticket_number % 7 = 0 THEN 'SENT' ELSE 'DELIVERED' END)::"NotificationStatus",
          'visit ' || id, called_at
        FROM queue WHERE clinic_id = ${clinicId}::uuid AND called_at IS NOT NULL
        ON CONFLICT (key) DO NOTHING`
      await tx.$executeRaw`ALTER TABLE queue ENABLE TRIGGER USER`
      await tx.$executeRaw`ALTER TABLE patients ENABLE TRIGGER USER`
    },
    { maxWait: 10_000, timeout: 600_000 },
  )
  // What a clinic's database does by itself in the night.
  await db.$executeRawUnsafe('VACUUM (ANALYZE) queue')
  await db.$executeRawUnsafe('VACUUM (ANALYZE) notifications')
}
