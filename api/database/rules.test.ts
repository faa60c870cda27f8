import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../test/database.ts'
import { uuidv7 } from './uuid.ts'

let test: TestDatabase
const [clinic, service, other, user, doctor, patient, second] = Array.from({ length: 7 }, uuidv7)

const run = (sql: string) => test.db.$executeRawUnsafe(sql)

beforeAll(async () => {
  test = await createTestDatabase()
  for (const sql of [
    `INSERT INTO clinics (id, name, time_zone) VALUES ('${clinic}', 'Clinic', 'Europe/Berlin')`,
    `INSERT INTO services (id, clinic_id, name, ticket_letter, slot_minutes)
     VALUES ('${service}', '${clinic}', 'General', 'G', 15), ('${other}', '${clinic}', 'Vaccination', 'V', 10)`,
    `INSERT INTO users (id, clinic_id, username, name, role, password_hash)
     VALUES ('${user}', '${clinic}', 'doctor', 'Doctor', 'DOCTOR', '-')`,
    `INSERT INTO doctors (id, user_id, clinic_id, name) VALUES ('${doctor}', '${user}', '${clinic}', 'Doctor')`,
    `INSERT INTO patients (id, name, phone_number, code)
     VALUES ('${patient}', 'Ada', '+12025550100', 'a'), ('${second}', 'Ben', '+12025550101', 'b')`,
  ])
    await run(sql)
})
afterAll(() => test.drop())

/** Runs statements in one transaction that is taken back, so that each test begins alike. */
const attempt = async (...statements: string[]): Promise<void> => {
  const done = new Error('done')
  await test.db
    .$transaction(async (tx) => {
      for (const sql of statements) await tx.$executeRawUnsafe(sql)
      throw done
    })
    .catch((error: unknown) => {
      if (error !== done) throw error
    })
}

/** What an error of Prisma says, with PostgreSQL's own words. */
const refusal = (...statements: string[]): Promise<string> =>
  attempt(...statements).then(
    () => 'nothing was refused',
    (error: unknown) => `${error} ${JSON.stringify(error)}`,
  )

const appointment = (start: string, end: string, by = patient, status = 'BOOKED') =>
  `INSERT INTO appointments (id, clinic_id, service_id, doctor_id, patient_id, starts_at, ends_at, status)
   VALUES ('${uuidv7()}', '${clinic}', '${service}', '${doctor}', '${by}', '2026-11-23 ${start}Z', '2026-11-23 ${end}Z', '${status}')`

let tickets = 0
type Entry = Partial<Record<'called' | 'started' | 'finished' | 'doctor' | 'appointment', string>> & {
  of?: string
  at?: string
  rank?: number
}
const entry = (status: string, { of = patient, at = service, rank = 2, ...set }: Entry = {}) => {
  const time = (clock: string | undefined) => (clock ? `'2026-11-23 ${clock}Z'` : 'NULL')
  const id = (value: string | undefined) => (value ? `'${value}'` : 'NULL')
  return `INSERT INTO queue (id, clinic_id, service_id, ticket_service_id, ticket_day, ticket_number, ticket, patient_id, status, rank,
      due_at, own_due_at, sub_rank, arrived_at, called_at, started_at, finished_at, doctor_id, appointment_id)
    VALUES ('${uuidv7()}', '${clinic}', '${at}', '${service}', '2026-11-23', ${++tickets}, 'G', '${of}', '${status}', ${rank},
      now(), now(), '', '2026-11-23 08:00Z', ${time(set.called)}, ${time(set.started)}, ${time(set.finished)},
      ${id(set.doctor)}, ${id(set.appointment)})`
}
const patientRow = (columns: string, values: string) =>
  `INSERT INTO patients (id, name, code, ${columns}) VALUES ('${uuidv7()}', 'New', 'new', ${values})`

describe('the database itself refuses', () => {
  const hours = (weekday: number, from: number, to: number) =>
    `INSERT INTO doctor_hours (id, doctor_id, weekday, from_minute, to_minute) VALUES ('${uuidv7()}', '${doctor}', ${weekday}, ${from}, ${to})`
  const exception = (from: number, to: number) =>
    `INSERT INTO hours_exceptions (id, doctor_id, day, kind, from_minute, to_minute)
     VALUES ('${uuidv7()}', '${doctor}', '2026-11-23', 'EXTRA', ${from}, ${to})`
  const newService = (letter: string, minutes: number) =>
    `INSERT INTO services (id, clinic_id, name, ticket_letter, slot_minutes) VALUES ('${uuidv7()}', '${clinic}', 'New', '${letter}', ${minutes})`

  it.each<[what: string, constraint: string, ...statements: string[]]>([
    [
      'overlapping appointments of a doctor',
      'appointments_doctor_overlap',
      appointment('09:00', '09:15'),
      appointment('09:14', '09:30', second),
    ],
    [
      'a new appointment over one that was missed',
      'appointments_doctor_overlap',
      appointment('09:00', '09:15', patient, 'NO_SHOW'),
      appointment('09:00', '09:15', second),
    ],
    [
      'an appointment that ends before it starts',
      'appointments_ends_after_start',
      appointment('09:15', '09:00', patient, 'CANCELLED'),
    ],
    ['an appointment without length', 'appointments_ends_after_start', appointment('09:00', '09:00')],
    [
      'two open patients of one doctor',
      'queue_one_open_patient_per_doctor',
      entry('CALLED', { called: '08:10', doctor }),
      entry('IN_SERVICE', { of: second, called: '08:10', started: '08:11', doctor }),
    ],
    ['a patient twice in one queue', 'queue_one_active_per_patient_and_service', entry('WAITING'), entry('ON_HOLD')],
    [
      'a ticket given twice',
      'queue_ticket_service_id_ticket_day_ticket_number_key',
      entry('WAITING'),
      entry('WAITING', { of: second }).replace(`${tickets}, 'G'`, `${tickets - 1}, 'G'`),
    ],
    ['a waiting entry that was called', 'queue_state_agrees_with_times', entry('WAITING', { called: '08:10' })],
    ['a waiting entry with a caller', 'queue_state_agrees_with_times', entry('WAITING', { doctor })],
    ['an entry on hold that ended', 'queue_state_agrees_with_times', entry('ON_HOLD', { finished: '08:10' })],
    ['a called entry without its time', 'queue_state_agrees_with_times', entry('CALLED')],
    [
      'a called entry that started',
      'queue_state_agrees_with_times',
      entry('CALLED', { called: '08:10', started: '08:11' }),
    ],
    ['a service that never started', 'queue_state_agrees_with_times', entry('IN_SERVICE', { called: '08:10' })],
    ['a service nobody was called to', 'queue_state_agrees_with_times', entry('IN_SERVICE', { started: '08:10' })],
    ['a served entry without end', 'queue_state_agrees_with_times', entry('SERVED', { called: '08:10' })],
    ['a no-show that was never called', 'queue_state_agrees_with_times', entry('NO_SHOW', { finished: '08:10' })],
    [
      'a no-show that started',
      'queue_state_agrees_with_times',
      entry('NO_SHOW', { called: '08:10', started: '08:11', finished: '08:12' }),
    ],
    ['a patient who left at no time', 'queue_state_agrees_with_times', entry('LEFT')],
    ['a call before the arrival', 'queue_state_agrees_with_times', entry('CALLED', { called: '07:59' })],
    [
      'a start before the call',
      'queue_state_agrees_with_times',
      entry('IN_SERVICE', { called: '08:10', started: '08:09' }),
    ],
    [
      'an end before the start',
      'queue_state_agrees_with_times',
      entry('SERVED', { called: '08:10', started: '08:12', finished: '08:11' }),
    ],
    ['a rank that order.ts does not know', 'queue_rank', entry('WAITING', { rank: 3 })],
    ['a time zone that PostgreSQL does not know', 'not recognized', `UPDATE clinics SET time_zone = 'Europe/Nowhere'`],
    [
      'a day that starts on another day',
      'clinics_day_starts_within_the_day',
      'UPDATE clinics SET day_starts_at = 1440',
    ],
    ['a no-show before the call', 'clinics_times_not_negative', 'UPDATE clinics SET no_show_minutes = 0'],
    ['a ticket letter in small', 'services_ticket_letter', newService('g', 15)],
    ['slots of a minute', 'services_slot_minutes', newService('N', 1)],
    ['overlapping hours', 'doctor_hours_overlap', hours(1, 480, 720), hours(1, 719, 800)],
    ['hours on an eighth weekday', 'doctor_hours_weekday', hours(8, 480, 720)],
    ['hours past midnight', 'doctor_hours_minutes', hours(1, 1380, 1441)],
    ['hours that end first', 'doctor_hours_minutes', hours(1, 720, 480)],
    ['an exception without length', 'hours_exceptions_minutes', exception(480, 480)],
    ['a phone number that is not E.164', 'patients_phone_number_e164', patientRow('phone_number', `'0202 5550100'`)],
    ['a phone number twice', 'patients_phone_number_key', patientRow('phone_number', `'+12025550100'`)],
    [
      'a patient who is their own guardian',
      'patients_not_own_guardian',
      `UPDATE patients SET guardian_id = id WHERE id = '${patient}'`,
    ],
    [
      'a session of nobody',
      'sessions_of_user_or_patient',
      `INSERT INTO sessions (id, expires_at) VALUES ('${uuidv7()}', now())`,
    ],
    [
      'a session of two',
      'sessions_of_user_or_patient',
      `INSERT INTO sessions (id, user_id, patient_id, expires_at) VALUES ('${uuidv7()}', '${user}', '${patient}', now())`,
    ],
  ])('%s', async (_what, constraint, ...statements) => {
    expect(await refusal(...statements)).toContain(constraint)
  })

  it.each(['UPDATE audit_log SET detail = null', 'DELETE FROM audit_log', 'TRUNCATE audit_log'])(
    'a change to what the audit log holds: %s',
    async (change) => {
      const row = `INSERT INTO audit_log (id, action, entity) VALUES ('${uuidv7()}', 'test', 'test')`
      expect(await refusal(row, change)).toContain('audit_log is append-only')
    },
  )

  it.each(['UPDATE queue_events SET reason = null', 'DELETE FROM queue_events', 'TRUNCATE queue_events'])(
    'a change to what happened: %s',
    async (change) => {
      const add = entry('WAITING')
      const row = `INSERT INTO queue_events (id, service_id, version, entry_id, entry_version, at, kind, to_status)
        SELECT '${uuidv7()}', service_id, 1, id, 1, now(), 'ADD', 'WAITING' FROM queue`
      expect(await refusal(add, row, change)).toContain('queue_events is append-only')
    },
  )
})

describe('the database allows', () => {
  it.each<[what: string, ...statements: string[]]>([
    ['appointments that touch', appointment('09:00', '09:15'), appointment('09:15', '09:30')],
    [
      'a new appointment in place of a cancelled one',
      appointment('09:00', '09:15', patient, 'CANCELLED'),
      appointment('09:00', '09:15'),
    ],
    [
      'two called patients where no doctor is named',
      entry('CALLED', { called: '08:10' }),
      entry('CALLED', { of: second, called: '08:10' }),
    ],
    ['a patient in two queues', entry('WAITING'), entry('WAITING', { at: other })],
    [
      'a patient who comes again after being served',
      entry('SERVED', { called: '08:10', finished: '08:20' }),
      entry('WAITING'),
    ],
    [
      'leaving before and after the call',
      entry('LEFT', { finished: '08:10' }),
      entry('LEFT', { called: '08:10', finished: '08:20' }),
    ],
    ['a no-show', entry('NO_SHOW', { called: '08:10', finished: '08:20' })],
    ['a patient without phone', patientRow('guardian_id', `'${patient}'`)],
  ])('%s', async (_what, ...statements) => {
    expect(await refusal(...statements)).toBe('nothing was refused')
  })

  it('a booking to be checked in once', async () => {
    const booked = uuidv7()
    const booking = appointment('09:00', '09:15').replace(/VALUES \('[^']+'/, `VALUES ('${booked}'`)
    const checkedIn = entry('WAITING', { appointment: booked })
    expect(await refusal(booking, checkedIn)).toBe('nothing was refused')
    expect(await refusal(booking, checkedIn, entry('WAITING', { appointment: booked, at: other }))).toContain(
      'queue_one_active_per_appointment',
    )
  })
})

it('every service has its queue from the first moment', async () => {
  expect(await test.db.queueState.count({ where: { serviceId: { in: [service ?? '', other ?? ''] } } })).toBe(2)
})

it('places in the queue compare as bytes', async () => {
  expect(
    await test.db.$queryRaw`SELECT collation_name AS collation FROM information_schema.columns
      WHERE table_name = 'queue' AND column_name = 'sub_rank'`,
  ).toEqual([{ collation: 'C' }])
})

it('every reference can be followed back by an index', async () => {
  expect(
    await test.db.$queryRaw`
      SELECT c.conname::text AS unindexed FROM pg_constraint c
      WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace AND NOT EXISTS (
        SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indpred IS NULL AND i.indkey[0] = c.conkey[1])`,
  ).toEqual([])
})
