import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestClinic, type TestClinic } from './test/clinic.ts'
import { createTestDeps, type TestDeps } from './test/context.ts'
import { createTestDatabase, type TestDatabase } from './test/database.ts'
import { ask, dayIn } from './test/scene.ts'
import { fillVisits } from './test/visits.ts'

/** Rows of each table that grows with the years; enough for an index to be the cheaper way. */
const MANY = 20_000
/** After five uses a connection may keep one plan for all values. */
const TIMES = 7

let database: TestDatabase
let deps: TestDeps
let clinic: TestClinic
let serviceId: string

beforeAll(async () => {
  // One connection, whose scans are counted when it is told to.
  database = await createTestDatabase({ max: 1, queryMs: 60_000 })
  deps = createTestDeps(database)
  clinic = await createTestClinic(deps, { services: 1, doctors: 4 })
  serviceId = clinic.serviceIds[0] as string
  const { db } = database
  const { clinicId, serviceIds } = clinic
  const doctorIds = clinic.doctors.map(({ id }) => id)
  await db.doctorHours.updateMany({ data: { fromMinute: 480, toMinute: 720 } })
  await fillVisits(db, { clinicId, serviceIds, doctorIds, from: '2025-01-01', days: 200, visitsADay: MANY / 200 })
  // What is told to desks of each row at once would take longer than the rows.
  for (const table of ['patients', 'clinic_patients', 'appointments', 'queue'])
    await db.$executeRawUnsafe(`ALTER TABLE ${table} DISABLE TRIGGER USER`)
  await db.$executeRaw`
    WITH people AS (
      INSERT INTO patients (id, name, code, phone_number)
      SELECT uuidv7(), initcap(translate(md5(i::text), '0123456789', 'ghijklmnop')), 'many-' || i, '+1202' || lpad(i::text, 7, '0')
      FROM generate_series(1, ${MANY}::int) i RETURNING id
    )
    INSERT INTO clinic_patients (clinic_id, patient_id) SELECT ${clinicId}::uuid, id FROM people`
  await db.$executeRaw`
    INSERT INTO appointments (id, clinic_id, service_id, doctor_id, patient_id, starts_at, ends_at)
    SELECT uuidv7(), ${clinicId}::uuid, ${serviceId}::uuid, (${doctorIds}::uuid[])[1 + i % 4], p.id, at, at + interval '15 minutes'
    FROM (SELECT id, row_number() OVER (ORDER BY id)::int AS i FROM patients WHERE phone_number IS NOT NULL) p,
      LATERAL (SELECT date_trunc('day', now()) + (i / 4 - ${MANY / 8}::int) * interval '12 hours' AS at) t`
  await db.$executeRaw`
    UPDATE queue SET status = 'WAITING', called_at = NULL, started_at = NULL, finished_at = NULL, doctor_id = NULL
    WHERE id IN (SELECT DISTINCT ON (patient_id) id FROM queue ORDER BY patient_id LIMIT 50)`
  await db.$executeRawUnsafe('VACUUM (ANALYZE)')
}, 60_000)
afterAll(async () => {
  await deps.close()
  await database.drop()
})

type Scans = Map<string, number>

/** How often each large table was read whole, and each of its indexes was walked. */
const scans = async (): Promise<{ whole: Scans; byIndex: Scans }> => {
  const { db } = database
  await db.$queryRaw`SELECT pg_stat_force_next_flush()::text`
  const whole = await db.$queryRaw<{ name: string; count: number }[]>`
    SELECT relname AS name, seq_scan::int AS count FROM pg_stat_user_tables
    WHERE schemaname = 'public' AND n_live_tup >= ${MANY / 2}`
  const byIndex = await db.$queryRaw<{ name: string; count: number }[]>`
    SELECT indexrelname AS name, idx_scan::int AS count FROM pg_stat_user_indexes WHERE schemaname = 'public'`
  const asMap = (rows: { name: string; count: number }[]) => new Map(rows.map(({ name, count }) => [name, count]))
  return { whole: asMap(whole), byIndex: asMap(byIndex) }
}

const grown = (before: Scans, after: Scans): string[] =>
  [...after].filter(([name, count]) => count > (before.get(name) ?? 0)).map(([name]) => name)

const ROW = 'id position estimate { likelyMinutes } patient { id name } doctor { id } appointment { id startsAt }'

it.each([
  [
    'a board',
    `query($s: ID!) { queue(serviceId: $s) { waiting { ${ROW} } serving { ${ROW} } onHold { ${ROW} } ended { ${ROW} } } }`,
    () => ({ s: serviceId }),
    /^queue_unfinished$/,
  ],
  [
    'free slots of a month',
    `query($s: ID!, $from: Date!, $to: Date!) { availableSlots(serviceId: $s, from: $from, to: $to) { startsAt doctor { id } } }`,
    () => ({ s: serviceId, from: dayIn(1), to: dayIn(30) }),
    /^appointments_(doctor|service)_id_starts_at/,
  ],
  [
    'patients by a part of a name',
    'query($t: String!) { patients(search: $t) { edges { node { id name } } } }',
    () => ({ t: 'mnoj' }),
    /^patients_name_search$/,
  ],
  [
    'patients by digits of a number',
    'query($t: String!) { patients(search: $t) { edges { node { id name } } } }',
    () => ({ t: '0012345' }),
    /^patients_phone_number_search$/,
  ],
  ['all patients by name', '{ patients { edges { node { id name } } } }', () => ({}), /^patients_by_name$/],
] as const)('%s is read by an index among many', async (_what, query, variables, index) => {
  const before = await scans()
  for (let time = 0; time < TIMES; time++)
    expect((await ask(deps, clinic.desk.viewer, query, variables())).errors).toEqual([])
  const after = await scans()
  expect([...after.whole.keys()]).toEqual(
    expect.arrayContaining(['appointments', 'clinic_patients', 'patients', 'queue']),
  )
  expect(grown(before.whole, after.whole)).toEqual([])
  expect(grown(before.byIndex, after.byIndex)).toContainEqual(expect.stringMatching(index))
})
