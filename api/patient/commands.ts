import { randomBytes } from 'node:crypto'
import { type Action, can } from '../access/can.ts'
import { databaseNow } from '../access/clock.ts'
import { checkCode, spendCode } from '../access/codes.ts'
import { type OpenedSession, openSession } from '../access/commands.ts'
import { demand, demandOn } from '../access/demand.ts'
import { demandPassword, hashPassword } from '../access/passwords.ts'
import { endSessions, touchSessions } from '../access/sessions.ts'
import type { UserViewer } from '../access/viewer.ts'
import { raiseQueues } from '../clinic/store.ts'
import type { Context } from '../context.ts'
import { transact, type Work } from '../database/transaction.ts'
import { uuidOf, uuidv7 } from '../database/uuid.ts'
import { badInput, notFound, Refusal } from '../errors.ts'
import type { PatientRow } from '../loaders.ts'
import { laterThan, mergeFields, type PatientField, patientFields } from '../sync/merge.ts'
import { type Details, type DetailsInput, detailsOf } from './details.ts'
import { canLogIn, mergedDetails } from './merge.ts'
import { phoneNumberOf } from './phone.ts'
import {
  databaseMicros,
  type FieldOverride,
  findPatientRow,
  linkPatient,
  loadFieldHolders,
  loadSeenStamps,
  matchPatient,
  nameOfWriter,
  noteBeaten,
  reloadPatient,
  type StoredWrite,
  standing,
  storeFieldWrites,
} from './store.ts'

export const subjectOfPatient = (patient: PatientRow) => ({ patientId: patient.id, clinicIds: patient.clinicIds })

/** Whether the viewer may do this to a patient; for doctors it depends on the queues in which the patient is today. */
export const mayOn = async (action: Action, patient: PatientRow, { viewer, loaders }: Context): Promise<boolean> => {
  if (can(viewer, action, subjectOfPatient(patient))) return true
  if (viewer?.kind !== 'user' || viewer.serviceIds.length === 0) return false
  const serviceIds = (await loaders.servicesOfPatient.load(patient.id)).map(({ serviceId }) => serviceId)
  return can(viewer, action, { ...subjectOfPatient(patient), serviceIds })
}

/** Nobody can guess it, and it fits a small QR code. */
const newCode = (): string => randomBytes(16).toString('base64url')

const PHONE_TAKEN =
  'Another patient has this phone number. findPatient finds them, and booking or adding them links the record to your clinic.'

const forget = (ctx: Context, ...ids: string[]): void => {
  for (const id of ids) ctx.loaders.patient.clear(id)
}

/** The desk's viewer; the rights give patient commands of the desk to users only. */
const deskOf = (ctx: Context): UserViewer => {
  if (ctx.viewer?.kind !== 'user') throw new Refusal('FORBIDDEN')
  return ctx.viewer
}

export type Registration = DetailsInput & { name: string; phoneNumber: string; password: string; code?: string | null }

/** Makes a patient's own record and logs them in. A number that is already on a record needs a code, and that record is taken over. */
export const registerPatient = async (ctx: Context, input: Registration): Promise<OpenedSession> => {
  demand(ctx.viewer, 'session.open')
  const details = detailsOf(input, databaseNow())
  demandPassword(input.password, 'input.password')
  const phoneNumber = details.phoneNumber as string
  const codeId =
    input.code == null ? null : await checkCode(ctx, { phoneNumber, purpose: 'REGISTER', code: input.code })
  // Spares the hash; under an Idempotency-Key the record may be the one that this request made before.
  if (!codeId && !ctx.idempotency && (await ctx.db.patient.findUnique({ where: { phoneNumber } })))
    throw new Refusal('PHONE_NEEDS_CODE')
  const passwordHash = await hashPassword(ctx, input.password, 'input.password')
  const { id } = await transact(ctx, reloadPatient, async (work) => {
    const { tx, audit } = work
    if (codeId) {
      await spendCode(tx, codeId)
      const taken = await takeOver(work, phoneNumber, details, passwordHash)
      if (taken) return taken
    }
    const id = uuidv7()
    const { count } = await tx.patient.createMany({
      data: [{ ...details, id, name: details.name as string, phoneVerified: true, passwordHash, code: newCode() }],
      skipDuplicates: true,
    })
    if (count === 0) throw new Refusal('PHONE_NEEDS_CODE')
    await noteWrites(work, id, { fields: givenFields(details), version: 1, by: { accountId: id, clinicId: null } })
    await audit({ action: 'patient.registered', entity: 'Patient', entityId: id, clinicId: null })
    return reloadPatient(tx, id)
  })
  forget(ctx, id)
  return openSession(ctx, { patientId: id })
}

/**
 * The record with this number becomes theirs who proved that the number is. What the desk wrote stays, what was missing is
 * filled in; whoever was logged in is so no more, and their phones get no more messages.
 */
const takeOver = async (
  work: Work,
  phoneNumber: string,
  details: Details,
  passwordHash: string,
): Promise<PatientRow | null> => {
  const { tx, audit } = work
  const [row] = await tx.$queryRaw<{ id: string; dateOfBirth: Date | null }[]>`
    SELECT id::text, date_of_birth AS "dateOfBirth" FROM patients
    WHERE phone_number = ${phoneNumber} AND merged_into_id IS NULL FOR UPDATE`
  if (!row) return null
  const { id } = row
  await tx.$executeRaw`UPDATE patients SET version = version + 1, updated_at = clock_timestamp() WHERE id = ${id}::uuid`
  await tx.patient.update({
    where: { id },
    data: {
      ...{ passwordHash, phoneVerified: true },
      ...(details.language && { language: details.language }),
      ...(details.dateOfBirth && !row.dateOfBirth && { dateOfBirth: details.dateOfBirth }),
    },
  })
  const fields: PatientField[] = [
    ...(details.language ? (['language'] as const) : []),
    ...(details.dateOfBirth && !row.dateOfBirth ? (['dateOfBirth'] as const) : []),
  ]
  const { version } = await reloadPatient(tx, id)
  await noteWrites(work, id, { fields, version, by: { accountId: id, clinicId: null } })
  await tx.device.deleteMany({ where: { patientId: id } })
  await endSessions(work, { patientId: id }, { reason: 'RESET' })
  await audit({ action: 'patient.taken_over', entity: 'Patient', entityId: id, clinicId: null })
  return reloadPatient(tx, id)
}

/** A number that others put on the viewer's record becomes good for log-in: the viewer got the code sent to it. */
export const confirmPhoneNumber = async (ctx: Context, code: string): Promise<PatientRow> => {
  demand(ctx.viewer, 'patient.profile')
  if (ctx.viewer?.kind !== 'patient') throw new Refusal('FORBIDDEN')
  const { patientId } = ctx.viewer
  const { phoneNumber, phoneVerified } = await reloadPatient(ctx.db, patientId)
  if (!phoneNumber) throw new Refusal('WRONG_CODE', 'There is no phone number on the record.')
  if (phoneVerified) return reloadPatient(ctx.db, patientId)
  const codeId = await checkCode(ctx, { phoneNumber, purpose: 'CONFIRM_NUMBER', code })
  const confirmed = await transact(ctx, reloadPatient, async ({ tx, audit }) => {
    await spendCode(tx, codeId)
    const { count } = await tx.patient.updateMany({
      where: { id: patientId, phoneNumber },
      data: { phoneVerified: true, version: { increment: 1 } },
    })
    // The desk changed the number once more meanwhile.
    if (count === 0) throw new Refusal('WRONG_CODE')
    await audit({ action: 'patient.number_confirmed', entity: 'Patient', entityId: patientId, clinicId: null })
    return reloadPatient(tx, patientId)
  })
  forget(ctx, patientId)
  return confirmed
}

export type NewPatient = DetailsInput & { id?: string | null; name: string; guardianId?: string | null }

/** Makes a patient's record at the desk, linked to the desk's clinic. An id that this caller has already stored answers that record. */
export const createPatient = async (ctx: Context, input: NewPatient): Promise<PatientRow> => {
  demand(ctx.viewer, 'patient.create')
  const desk = deskOf(ctx)
  const details = detailsOf(input, databaseNow())
  const id = input.id == null ? uuidv7() : uuidOf(input.id)
  if (!id) throw badInput('input.id', 'must be a UUID')
  const guardian = input.guardianId == null ? null : await standing(ctx.loaders, input.guardianId)
  if (input.guardianId != null) demandOn(ctx.viewer, 'patient.read', 'guardian', guardian, subjectOfPatient)
  const created = await transact(ctx, reloadPatient, async (work) => {
    const { tx, audit } = work
    const { count } = await tx.patient.createMany({
      data: [
        {
          ...details,
          id,
          name: details.name as string,
          guardianId: guardian?.id ?? null,
          code: newCode(),
          createdById: desk.userId,
        },
      ],
      skipDuplicates: true,
    })
    if (count === 0) return storedBefore(work, id, desk)
    await linkPatient(tx, desk.clinicId, id)
    await noteWrites(work, id, {
      fields: givenFields(details),
      version: 1,
      by: { accountId: desk.userId, clinicId: desk.clinicId },
    })
    if (guardian) await touchSessions(work, { patientId: guardian.id })
    await audit({ action: 'patient.created', entity: 'Patient', entityId: id, clinicId: desk.clinicId })
    return reloadPatient(tx, id)
  })
  forget(ctx, id)
  return created
}

/**
 * A record for somebody who came without a booking and typed their own name at the clinic's door; nobody's log-in stands behind it.
 * A number that is on a record already stays with that one: two people may share it, and the desk knows whether they are one.
 * The same id again answers the same record.
 */
export const createPatientAtDoor = (
  ctx: Context,
  { id, clinicId, input }: { id: string; clinicId: string; input: DetailsInput & { name: string } },
): Promise<PatientRow> => {
  const { phoneNumber = null, ...details } = detailsOf(input, databaseNow())
  return transact(ctx, reloadPatient, async (work) => {
    const { tx, audit } = work
    const stored = await findPatientRow(tx, id)
    if (stored) return stored.mergedIntoId ? reloadPatient(tx, stored.mergedIntoId) : stored
    const row = { ...details, id, name: details.name as string, code: newCode() }
    const isNew = async (number: string | null) =>
      (await tx.patient.createMany({ data: [{ ...row, phoneNumber: number }], skipDuplicates: true })).count > 0
    const hasNumber = phoneNumber !== null && (await isNew(phoneNumber))
    // Sent twice at once, it is made once.
    if (!hasNumber && !(await isNew(null))) return reloadPatient(tx, id)
    await linkPatient(tx, clinicId, id)
    const fields = givenFields({ ...details, ...(hasNumber && { phoneNumber }) })
    await noteWrites(work, id, { fields, version: 1, by: { accountId: id, clinicId: null } })
    await audit({ action: 'patient.came', entity: 'Patient', entityId: id, clinicId })
    return reloadPatient(tx, id)
  })
}

const storedBefore = async ({ tx }: Work, id: string, desk: UserViewer): Promise<PatientRow> => {
  const stored = await findPatientRow(tx, id)
  if (!stored) throw new Refusal('PHONE_TAKEN', PHONE_TAKEN)
  if (stored.createdById !== desk.userId) throw new Refusal('ID_TAKEN')
  return stored.mergedIntoId ? reloadPatient(tx, stored.mergedIntoId) : stored
}

const givenFields = (details: Details): PatientField[] => patientFields.filter((field) => details[field] != null)

type Author = { accountId: string; clinicId: string | null }

const authorOf = (ctx: Context): Author =>
  ctx.viewer?.kind === 'user'
    ? { accountId: ctx.viewer.userId, clinicId: ctx.viewer.clinicId }
    : { accountId: ctx.viewer?.patientId ?? '', clinicId: null }

/** A write of this command by this author; that of a synced operation was done when the operation was. */
const newWrite = async ({ tx, ctx }: Work, by: Author): Promise<Omit<StoredWrite, 'version'>> => {
  const act = ctx.batch?.act
  return {
    id: act?.operationId ?? uuidv7(),
    isOperation: act !== undefined,
    stamp: act?.stamp ?? (await databaseMicros(tx)),
    seenStamp: 0,
    isStaff: by.clinicId !== null,
    ...by,
  }
}

/** Notes fields that were written by somebody who saw the record as it is. */
const noteWrites = async (
  work: Work,
  patientId: string,
  { fields, version, by }: { fields: readonly PatientField[]; version: number; by: Author },
): Promise<void> => {
  if (fields.length === 0) return
  const holders = version > 1 ? await loadFieldHolders(work.tx, patientId) : new Map<PatientField, StoredWrite>()
  const write = await newWrite(work, by)
  const writes = fields.map((field) => ({ ...write, ...laterThan(write, holders.get(field) ?? null), field, version }))
  await storeFieldWrites(work.tx, patientId, writes)
}

/** A changed record, and the fields of the change that others hold against it. */
export type ChangedPatient = { patient: PatientRow; overrides: FieldOverride[] }

/** A patient changes their own record. */
export const updateProfile = async (ctx: Context, input: DetailsInput): Promise<PatientRow> => {
  demand(ctx.viewer, 'patient.profile')
  if (ctx.viewer?.kind !== 'patient') throw new Refusal('FORBIDDEN')
  return (await mergePatient(ctx, ctx.viewer.patientId, input)).patient
}

/** The desk changes the record of a patient of the clinic; a guardian that of their ward. */
export const updatePatient = async (ctx: Context, id: string, input: DetailsInput): Promise<PatientRow> =>
  (await mergePatient(ctx, id, input)).patient

/**
 * Changes a record field by field. `seen` is the version that the writer had on screen, perhaps long ago; without it, they saw the
 * record as it is now. Patients change their own record and their wards', the desk those of the clinic's patients.
 */
export const mergePatient = async (
  ctx: Context,
  id: string,
  input: DetailsInput,
  seen?: number | null,
): Promise<ChangedPatient> => {
  const action = ctx.viewer?.kind === 'patient' ? 'patient.profile' : 'patient.update'
  demand(ctx.viewer, action)
  const patient = await standing(ctx.loaders, id)
  demandOn(ctx.viewer, action, 'patient', patient, subjectOfPatient)
  if (input.phoneNumber === null && ctx.viewer?.kind === 'patient' && ctx.viewer.patientId === patient.id)
    throw badInput('input.phoneNumber', 'must be a number: it is the one to log in with')
  return changeDetails(ctx, patient.id, input, seen)
}

/** A number that patients set themselves is good for log-in as it is at registration; one set by others is not until it is confirmed. */
const verifiedAfter = (ctx: Context, patient: PatientRow, details: Details): { phoneVerified?: boolean } => {
  if (details.phoneNumber === undefined || details.phoneNumber === patient.phoneNumber) return {}
  return { phoneVerified: ctx.viewer?.kind === 'patient' && ctx.viewer.patientId === patient.id }
}

const textOf = (value: Details[PatientField]): string | null =>
  value instanceof Date ? value.toISOString().slice(0, 10) : (value ?? null)

const instantOf = (stamp: number): string => new Date(Math.floor(stamp / 1000)).toISOString()

/** What of a change takes its field, and what others hold against it; both as they go into the record or back to the author. */
const judge = async (work: Work, patient: PatientRow, details: Details, seen: number | null | undefined) => {
  const { tx } = work
  const fields = patientFields.filter((field) => field in details)
  const holders = await loadFieldHolders(tx, patient.id)
  const by = authorOf(work.ctx)
  const write = await newWrite(work, by)
  const seenVersion = Math.min(seen === undefined ? patient.version : (seen ?? 0), patient.version)
  const seenStamps = write.isStaff ? new Map<string, number>() : await loadSeenStamps(tx, patient.id, seenVersion)
  const writeOf = (field: PatientField) => {
    const own = { ...write, seenStamp: seenStamps.get(field) ?? 0 }
    return seen === undefined ? { ...own, ...laterThan(own, holders.get(field) ?? null) } : own
  }
  const { won, lost } = mergeFields(fields, writeOf, holders)
  const overrides: FieldOverride[] = []
  for (const field of lost) {
    const holder = holders.get(field) as StoredWrite
    // Who writes what is there already loses nothing.
    if (textOf(details[field]) === textOf(patient[field])) continue
    const named = await nameOfWriter(tx, holder, by)
    overrides.push({ field, by: named, at: instantOf(holder.stamp), value: textOf(patient[field]) })
  }
  const isUnseen = (field: PatientField) => {
    const holder = holders.get(field)
    return holder?.isOperation && holder.accountId !== by.accountId && holder.version > seenVersion
  }
  return { by, won, overrides, writeOf, beaten: won.filter(isUnseen), holders }
}

const changeDetails = async (
  ctx: Context,
  id: string,
  input: DetailsInput,
  seen: number | null | undefined,
): Promise<ChangedPatient> => {
  const details = detailsOf(input, databaseNow())
  let overrides: FieldOverride[] = []
  const changed = await transact(ctx, reloadPatient, async (work) => {
    const { tx, audit } = work
    await tx.$queryRaw`SELECT id FROM patients WHERE id = ${id}::uuid FOR UPDATE`
    const patient = await reloadPatient(tx, id)
    if (patient.mergedIntoId || patient.deletedAt) throw notFound('patient')
    if (Object.keys(details).length === 0) return patient
    const judged = await judge(work, patient, details, seen)
    overrides = judged.overrides
    if (judged.won.length === 0) return patient
    const given = Object.fromEntries(judged.won.map((field) => [field, details[field]])) as Details
    const version = patient.version + 1
    await tx.$executeRaw`UPDATE patients SET version = version + 1, updated_at = clock_timestamp() WHERE id = ${id}::uuid`
    await tx.patient.update({ where: { id }, data: { ...given, ...verifiedAfter(ctx, patient, given) } })
    const writes = judged.won.map((field) => ({ ...judged.writeOf(field), field, version }))
    await storeFieldWrites(tx, id, writes)
    for (const field of judged.beaten) {
      const holder = judged.holders.get(field) as StoredWrite
      if (textOf(given[field]) === textOf(patient[field])) continue
      await noteBeaten(tx, holder, {
        field,
        by: await nameOfWriter(tx, { ...judged.by, isStaff: judged.by.clinicId !== null }, holder),
        at: instantOf(judged.writeOf(field).stamp),
        value: textOf(given[field]),
      })
    }
    await audit({
      action: 'patient.updated',
      entity: 'Patient',
      entityId: id,
      clinicId: ctx.viewer?.kind === 'user' ? ctx.viewer.clinicId : null,
      detail: judged.won.join(', '),
    })
    return reloadPatient(tx, id)
  })
  forget(ctx, id)
  return { patient: changed, overrides }
}

/** Makes the code in the patient's QR anew: the old one finds nobody any more. */
export const renewCode = async (ctx: Context, patientId: string | null | undefined): Promise<PatientRow> => {
  demand(ctx.viewer, 'patient.code')
  const own = ctx.viewer?.kind === 'patient' ? ctx.viewer.patientId : ''
  const patient = await standing(ctx.loaders, patientId ?? own)
  demandOn(ctx.viewer, 'patient.code', 'patient', patient, subjectOfPatient)
  const renewed = await transact(ctx, reloadPatient, async ({ tx, audit }) => {
    await tx.patient.update({ where: { id: patient.id }, data: { code: newCode() } })
    await audit({ action: 'patient.code_renewed', entity: 'Patient', entityId: patient.id, clinicId: null })
    return reloadPatient(tx, patient.id)
  })
  forget(ctx, patient.id)
  return renewed
}

const platforms: readonly string[] = ['android', 'ios', 'web']

/** The viewer's phone gets push messages from now on; a phone that changed hands follows its last log-in. */
export const registerDevice = async (
  ctx: Context,
  input: { pushToken: string; platform: string },
): Promise<boolean> => {
  demand(ctx.viewer, 'device.register')
  if (ctx.viewer?.kind !== 'patient') throw new Refusal('FORBIDDEN')
  const { patientId, sessionId } = ctx.viewer
  const pushToken = input.pushToken.trim()
  if (!/^[\x21-\x7e]{1,4096}$/.test(pushToken))
    throw badInput('pushToken', 'must be 1 to 4096 characters without blanks')
  const platform = input.platform.toLowerCase()
  if (!platforms.includes(platform)) throw badInput('platform', `must be one of ${platforms.join(', ')}`)
  await transact(
    ctx,
    (db, id) => db.device.findUnique({ where: { id } }),
    async ({ tx, audit }) => {
      const session = await tx.session.findUnique({ where: { id: sessionId }, select: { id: true } })
      const owned = { patientId, platform, sessionId: session?.id ?? null }
      const device = await tx.device.upsert({
        where: { pushToken },
        create: { id: uuidv7(), pushToken, ...owned },
        update: owned,
      })
      await audit({
        action: 'device.registered',
        entity: 'Device',
        entityId: device.id,
        clinicId: null,
        detail: platform,
      })
      return device
    },
  )
  return true
}

/** The desk finds a patient of any clinic by the exact number or the code in their QR. Each look is on the record. */
export const findPatient = async (
  ctx: Context,
  { phoneNumber, code }: { phoneNumber?: string | null; code?: string | null },
): Promise<PatientRow | null> => {
  demand(ctx.viewer, 'patient.search')
  const desk = deskOf(ctx)
  if ((phoneNumber == null) === (code == null)) throw badInput('phoneNumber', 'must be given, or code, but not both')
  const found = await matchPatient(
    ctx.db,
    phoneNumber == null ? { code: (code ?? '').trim() } : { phoneNumber: phoneNumberOf(phoneNumber, 'phoneNumber') },
  )
  ctx.trail.record({
    action: 'patient.find',
    entity: 'Patient',
    entityId: found?.id ?? null,
    clinicId: desk.clinicId,
    actorUserId: desk.userId,
    detail: `by ${phoneNumber == null ? 'code' : 'phone number'}${found ? '' : ', nobody found'}`,
  })
  return found
}

/** Locks the queues in which either stands or may check in, then both records: walk-ins and check-ins take their locks in the same order. */
const lockForMerge = async (work: Work, ids: readonly string[]): Promise<void> => {
  const ofBoth = { patientId: { in: [...ids] } }
  const open = async () => {
    const entries = await work.tx.queueEntry.findMany({ where: { ...ofBoth, finishedAt: null } })
    const bookings = await work.tx.appointment.findMany({ where: { ...ofBoth, status: 'BOOKED' } })
    return [...entries, ...bookings].map(({ serviceId }) => serviceId)
  }
  const serviceIds = await open()
  await raiseQueues(work, serviceIds)
  await work.tx.$queryRaw`SELECT id FROM patients WHERE id = ANY(${[...ids]}::uuid[]) ORDER BY id FOR UPDATE`
  const since = await open()
  await raiseQueues(
    work,
    since.filter((id) => !serviceIds.includes(id)),
  )
}

const refuseClashes = async ({ tx }: Work, keep: string, drop: string): Promise<void> => {
  const [entry] = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM queue a JOIN queue b ON a.service_id = b.service_id
    WHERE a.patient_id = ${keep}::uuid AND b.patient_id = ${drop}::uuid AND a.finished_at IS NULL AND b.finished_at IS NULL`
  if (entry)
    throw new Refusal('ALREADY_WAITING', 'Both records wait for the same service; end one of the entries first.')
  const [booking] = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM appointments a JOIN appointments b ON tstzrange(a.starts_at, a.ends_at) && tstzrange(b.starts_at, b.ends_at)
    WHERE a.patient_id = ${keep}::uuid AND b.patient_id = ${drop}::uuid
      AND a.status IN ('BOOKED', 'CHECKED_IN') AND b.status IN ('BOOKED', 'CHECKED_IN')`
  if (booking)
    throw new Refusal('PATIENT_BUSY', 'Both records have a booking at the same time; cancel one of them first.')
}

const moveRecords = async ({ tx }: Work, keep: string, drop: string): Promise<void> => {
  await tx.$executeRaw`
    INSERT INTO clinic_patients (clinic_id, patient_id)
    SELECT clinic_id, ${keep}::uuid FROM clinic_patients WHERE patient_id = ${drop}::uuid ON CONFLICT DO NOTHING`
  await tx.$executeRaw`DELETE FROM clinic_patients WHERE patient_id = ${drop}::uuid`
  await tx.$executeRaw`UPDATE queue SET patient_id = ${keep}::uuid WHERE patient_id = ${drop}::uuid`
  await tx.$executeRaw`
    UPDATE appointments SET patient_id = ${keep}::uuid, version = version + 1, updated_at = clock_timestamp()
    WHERE patient_id = ${drop}::uuid`
  await tx.$executeRaw`UPDATE notifications SET patient_id = ${keep}::uuid WHERE patient_id = ${drop}::uuid`
  await tx.$executeRaw`UPDATE visit_links SET patient_id = ${keep}::uuid WHERE patient_id = ${drop}::uuid`
  await tx.$executeRaw`UPDATE devices SET patient_id = ${keep}::uuid WHERE patient_id = ${drop}::uuid`
  await tx.$executeRaw`
    UPDATE patients SET guardian_id = ${keep}::uuid, version = version + 1, updated_at = clock_timestamp()
    WHERE guardian_id = ${drop}::uuid AND id <> ${keep}::uuid`
  await tx.$executeRaw`UPDATE patients SET merged_into_id = ${keep}::uuid WHERE merged_into_id = ${drop}::uuid`
}

/**
 * Makes one record of two that are the same person: `drop` goes into `keep`, and whoever asks for it gets `keep`.
 * Where both can log in, the log-in of `drop` ends, and the desk has to say that it knows (`endLogin`).
 */
export const mergePatients = async (
  ctx: Context,
  { keep, drop, endLogin }: { keep: string; drop: string; endLogin: boolean },
): Promise<PatientRow> => {
  demand(ctx.viewer, 'patient.merge')
  const desk = deskOf(ctx)
  const [kept, dropped] = await Promise.all([standing(ctx.loaders, keep), standing(ctx.loaders, drop)])
  demandOn(ctx.viewer, 'patient.merge', 'patient (keep)', kept, subjectOfPatient)
  demandOn(ctx.viewer, 'patient.merge', 'patient (drop)', dropped, subjectOfPatient)
  if (uuidOf(keep) === uuidOf(drop)) throw badInput('drop', 'must be another patient than keep')
  // Merged before: a repeat answers the same.
  if (kept.id === dropped.id) return kept
  const merged = await transact(ctx, reloadPatient, async (work) => {
    const { tx } = work
    await lockForMerge(work, [kept.id, dropped.id])
    const [one, other] = [await reloadPatient(tx, kept.id), await reloadPatient(tx, dropped.id)]
    if (one.mergedIntoId || other.mergedIntoId || one.deletedAt || other.deletedAt) throw new Refusal('CONFLICT')
    if (canLogIn(one) && canLogIn(other) && !endLogin)
      throw new Refusal('CONFLICT', 'Both patients can log in; repeat with endLogin: true to end the log-in of drop.')
    await refuseClashes(work, one.id, other.id)
    await moveRecords(work, one.id, other.id)
    await endSessions(work, { patientId: other.id }, { reason: 'MERGED' })
    await tx.$executeRaw`
      UPDATE patients SET phone_number = NULL, phone_verified = false, password_hash = NULL, guardian_id = NULL,
        merged_into_id = ${one.id}::uuid, version = version + 1, updated_at = clock_timestamp()
      WHERE id = ${other.id}::uuid`
    await tx.$executeRaw`UPDATE patients SET version = version + 1, updated_at = clock_timestamp() WHERE id = ${one.id}::uuid`
    const details = mergedDetails(one, other)
    await tx.patient.update({ where: { id: one.id }, data: details })
    const filled = (['phoneNumber', 'dateOfBirth'] as const).filter((field) => details[field] !== one[field])
    await noteWrites(work, one.id, { fields: filled, version: one.version + 1, by: authorOf(ctx) })
    for (const holder of new Set([one.id, one.guardianId, other.guardianId]))
      if (holder) await touchSessions(work, { patientId: holder })
    const whoseNumber = details.phoneNumber === one.phoneNumber ? 'kept' : 'merged'
    await work.audit({
      action: 'patient.merged',
      entity: 'Patient',
      entityId: one.id,
      clinicId: desk.clinicId,
      detail: `${other.id} went into this record; phone number of the ${whoseNumber} record`,
    })
    return reloadPatient(tx, one.id)
  })
  ctx.loaders.patient.clearAll()
  return merged
}
