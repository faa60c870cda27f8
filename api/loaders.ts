import DataLoader from 'dataloader'
import type { Db } from './database/client.ts'
import type {
  AppointmentModel,
  ClinicModel,
  DoctorHoursModel,
  DoctorModel,
  HoursExceptionModel,
  PatientModel,
  QueueEntryModel,
  ServiceModel,
  UserModel,
} from './database/generated/models.ts'
import { uuidOf } from './database/uuid.ts'

import { loadSnapshots, type Snapshot } from './queue/store.ts'

export type ClinicRow = ClinicModel
export type ServiceRow = ServiceModel
export type DoctorRow = DoctorModel & { serviceIds: string[] }
export type UserRow = UserModel
/** A patient with the clinics that they are linked to. */
export type PatientRow = PatientModel & { clinicIds: string[] }
export type AppointmentRow = AppointmentModel
export type EntryRow = QueueEntryModel

export const patientLinks = { clinics: { select: { clinicId: true } } } as const
export const doctorLinks = { services: { select: { serviceId: true } } } as const

export const toPatientRow = ({
  clinics,
  ...patient
}: PatientModel & { clinics: { clinicId: string }[] }): PatientRow => ({
  ...patient,
  clinicIds: clinics.map((link) => link.clinicId),
})

export const toDoctorRow = ({
  services,
  ...doctor
}: DoctorModel & { services: { serviceId: string }[] }): DoctorRow => ({
  ...doctor,
  serviceIds: services.map((link) => link.serviceId),
})

/** Ids come from outside: what is no UUID names no record, and capital letters name the same one. */
const asStored = (ids: readonly string[]): string[] => ids.flatMap((id) => uuidOf(id) ?? [])

/** Loads rows by id, and gives those that were filled in without a promise: for hundreds of rows in one answer those cost more than the rows. */
class RowLoader<Row extends { id: string }> extends DataLoader<string, Row | null> {
  readonly #known = new Map<string, Row | null>()
  #clearances = 0

  constructor(load: (ids: string[]) => Promise<Row[]>) {
    super(async (ids) => {
      const rows = new Map((await load(asStored(ids))).map((row) => [row.id, row]))
      return ids.map((id) => rows.get(id.toLowerCase()) ?? null)
    })
  }

  /** Loads these rows ahead, in one batch with whatever else is loaded now. */
  async fill(ids: readonly string[]): Promise<void> {
    const clearances = this.#clearances
    const missing = ids.filter((id) => !this.#known.has(id))
    const rows = await this.loadMany(missing)
    // A row that was cleared meanwhile may be an old one.
    if (clearances !== this.#clearances) return
    for (const [place, id] of missing.entries()) {
      const row = rows[place]
      if (row !== undefined && !(row instanceof Error)) this.#known.set(id, row)
    }
  }

  /** The row at once where it was filled in. */
  at(id: string): Row | null | Promise<Row | null> {
    const row = this.#known.get(id)
    return row === undefined ? this.load(id) : row
  }

  /** How many rows are kept. */
  get size(): number {
    return this.#known.size
  }

  override clear(id: string): this {
    this.#clearances++
    this.#known.delete(id)
    return super.clear(id)
  }

  override clearAll(): this {
    this.#clearances++
    this.#known.clear()
    return super.clearAll()
  }
}

const byId = <Row extends { id: string }>(load: (ids: string[]) => Promise<Row[]>) => new RowLoader<Row>(load)

const listBy = <Row>(load: (ids: string[]) => Promise<Row[]>, key: (row: Row) => string) =>
  new DataLoader<string, Row[]>(async (ids) => {
    const lists = Map.groupBy(await load([...ids]), key)
    return ids.map((id) => lists.get(id) ?? [])
  })

/** One batch of ids is one statement: lists of any length cost a constant number of statements. */
export const createLoaders = (db: Db) => ({
  clinic: byId((ids) => db.clinic.findMany({ where: { id: { in: ids } } })),
  service: byId((ids) => db.service.findMany({ where: { id: { in: ids } } })),
  doctor: byId(async (ids) =>
    (await db.doctor.findMany({ where: { id: { in: ids } }, include: doctorLinks })).map(toDoctorRow),
  ),
  user: byId((ids) => db.user.findMany({ where: { id: { in: ids } } })),
  patient: byId(async (ids) =>
    (await db.patient.findMany({ where: { id: { in: ids } }, include: patientLinks })).map(toPatientRow),
  ),
  appointment: byId((ids) => db.appointment.findMany({ where: { id: { in: ids } } })),
  snapshot: new DataLoader<string, Snapshot | null>(async (ids) => {
    const rows = new Map((await loadSnapshots(db, ids)).map((snapshot) => [snapshot.serviceId, snapshot]))
    return ids.map((id) => rows.get(id) ?? null)
  }),
  entry: byId((ids) => db.queueEntry.findMany({ where: { id: { in: ids } } })),
  servicesOfClinic: listBy(
    (ids) => db.service.findMany({ where: { clinicId: { in: ids } }, orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] }),
    (row: ServiceRow) => row.clinicId,
  ),
  doctorsOfClinic: listBy(
    async (ids) =>
      (
        await db.doctor.findMany({
          where: { clinicId: { in: ids }, active: true },
          include: doctorLinks,
          orderBy: [{ name: 'asc' }, { id: 'asc' }],
        })
      ).map(toDoctorRow),
    (row: DoctorRow) => row.clinicId,
  ),
  doctorOfUser: new DataLoader<string, DoctorRow | null>(async (ids) => {
    const rows = await db.doctor.findMany({ where: { userId: { in: [...ids] }, active: true }, include: doctorLinks })
    const byUser = new Map(rows.map((row) => [row.userId, toDoctorRow(row)]))
    return ids.map((id) => byUser.get(id) ?? null)
  }),
  doctorsOfService: listBy(
    async (ids) =>
      (
        await db.doctorService.findMany({
          where: { serviceId: { in: ids }, doctor: { active: true } },
          include: { doctor: { include: doctorLinks } },
          orderBy: [{ doctor: { name: 'asc' } }, { doctorId: 'asc' }],
        })
      ).map(({ serviceId, doctor }) => ({ serviceId, doctor: toDoctorRow(doctor) })),
    (row: { serviceId: string; doctor: DoctorRow }) => row.serviceId,
  ),
  hoursOfDoctor: listBy(
    (ids) =>
      db.doctorHours.findMany({
        where: { doctorId: { in: ids } },
        orderBy: [{ weekday: 'asc' }, { fromMinute: 'asc' }],
      }),
    (row: DoctorHoursModel) => row.doctorId,
  ),
  exceptionsOfDoctor: listBy(
    (ids) =>
      db.hoursException.findMany({
        where: { doctorId: { in: ids } },
        orderBy: [{ day: 'asc' }, { fromMinute: 'asc' }, { id: 'asc' }],
      }),
    (row: HoursExceptionModel) => row.doctorId,
  ),
  hoursException: byId((ids) => db.hoursException.findMany({ where: { id: { in: ids } } })),
  entriesOfAppointment: listBy(
    (ids) => db.queueEntry.findMany({ where: { appointmentId: { in: ids } }, orderBy: { arrivalSeq: 'desc' } }),
    (row: EntryRow) => row.appointmentId as string,
  ),
  /** The services in whose queue a patient is, or was on the present clinic day. */
  servicesOfPatient: listBy(
    (ids) => db.$queryRaw<{ patientId: string; serviceId: string }[]>`
      SELECT DISTINCT e.patient_id::text AS "patientId", e.service_id::text AS "serviceId"
      FROM queue e JOIN clinics c ON c.id = e.clinic_id
      WHERE e.patient_id = ANY(${ids}::uuid[]) AND (e.finished_at IS NULL OR e.ticket_day =
        ((clock_timestamp() AT TIME ZONE c.time_zone) - make_interval(mins => c.day_starts_at))::date)`,
    (row: { patientId: string; serviceId: string }) => row.patientId,
  ),
  wardsOfPatient: listBy(
    async (ids) =>
      (
        await db.patient.findMany({
          where: { guardianId: { in: ids }, mergedIntoId: null },
          include: patientLinks,
          orderBy: [{ name: 'asc' }, { id: 'asc' }],
        })
      ).map(toPatientRow),
    (row: PatientRow) => row.guardianId as string,
  ),
  activeEntriesOfPatient: listBy(
    (ids) =>
      db.queueEntry.findMany({ where: { patientId: { in: ids }, finishedAt: null }, orderBy: { arrivalSeq: 'asc' } }),
    (row: EntryRow) => row.patientId,
  ),
})

export type Loaders = ReturnType<typeof createLoaders>
