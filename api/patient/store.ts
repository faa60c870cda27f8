import { createHash } from 'node:crypto'
import { type Db, PLANNED_EACH_TIME, type Tx } from '../database/client.ts'
import { Prisma } from '../database/generated/client.ts'
import { uuidv7 } from '../database/uuid.ts'
import { notFound } from '../errors.ts'
import { type Loaders, type PatientRow, patientLinks, toPatientRow } from '../loaders.ts'
import type { FieldWrite, PatientField } from '../sync/merge.ts'
import { anywhere, type PatientSearch } from './search.ts'

export const findPatientRow = async (db: Db | Tx, id: string): Promise<PatientRow | null> => {
  const row = await db.patient.findUnique({ where: { id }, include: patientLinks })
  return row && toPatientRow(row)
}

export const reloadPatient = async (db: Db | Tx, id: string): Promise<PatientRow> => {
  const row = await findPatientRow(db, id)
  if (!row) throw notFound('patient')
  return row
}

/**
 * The patient for whom a record is about to be written: the one they were merged into, if they were; null also where they deleted their account.
 * Until the transaction ends no merge can take the record away.
 */
export const holdPatient = async (tx: Tx, id: string): Promise<PatientRow | null> => {
  const [row] = await tx.$queryRaw<{ merged: string | null }[]>`
    SELECT merged_into_id::text AS merged FROM patients WHERE id = ${id}::uuid AND deleted_at IS NULL FOR KEY SHARE`
  if (!row) return null
  return row.merged ? holdPatient(tx, row.merged) : findPatientRow(tx, id)
}

/** Links a patient to a clinic that registers, books or checks them in. */
export const linkPatient = async (tx: Tx, clinicId: string, patientId: string): Promise<void> => {
  await tx.$executeRaw`
    INSERT INTO clinic_patients (clinic_id, patient_id) VALUES (${clinicId}::uuid, ${patientId}::uuid)
    ON CONFLICT DO NOTHING`
}

/** The record that stands for this one: itself, or the one it was merged into. */
export const standing = (loaders: Loaders, id: string): Promise<PatientRow | null> =>
  loaders.patient.load(id).then((row) => (row?.mergedIntoId ? loaders.patient.load(row.mergedIntoId) : row))

export type ListedPatient = PatientRow & { sortName: string }

/** Patients of a clinic by name, behind a place in that order. Merged records and deleted accounts are not listed. */
export const listPatients = async (
  db: Db,
  { clinicId, search, after, take }: { clinicId: string; search: PatientSearch; after: string[] | null; take: number },
): Promise<ListedPatient[]> => {
  const inName = search.words.map((word) => Prisma.sql`AND search_name(p.name) LIKE search_name(${anywhere(word)})`)
  const inNumber = search.digits ? Prisma.sql`AND p.phone_number LIKE ${anywhere(search.digits)}` : Prisma.empty
  const behind = after
    ? Prisma.sql`AND (search_name(p.name) COLLATE "C", p.id) > (${after[0]}::text COLLATE "C", ${after[1]}::uuid)`
    : Prisma.empty
  // What suits one word takes seconds for another, among a million names.
  const places = await db.$queryRaw<{ id: string; sortName: string }[]>`${PLANNED_EACH_TIME}
    SELECT p.id::text, search_name(p.name) AS "sortName"
    FROM patients p JOIN clinic_patients c ON c.patient_id = p.id AND c.clinic_id = ${clinicId}::uuid
    WHERE p.merged_into_id IS NULL AND p.deleted_at IS NULL ${inNumber} ${inName.length > 0 ? Prisma.join(inName, ' ') : Prisma.empty} ${behind}
    ORDER BY search_name(p.name) COLLATE "C", p.id LIMIT ${take}`
  const rows = await db.patient.findMany({
    where: { id: { in: places.map(({ id }) => id) } },
    include: patientLinks,
  })
  const byId = new Map(rows.map((row) => [row.id, toPatientRow(row)]))
  return places.flatMap(({ id, sortName }) => {
    const row = byId.get(id)
    return row ? [{ ...row, sortName }] : []
  })
}

/** By which a device recognises the code in a patient's QR without holding it: a code has 128 bits by chance, so nobody finds it from its mark. */
export const markOfCode = (code: string): string =>
  createHash('sha256').update(code).digest().subarray(0, 12).toString('base64url')

/** The one patient with exactly this number or code, of whatever clinic; a merged record's code finds the record it went into. */
export const matchPatient = async (
  db: Db,
  by: { phoneNumber: string } | { code: string },
): Promise<PatientRow | null> => {
  const row = await db.patient.findFirst({
    where: by,
    include: { ...patientLinks, mergedInto: { include: patientLinks } },
  })
  if (!row) return null
  const { mergedInto, ...own } = row
  return toPatientRow(mergedInto ?? own)
}

/** A write that a field was given by, with who made it. */
export type StoredWrite = FieldWrite & {
  version: number
  isOperation: boolean
  /** The user or patient. */
  accountId: string
  /** Of a member of staff. */
  clinicId: string | null
}

/** The writes that hold a patient's fields now. */
export const loadFieldHolders = async (tx: Tx, patientId: string): Promise<Map<PatientField, StoredWrite>> => {
  const rows = await tx.patientFieldWrite.findMany({
    where: { patientId },
    orderBy: [{ field: 'asc' }, { version: 'desc' }],
    distinct: ['field'],
  })
  return new Map(
    rows.map(({ field, writeId, stamp, seenStamp, ...row }) => [
      field as PatientField,
      { ...row, id: writeId, stamp: Number(stamp), seenStamp: Number(seenStamp) },
    ]),
  )
}

/** Of each field the stamp of the latest staff write that is part of this version of the record, or of an earlier one. */
export const loadSeenStamps = async (tx: Tx, patientId: string, seen: number): Promise<Map<string, number>> => {
  const rows = await tx.$queryRaw<{ field: string; stamp: bigint }[]>`
    SELECT field, max(stamp) AS stamp FROM patient_field_writes
    WHERE patient_id = ${patientId}::uuid AND is_staff AND version <= ${seen} GROUP BY field`
  return new Map(rows.map(({ field, stamp }) => [field, Number(stamp)]))
}

/** Notes who gave these fields their values, for later writes to compete with. */
export const storeFieldWrites = async (
  tx: Tx,
  patientId: string,
  writes: readonly (StoredWrite & { field: PatientField })[],
): Promise<void> => {
  await tx.patientFieldWrite.createMany({
    data: writes.map(({ id, stamp, seenStamp, ...write }) => ({
      ...write,
      id: uuidv7(),
      patientId,
      writeId: id,
      stamp: BigInt(stamp),
      seenStamp: BigInt(seenStamp),
    })),
  })
}

/** The database's time in microseconds since 1970. */
export const databaseMicros = async (tx: Tx): Promise<number> => {
  const [row] = await tx.$queryRaw<{ now: bigint }[]>`
    SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now`
  return Number((row as { now: bigint }).now)
}

/** A field that somebody else holds. */
export type FieldOverride = { field: string; by: string; at: string; value: string | null }

/** How a writer is named to a reader: staff to their colleagues by name, to others as their clinic; patients by name. */
export const nameOfWriter = async (
  tx: Tx,
  writer: Pick<StoredWrite, 'isStaff' | 'accountId' | 'clinicId'>,
  reader: { clinicId: string | null },
): Promise<string> => {
  const { isStaff, accountId: id, clinicId } = writer
  if (!isStaff) return (await tx.patient.findUnique({ where: { id } }))?.name ?? ''
  if (clinicId !== reader.clinicId)
    return (clinicId && (await tx.clinic.findUnique({ where: { id: clinicId } }))?.name) || ''
  return (await tx.user.findUnique({ where: { id } }))?.name ?? ''
}

/** Tells the author of an operation that was applied what of it has been overridden since, in the stream that they pull. */
export const noteBeaten = async (tx: Tx, beaten: StoredWrite, override: FieldOverride): Promise<void> => {
  const stored = await tx.$executeRaw`
    UPDATE sync_operations SET beaten = coalesce(beaten, '[]') || ${JSON.stringify([override])}::jsonb
    WHERE account_id = ${beaten.accountId}::uuid AND op_id = ${beaten.id} AND NOT is_repeat`
  if (stored === 0) return
  const note = `o${beaten.id}${beaten.clinicId ?? beaten.accountId},`
  await tx.$executeRaw`
    SELECT set_config('anteroom.changes', coalesce(current_setting('anteroom.changes', true), '') || ${note}, true)`
}
