import { databaseNow } from '../api/access/clock.ts'
import { issueAccessToken } from '../api/access/tokens.ts'
import { clinicDay } from '../api/clinic/day.ts'
import { connect } from '../api/database/client.ts'
import { uuidv7 } from '../api/database/uuid.ts'
import { createServer } from '../api/server.ts'
import { createTestClinic } from '../api/test/clinic.ts'
import { createTestDeps } from '../api/test/context.ts'

/** The product itself with several queues of many patients, as many who will come, and a desk that is logged in. */
const [waiting, queues, coming, calls] = ['WAITING', 'QUEUES', 'COMING', 'CALLS'].map((name) =>
  Number(process.env[name]),
) as [number, number, number, number]
const url = process.env.DATABASE_URL ?? ''
const db = connect(url, { queryMs: 60_000, connectMs: 60_000 })
const deps = createTestDeps({ db, url })
deps.config.port = 0
deps.config.host = '127.0.0.1'
const clinic = await createTestClinic(deps, { services: queues })
await deps.jobs.ready()

for (const serviceId of clinic.serviceIds)
  for (let from = 1; from <= waiting; from += 100)
    await db.$executeRaw`
      WITH people AS (
        SELECT uuidv7() AS id, uuidv7() AS entry_id, i, date_trunc('milliseconds', now() - interval '1 hour') + i * interval '1 ms' AS at
        FROM generate_series(${from}::int, ${Math.min(from + 99, waiting)}::int) i
      ), patients AS (INSERT INTO patients (id, name, code) SELECT id, 'A patient', id::text FROM people)
      INSERT INTO queue (id, clinic_id, service_id, patient_id, ticket_service_id, ticket_day, ticket_number, ticket, rank,
        due_at, own_due_at, sub_rank, arrived_at)
      SELECT entry_id, ${clinic.clinicId}::uuid, ${serviceId}::uuid, id, ${serviceId}::uuid, current_date, i, 'A-' || i, 2, at, at,
        lpad(i::text, 11, '0'), at FROM people`

/** As bench/write.ts numbers them: those of one group walk in, or have bookings of one service, or of all in turn. */
const expect = async (group: number, doctorId: string | null, services: readonly string[]): Promise<void> => {
  const slot = (11 * 3_600_000) / coming
  for (let from = 0; from < coming; from += 100)
    await db.$executeRaw`
      WITH people AS (
        SELECT ('00000000-0000-7' || ${group}::text || '00-8000-' || lpad(to_hex(act), 12, '0'))::uuid AS id, act,
          now() + act * ${slot}::float8 * interval '1 ms' AS at
        FROM generate_series(${from}::int, ${Math.min(from + 99, coming - 1)}::int) act
      ), patients AS (INSERT INTO patients (id, name, code) SELECT id, 'A patient', id::text FROM people
      ), links AS (INSERT INTO clinic_patients (clinic_id, patient_id) SELECT ${clinic.clinicId}::uuid, id FROM people)
      INSERT INTO appointments (id, clinic_id, service_id, doctor_id, patient_id, starts_at, ends_at)
      SELECT id, ${clinic.clinicId}::uuid, (${services as string[]}::uuid[])[(act / ${calls}::int + act) % ${services.length}::int + 1],
        ${doctorId}::uuid, id, at, at + ${slot / 2}::float8 * interval '1 ms'
      FROM people WHERE ${doctorId}::uuid IS NOT NULL`
}
const [one, several] = [clinic.serviceIds.slice(0, 1), clinic.serviceIds]
await expect(2, null, one)
await expect(3, null, several)
await expect(4, clinic.doctors[0]?.id ?? null, one)
await expect(5, clinic.doctors[1]?.id ?? null, several)
await db.$executeRaw`ANALYZE`

const sessionId = uuidv7()
const { viewer } = clinic.desk
const userId = viewer?.kind === 'user' ? viewer.userId : ''
await db.$executeRaw`
  INSERT INTO sessions (id, user_id, expires_at) VALUES (${sessionId}::uuid, ${userId}::uuid, now() + interval '1 day')`
const { token } = issueAccessToken({ sessionId, subject: userId }, deps.config, databaseNow())
const server = await createServer(deps)

process.on('disconnect', () => process.exit(0))
const place = await db.clinic.findUniqueOrThrow({ where: { id: clinic.clinicId } })
const services = await db.service.findMany({ where: { clinicId: clinic.clinicId }, orderBy: { createdAt: 'asc' } })
process.send?.({
  port: server.port,
  token,
  userId,
  clinicId: clinic.clinicId,
  serviceIds: clinic.serviceIds,
  letters: services.map(({ ticketLetter }) => ticketLetter),
  ticketDay: clinicDay(databaseNow(), place),
})
