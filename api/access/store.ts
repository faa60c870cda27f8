import type { Db } from '../database/client.ts'
import type { Role } from '../database/generated/enums.ts'
import type { Viewer } from './viewer.ts'

/** Whose password is asked for; the hash is null where there is nobody to log in. */
export type Account = {
  kind: 'user' | 'patient'
  /** Username or phone number, as stored. */
  name: string
  /** Null for an account that does not exist or may not log in. */
  id: string | null
  clinicId: string | null
  passwordHash: string | null
}

export const findUserAccount = async (db: Db, username: string): Promise<Account> => {
  const user = await db.user.findUnique({ where: { username } })
  const live = user?.active ? user : null
  return {
    kind: 'user',
    name: username,
    id: live?.id ?? null,
    clinicId: live?.clinicId ?? null,
    passwordHash: live?.passwordHash ?? null,
  }
}

/** A patient logs in only with a number that was proved to be theirs. */
export const findPatientAccount = async (db: Db, phoneNumber: string): Promise<Account> => {
  const patient = await db.patient.findUnique({ where: { phoneNumber } })
  const live = patient?.phoneVerified && patient.passwordHash && !patient.mergedIntoId ? patient : null
  return {
    kind: 'patient',
    name: phoneNumber,
    id: live?.id ?? null,
    clinicId: null,
    passwordHash: live?.passwordHash ?? null,
  }
}

type ViewerRow = {
  sessionId: string
  changedAt: Date
  patientId: string | null
  wardIds: string[]
  userId: string | null
  clinicId: string | null
  role: Role | null
  doctorId: string | null
  serviceIds: string[]
}

const toViewer = (row: ViewerRow): Viewer | null => {
  if (row.patientId)
    return { kind: 'patient', sessionId: row.sessionId, patientId: row.patientId, wardIds: row.wardIds }
  if (!row.userId || !row.clinicId || !row.role) return null
  return {
    kind: 'user',
    sessionId: row.sessionId,
    userId: row.userId,
    clinicId: row.clinicId,
    role: row.role,
    doctorId: row.doctorId,
    serviceIds: row.serviceIds,
  }
}

/** A viewer as they were when their session was last known to change. */
export type LoadedViewer = { viewer: Viewer; changedAt: number }

/** The viewers of these sessions by session id, in one statement; ended and expired sessions and inactive users are missing. */
export const loadViewers = async (db: Db, sessionIds: readonly string[]): Promise<Map<string, LoadedViewer>> => {
  const rows = await db.$queryRaw<ViewerRow[]>`
    SELECT s.id AS "sessionId", s.changed_at AS "changedAt",
      p.id AS "patientId",
      ARRAY(SELECT w.id FROM patients w WHERE w.guardian_id = p.id AND w.merged_into_id IS NULL ORDER BY w.id) AS "wardIds",
      u.id AS "userId", u.clinic_id AS "clinicId", u.role::text AS role,
      d.id AS "doctorId",
      ARRAY(SELECT ds.service_id FROM doctor_services ds WHERE ds.doctor_id = d.id ORDER BY ds.service_id) AS "serviceIds"
    FROM sessions s
    LEFT JOIN patients p ON p.id = s.patient_id AND p.merged_into_id IS NULL
    LEFT JOIN users u ON u.id = s.user_id AND u.active
    LEFT JOIN doctors d ON d.user_id = u.id AND d.active
    WHERE s.id = ANY(${[...sessionIds]}::uuid[]) AND s.ended_at IS NULL AND s.expires_at > clock_timestamp()`
  return new Map(
    rows.flatMap((row) => {
      const viewer = toViewer(row)
      return viewer ? [[row.sessionId, { viewer, changedAt: row.changedAt.getTime() }] as const] : []
    }),
  )
}

/** Who holds this session; null when it has ended or expired, or its user is not active. */
export const loadViewer = async (db: Db, sessionId: string): Promise<Viewer | null> =>
  (await loadViewers(db, [sessionId])).get(sessionId)?.viewer ?? null

/**
 * Sessions that changed since an earlier look, by id, and the time of this look; both by the database's clock.
 * A change is stamped in its transaction and seen after its commit: looks overlap by more than a transaction may last.
 * Sessions that were merely opened are not among them.
 */
export const changedSessions = async (
  db: Db,
  since: Date | null,
): Promise<{ now: Date; changedAt: Map<string, number> }> => {
  const [row] = await db.$queryRaw<{ now: Date; changes: Record<string, number> }[]>`
    SELECT now()::timestamptz(3) AS now,
      coalesce(jsonb_object_agg(id, (extract(epoch FROM changed_at) * 1000)::bigint), '{}') AS changes
    FROM sessions
    WHERE changed_at > coalesce(${since}::timestamptz, now()) - interval '20 seconds' AND changed_at > created_at`
  if (!row) throw new Error('a statement that always answers one row answered none')
  return { now: row.now, changedAt: new Map(Object.entries(row.changes)) }
}
