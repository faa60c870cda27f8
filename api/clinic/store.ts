import type { Db, Tx } from '../database/client.ts'
import type { Work } from '../database/transaction.ts'
import { notFound } from '../errors.ts'
import { type ClinicRow, type DoctorRow, doctorLinks, type ServiceRow, toDoctorRow } from '../loaders.ts'

export const listClinics = (db: Db): Promise<ClinicRow[]> =>
  db.clinic.findMany({ orderBy: [{ name: 'asc' }, { id: 'asc' }] })

const findDoctor = async (db: Db | Tx, id: string): Promise<DoctorRow | null> => {
  const row = await db.doctor.findUnique({ where: { id }, include: doctorLinks })
  return row && toDoctorRow(row)
}

const found = <Row>(row: Row | null, what: string): Row => {
  if (!row) throw notFound(what)
  return row
}

export const reloadDoctor = async (db: Db | Tx, id: string): Promise<DoctorRow> =>
  found(await findDoctor(db, id), 'doctor')

export const reloadClinic = async (db: Db, id: string): Promise<ClinicRow> =>
  found(await db.clinic.findUnique({ where: { id } }), 'clinic')

export const reloadService = async (db: Db, id: string): Promise<ServiceRow> =>
  found(await db.service.findUnique({ where: { id } }), 'service')

/** Whoever changes a doctor's hours or duty waits for bookings that are being made, and they for him. */
export const lockDoctorForChange = async (tx: Tx, id: string): Promise<void> => {
  await tx.$queryRaw`SELECT id FROM doctors WHERE id = ${id}::uuid FOR NO KEY UPDATE`
}

/** Makes new versions of these queues, so that those who watch them see what changed around them. */
export const raiseQueues = async ({ tx, touched }: Work, serviceIds: readonly string[]): Promise<void> => {
  const ids = [...new Set(serviceIds)]
  if (ids.length === 0) return
  await tx.$queryRaw`
    SELECT service_id FROM queue_state WHERE service_id = ANY(${ids}::uuid[]) ORDER BY service_id FOR UPDATE`
  const raised = await tx.$queryRaw<{ id: string; version: number }[]>`
    UPDATE queue_state SET version = version + 1 WHERE service_id = ANY(${ids}::uuid[])
    RETURNING service_id::text AS id, version`
  for (const { id, version } of raised) touched.set(id, version)
}
