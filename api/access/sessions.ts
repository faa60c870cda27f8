import type { Deps } from '../context.ts'
import type { Tx } from '../database/client.ts'
import type { Work } from '../database/transaction.ts'
import { uuidv7 } from '../database/uuid.ts'
import { Refusal } from '../errors.ts'
import { databaseNow } from './clock.ts'
import { issueAccessToken, randomToken, successorOf, tokenHash } from './tokens.ts'

/** Days that a session lives on after its last refresh. */
const SESSION_DAYS = 30
/** A refresh token exchanged again within so many seconds gets the same successor: the first reply was lost, or two tabs asked at once. */
const REPEAT_SECONDS = 60

/** A session's holder: exactly one of the two. */
export type Holder = { userId: string; patientId?: null } | { patientId: string; userId?: null }

export type EndReason =
  | 'LOGOUT'
  | 'REUSE'
  | 'PASSWORD'
  | 'ROLE'
  | 'DEACTIVATED'
  | 'MERGED'
  | 'RESET'
  | 'REMOVED'
  | 'DELETED'

export type Tokens = {
  sessionId: string
  accessToken: string
  /** When the access token expires. */
  expiresAt: Date
  refreshToken: string
  /** When the session ends unless it is refreshed before. */
  sessionExpiresAt: Date
}

type SessionRow = { id: string; userId: string | null; patientId: string | null; expiresAt: Date }

const tokensOf = (config: Deps['config'], row: SessionRow, refreshToken: string): Tokens => {
  const access = issueAccessToken(
    { sessionId: row.id, subject: (row.userId ?? row.patientId) as string },
    config,
    databaseNow(),
  )
  return {
    sessionId: row.id,
    accessToken: access.token,
    expiresAt: access.expiresAt,
    refreshToken,
    sessionExpiresAt: row.expiresAt,
  }
}

/**
 * Opens a session for an active user or a patient. `passwordHash` is the one that was compared: if the password or the right
 * to log in changed meanwhile, no session opens. The lock on the holder's row makes whoever takes that right away see this session.
 */
export const openTokens = async (
  deps: Pick<Deps, 'config'> & { db: Tx },
  holder: Holder,
  passwordHash: string | null = null,
): Promise<Tokens> => {
  const refreshToken = randomToken()
  const id = uuidv7()
  const [row] = await deps.db.$queryRaw<SessionRow[]>`
    WITH staff AS (
      SELECT id, password_hash FROM users WHERE id = ${holder.userId ?? null}::uuid AND active FOR SHARE
    ), patient AS (
      SELECT id, password_hash FROM patients WHERE id = ${holder.patientId ?? null}::uuid AND merged_into_id IS NULL AND deleted_at IS NULL FOR SHARE
    ), holder AS (
      SELECT id AS user_id, NULL::uuid AS patient_id, password_hash FROM staff
      UNION ALL SELECT NULL, id, password_hash FROM patient
    ), opened AS (
      INSERT INTO sessions (id, user_id, patient_id, expires_at)
      SELECT ${id}::uuid, user_id, patient_id, clock_timestamp() + make_interval(days => ${SESSION_DAYS}::int) FROM holder
      WHERE ${passwordHash}::text IS NULL OR password_hash = ${passwordHash}
      RETURNING id, user_id, patient_id, expires_at
    ), token AS (
      INSERT INTO refresh_tokens (hash, session_id) SELECT ${tokenHash(refreshToken)}, id FROM opened
    )
    SELECT id, user_id AS "userId", patient_id AS "patientId", expires_at AS "expiresAt" FROM opened`
  if (!row) throw new Refusal('WRONG_CREDENTIALS')
  return tokensOf(deps.config, row, refreshToken)
}

/**
 * Exchanges a refresh token for its successor. Its first use and repeats within 60 s answer the same successor;
 * a use after that means that two parties hold it, and ends the session with all its tokens.
 */
export const rotateTokens = async (
  deps: Pick<Deps, 'config' | 'db' | 'bus' | 'trail'>,
  refreshToken: string,
): Promise<Tokens> => {
  const hash = tokenHash(refreshToken)
  const successor = successorOf(refreshToken, deps.config)
  const [row] = await deps.db.$queryRaw<SessionRow[]>`
    WITH used AS (
      UPDATE refresh_tokens t SET used_at = coalesce(t.used_at, clock_timestamp())
      WHERE t.hash = ${hash}
        AND (t.used_at IS NULL OR t.used_at > clock_timestamp() - make_interval(secs => ${REPEAT_SECONDS}::float8))
      RETURNING t.session_id
    ), rolled AS (
      UPDATE sessions s SET expires_at = clock_timestamp() + make_interval(days => ${SESSION_DAYS}::int)
      FROM used WHERE s.id = used.session_id AND s.ended_at IS NULL AND s.expires_at > clock_timestamp()
        AND (s.user_id IS NULL OR EXISTS (SELECT 1 FROM users u WHERE u.id = s.user_id AND u.active))
        AND (s.patient_id IS NULL OR EXISTS (SELECT 1 FROM patients p WHERE p.id = s.patient_id AND p.merged_into_id IS NULL))
      RETURNING s.id, s.user_id, s.patient_id, s.expires_at
    ), token AS (
      INSERT INTO refresh_tokens (hash, session_id) SELECT ${tokenHash(successor)}, id FROM rolled ON CONFLICT (hash) DO NOTHING
    ), forgotten AS (
      DELETE FROM refresh_tokens t USING rolled
      WHERE t.session_id = rolled.id AND t.used_at < clock_timestamp() - make_interval(days => ${SESSION_DAYS}::int)
    )
    SELECT id, user_id AS "userId", patient_id AS "patientId", expires_at AS "expiresAt" FROM rolled`
  if (row) return tokensOf(deps.config, row, successor)
  await endReused(deps, hash)
  throw new Refusal('UNAUTHENTICATED', 'The refresh token has ended; log in again.')
}

const endReused = async ({ db, bus, trail }: Pick<Deps, 'db' | 'bus' | 'trail'>, hash: string): Promise<void> => {
  const ended = await db.$queryRaw<
    { id: string; userId: string | null; patientId: string | null; clinicId: string | null }[]
  >`
    UPDATE sessions s SET ended_at = clock_timestamp(), end_reason = 'REUSE', changed_at = clock_timestamp()
    FROM refresh_tokens t
    WHERE t.hash = ${hash} AND s.id = t.session_id AND s.ended_at IS NULL
      AND t.used_at <= clock_timestamp() - make_interval(secs => ${REPEAT_SECONDS}::float8)
    RETURNING s.id, s.user_id AS "userId", s.patient_id AS "patientId",
      (SELECT u.clinic_id FROM users u WHERE u.id = s.user_id) AS "clinicId"`
  for (const session of ended) {
    bus.publish({ kind: 'session', sessionId: session.id })
    trail.record({
      action: 'session.reused',
      entity: 'Session',
      entityId: session.id,
      clinicId: session.clinicId,
      actorUserId: session.userId,
      actorPatientId: session.patientId,
      detail: 'a refresh token was used a second time; the session was ended',
    })
  }
}

/** Gives a session a new refresh token and voids all that it had before. */
export const renewTokens = async (tx: Tx, config: Deps['config'], sessionId: string): Promise<Tokens> => {
  const refreshToken = randomToken()
  await tx.$executeRaw`DELETE FROM refresh_tokens WHERE session_id = ${sessionId}::uuid`
  const [row] = await tx.$queryRaw<SessionRow[]>`
    WITH rolled AS (
      UPDATE sessions SET expires_at = clock_timestamp() + make_interval(days => ${SESSION_DAYS}::int)
      WHERE id = ${sessionId}::uuid AND ended_at IS NULL RETURNING id, user_id, patient_id, expires_at
    ), token AS (INSERT INTO refresh_tokens (hash, session_id) SELECT ${tokenHash(refreshToken)}, id FROM rolled)
    SELECT id, user_id AS "userId", patient_id AS "patientId", expires_at AS "expiresAt" FROM rolled`
  if (!row) throw new Refusal('UNAUTHENTICATED')
  return tokensOf(config, row, refreshToken)
}

/** Ends a holder's sessions, all but the one excepted, and the messages to their phones; their sockets follow once the transaction is committed. */
export const endSessions = async (
  work: Pick<Work, 'tx' | 'sessions'>,
  holder: Holder,
  end: { reason: EndReason; except?: string | null },
): Promise<void> => {
  const ended = await work.tx.$queryRaw<{ id: string }[]>`
    UPDATE sessions SET ended_at = clock_timestamp(), end_reason = ${end.reason}, changed_at = clock_timestamp()
    WHERE (user_id = ${holder.userId ?? null}::uuid OR patient_id = ${holder.patientId ?? null}::uuid)
      AND ended_at IS NULL AND id IS DISTINCT FROM ${end.except ?? null}::uuid
    RETURNING id`
  for (const { id } of ended) work.sessions.add(id)
  // After a merge the phones of both belong to one person.
  if (end.reason !== 'MERGED')
    await work.tx.device.deleteMany({ where: { sessionId: { in: ended.map(({ id }) => id) } } })
}

/** Says that a holder's rights changed: open sockets load them anew once the transaction is committed. */
export const touchSessions = async (work: Pick<Work, 'tx' | 'sessions'>, holder: Holder): Promise<void> => {
  const touched = await work.tx.$queryRaw<{ id: string }[]>`
    UPDATE sessions SET changed_at = clock_timestamp()
    WHERE (user_id = ${holder.userId ?? null}::uuid OR patient_id = ${holder.patientId ?? null}::uuid) AND ended_at IS NULL
    RETURNING id`
  for (const { id } of touched) work.sessions.add(id)
}

/** Ends one session by its id or by a refresh token of it, and the messages to its phone; answers whether one was open. */
export const endSession = async (
  { db, bus }: Pick<Deps, 'db' | 'bus'>,
  which: { sessionId: string | null; refreshToken: string | null },
): Promise<boolean> => {
  const ended = await db.$queryRaw<{ id: string }[]>`
    WITH ended AS (
      UPDATE sessions s SET ended_at = clock_timestamp(), end_reason = 'LOGOUT', changed_at = clock_timestamp()
      WHERE s.ended_at IS NULL AND (
        s.id = ${which.sessionId}::uuid
        OR s.id = (SELECT t.session_id FROM refresh_tokens t WHERE t.hash = ${which.refreshToken && tokenHash(which.refreshToken)}))
      RETURNING s.id
    ), silenced AS (DELETE FROM devices d USING ended WHERE d.session_id = ended.id)
    SELECT id FROM ended`
  for (const { id } of ended) bus.publish({ kind: 'session', sessionId: id })
  return ended.length > 0
}
