import type { DayRule } from '../clinic/day.ts'
import type { Db, Tx } from '../database/client.ts'
import { Prisma } from '../database/generated/client.ts'
import type { AppointmentStatus, QueueStatus, Urgency } from '../database/generated/enums.ts'
import type { Done, Step } from '../database/transaction.ts'
import { uuidOf, uuidv7 } from '../database/uuid.ts'
import type { EntryRow } from '../loaders.ts'
import { estimate, type Pace, type WaitEstimate } from './estimate.ts'
import type { QueueMove } from './history.ts'
import { type OrderKey, positions } from './order.ts'
import type { EntryState } from './transitions.ts'

/** A queue as it stood at one version, read by one statement. */
export type Snapshot = {
  serviceId: string
  clinicId: string
  /** When the clinic's days begin. */
  days: DayRule
  version: number
  asOf: Date
  /** The clinic's newest change of a record that is in this; who reads records later never reads older ones. */
  changeNumber: number
  /** In calling order. */
  waiting: EntryRow[]
  serving: EntryRow[]
  onHold: EntryRow[]
  /** All open entries. */
  entries: Map<string, EntryRow>
  positions: Map<string, number>
  pace: Pace
}

type SnapshotLine = {
  service_id: string
  clinic_id: string
  time_zone: string
  day_starts_at: number
  version: number
  as_of: Date
  change_number: number
  duty: string[]
  recent: number[]
  entries: string
}

/** A row of the queue's table as PostgreSQL's row_to_json writes it. */
type Snake<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${Snake<Rest>}`
  : Name
type AsJson<Value> = Value extends Date ? string : Value extends bigint ? number : Value
export type EntryColumns = { [Field in keyof EntryRow as Snake<Field>]: AsJson<EntryRow[Field]> }

const optional = (value: string | null): Date | null => (value === null ? null : new Date(value))

/** One entry as PostgreSQL's row_to_json writes it → the row Prisma would give. All rows are of one form, which is small and quick to read. */
export const toEntryRow = (row: EntryColumns): EntryRow => ({
  id: row.id,
  clinicId: row.clinic_id,
  serviceId: row.service_id,
  patientId: row.patient_id,
  appointmentId: row.appointment_id,
  ticketServiceId: row.ticket_service_id,
  ticketDay: new Date(row.ticket_day),
  ticketNumber: row.ticket_number,
  ticket: row.ticket,
  provisionalTicket: row.provisional_ticket,
  status: row.status,
  urgency: row.urgency,
  rank: row.rank,
  dueAt: new Date(row.due_at),
  subRank: row.sub_rank,
  arrivalSeq: BigInt(row.arrival_seq),
  ownDueAt: new Date(row.own_due_at),
  boundDoctorId: row.bound_doctor_id,
  doctorId: row.doctor_id,
  room: row.room,
  reason: row.reason,
  endReason: row.end_reason,
  arrivedAt: new Date(row.arrived_at),
  calledAt: optional(row.called_at),
  startedAt: optional(row.started_at),
  finishedAt: optional(row.finished_at),
  version: row.version,
  createdById: row.created_by_id,
})

/** SQL: the number of a clinic's newest change. */
export const changeNumber = (clinicId: Prisma.Sql) => Prisma.sql`
  coalesce((SELECT st.last FROM streams st WHERE st.id = ${clinicId}), 0)::float8`

/** Reads queues with their open entries and recent pace: one statement, whatever the number of queues and entries. */
export const loadSnapshots = async (db: Db, serviceIds: readonly string[]): Promise<Snapshot[]> => {
  const lines = await db.$queryRaw<SnapshotLine[]>`
    SELECT q.service_id::text, s.clinic_id::text, c.time_zone, c.day_starts_at, q.version, clock_timestamp() AS as_of,
      ${changeNumber(Prisma.sql`s.clinic_id`)} AS change_number,
      (SELECT coalesce(array_agg(d.id::text), '{}') FROM doctor_services ds JOIN doctors d ON d.id = ds.doctor_id
        WHERE ds.service_id = q.service_id AND d.on_duty AND d.active) AS duty,
      (SELECT coalesce(array_agg(r.minutes), '{}') FROM (
        SELECT extract(epoch FROM r.finished_at - r.called_at)::float8 / 60 AS minutes FROM queue r
        WHERE r.service_id = q.service_id AND r.status = 'SERVED' AND r.finished_at > now() - interval '6 hours'
          AND r.end_reason IS NULL
        ORDER BY r.finished_at DESC LIMIT 20) r) AS recent,
      (SELECT coalesce(json_agg(e ORDER BY e.rank, e.due_at, e.sub_rank, e.arrival_seq, e.id), '[]')::text FROM queue e
        WHERE e.service_id = q.service_id AND e.finished_at IS NULL) AS entries
    FROM queue_state q JOIN services s ON s.id = q.service_id JOIN clinics c ON c.id = s.clinic_id
    WHERE q.service_id = ANY(${serviceIds as string[]}::uuid[])
    ORDER BY q.service_id`
  return lines.map((line) => {
    const entries = (JSON.parse(line.entries) as EntryColumns[]).map(toEntryRow)
    const waiting = entries.filter((entry) => entry.status === 'WAITING')
    const serving = entries.filter((entry) => entry.status === 'CALLED' || entry.status === 'IN_SERVICE')
    const busy = new Set(serving.flatMap((entry) => entry.doctorId ?? []))
    return {
      serviceId: line.service_id,
      clinicId: line.clinic_id,
      days: { timeZone: line.time_zone, dayStartsAt: line.day_starts_at },
      version: line.version,
      asOf: line.as_of,
      changeNumber: line.change_number,
      waiting,
      serving: serving.toSorted((a, b) => (b.calledAt?.getTime() ?? 0) - (a.calledAt?.getTime() ?? 0)),
      onHold: entries.filter((entry) => entry.status === 'ON_HOLD'),
      entries: new Map(entries.map((entry) => [entry.id, entry])),
      positions: positions(waiting),
      pace: { doctorIds: new Set([...line.duty, ...busy]), busyDoctorIds: busy, recentMinutes: line.recent },
    }
  })
}

export const loadSnapshot = async (db: Db, serviceId: string): Promise<Snapshot | null> =>
  (await loadSnapshots(db, [serviceId]))[0] ?? null

/** What a patient sees of their place: contract type QueuePosition. */
export type PositionState = {
  entryId: string
  ticket: string
  status: QueueStatus
  position: number | null
  ahead: number | null
  estimate: WaitEstimate | null
  room: string | null
  version: number
  asOf: Date
}

const positionOf = ({ id, status }: EntryRow, { positions }: Snapshot): number | null =>
  status === 'WAITING' ? (positions.get(id) ?? null) : null

/** The place of one entry, taken from its queue's snapshot; whoever goes through all of a queue has its position at hand. */
export const positionState = (
  entry: EntryRow,
  snapshot: Snapshot,
  position = positionOf(entry, snapshot),
): PositionState => {
  return {
    entryId: entry.id,
    ticket: entry.ticket,
    status: entry.status,
    position,
    ahead: position === null ? null : position - 1,
    estimate: position === null ? null : estimate(position, entry.boundDoctorId, snapshot.pace),
    room: entry.room,
    version: snapshot.version,
    asOf: snapshot.asOf,
  }
}

/** An entry read under the lock of its queue, with the database's time. */
export type LockedEntry = {
  entry: EntryRow
  now: Date
  /** A message could reach the patient or their guardian. */
  isReachable: boolean
}

type LockedLine = { entry: string; now: Date; reachable: boolean }

const toLocked = ({ entry, now, reachable }: LockedLine): LockedEntry => ({
  entry: toEntryRow(JSON.parse(entry)),
  now,
  isReachable: reachable,
})

/** SQL: could a message reach the patient of this row, or their guardian? */
const reachable = (patientId: Prisma.Sql) => Prisma.sql`
  EXISTS (SELECT 1 FROM patients p WHERE p.id = ${patientId} AND (p.phone_number IS NOT NULL OR p.guardian_id IS NOT NULL
    OR EXISTS (SELECT 1 FROM devices d WHERE d.patient_id = p.id)))`

/** An entry as it is now: read after its queue was locked, so nothing newer is missed. */
export const readEntry = async (tx: Tx, id: string): Promise<LockedEntry | null> => {
  const [row] = await tx.$queryRaw<LockedLine[]>`
    SELECT row_to_json(e)::text AS entry, clock_timestamp() AS now, ${reachable(Prisma.sql`e.patient_id`)} AS reachable
    FROM queue e WHERE e.id = ${id}::uuid`
  return row ? toLocked(row) : null
}

/** The same, with the time when it was last moved, or arrived. */
export const readMovedEntry = async (tx: Tx, id: string): Promise<(LockedEntry & { movedAt: Date }) | null> => {
  const [row] = await tx.$queryRaw<(LockedLine & { moved_at: Date | null })[]>`
    SELECT row_to_json(e)::text AS entry, clock_timestamp() AS now, ${reachable(Prisma.sql`e.patient_id`)} AS reachable,
      (SELECT v.at FROM queue_events v WHERE v.entry_id = e.id ORDER BY v.entry_version DESC LIMIT 1) AS moved_at
    FROM queue e WHERE e.id = ${id}::uuid`
  if (!row) return null
  const locked = toLocked(row)
  return { ...locked, movedAt: row.moved_at ?? locked.entry.arrivedAt }
}

/** The first waiting entry that a call by this doctor (null: by the desk for nobody) may take. */
export const readNext = async (tx: Tx, serviceId: string, doctorId: string | null): Promise<LockedEntry | null> => {
  const [row] = await tx.$queryRaw<LockedLine[]>`
    SELECT row_to_json(e)::text AS entry, clock_timestamp() AS now, is_reachable(e.patient_id) AS reachable
    FROM queue_next(${serviceId}::uuid, ${doctorId}::uuid) e`
  return row ? toLocked(row) : null
}

/** How many at the head of a queue are looked at for "almost your turn"; nobody behind them is close. */
export const HEAD = 50

/** SQL: does somebody near the head of this queue still lack the message that it is almost their turn? */
const almostDue = (serviceId: string) => Prisma.sql`
  EXISTS (SELECT 1 FROM (SELECT id, patient_id FROM queue w WHERE w.service_id = ${serviceId}::uuid AND w.status = 'WAITING'
      ORDER BY w.rank, w.due_at, w.sub_rank, w.arrival_seq, w.id LIMIT ${HEAD}) head
    WHERE ${reachable(Prisma.sql`head.patient_id`)}
      AND NOT EXISTS (SELECT 1 FROM notifications n WHERE n.entry_id = head.id AND n.kind = 'ALMOST_YOUR_TURN'))`

type Actor = { actorUserId: string | null; actorPatientId: string | null }

export type StoredMove = Actor & {
  entry: EntryRow
  /** The entry as it shall be. */
  next: EntryState
  appointmentStatus: AppointmentStatus
  kind: string
  reason: string | null
  /** Where a transfer comes from, and the version it made there. */
  from: { serviceId: string; version: number } | null
  before: object
  detail: string
  /** When it was done, where that was before now: on a device without a network. */
  at: Date | null
}

export type Written = {
  entry: EntryRow
  version: number
  eventId: string
  /** Somebody near the head of the queue may have to be told that it is almost their turn. */
  isAlmostDue: boolean
}

/** Writes a move whole by one statement: the queue's next version, the entry, its booking, the event, the audit row. */
export const storeMove = async (tx: Tx, move: StoredMove): Promise<Written> => {
  const { entry, next } = move
  const key = (status: string, place: { rank: number; dueAt: Date; subRank: string }) =>
    status === 'WAITING' ? JSON.stringify(toStoredKey({ ...place, arrivalSeq: Number(entry.arrivalSeq) })) : null
  const eventId = uuidv7()
  const [row] = await tx.$queryRaw<WrittenLine[]>`
    WITH head AS (
      UPDATE queue_state SET version = version + 1 WHERE service_id = ${next.serviceId}::uuid
      RETURNING version, coalesce(${move.at}::timestamptz, clock_timestamp())::timestamptz(3) AS now
    ), moved AS (
      UPDATE queue SET service_id = ${next.serviceId}::uuid, status = ${next.status}::"QueueStatus",
        urgency = ${next.urgency}::"Urgency", rank = ${next.rank}::int2, due_at = ${next.dueAt}::timestamptz,
        sub_rank = ${next.subRank}, bound_doctor_id = ${next.boundDoctorId}::uuid, doctor_id = ${next.doctorId}::uuid,
        room = ${next.room}, end_reason = ${next.endReason}, called_at = ${next.calledAt}::timestamptz,
        started_at = ${next.startedAt}::timestamptz, finished_at = ${next.finishedAt}::timestamptz, version = version + 1
      WHERE id = ${entry.id}::uuid RETURNING *
    ), booked AS (
      UPDATE appointments a SET status = ${move.appointmentStatus}::"AppointmentStatus", version = a.version + 1,
        updated_at = clock_timestamp()
      WHERE a.id = ${entry.appointmentId}::uuid AND a.status <> ${move.appointmentStatus}::"AppointmentStatus"
    ), event AS (
      INSERT INTO queue_events (id, service_id, version, from_service_id, from_version, entry_id, entry_version, at, kind,
        reason, actor_user_id, actor_patient_id, from_status, to_status, from_key, to_key, before)
      SELECT ${eventId}::uuid, ${next.serviceId}::uuid, head.version, ${move.from?.serviceId ?? null}::uuid,
        ${move.from?.version ?? null}::int, moved.id, moved.version, head.now, ${move.kind}, ${move.reason},
        ${move.actorUserId}::uuid, ${move.actorPatientId}::uuid, ${entry.status}::"QueueStatus",
        ${next.status}::"QueueStatus", ${key(entry.status, entry)}::jsonb, ${key(next.status, next)}::jsonb,
        ${JSON.stringify(move.before)}::jsonb
      FROM head, moved
    ), audit AS (
      INSERT INTO audit_log (id, clinic_id, at, actor_user_id, actor_patient_id, action, entity, entity_id, detail)
      SELECT ${uuidv7()}::uuid, moved.clinic_id, clock_timestamp(), ${move.actorUserId}::uuid, ${move.actorPatientId}::uuid,
        ${`queue.${move.kind.toLowerCase()}`}, 'QueueEntry', moved.id, ${move.detail}
      FROM moved
    )
    SELECT row_to_json(moved)::text AS entry, head.version, ${almostDue(next.serviceId)} AS almost_due FROM head, moved`
  return toWritten(eventId, row as WrittenLine)
}

export type Called = Done & {
  /** DONE, NOBODY to call, or REPEATED: done before under this key. */
  outcome: 'DONE' | 'NOBODY' | 'REPEATED'
  recordId: string | null
  entry: EntryRow | null
}

/** Calls the next patient by one statement; see `queue_call_next` in the migrations. */
export const storeCall = async (
  db: Db | Tx,
  call: Actor & { serviceId: string; clinicId: string; doctorId: string | null; room: string | null },
  step: Step | null,
): Promise<Called> => {
  type Line = {
    outcome: Called['outcome']
    record_id: string | null
    entry: string | null
    made: Done['made']
    jobs: string[]
  }
  const [row] = await db.$queryRaw<Line[]>`
    SELECT outcome, record_id::text, entry, made, jobs FROM queue_call_next(${call.serviceId}::uuid, ${call.clinicId}::uuid,
      ${call.doctorId}::uuid, ${call.room}, ${call.actorUserId}::uuid, ${call.actorPatientId}::uuid, ${step}::text[],
      ${[uuidv7(), uuidv7(), uuidv7(), uuidv7()]}::uuid[], ${HEAD}::int)`
  const { outcome, record_id: recordId, entry, made, jobs } = row as Line
  return { outcome, recordId, made, jobs, entry: entry === null ? null : toEntryRow(JSON.parse(entry)) }
}

export type Acted = Done & { entry: EntryRow | null }

type ActedLine = { entry: string | null; version: number | null; jobs: string[] | null }

const toActed = (serviceId: string, { entry, version, jobs }: ActedLine): Acted => ({
  entry: entry === null ? null : toEntryRow(JSON.parse(entry)),
  made: version === null ? [] : [{ serviceId, version }],
  jobs: jobs ?? [],
})

/**
 * Writes by one statement what the rule answered for an entry as it was read before any lock; see `queue_act` in the migrations.
 * The entry is null where it has moved meanwhile, or where the step was done before: then nothing was written.
 */
export const storeAct = async (
  db: Db | Tx,
  act: Actor & { seen: LockedEntry; patch: Partial<EntryState>; kind: string; reason: string | null },
  step: Step | null,
): Promise<Acted> => {
  const { entry: seen, now } = act.seen
  const [row] = await db.$queryRaw<ActedLine[]>`
    SELECT entry, version, jobs FROM queue_act(${seen.id}::uuid, ${seen.version}::int, ${seen.status}, ${seen.serviceId}::uuid,
      ${JSON.stringify(act.patch)}::jsonb, ${act.kind}, ${act.reason}, ${now}::timestamptz, ${act.actorUserId}::uuid,
      ${act.actorPatientId}::uuid, ${step}::text[], ${[uuidv7(), uuidv7()]}::uuid[], ${HEAD}::int)`
  return toActed(seen.serviceId, row as ActedLine)
}

type WrittenLine = { entry: string; version: number; almost_due: boolean }

const toWritten = (eventId: string, line: WrittenLine): Written => ({
  entry: toEntryRow(JSON.parse(line.entry)),
  version: line.version,
  eventId,
  isAlmostDue: line.almost_due,
})

/** What an arrival goes by: the service, its clinic's rule of days, and the database's time. */
export type Intake = DayRule & {
  serviceId: string
  clinicId: string
  ticketLetter: string
  open: boolean
  closedReason: string | null
  remoteJoin: boolean
  doorJoin: boolean
  leadMinutes: number
  graceMinutes: number
  now: Date
}

/** A booking whose patient may come, with the intake of its service. */
export type Booking = Intake & {
  appointmentId: string
  patientId: string
  doctorId: string
  bound: boolean
  status: AppointmentStatus
  startsAt: Date
  urgency: Urgency
  reason: string | null
  version: number
}

const intake = Prisma.sql`
  s.id::text AS "serviceId", s.clinic_id::text AS "clinicId", s.ticket_letter AS "ticketLetter", s.open,
  s.closed_reason AS "closedReason", s.remote_join AS "remoteJoin", s.door_join AS "doorJoin",
  s.booked_lead_minutes AS "leadMinutes", c.grace_minutes AS "graceMinutes", c.time_zone AS "timeZone",
  c.day_starts_at AS "dayStartsAt", date_trunc('milliseconds', clock_timestamp()) AS now`

export const readIntake = async (db: Db | Tx, serviceId: string): Promise<Intake | null> => {
  const [row] = await db.$queryRaw<Intake[]>`
    SELECT ${intake} FROM services s JOIN clinics c ON c.id = s.clinic_id WHERE s.id = ${uuidOf(serviceId)}::uuid`
  return row ?? null
}

export const readBooking = async (db: Db | Tx, appointmentId: string): Promise<Booking | null> => {
  const [row] = await db.$queryRaw<Booking[]>`
    SELECT a.id::text AS "appointmentId", a.patient_id::text AS "patientId", a.doctor_id::text AS "doctorId", a.bound,
      a.status::text AS status, a.starts_at AS "startsAt", a.urgency::text AS urgency, a.reason, a.version, ${intake}
    FROM appointments a JOIN services s ON s.id = a.service_id JOIN clinics c ON c.id = a.clinic_id
    WHERE a.id = ${uuidOf(appointmentId)}::uuid`
  return row ?? null
}

/** What an arrival needs to know under the lock: the time, and whether the patient waits here already. */
export const readArrival = async (
  tx: Tx,
  serviceId: string,
  patientId: string,
): Promise<{ now: Date; waiting: { id: string; ticket: string } | null }> => {
  const [row] = await tx.$queryRaw<{ now: Date; waiting: { id: string; ticket: string } | null }[]>`
    SELECT date_trunc('milliseconds', clock_timestamp()) AS now,
      (SELECT json_build_object('id', id, 'ticket', ticket) FROM queue
        WHERE patient_id = ${patientId}::uuid AND service_id = ${serviceId}::uuid
          AND status IN ('WAITING', 'CALLED', 'IN_SERVICE', 'ON_HOLD')) AS waiting`
  return row as NonNullable<typeof row>
}

export type StoredArrival = Actor & {
  id: string
  intake: Intake
  patientId: string
  booking: Booking | null
  boundDoctorId: string | null
  urgency: Urgency
  reason: string | null
  provisionalTicket: string | null
  ticketDay: string
  rank: number
  dueAt: Date
  arrivedAt: Date
}

const kindOf = ({ booking }: StoredArrival) => (booking ? 'CHECKED_IN' : 'WALKED_IN')

/** An arrival as the row of the queue that it becomes: without what the database adds behind the lock, and what people wrote. */
const toColumns = (arrival: StoredArrival): string =>
  JSON.stringify({
    id: arrival.id,
    clinic_id: arrival.intake.clinicId,
    service_id: arrival.intake.serviceId,
    patient_id: arrival.patientId,
    appointment_id: arrival.booking?.appointmentId,
    bound_doctor_id: arrival.boundDoctorId,
    provisional_ticket: arrival.provisionalTicket,
    ticket_day: arrival.ticketDay,
    urgency: arrival.urgency,
    rank: arrival.rank,
    due_at: arrival.dueAt,
    arrived_at: arrival.arrivedAt,
  })

/** Writes an arrival in a locked queue by one statement; see `queue_enter` in the migrations. */
export const storeArrival = async (tx: Tx, arrival: StoredArrival): Promise<Written> => {
  const eventId = uuidv7()
  const [row] = await tx.$queryRaw<WrittenLine[]>`
    SELECT row_to_json(entered.entry)::text AS entry, entered.version,
      is_almost_due(${arrival.intake.serviceId}::uuid, ${HEAD}::int) AS almost_due
    FROM queue_enter(jsonb_populate_record(NULL::queue, ${toColumns(arrival)}::jsonb), ${kindOf(arrival)},
      ${arrival.intake.ticketLetter}, ${arrival.reason}, ${arrival.actorUserId}::uuid, ${arrival.actorPatientId}::uuid,
      ${eventId}::uuid, ${uuidv7()}::uuid) entered`
  return toWritten(eventId, row as WrittenLine)
}

/**
 * Writes by one statement an arrival for which the rules were asked before any lock, and answer the same until `until`; see
 * `queue_arrive` in the migrations. The entry is null where there is anything else to say: then nothing was written.
 */
export const storeArrivalAtOnce = async (
  db: Db | Tx,
  arrival: StoredArrival,
  { until, isAlone }: { until: Date; isAlone: boolean },
  step: Step | null,
): Promise<Acted> => {
  const { intake: seen, booking } = arrival
  const [row] = await db.$queryRaw<ActedLine[]>`
    SELECT entry, version, jobs FROM queue_arrive(${toColumns(arrival)}::jsonb, ${kindOf(arrival)}, ${seen.ticketLetter},
      ${arrival.reason}, ${booking?.version ?? null}::int, ${until}::timestamptz, ${isAlone}::boolean,
      ${arrival.actorUserId}::uuid, ${arrival.actorPatientId}::uuid, ${step}::text[], ${[uuidv7(), uuidv7()]}::uuid[],
      ${HEAD}::int)`
  return toActed(seen.serviceId, row as ActedLine)
}

export const findEntry = (db: Db | Tx, id: string): Promise<EntryRow | null> =>
  db.queueEntry.findUnique({ where: { id } })

/** Served, no-show and left, newest first. */
export const endedEntries = (db: Db, serviceId: string, last: number): Promise<EntryRow[]> =>
  db.queueEntry.findMany({
    where: { serviceId, finishedAt: { not: null } },
    orderBy: [{ finishedAt: 'desc' }, { arrivalSeq: 'desc' }],
    take: last,
  })

export type StoredKey = { rank: number; dueAt: string; subRank: string; arrivalSeq: number }

export const toStoredKey = (key: Omit<OrderKey, 'id'>): StoredKey => ({
  rank: key.rank,
  dueAt: key.dueAt.toISOString(),
  subRank: key.subRank,
  arrivalSeq: key.arrivalSeq,
})

const fromStoredKey = (key: unknown, id: string): OrderKey | null => {
  if (key === null) return null
  const { rank, dueAt, subRank, arrivalSeq } = key as StoredKey
  return { rank, dueAt: new Date(dueAt), subRank, arrivalSeq, id }
}

export const keyOf = (entry: EntryRow): OrderKey => ({
  rank: entry.rank,
  dueAt: entry.dueAt,
  subRank: entry.subRank,
  arrivalSeq: Number(entry.arrivalSeq),
  id: entry.id,
})

/** The queue's moves since this entry came into it (or was first seen in it), oldest first, and who waits now. */
export const loadHistory = async (
  db: Db,
  entry: EntryRow,
): Promise<{ waitingNow: { key: OrderKey; boundDoctorId: string | null }[]; moves: QueueMove[] }> =>
  db.$transaction(
    async (tx) => {
      const waiting = await tx.queueEntry.findMany({ where: { serviceId: entry.serviceId, status: 'WAITING' } })
      const rows = await tx.$queryRaw<
        {
          entry_id: string
          at: Date
          kind: string
          reason: string | null
          from_key: unknown
          to_key: unknown
          service_id: string
          from_service_id: string | null
          bound_doctor_id: string | null
        }[]
      >`
        SELECT ev.entry_id::text, ev.at, ev.kind, ev.reason, ev.from_key, ev.to_key, ev.service_id::text,
          ev.from_service_id::text, e.bound_doctor_id::text
        FROM (
          SELECT *, version AS here FROM queue_events WHERE service_id = ${entry.serviceId}::uuid
          UNION ALL
          SELECT *, from_version AS here FROM queue_events
            WHERE from_service_id = ${entry.serviceId}::uuid AND service_id <> from_service_id
          UNION ALL
          SELECT *, 0 AS here FROM queue_events WHERE entry_id = ${entry.id}::uuid
            AND service_id <> ${entry.serviceId}::uuid AND from_service_id IS DISTINCT FROM ${entry.serviceId}::uuid
        ) ev JOIN queue e ON e.id = ev.entry_id
        WHERE ev.at >= ${entry.arrivedAt}
        ORDER BY ev.here, ev.at, ev.entry_version`
      const moves = rows.map((row): QueueMove => {
        const comesFromElsewhere = row.from_service_id !== null && row.from_service_id !== entry.serviceId
        const goesElsewhere = row.service_id !== entry.serviceId
        return {
          entryId: row.entry_id,
          at: row.at,
          kind: row.kind,
          reason: row.reason,
          fromKey:
            comesFromElsewhere || (goesElsewhere && row.from_service_id === null)
              ? null
              : fromStoredKey(row.from_key, row.entry_id),
          toKey: goesElsewhere ? null : fromStoredKey(row.to_key, row.entry_id),
          boundDoctorId: row.bound_doctor_id,
        }
      })
      return {
        waitingNow: waiting.map((row) => ({ key: keyOf(row), boundDoctorId: row.boundDoctorId })),
        moves,
      }
    },
    { isolationLevel: Prisma.TransactionIsolationLevel.RepeatableRead },
  )
