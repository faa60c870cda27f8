import { graphql } from 'graphql'
import type { UserViewer, Viewer } from '../access/viewer.ts'
import { addDays, instantOf, minuteOf, wallOf } from '../clinic/day.ts'
import type { Deps } from '../context.ts'
import type { Db } from '../database/client.ts'
import type { Role } from '../database/generated/enums.ts'
import { uuidv7 } from '../database/uuid.ts'
import { schema } from '../schema.ts'
import { createContext } from './context.ts'

export type SceneClinic = {
  id: string
  serviceId: string
  doctorIds: string[]
  receptionist: UserViewer
  admin: UserViewer
  /** The user of the first doctor. */
  doctor: UserViewer
}

const ZONE = 'Europe/Berlin'

/** A clinic in Berlin with one service of 15-minute slots and doctors who work from 08:00 to 12:00 every day. */
export const addClinic = async (db: Db, { doctors = 2, letter = 'G' } = {}): Promise<SceneClinic> => {
  const id = uuidv7()
  const serviceId = uuidv7()
  // The clinic day changes twelve hours from now, so that no test straddles it.
  const dayStartsAt = (wallOf(new Date(), ZONE).minute + 720) % 1440
  await db.clinic.create({ data: { id, name: `Clinic ${letter}`, timeZone: ZONE, dayStartsAt } })
  await db.service.create({
    data: { id: serviceId, clinicId: id, name: 'General practice', ticketLetter: letter, slotMinutes: 15 },
  })
  const addUser = async (role: Role): Promise<UserViewer> => {
    const userId = uuidv7()
    await db.user.create({
      data: {
        id: userId,
        clinicId: id,
        username: `${role.toLowerCase()}-${userId}`,
        name: role,
        role,
        passwordHash: '-',
      },
    })
    return { kind: 'user', sessionId: uuidv7(), userId, clinicId: id, role, doctorId: null, serviceIds: [] }
  }
  const doctorViewers = []
  for (let index = 0; index < doctors; index++) {
    const viewer = await addUser('DOCTOR')
    const doctorId = uuidv7()
    await db.doctor.create({ data: { id: doctorId, userId: viewer.userId, clinicId: id, name: `Dr. ${index + 1}` } })
    await db.doctorService.create({ data: { doctorId, serviceId } })
    await db.doctorHours.createMany({
      data: [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({
        id: uuidv7(),
        doctorId,
        weekday,
        fromMinute: 480,
        toMinute: 720,
      })),
    })
    doctorViewers.push({ ...viewer, doctorId, serviceIds: [serviceId] })
  }
  return {
    id,
    serviceId,
    doctorIds: doctorViewers.map(({ doctorId }) => doctorId),
    receptionist: await addUser('RECEPTIONIST'),
    admin: await addUser('ADMIN'),
    doctor: doctorViewers[0] as UserViewer,
  }
}

/** A patient record linked to these clinics. */
export const addPatient = async (
  db: Db,
  {
    clinics = [] as readonly { id: string }[],
    ...details
  }: {
    clinics?: readonly { id: string }[]
    name?: string
    phoneNumber?: string
    passwordHash?: string
    phoneVerified?: boolean
    guardianId?: string
    dateOfBirth?: Date
  } = {},
): Promise<string> => {
  const id = uuidv7()
  await db.patient.create({
    data: {
      id,
      name: 'Ada Example',
      code: uuidv7(),
      ...details,
      clinics: { create: clinics.map((clinic) => ({ clinicId: clinic.id })) },
    },
  })
  return id
}

export const asPatient = (patientId: string, wardIds: string[] = []): Viewer => ({
  kind: 'patient',
  sessionId: uuidv7(),
  patientId,
  wardIds,
})

/** The instant of a Berlin wall-clock time so many days from today. */
export const inDays = (days: number, time: string): string =>
  instantOf(dayIn(days), minuteOf(time) as number, ZONE).toISOString()

export const dayIn = (days: number): string => addDays(wallOf(new Date(), ZONE).day, days)

/** Sends GraphQL as this viewer, without the HTTP around it: the data as JSON, and the codes of the errors. */
export const ask = async (
  deps: Deps,
  viewer: Viewer | null,
  source: string,
  variableValues: Record<string, unknown> = {},
) => {
  const contextValue = { ...(await createContext(deps)), viewer }
  const { data, errors = [] } = await graphql({ schema, source, contextValue, variableValues })
  const codes = errors.map(({ originalError, message }) =>
    originalError && 'code' in originalError ? String(originalError.code) : message,
  )
  return { data: JSON.parse(JSON.stringify(data ?? null)), codes, errors }
}
