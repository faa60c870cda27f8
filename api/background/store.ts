import type { Db, Tx } from '../database/client.ts'
import { Prisma } from '../database/generated/client.ts'
import { DEAD_LETTERS } from '../database/job-tables.ts'

/** A job that failed for good. */
export type DeadLetter = {
  id: string
  name: string
  clinicId: string | null
  data: object
  singletonKey: string | null
  attempts: number
  error: string | null
  enqueuedAt: Date
  failedAt: Date
}

const select = Prisma.sql`
  SELECT id::text, source_name AS name, data->>'clinicId' AS "clinicId", data, singleton_key AS "singletonKey",
    source_retry_count + 1 AS attempts,
    coalesce(source_output->>'message', source_output->'value'->>'message') AS error,
    source_created_on AS "enqueuedAt", date_trunc('milliseconds', created_on) AS "failedAt"
  FROM pgboss.job WHERE name = ${DEAD_LETTERS} AND state = 'created' AND source_name IS NOT NULL`

/** The jobs of a clinic that failed for good, newest first. */
export const deadLettersOf = (
  db: Db,
  clinicId: string,
  after: { failedAt: Date; id: string } | null,
  take: number,
): Promise<DeadLetter[]> => {
  const behind = after
    ? Prisma.sql`AND (date_trunc('milliseconds', created_on), id) < (${after.failedAt}, ${after.id}::uuid)`
    : Prisma.empty
  return db.$queryRaw`
    ${select} AND data->>'clinicId' = ${clinicId} ${behind}
    ORDER BY date_trunc('milliseconds', created_on) DESC, id DESC LIMIT ${take}`
}

export const findDeadLetter = async (db: Db, id: string): Promise<DeadLetter | null> => {
  const [found] = await db.$queryRaw<DeadLetter[]>`${select} AND id = ${id}::uuid`
  return found ?? null
}

/** Takes it away; false where somebody else did so before. */
export const takeDeadLetter = async (tx: Tx, id: string): Promise<boolean> =>
  (await tx.$executeRaw`
    DELETE FROM pgboss.job WHERE name = ${DEAD_LETTERS} AND state = 'created' AND id = ${id}::uuid`) === 1
