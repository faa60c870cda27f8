import { databaseNow } from '../api/access/clock.ts'
import { issueAccessToken } from '../api/access/tokens.ts'
import { connect } from '../api/database/client.ts'
import { callEntry, returnToQueue } from '../api/queue/commands.ts'
import { createServer } from '../api/server.ts'
import { contextOf, createTestClinic } from '../api/test/clinic.ts'
import { createTestDeps } from '../api/test/context.ts'

/** The product itself, with one queue of so many patients, each with a session of their own. Told what to do as the peers are. */
const count = Number(process.env.WATCHERS)
const url = process.env.DATABASE_URL ?? ''
const db = connect(url, { queryMs: 60_000, connectMs: 60_000 })
const deps = createTestDeps({ db, url })
deps.config.port = 0
deps.config.host = '127.0.0.1'
const clinic = await createTestClinic(deps, { services: 1, doctors: 2 })
const serviceId = clinic.serviceIds[0] as string
await db.doctor.updateMany({ where: { clinicId: clinic.clinicId }, data: { onDuty: true } })

type Person = { patientId: string; sessionId: string; entryId: string }
const people: Person[] = []
// As if so many had walked in, one after the other, and twenty had been served before.
for (let from = 1; from <= count + 20; from += 100)
  people.push(
    ...(await db.$queryRaw<Person[]>`
  WITH people AS (
    SELECT uuidv7() AS patient_id, uuidv7() AS session_id, uuidv7() AS entry_id, i
    FROM generate_series(${from}::int, ${Math.min(from + 99, count + 20)}::int) i ORDER BY i
  ), patients AS (
    INSERT INTO patients (id, name, code) SELECT patient_id, 'A patient', patient_id::text FROM people RETURNING id
  ), linked AS (
    INSERT INTO clinic_patients (clinic_id, patient_id) SELECT ${clinic.clinicId}::uuid, patient_id FROM people
  ), sessions AS (
    INSERT INTO sessions (id, patient_id, expires_at)
    SELECT session_id, patient_id, now() + interval '1 day' FROM people RETURNING id
  ), entries AS (
    INSERT INTO queue (id, clinic_id, service_id, patient_id, ticket_service_id, ticket_day, ticket_number, ticket, rank,
      due_at, own_due_at, sub_rank, arrival_seq, arrived_at, status, called_at, started_at, finished_at)
    SELECT entry_id, ${clinic.clinicId}::uuid, ${serviceId}::uuid, patient_id, ${serviceId}::uuid, current_date, i,
      'A-' || lpad(i::text, 3, '0'), 2, at, at, lpad(i::text, 11, '0'), i, at,
      (CASE WHEN i <= 20 THEN 'SERVED' ELSE 'WAITING' END)::"QueueStatus",
      CASE WHEN i <= 20 THEN at + interval '10 minutes' END, CASE WHEN i <= 20 THEN at + interval '11 minutes' END,
      CASE WHEN i <= 20 THEN at + interval '15 minutes' + i * interval '20 seconds' END
    FROM (SELECT *, date_trunc('milliseconds', now() - interval '1 hour') + i * interval '1 millisecond' AS at FROM people) p
  )
  SELECT patient_id::text AS "patientId", session_id::text AS "sessionId", entry_id::text AS "entryId"
  FROM people WHERE i > 20 ORDER BY i`),
  )
const subscribers = people.map(({ patientId, sessionId, entryId }) => ({
  entryId,
  token: issueAccessToken({ sessionId, subject: patientId }, deps.config, databaseNow()).token,
}))
await db.$executeRaw`ANALYZE`
const server = await createServer(deps)
const first = subscribers[0]?.entryId as string

let before = process.cpuUsage()
let at = 0n
// Its own instance is told of a change right after its commit.
deps.bus.subscribe((message) => {
  if (message.kind !== 'queue') return
  at = process.hrtime.bigint()
  before = process.cpuUsage()
})

/** The first patient is called, or comes back into the queue: the place of everybody changes. */
const tick = async (version: number): Promise<void> => {
  const desk = contextOf(deps, clinic.desk.viewer)
  if (version % 2 === 1) await callEntry(desk, first, { doctorId: null, room: null })
  else await returnToQueue(desk, first)
}

process.on('disconnect', () => process.exit(0))
process.on('message', ({ kind, version }: { kind: string; version: number }) => {
  if (kind === 'begin') before = process.cpuUsage()
  if (kind === 'tick') void tick(version)
  if (kind === 'measure') {
    const { user, system } = process.cpuUsage(before)
    process.send?.({ cpu: user + system, at: String(at) })
  }
  if (kind === 'weigh') {
    globalThis.gc?.()
    process.send?.({ bytes: process.memoryUsage().rss })
  }
})
process.send?.({ port: server.port, subscribers })
// Who they are is the phones' business; the server's memory is weighed without it.
subscribers.length = 0
people.length = 0
