import type { Logger } from 'pino'
import type { Db } from '../database/client.ts'
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

/** Which entries are asked for; what is null does not matter. */
export type AuditSearch = {
  entityId: string | null
  /** Who did it: a user or a patient. */
  actorId: string | null
  /** The whole action, as in queue.called, or what comes before the dot, as in queue. */
  action: string | null
  start: Date | null
  end: Date | null
}

/** One clinic's audit log, newest first. */
export const auditPage = (
  db: Db,
  clinicId: string,
  { entityId, actorId, action, start, end }: AuditSearch,
  after: { at: Date; id: string } | null,
  take: number,
): Promise<AuditEventModel[]> =>
  db.auditEvent.findMany({
    where: {
      clinicId,
      AND: [
        entityId ? { entityId } : {},
        actorId ? { OR: [{ actorUserId: actorId }, { actorPatientId: actorId }] } : {},
        action ? (action.includes('.') ? { action } : { action: { startsWith: `${action}.` } }) : {},
        start ? { at: { gte: start } } : {},
        end ? { at: { lt: end } } : {},
        after ? { OR: [{ at: { lt: after.at } }, { at: after.at, id: { lt: after.id } }] } : {},
      ],
    },
    orderBy: [{ at: 'desc' }, { id: 'desc' }],
    take,
  })
