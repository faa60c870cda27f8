import { randomBytes } from 'node:crypto'
import { tokenHash } from '../access/tokens.ts'
import type { Config } from '../config.ts'
import type { Db, Tx } from '../database/client.ts'
import type { EntryRow } from '../loaders.ts'
import { findEntry } from '../queue/store.ts'
import { hasEnded } from './ended.ts'

/** 128 bits: nobody finds a link by trying, so there is no throttle; 22 characters keep an SMS short. */
const newToken = (): string => randomBytes(16).toString('base64url')

const TOKEN = /^[\w-]{22}$/

/** A visit as a link knows it: a booking, and the queue entry that comes of it, or a walk-in's entry. One of the two is there. */
export type Visit = { patientId: string; appointmentId?: string | null; entryId?: string | null }

/** Makes a link to the live position of one visit, to stand in a message; only its hash is kept. */
export const createVisitLink = async (config: Pick<Config, 'publicUrl'>, tx: Tx, visit: Visit): Promise<string> => {
  const token = newToken()
  await tx.visitLink.create({
    data: {
      hash: tokenHash(token),
      patientId: visit.patientId,
      appointmentId: visit.appointmentId ?? null,
      entryId: visit.entryId ?? null,
    },
  })
  return `${config.publicUrl}/t/${token}`
}

/** The entry of a visit: of a booking the last one that came of it, unless that check-in was undone. */
const latestEntry = (db: Db, appointmentId: string): Promise<EntryRow | null> =>
  db.queueEntry.findFirst({ where: { appointmentId }, orderBy: { arrivalSeq: 'desc' } })

/** The entry behind a link, given whole or by its last part; null before check-in, after the end of the visit, and for no link of ours. */
export const findVisit = async (db: Db, link: string): Promise<EntryRow | null> => {
  const token = link.trim().replace(/^.*\//, '')
  if (!TOKEN.test(token)) return null
  const row = await db.visitLink.findUnique({ where: { hash: tokenHash(token) } })
  if (!row) return null
  const own = row.entryId ? await findEntry(db, row.entryId) : null
  const entry = row.appointmentId ? ((await latestEntry(db, row.appointmentId)) ?? own) : own
  if (!entry || entry.endReason === 'UNDONE') return null
  const [clinic] = await db.$queryRaw<{ timeZone: string; dayStartsAt: number; now: Date }[]>`
    SELECT time_zone AS "timeZone", day_starts_at AS "dayStartsAt", clock_timestamp() AS now
    FROM clinics WHERE id = ${entry.clinicId}::uuid`
  return clinic && !hasEnded(entry, clinic, clinic.now) ? entry : null
}
