import { randomUUID } from 'node:crypto'
import type { UserViewer, Viewer } from '../access/viewer.ts'
import type { Context, Deps } from '../context.ts'
import type { Role } from '../database/generated/enums.ts'
import { uuidv7 } from '../database/uuid.ts'
import { createLoaders } from '../loaders.ts'

/** A request's context in somebody's name. */
export const contextOf = (deps: Deps, viewer: Viewer | null): Context => ({
  ...deps,
  viewer,
  loaders: createLoaders(deps.db),
  idempotency: null,
  ip: '127.0.0.1',
  cookies: null,
})

export type TestDoctor = { id: string; viewer: UserViewer; ctx: Context }

/** A small clinic in UTC with a desk, an admin, doctors who give every service, and as many patients as one asks for. */
export const createTestClinic = async (
  deps: Deps,
  { services = 2, doctors = 2, timeZone = 'UTC' }: { services?: number; doctors?: number; timeZone?: string } = {},
) => {
  const { db } = deps
  const clinicId = uuidv7()
  // The clinic day changes twelve hours from now, so that no test straddles it.
  const dayStartsAt = (new Date().getUTCHours() * 60 + new Date().getUTCMinutes() + 720) % 1440
  await db.clinic.create({ data: { id: clinicId, name: `Clinic ${clinicId}`, timeZone, dayStartsAt } })
  const serviceIds: string[] = []
  for (let i = 0; i < services; i++) {
    const id = uuidv7()
    await db.service.create({
      data: { id, clinicId, name: `Service ${i}`, ticketLetter: String.fromCharCode(65 + i), slotMinutes: 15 },
    })
    serviceIds.push(id)
  }
  const user = async (role: Role): Promise<UserViewer> => {
    const userId = uuidv7()
    const username = `u${randomUUID().replaceAll('-', '')}`
    await db.user.create({
      data: { id: userId, clinicId, username, name: role.toLowerCase(), role, passwordHash: 'none' },
    })
    return { kind: 'user', sessionId: uuidv7(), userId, clinicId, role, doctorId: null, serviceIds: [] }
  }
  const addDoctor = async (given: string[] = serviceIds): Promise<TestDoctor> => {
    const viewer = await user('DOCTOR')
    const id = uuidv7()
    await db.doctor.create({
      data: {
        id,
        userId: viewer.userId,
        clinicId,
        name: `Dr. ${id.slice(-4)}`,
        services: { create: given.map((serviceId) => ({ serviceId })) },
        hours: {
          create: [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ id: uuidv7(), weekday, fromMinute: 0, toMinute: 1440 })),
        },
      },
    })
    const full = { ...viewer, doctorId: id, serviceIds: given }
    return { id, viewer: full, ctx: contextOf(deps, full) }
  }
  const made: TestDoctor[] = []
  for (let i = 0; i < doctors; i++) made.push(await addDoctor())
  const desk = contextOf(deps, await user('RECEPTIONIST'))
  const admin = contextOf(deps, await user('ADMIN'))
  const addPatient = async (name = 'A patient'): Promise<string> => {
    const id = uuidv7()
    await db.patient.create({ data: { id, name, code: randomUUID(), clinics: { create: { clinicId } } } })
    return id
  }
  const asPatient = (patientId: string): Context =>
    contextOf(deps, { kind: 'patient', sessionId: uuidv7(), patientId, wardIds: [] })
  const book = async (
    patientId: string,
    startsAt: Date,
    options: { doctorId?: string; bound?: boolean; serviceId?: string } = {},
  ) => {
    const id = uuidv7()
    await db.appointment.create({
      data: {
        id,
        clinicId,
        serviceId: options.serviceId ?? (serviceIds[0] as string),
        doctorId: options.doctorId ?? (made[0] as TestDoctor).id,
        patientId,
        startsAt,
        endsAt: new Date(startsAt.getTime() + 60_000),
        bound: options.bound ?? false,
      },
    })
    return id
  }
  return { clinicId, serviceIds, doctors: made, desk, admin, addDoctor, addPatient, asPatient, book, user }
}

export type TestClinic = Awaited<ReturnType<typeof createTestClinic>>
