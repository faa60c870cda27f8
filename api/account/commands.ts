import { randomBytes } from 'node:crypto'
import { demandOwnPassword } from '../access/commands.ts'
import { demand, demandOn } from '../access/demand.ts'
import { endSessions, touchSessions } from '../access/sessions.ts'
import type { PatientViewer } from '../access/viewer.ts'
import { cancelEverything } from '../appointment/commands.ts'
import type { Context } from '../context.ts'
import type { Tx } from '../database/client.ts'
import { transact, type Work } from '../database/transaction.ts'
import { notFound, Refusal } from '../errors.ts'
import { subjectOfPatient } from '../patient/commands.ts'
import { standing } from '../patient/store.ts'
import { leaveEverywhere } from '../queue/commands.ts'
import { loadDocument } from './store.ts'

/** The rights give these commands to patients only. */
const patientOf = ({ viewer }: Context): PatientViewer => {
  if (viewer?.kind !== 'patient') throw new Refusal('FORBIDDEN')
  return viewer
}

const itself = async (_db: unknown, id: string): Promise<{ id: string }> => ({ id })

const noteRemoval = ({ audit }: Work, entityId: string, detail: string) =>
  audit({ action: 'device.removed', entity: 'Device', entityId, clinicId: null, detail })

/** Takes a log-in, or a phone that gets messages without one, away from the viewer's account. */
export const removeDevice = async (ctx: Context, id: string): Promise<true> => {
  demand(ctx.viewer, 'device.manage')
  const { patientId } = patientOf(ctx)
  await transact(ctx, itself, async (work) => {
    const { tx } = work
    const [ended] = await tx.$queryRaw<{ id: string }[]>`
      UPDATE sessions SET ended_at = clock_timestamp(), end_reason = 'REMOVED', changed_at = clock_timestamp()
      WHERE id = ${id}::uuid AND patient_id = ${patientId}::uuid AND ended_at IS NULL RETURNING id::text`
    if (ended) work.sessions.add(ended.id)
    const phones = await tx.device.deleteMany({ where: { patientId, OR: [{ id }, { sessionId: id }] } })
    if (!ended && phones.count === 0) throw notFound('device')
    await noteRemoval(work, id, ended ? 'logged out' : 'a phone without a log-in')
    return { id }
  })
  return true
}

/** Ends all log-ins of the viewer but this one, and the messages to all other phones. */
export const logoutOthers = async (ctx: Context): Promise<true> => {
  demand(ctx.viewer, 'device.manage')
  const { patientId, sessionId } = patientOf(ctx)
  await transact(ctx, itself, async (work) => {
    await endSessions(work, { patientId }, { reason: 'REMOVED', except: sessionId })
    await work.tx.$executeRaw`
      DELETE FROM devices WHERE patient_id = ${patientId}::uuid AND session_id IS DISTINCT FROM ${sessionId}::uuid`
    await noteRemoval(work, sessionId, 'all but this one')
    return { id: sessionId }
  })
  return true
}

/** Enough for whoever loses a file twice; more would be a way to keep the server busy. */
const MOST_EXPORTS_A_DAY = 5

/** The audit rows of exports count them, so that all instances do so together. */
const countExport = async ({ tx, audit }: Work, patientId: string): Promise<void> => {
  await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`export ${patientId}`}, 0))::text`
  const [lately] = await tx.$queryRaw<{ count: number; seconds: number | null }[]>`
    SELECT count(*)::int AS count, extract(epoch FROM min(at) + interval '24 hours' - clock_timestamp())::float8 AS seconds
    FROM audit_log WHERE entity_id = ${patientId}::uuid AND action = 'patient.exported' AND at > clock_timestamp() - interval '24 hours'`
  if (lately && lately.count >= MOST_EXPORTS_A_DAY)
    throw new Refusal('TOO_OFTEN', undefined, { retryAfterSeconds: Math.max(1, Math.ceil(lately.seconds ?? 1)) })
  await audit({ action: 'patient.exported', entity: 'Patient', entityId: patientId, clinicId: null })
}

/** Everything that is kept about the viewer, or a ward of theirs, as JSON. */
export const exportMyData = async (ctx: Context, patientId: string | null | undefined): Promise<string> => {
  demand(ctx.viewer, 'patient.export')
  const patient = await standing(ctx.loaders, patientId ?? patientOf(ctx).patientId)
  demandOn(ctx.viewer, 'patient.export', 'patient', patient, subjectOfPatient)
  await transact(ctx, itself, async (work) => {
    await countExport(work, patient.id)
    return { id: patient.id }
  })
  return JSON.stringify(await loadDocument(ctx.db, patient.id), null, 2)
}

const DELETED = 'Deleted account'

/** What was written about the person goes; that there was a visit, when and with what end stays. */
const forgetVisits = async (tx: Tx, patientId: string): Promise<void> => {
  await tx.$executeRaw`
    UPDATE appointments SET reason = NULL, cancel_reason = NULL, version = version + 1, updated_at = clock_timestamp()
    WHERE patient_id = ${patientId}::uuid AND (reason IS NOT NULL OR cancel_reason IS NOT NULL)`
  await tx.$executeRaw`UPDATE queue SET reason = NULL WHERE patient_id = ${patientId}::uuid AND reason IS NOT NULL`
  await tx.visitLink.deleteMany({ where: { patientId } })
}

/** The rows of messages stay, for their keys are what keeps them from being sent again; what they said and to which number goes. */
const forgetMessages = async (tx: Tx, patientId: string, phoneNumber: string | null): Promise<void> => {
  await tx.$executeRaw`
    UPDATE notifications SET status = 'SUPPRESSED', error = 'ACCOUNT_DELETED'
    WHERE patient_id = ${patientId}::uuid AND status = 'QUEUED'`
  await tx.$executeRaw`
    UPDATE notifications SET phone_number = NULL, title = NULL, body = NULL, link = NULL
    WHERE patient_id = ${patientId}::uuid OR phone_number = ${phoneNumber}`
  await tx.phoneCode.deleteMany({ where: { phoneNumber: phoneNumber ?? '' } })
  await tx.inboundMessage.deleteMany({ where: { phoneNumber: phoneNumber ?? '' } })
}

/** What devices were told stays only as outcomes: without it, a log that comes back would be done a second time. */
const forgetOperations = async (tx: Tx, patientId: string): Promise<void> => {
  await tx.$executeRaw`
    UPDATE sync_operations SET overrides = NULL, beaten = NULL, message = NULL
    WHERE account_id = ${patientId}::uuid
      OR op_id IN (SELECT write_id FROM patient_field_writes WHERE patient_id = ${patientId}::uuid AND is_operation)`
  await tx.patientFieldWrite.deleteMany({ where: { patientId } })
  await tx.idempotentAnswer.deleteMany({ where: { caller: patientId } })
}

/** The person goes out of the record and out of those that were merged into it; nobody is linked to it any more. */
const forgetPerson = async (work: Work, patientId: string): Promise<void> => {
  const { tx } = work
  const records = await tx.$queryRaw<{ id: string }[]>`
    SELECT id::text FROM patients WHERE id = ${patientId}::uuid OR merged_into_id = ${patientId}::uuid ORDER BY id`
  for (const { id } of records)
    await tx.$executeRaw`
      UPDATE patients SET name = ${DELETED}, phone_number = NULL, phone_verified = false, date_of_birth = NULL,
        language = 'en', guardian_id = NULL, password_hash = NULL, code = ${randomBytes(16).toString('base64url')},
        deleted_at = clock_timestamp(), version = version + 1, updated_at = clock_timestamp()
      WHERE id = ${id}::uuid`
  await tx.$executeRaw`
    UPDATE patients SET guardian_id = NULL, version = version + 1, updated_at = clock_timestamp()
    WHERE guardian_id = ${patientId}::uuid`
}

/** Whoever booked or checked in while the locks were taken has to be asked again. */
const demandNothingOpen = async (tx: Tx, patientId: string): Promise<void> => {
  const entry = await tx.queueEntry.findFirst({ where: { patientId, finishedAt: null } })
  const booking = await tx.appointment.findFirst({ where: { patientId, status: 'BOOKED' } })
  if (entry || booking) throw new Refusal('CONFLICT')
}

/**
 * Deletes the viewer's account: they leave every queue, what is booked is cancelled, log-ins and phones end, and what must stay for
 * the clinics' record says no more who it was. Wards stay with their clinics. The number is free again; STOP stays with it.
 */
export const deleteMyAccount = async (ctx: Context, password: string): Promise<true> => {
  demand(ctx.viewer, 'patient.delete')
  const viewer = patientOf(ctx)
  await demandOwnPassword(ctx, viewer, password)
  const { patientId } = viewer
  await transact(ctx, itself, async (work) => {
    const { tx, audit } = work
    await leaveEverywhere(work, patientId)
    await cancelEverything(work, patientId)
    const [held] = await tx.$queryRaw<{ phoneNumber: string | null; guardianId: string | null }[]>`
      SELECT phone_number AS "phoneNumber", guardian_id::text AS "guardianId" FROM patients
      WHERE id = ${patientId}::uuid AND merged_into_id IS NULL AND deleted_at IS NULL FOR UPDATE`
    if (!held) throw new Refusal('CONFLICT')
    await demandNothingOpen(tx, patientId)
    await forgetVisits(tx, patientId)
    await forgetMessages(tx, patientId, held.phoneNumber)
    await forgetOperations(tx, patientId)
    await tx.device.deleteMany({ where: { patientId } })
    await endSessions(work, { patientId }, { reason: 'DELETED' })
    await forgetPerson(work, patientId)
    if (held.guardianId) await touchSessions(work, { patientId: held.guardianId })
    await audit({ action: 'patient.deleted', entity: 'Patient', entityId: patientId, clinicId: null })
    return { id: patientId }
  })
  ctx.loaders.patient.clear(patientId)
  ctx.cookies?.set(null)
  ctx.viewer = null
  return true
}
