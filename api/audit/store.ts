import type { Logger } from 'pino'
import type { Db } from '../database/client.ts'
import { Prisma } from '../database/generated/client.ts'
import type { AuditEventModel } from '../database/generated/models.ts'
import { uuidv7 } from '../database/uuid.ts'

export type TrailEntry = {
  action: string
  entity: string
  entityId: string | null
  clinicId: string | null
  actorUserId?: string | null
  actorPatientId?: string | null
  /** For people; no clinical content, no secrets. */
  detail?: string | null
}

export type AuditTrail = {
  /** Notes a read, a log-in, a failure or a denial. Never waits and never throws. */
  record: (entry: TrailEntry) => void
  /** Writes what is waiting; at shutdown. */
  flush: () => Promise<void>
  close: () => Promise<void>
}

/** An unreachable database costs at most so many rows of memory; beyond that the newest are counted, not kept. */
const MOST_WAITING = 10_000
const BATCH = 500
const INTERVAL_MS = 500

/** The asynchronous part of the audit log: rows are written in batches, at most a second after they were noted. */
export const createTrail = (db: Db, log: Logger): AuditTrail => {
  let waiting: (TrailEntry & { id: string; at: Date })[] = []
  let dropped = 0
  let writing: Promise<void> = Promise.resolve()

  const write = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, BATCH)
      await db.auditEvent.createMany({ data: batch, skipDuplicates: true })
      waiting = waiting.slice(batch.length)
    }
    if (dropped > 0) log.error({ dropped }, 'audit rows were dropped while the database was away')
    dropped = 0
  }

  const flush = (): Promise<void> => {
    writing = writing.then(write).catch((error) => log.warn({ err: error }, 'audit rows wait for the database'))
    return writing
  }

  const timer = setInterval(() => {
    if (waiting.length > 0) void flush()
  }, INTERVAL_MS)
  timer.unref()

  return {
    record: (entry) => {
      if (waiting.length >= MOST_WAITING) dropped++
      else waiting.push({ ...entry, id: uuidv7(), at: new Date() })
    },
    flush,
    close: async () => {
      clearInterval(timer)
      await flush()
    },
  }
}

export type PatientRecords = { ids: readonly string[]; records: readonly string[] }

/**
 * The records of a clinic's patient with this number or code: their own, those merged into it, and their visits and bookings here.
 * None where no patient of the clinic has it.
 */
export const recordsOfPatient = async (
  db: Db,
  clinicId: string,
  { phoneNumber, code }: { phoneNumber: string | null; code: string | null },
): Promise<PatientRecords> => {
  const [found] = await db.$queryRaw<PatientRecords[]>`
    WITH one AS (
      SELECT p.id FROM patients p JOIN clinic_patients c ON c.patient_id = p.id AND c.clinic_id = ${clinicId}::uuid
      WHERE p.phone_number = ${phoneNumber} OR p.code = ${code}
    ), them AS (
      SELECT id FROM one UNION SELECT p.id FROM patients p JOIN one ON p.merged_into_id = one.id
    )
    SELECT coalesce((SELECT array_agg(id::text) FROM them), '{}') AS ids, coalesce(array_agg(id::text), '{}') AS records FROM (
      SELECT id FROM them
      UNION ALL SELECT q.id FROM queue q JOIN them ON q.patient_id = them.id WHERE q.clinic_id = ${clinicId}::uuid
      UNION ALL SELECT a.id FROM appointments a JOIN them ON a.patient_id = them.id WHERE a.clinic_id = ${clinicId}::uuid) r`
  return found as PatientRecords
}

/** Which entries are asked for; what is null does not matter. */
export type AuditSearch = {
  entityId: string | null
  /** Who did it: a user or a patient. */
  actorId: string | null
  /** What was done to these records, or by these patients. */
  patient: PatientRecords | null
  /** The whole action, as in queue.called, or what comes before the dot, as in queue. */
  action: string | null
  start: Date | null
  end: Date | null
}

/**
 * One clinic's audit log, newest first. What stands before the dot of an action has an index of its own, which only SQL can name;
 * so the ids are found first.
 */
export const auditPage = async (
  db: Db,
  clinicId: string,
  { entityId, actorId, patient, action, start, end }: AuditSearch,
  after: { at: Date; id: string } | null,
  take: number,
): Promise<AuditEventModel[]> => {
  const given = [
    entityId && Prisma.sql`entity_id = ${entityId}::uuid`,
    actorId && Prisma.sql`(actor_user_id = ${actorId}::uuid OR actor_patient_id = ${actorId}::uuid)`,
    patient &&
      Prisma.sql`(entity_id = ANY(${patient.records}::uuid[]) OR actor_patient_id = ANY(${patient.ids}::uuid[]))`,
    action && Prisma.sql`split_part(action, '.', 1) = ${action.split('.')[0]}`,
    action?.includes('.') && Prisma.sql`action = ${action}`,
    start && Prisma.sql`at >= ${start}`,
    end && Prisma.sql`at < ${end}`,
    after && Prisma.sql`(at, id) < (${after.at}, ${after.id}::uuid)`,
  ].filter((condition): condition is Prisma.Sql => Boolean(condition))
  const found = await db.$queryRaw<{ id: string }[]>`
    SELECT id::text FROM audit_log WHERE ${Prisma.join([Prisma.sql`clinic_id = ${clinicId}::uuid`, ...given], ' AND ')}
    ORDER BY at DESC, id DESC LIMIT ${take}`
  return db.auditEvent.findMany({
    where: { id: { in: found.map(({ id }) => id) } },
    orderBy: [{ at: 'desc' }, { id: 'desc' }],
  })
}
