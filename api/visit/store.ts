import { randomBytes } from 'node:crypto'
import { tokenHash } from '../access/tokens.ts'
import type { Config } from '../config.ts'
import type { Db, Tx } from '../database/client.ts'
import type { VisitLinkModel } from '../database/generated/models.ts'
import type { EntryRow } from '../loaders.ts'
import { type Language, languageOf } from '../notification/texts.ts'
import { historyOf, type PassedCause } from '../queue/history.ts'
import { findEntry, loadHistory, loadSnapshot, positionState } from '../queue/store.ts'
import { hasEnded } from './ended.ts'
import { type Shown, shownWithout } from './shown.ts'

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

const findLink = (db: Db, link: string): Promise<VisitLinkModel | null> => {
  const token = link.trim().replace(/^.*\//, '')
  return TOKEN.test(token) ? db.visitLink.findUnique({ where: { hash: tokenHash(token) } }) : Promise.resolve(null)
}

/** The last entry of a link's visit, and whether there is nothing to see of it any more. */
const entryBehind = async (db: Db, row: VisitLinkModel): Promise<{ entry: EntryRow; isOver: boolean } | null> => {
  const own = row.entryId ? await findEntry(db, row.entryId) : null
  const entry = row.appointmentId ? ((await latestEntry(db, row.appointmentId)) ?? own) : own
  if (!entry) return null
  const [clinic] = await db.$queryRaw<{ timeZone: string; dayStartsAt: number; now: Date }[]>`
    SELECT time_zone AS "timeZone", day_starts_at AS "dayStartsAt", clock_timestamp() AS now
    FROM clinics WHERE id = ${entry.clinicId}::uuid`
  return { entry, isOver: !clinic || entry.endReason === 'UNDONE' || hasEnded(entry, clinic, clinic.now) }
}

/** The entry behind a link, given whole or by its last part; null before check-in, after the end of the visit, and for no link of ours. */
export const findVisit = async (db: Db, link: string): Promise<EntryRow | null> => {
  const row = await findLink(db, link)
  const behind = row && (await entryBehind(db, row))
  return behind && !behind.isOver ? behind.entry : null
}

/** A link whose visit is still to come or under way: only about such a one is anything sent. */
export const findOpenLink = async (
  db: Db,
  link: string,
): Promise<{ row: VisitLinkModel; entry: EntryRow | null; clinicId: string | null } | null> => {
  const row = await findLink(db, link)
  if (!row) return null
  const behind = await entryBehind(db, row)
  if (behind && !behind.isOver) return { row, entry: behind.entry, clinicId: behind.entry.clinicId }
  const booking = row.appointmentId ? await db.appointment.findUnique({ where: { id: row.appointmentId } }) : null
  return booking?.status === 'BOOKED' ? { row, entry: null, clinicId: booking.clinicId } : null
}

/** Did whoever has a link to this visit stop its messages? */
export const areMessagesStopped = async (
  db: Db | Tx,
  { appointmentId, entryId }: { appointmentId: string | null; entryId: string | null },
): Promise<boolean> => {
  const [row] = await db.$queryRaw<{ stopped: boolean }[]>`
    SELECT EXISTS (SELECT FROM visit_links WHERE appointment_id = ${appointmentId}::uuid AND messages_stopped_at IS NOT NULL)
      OR EXISTS (SELECT FROM visit_links WHERE entry_id = ${entryId}::uuid AND messages_stopped_at IS NOT NULL) AS stopped`
  return row?.stopped ?? false
}

/** The language in which the messages of a patient go out, to them or to their guardian. */
const languageFor = async (db: Db, patientId: string): Promise<Language> => {
  const [row] = await db.$queryRaw<{ language: string }[]>`
    SELECT p.language FROM patients w JOIN patients p ON p.id = w.id OR p.id = w.guardian_id
    WHERE w.id = ${patientId}::uuid
    ORDER BY (p.phone_number IS NOT NULL OR EXISTS (SELECT FROM devices d WHERE d.patient_id = p.id)) DESC, (p.id = w.id) DESC
    LIMIT 1`
  return languageOf(row?.language ?? 'en')
}

const clinicFor = async (db: Db, id: string | null): Promise<Shown['clinic']> =>
  id ? db.clinic.findUnique({ where: { id }, select: { name: true, address: true, directions: true } }) : null

const lastPassed = async (db: Db, entry: EntryRow): Promise<PassedCause | null> => {
  if (entry.status !== 'WAITING') return null
  const { waitingNow, moves } = await loadHistory(db, entry)
  return historyOf(entry.id, waitingNow, moves).findLast(({ kind }) => kind === 'PASSED')?.cause ?? null
}

/** What the page behind a link begins with; in the language of the message, or for what is no link as asked. */
export const loadShown = async (db: Db, link: string, asked: Language): Promise<Shown> => {
  const row = await findLink(db, link)
  if (!row) return shownWithout('unknown', asked)
  const language = await languageFor(db, row.patientId)
  const open = await findOpenLink(db, link)
  if (!open) return shownWithout('ended', language)
  const rest = { language, isStopped: await areMessagesStopped(db, row), clinic: await clinicFor(db, open.clinicId) }
  const queue = open.entry && (await loadSnapshot(db, open.entry.serviceId))
  if (!open.entry || !queue) return { state: 'early', visit: null, ...rest, passed: null }
  const entry = queue.entries.get(open.entry.id) ?? open.entry
  const { ticket, status, position, ahead, room, estimate } = positionState(entry, queue)
  const visit = { ticket, status, position, ahead, room, estimate }
  return { state: 'visit', visit, ...rest, passed: await lastPassed(db, entry) }
}
