import { databaseNow } from '../api/access/clock.ts'
import { issueAccessToken } from '../api/access/tokens.ts'
import { connect } from '../api/database/client.ts'
import { uuidv7 } from '../api/database/uuid.ts'
import { createServer } from '../api/server.ts'
import { createTestClinic } from '../api/test/clinic.ts'
import { createTestDeps } from '../api/test/context.ts'

/** The product itself with a clinic of many patients, some of whom wait in one queue, and a desk that is logged in. */
const waiting = Number(process.env.WAITING)
const patients = Number(process.env.PATIENTS)
const url = process.env.DATABASE_URL ?? ''
const db = connect(url, { queryMs: 600_000, connectMs: 60_000 })
const deps = createTestDeps({ db, url })
deps.config.port = 0
deps.config.host = '127.0.0.1'
const clinic = await createTestClinic(deps, { services: 1, doctors: 8 })
const { clinicId } = clinic
const [serviceId = ''] = clinic.serviceIds
const doctorIds = clinic.doctors.map(({ id }) => id)
await db.doctorHours.updateMany({ data: { fromMinute: 480, toMinute: 960 } })
const STEP = 50_000
for (let from = 1; from <= patients; from += STEP)
  await db.$executeRaw`
    WITH people AS (
      INSERT INTO patients (id, name, code)
      SELECT uuidv7(), (ARRAY['Ana','Bruno','Carla','Dario','Elif','Farid','Greta','Hugo','Ines','Jonas'])[1 + i % 10] || ' ' ||
        initcap(translate(to_hex(i::bigint * 2654435761 % 4294967296), '0123456789', 'aeiounrstl')), 'bench-' || i
      FROM generate_series(${from}::int, ${Math.min(from + STEP - 1, patients)}::int) i RETURNING id
    )
    INSERT INTO clinic_patients (clinic_id, patient_id) SELECT ${clinicId}::uuid, id FROM people`
await db.$executeRaw`
  INSERT INTO queue (id, clinic_id, service_id, patient_id, ticket_service_id, ticket_day, ticket_number, ticket, rank, due_at,
    own_due_at, sub_rank, arrived_at, bound_doctor_id)
  SELECT uuidv7(), ${clinicId}::uuid, ${serviceId}::uuid, p.id, ${serviceId}::uuid, current_date, p.i, 'A-' || p.i, 2, p.at, p.at,
    lpad(p.i::text, 11, '0'), p.at, (${doctorIds}::uuid[])[1 + p.i % 8]
  FROM (SELECT id, i::int, date_trunc('milliseconds', now() - interval '2 hours') + i * interval '1 s' AS at
    FROM (SELECT id, row_number() OVER () AS i FROM patients LIMIT ${waiting}::int) few) p`
await db.$executeRaw`VACUUM ANALYZE`

const sessionId = uuidv7()
const { viewer } = clinic.desk
const userId = viewer?.kind === 'user' ? viewer.userId : ''
await db.$executeRaw`
  INSERT INTO sessions (id, user_id, expires_at) VALUES (${sessionId}::uuid, ${userId}::uuid, now() + interval '1 day')`
const { token } = issueAccessToken({ sessionId, subject: userId }, deps.config, databaseNow())
const server = await createServer(deps)

process.on('disconnect', () => process.exit(0))
process.send?.({ port: server.port, token, userId, clinicId, serviceId })
