import type { Db, Tx } from '../database/client.ts'
import type { FieldOverride } from '../patient/store.ts'

/** What is known of a client's operation log. */
export type Log = { nextSeq: number; lastStamp: number; syncedAt: Date | null }

/** What became of an operation, as it is answered to every repeat. */
export type StoredOperation = {
  opId: string
  command: string | null
  outcome: 'APPLIED' | 'OVERRIDDEN' | 'REJECTED'
  code: string | null
  message: string | null
  overrides: FieldOverride[] | null
}

type LogRow = { account_id: string; next_seq: number; last_stamp: bigint; synced_at: Date | null; now: bigint }

/**
 * Locks a client's log, made at its first operation, says to the database whose log the transaction is, and what time it is there, in
 * microseconds since 1970; null where it belongs to another account.
 */
export const lockLog = async (tx: Tx, clientId: string, accountId: string): Promise<(Log & { now: number }) | null> => {
  const find = () => tx.$queryRaw<LogRow[]>`
    SELECT account_id::text, next_seq, last_stamp, synced_at,
      (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now,
      set_config('anteroom.client_id', ${clientId}, true)
    FROM sync_clients WHERE client_id = ${clientId}::uuid FOR UPDATE`
  let [row] = await find()
  if (!row) {
    await tx.$executeRaw`
      INSERT INTO sync_clients (client_id, account_id) VALUES (${clientId}::uuid, ${accountId}::uuid) ON CONFLICT DO NOTHING`
    row = (await find())[0]
  }
  if (row?.account_id !== accountId) return null
  return {
    nextSeq: row.next_seq,
    lastStamp: Number(row.last_stamp),
    syncedAt: row.synced_at,
    now: Number(row.now),
  }
}

/** The seq that a client sends next, 1 for one that never sent; null where it belongs to another account. */
export const nextSeqOf = async (db: Db, clientId: string, accountId: string): Promise<number | null> => {
  const row = await db.syncClient.findUnique({ where: { clientId } })
  if (row && row.accountId !== accountId) return null
  return row?.nextSeq ?? 1
}

const columns = { opId: true, command: true, outcome: true, code: true, message: true, overrides: true } as const

/**
 * What is on record of these operations: of this client at these places of its log, by seq; and of the account with these ids, whichever
 * client brought them first, by id.
 */
export const storedOperations = async (
  tx: Tx,
  clientId: string,
  accountId: string,
  operations: readonly { seq: number; id: string }[],
): Promise<{ bySeq: Map<number, StoredOperation>; byId: Map<string, StoredOperation> }> => {
  const rows = await tx.syncOperation.findMany({
    where: {
      OR: [
        { clientId, seq: { in: operations.map(({ seq }) => seq) } },
        { accountId, opId: { in: operations.map(({ id }) => id) }, isRepeat: false },
      ],
    },
    select: { ...columns, clientId: true, accountId: true, seq: true, isRepeat: true },
  })
  const bySeq = new Map<number, StoredOperation>()
  const byId = new Map<string, StoredOperation>()
  for (const { clientId: of, accountId: by, seq, isRepeat, ...row } of rows) {
    const stored = row as unknown as StoredOperation
    if (of === clientId) bySeq.set(seq, stored)
    if (by === accountId && !isRepeat) byId.set(stored.opId, stored)
  }
  return { bySeq, byId }
}

/** A row of the audit log, whose time is the transaction's. */
export type AuditRow = {
  id: string
  clinicId: string | null
  actorUserId: string | null
  actorPatientId: string | null
  action: string
  entity: string
  entityId: string | null
  detail: string | null
}

/** Writes what became of a batch, its audit rows, and how far the log is known now, in one statement. */
export const saveLog = async (
  tx: Tx,
  {
    clientId,
    accountId,
    log,
    rows,
    audit,
  }: {
    clientId: string
    accountId: string
    log: Log
    rows: readonly (StoredOperation & { seq: number; stamp: number; isRepeat: boolean })[]
    audit: readonly AuditRow[]
  },
): Promise<void> => {
  await tx.$executeRaw`
    WITH made AS (
      INSERT INTO sync_operations
        (client_id, account_id, seq, op_id, command, outcome, code, message, overrides, stamp, is_repeat)
      SELECT ${clientId}::uuid, ${accountId}::uuid, r.seq, r."opId", r.command, r.outcome, r.code, r.message, r.overrides,
        r.stamp, r."isRepeat"
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS r (
        seq int, "opId" text, command text, outcome text, code text, message text, overrides jsonb, stamp bigint,
        "isRepeat" boolean)
    ), audited AS (
      INSERT INTO audit_log (id, clinic_id, actor_user_id, actor_patient_id, action, entity, entity_id, detail)
      SELECT r.id, r."clinicId", r."actorUserId", r."actorPatientId", r.action, r.entity, r."entityId", r.detail
      FROM jsonb_to_recordset(${JSON.stringify(audit)}::jsonb) AS r (
        id uuid, "clinicId" uuid, "actorUserId" uuid, "actorPatientId" uuid, action text, entity text, "entityId" uuid,
        detail text)
    )
    UPDATE sync_clients
    SET next_seq = ${log.nextSeq}, last_stamp = ${BigInt(log.lastStamp)}, synced_at = ${log.syncedAt}
    WHERE client_id = ${clientId}::uuid`
}

/** The clinics of these visits, bookings and services. */
export const clinicsOf = async (tx: Tx, ids: readonly string[]): Promise<string[]> => {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT clinic_id::text AS id FROM services WHERE id = ANY(${[...ids]}::uuid[])
    UNION SELECT clinic_id::text FROM queue WHERE id = ANY(${[...ids]}::uuid[])
    UNION SELECT clinic_id::text FROM appointments WHERE id = ANY(${[...ids]}::uuid[])`
  return rows.map(({ id }) => id)
}

/** Locks the doctors, then the queues of these clinics, each by ascending id; answers the ids of the doctors and services. */
export const lockClinics = async (tx: Tx, clinicIds: readonly string[]): Promise<string[]> => {
  const doctors = await tx.$queryRaw<{ id: string }[]>`
    SELECT id::text FROM doctors WHERE clinic_id = ANY(${[...clinicIds]}::uuid[]) ORDER BY doctors.id FOR NO KEY UPDATE`
  const queues = await tx.$queryRaw<{ id: string }[]>`
    SELECT service_id::text AS id FROM queue_state
    WHERE service_id IN (SELECT id FROM services WHERE clinic_id = ANY(${[...clinicIds]}::uuid[]))
    ORDER BY queue_state.service_id FOR UPDATE`
  return [...doctors, ...queues].map(({ id }) => id)
}

/** Locks the records of patients that are about to be changed. */
export const lockPatients = async (tx: Tx, ids: readonly string[]): Promise<void> => {
  if (ids.length > 0)
    await tx.$queryRaw`SELECT id FROM patients WHERE id = ANY(${[...ids]}::uuid[]) ORDER BY id FOR UPDATE`
}
