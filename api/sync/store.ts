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

/** Locks a client's log, made at its first operation; null where it belongs to another account. */
export const lockLog = async (tx: Tx, clientId: string, accountId: string): Promise<Log | null> => {
  await tx.$executeRaw`
    INSERT INTO sync_clients (client_id, account_id) VALUES (${clientId}::uuid, ${accountId}::uuid) ON CONFLICT DO NOTHING`
  const [row] = await tx.$queryRaw<
    { account_id: string; next_seq: number; last_stamp: bigint; synced_at: Date | null }[]
  >`
    SELECT account_id::text, next_seq, last_stamp, synced_at FROM sync_clients WHERE client_id = ${clientId}::uuid FOR UPDATE`
  if (row?.account_id !== accountId) return null
  return { nextSeq: row.next_seq, lastStamp: Number(row.last_stamp), syncedAt: row.synced_at }
}

/** The seq that a client sends next, 1 for one that never sent; null where it belongs to another account. */
export const nextSeqOf = async (db: Db, clientId: string, accountId: string): Promise<number | null> => {
  const row = await db.syncClient.findUnique({ where: { clientId } })
  if (row && row.accountId !== accountId) return null
  return row?.nextSeq ?? 1
}

const columns = { opId: true, command: true, outcome: true, code: true, message: true, overrides: true } as const

/** The operations of a client at these places of its log, by seq. */
export const storedOperations = async (
  tx: Tx,
  clientId: string,
  seqs: readonly number[],
): Promise<Map<number, StoredOperation>> => {
  const rows = await tx.syncOperation.findMany({
    where: { clientId, seq: { in: [...seqs] } },
    select: { ...columns, seq: true },
  })
  return new Map(rows.map(({ seq, ...row }) => [seq, row as unknown as StoredOperation]))
}

/** The operations of an account with these ids, whichever client brought them first. */
export const operationsByIds = async (
  tx: Tx,
  accountId: string,
  ids: readonly string[],
): Promise<Map<string, StoredOperation>> => {
  const rows = await tx.syncOperation.findMany({
    where: { accountId, opId: { in: [...ids] }, isRepeat: false },
    select: columns,
  })
  return new Map(rows.map((row) => [row.opId, row as unknown as StoredOperation]))
}

/** Writes what became of a batch, and how far the log is known now. */
export const saveLog = async (
  tx: Tx,
  {
    clientId,
    accountId,
    log,
    rows,
  }: {
    clientId: string
    accountId: string
    log: Log
    rows: readonly (StoredOperation & { seq: number; stamp: number; isRepeat: boolean })[]
  },
): Promise<void> => {
  await tx.syncOperation.createMany({
    data: rows.map(({ overrides, stamp, ...row }) => ({
      ...row,
      clientId,
      accountId,
      stamp: BigInt(stamp),
      ...(overrides && { overrides }),
    })),
  })
  await tx.syncClient.update({
    where: { clientId },
    data: { nextSeq: log.nextSeq, lastStamp: BigInt(log.lastStamp), syncedAt: log.syncedAt },
  })
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
