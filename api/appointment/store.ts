import { calendarBounds } from '../clinic/day.ts'
import { instantKey } from '../connection.ts'
import type { Db, Tx } from '../database/client.ts'
import type { Prisma } from '../database/generated/client.ts'
import { notFound } from '../errors.ts'
import {
  type AppointmentRow,
  type ClinicRow,
  type DoctorRow,
  doctorLinks,
  type ServiceRow,
  toDoctorRow,
} from '../loaders.ts'
import { freeSlots, type Rota, type SlotTime } from './slots.ts'

export const findAppointment = (db: Db | Tx, id: string): Promise<AppointmentRow | null> =>
  db.appointment.findUnique({ where: { id } })

export const reloadAppointment = async (db: Db | Tx, id: string): Promise<AppointmentRow> => {
  const row = await findAppointment(db, id)
  if (!row) throw notFound('appointment')
  return row
}

type Days = { from: string; to: string }

/** The rotas of these doctors for some days of a service, by doctor id: two statements, whatever the range. */
export const loadRotas = async (
  db: Db | Tx,
  doctorIds: readonly string[],
  { clinic, service, days }: { clinic: ClinicRow; service: ServiceRow; days: Days },
): Promise<Map<string, Rota>> => {
  const ids = [...doctorIds]
  const hours = await db.doctorHours.findMany({ where: { doctorId: { in: ids } } })
  const exceptions = await db.hoursException.findMany({
    where: {
      doctorId: { in: ids },
      day: { gte: new Date(`${days.from}T00:00:00Z`), lte: new Date(`${days.to}T00:00:00Z`) },
    },
  })
  const rota = (doctorId: string): Rota => ({
    timeZone: clinic.timeZone,
    slotMinutes: service.slotMinutes,
    weekly: hours
      .filter((row) => row.doctorId === doctorId)
      .map(({ weekday, fromMinute, toMinute }) => ({ weekday, from: fromMinute, to: toMinute })),
    exceptions: exceptions
      .filter((row) => row.doctorId === doctorId)
      .map(({ day, kind, fromMinute, toMinute }) => ({
        day: day.toISOString().slice(0, 10),
        kind,
        from: fromMinute,
        to: toMinute,
      })),
  })
  return new Map(ids.map((id) => [id, rota(id)]))
}

/** The doctors of a service who work here at present, by name; one where `doctorId` names one, none where that one does not give it. */
export const doctorsOf = async (db: Db | Tx, serviceId: string, doctorId: string | null): Promise<DoctorRow[]> =>
  (
    await db.doctor.findMany({
      where: { active: true, services: { some: { serviceId } }, ...(doctorId && { id: doctorId }) },
      include: doctorLinks,
      orderBy: [{ name: 'asc' }, { id: 'asc' }],
    })
  ).map(toDoctorRow)

/** A cancelled booking gives its time back; every other one keeps it. */
export const bookingsOf = async (
  db: Db | Tx,
  doctorIds: readonly string[],
  { start, end }: { start: Date; end: Date },
): Promise<(SlotTime & { id: string; doctorId: string })[]> =>
  db.appointment.findMany({
    where: {
      doctorId: { in: [...doctorIds] },
      status: { not: 'CANCELLED' },
      startsAt: { lt: end },
      endsAt: { gt: start },
    },
    select: { id: true, doctorId: true, startsAt: true, endsAt: true },
    orderBy: { startsAt: 'asc' },
  })

export type FreeSlot = SlotTime & { doctor: DoctorRow }

/** Free slots of a service by time, then by the doctor's name. */
export const loadFreeSlots = async (
  db: Db,
  { clinic, service }: { clinic: ClinicRow; service: ServiceRow },
  { doctorId, days, now }: { doctorId: string | null; days: Days; now: Date },
): Promise<FreeSlot[]> => {
  const doctors = await doctorsOf(db, service.id, doctorId)
  const ids = doctors.map(({ id }) => id)
  const rotas = await loadRotas(db, ids, { clinic, service, days })
  const bookings = Map.groupBy(
    await bookingsOf(db, ids, calendarBounds(days.from, days.to, clinic.timeZone)),
    ({ doctorId }) => doctorId,
  )
  return doctors
    .flatMap((doctor) =>
      freeSlots(days, rotas.get(doctor.id) as Rota, bookings.get(doctor.id) ?? [], now).map((slot) => ({
        ...slot,
        doctor,
      })),
    )
    .sort((a, b) => a.startsAt.getTime() - b.startsAt.getTime())
}

/** Appointments by start, behind a place in that order. */
export const listAppointments = (
  db: Db,
  { where, after, take }: { where: Prisma.AppointmentWhereInput; after: string[] | null; take: number },
): Promise<AppointmentRow[]> => {
  const startsAt = after && instantKey(after[0])
  const behind = startsAt ? { OR: [{ startsAt: { gt: startsAt } }, { startsAt, id: { gt: after[1] as string } }] } : {}
  return db.appointment.findMany({
    where: { AND: [where, behind] },
    orderBy: [{ startsAt: 'asc' }, { id: 'asc' }],
    take,
  })
}

export const placeOfAppointment = ({ startsAt, id }: AppointmentRow): [string, string] => [startsAt.toISOString(), id]
