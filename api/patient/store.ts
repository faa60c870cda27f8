import type { Db, Tx } from '../database/client.ts'
import { Prisma } from '../database/generated/client.ts'
import { notFound } from '../errors.ts'
import { type Loaders, type PatientRow, patientLinks, toPatientRow } from '../loaders.ts'
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
 * The patient for whom a record is about to be written: the one they were merged into, if they were.
 * Until the transaction ends no merge can take the record away.
 */
export const holdPatient = async (tx: Tx, id: string): Promise<PatientRow | null> => {
  const [row] = await tx.$queryRaw<{ merged: string | null }[]>`
    SELECT merged_into_id::text AS merged FROM patients WHERE id = ${id}::uuid FOR KEY SHARE`
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

/** Patients of a clinic by name, behind a place in that order. Merged records are not listed. */
export const listPatients = async (
  db: Db,
  { clinicId, search, after, take }: { clinicId: string; search: PatientSearch; after: string[] | null; take: number },
): Promise<ListedPatient[]> => {
  const inName = search.words.map((word) => Prisma.sql`AND search_name(p.name) LIKE search_name(${anywhere(word)})`)
  const inNumber = search.digits ? Prisma.sql`AND p.phone_number LIKE ${anywhere(search.digits)}` : Prisma.empty
  const behind = after
    ? Prisma.sql`AND (search_name(p.name) COLLATE "C", p.id) > (${after[0]}::text COLLATE "C", ${after[1]}::uuid)`
    : Prisma.empty
  const places = await db.$queryRaw<{ id: string; sortName: string }[]>`
    SELECT p.id::text, search_name(p.name) AS "sortName"
    FROM patients p JOIN clinic_patients c ON c.patient_id = p.id AND c.clinic_id = ${clinicId}::uuid
    WHERE p.merged_into_id IS NULL ${inNumber} ${inName.length > 0 ? Prisma.join(inName, ' ') : Prisma.empty} ${behind}
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
