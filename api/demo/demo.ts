import { randomBytes } from 'node:crypto'
import { hashPassword } from '../access/passwords.ts'
import type { UserViewer } from '../access/viewer.ts'
import type { Context, Deps } from '../context.ts'
import { uuidv7 } from '../database/uuid.ts'
import { createLoaders } from '../loaders.ts'
import { addWalkIn } from '../queue/commands.ts'

/** The password of every demonstration log-in. */
export const DEMO_PASSWORD = 'anteroom-demo'
export const DEMO_PATIENT = '+12025550100'

type DemoClinic = {
  name: string
  timeZone: string
  address: string
  directions: string
  suffix: string
  /** Of the first one patients join the queue by themselves, of the first two at the door. */
  services: { name: string; letter: string; slotMinutes: number }[]
  /** Together the doctors' hours cover every hour of every day, so that the demonstration can be tried at any time. */
  doctors: { username: string; name: string; room: string; hours: [number, number][] }[]
  waiting: { name: string; phoneNumber: string | null; dateOfBirth: string }[]
}

const HOUR = 60

const clinics: DemoClinic[] = [
  {
    name: 'Riverside Clinic',
    timeZone: 'America/New_York',
    address: '12 River Street\nRiverside',
    directions: 'Rooms 1–4: through the glass door, then left',
    suffix: '',
    services: [
      { name: 'General practice', letter: 'G', slotMinutes: 15 },
      { name: 'Vaccination', letter: 'V', slotMinutes: 10 },
      { name: 'Physiotherapy', letter: 'P', slotMinutes: 30 },
    ],
    doctors: [
      { username: 'doctor', name: 'Dr. Maya Chen', room: '1', hours: [[8 * HOUR, 18 * HOUR]] },
      { username: 'okafor', name: 'Dr. Ben Okafor', room: '2', hours: [[6 * HOUR, 14 * HOUR]] },
      { username: 'lindqvist', name: 'Dr. Sara Lindqvist', room: '3', hours: [[14 * HOUR, 22 * HOUR]] },
      {
        username: 'moreau',
        name: 'Dr. Luc Moreau',
        room: '4',
        hours: [
          [0, 6 * HOUR],
          [22 * HOUR, 24 * HOUR],
        ],
      },
    ],
    waiting: [
      { name: 'Amelia Hart', phoneNumber: null, dateOfBirth: '1988-03-14' },
      { name: 'Noah Bennett', phoneNumber: '+12125550141', dateOfBirth: '1956-11-02' },
      { name: 'Zoë Fischer', phoneNumber: null, dateOfBirth: '2019-07-21' },
      { name: 'Samuel Ortiz', phoneNumber: '+12125550142', dateOfBirth: '1973-01-30' },
      { name: 'Ines Duarte', phoneNumber: '+12125550143', dateOfBirth: '1994-09-08' },
    ],
  },
  {
    name: 'Wellfield Clinic',
    timeZone: 'Europe/Berlin',
    address: 'Am Markt 3\nWellfield',
    directions: 'Rooms 1–4: first floor, opposite the lift',
    suffix: '2',
    services: [
      { name: 'General practice', letter: 'A', slotMinutes: 15 },
      { name: 'Paediatrics', letter: 'K', slotMinutes: 20 },
      { name: 'Dermatology', letter: 'D', slotMinutes: 20 },
    ],
    doctors: [
      { username: 'doctor2', name: 'Dr. Jonas Weber', room: '1', hours: [[8 * HOUR, 18 * HOUR]] },
      { username: 'brandt', name: 'Dr. Lea Brandt', room: '2', hours: [[6 * HOUR, 14 * HOUR]] },
      { username: 'yilmaz', name: 'Dr. Emre Yilmaz', room: '3', hours: [[14 * HOUR, 24 * HOUR]] },
      { username: 'kowalska', name: 'Dr. Anna Kowalska', room: '4', hours: [[0, 8 * HOUR]] },
    ],
    waiting: [],
  },
]

/** A context in the name of one user, for what the demonstration does as that user. */
const contextAs = (deps: Deps, viewer: UserViewer): Context => ({
  ...deps,
  viewer,
  loaders: createLoaders(deps.db),
  idempotency: null,
  ip: '',
  cookies: null,
})

const createClinic = async (deps: Deps, demo: DemoClinic, passwordHash: string): Promise<void> => {
  const clinicId = uuidv7()
  const services = demo.services.map((service) => ({ id: uuidv7(), ...service }))
  const receptionist = uuidv7()
  await deps.db.$transaction(async (tx) => {
    const { name, timeZone, address, directions } = demo
    await tx.clinic.create({ data: { id: clinicId, name, timeZone, address, directions, selfCheckIn: true } })
    for (const { id, name, letter, slotMinutes } of services)
      await tx.service.create({
        data: {
          ...{ id, clinicId, name, ticketLetter: letter, slotMinutes },
          ...{ remoteJoin: id === services[0]?.id, doorJoin: id !== services[2]?.id },
        },
      })
    await tx.user.createMany({
      data: [
        {
          id: receptionist,
          clinicId,
          username: `reception${demo.suffix}`,
          name: 'Reception',
          role: 'RECEPTIONIST',
          passwordHash,
        },
        {
          id: uuidv7(),
          clinicId,
          username: `admin${demo.suffix}`,
          name: 'Practice manager',
          role: 'ADMIN',
          passwordHash,
        },
      ],
    })
    for (const { username, name, room, hours } of demo.doctors) {
      const userId = uuidv7()
      const doctorId = uuidv7()
      await tx.user.create({ data: { id: userId, clinicId, username, name, role: 'DOCTOR', passwordHash } })
      await tx.doctor.create({
        data: { id: doctorId, userId, clinicId, name, room, onDuty: username === `doctor${demo.suffix}` },
      })
      await tx.doctorService.createMany({ data: services.map(({ id }) => ({ doctorId, serviceId: id })) })
      await tx.doctorHours.createMany({
        data: [1, 2, 3, 4, 5, 6, 7].flatMap((weekday) =>
          hours.map(([fromMinute, toMinute]) => ({ id: uuidv7(), doctorId, weekday, fromMinute, toMinute })),
        ),
      })
    }
  })
  const viewer: UserViewer = {
    kind: 'user',
    sessionId: uuidv7(),
    userId: receptionist,
    clinicId,
    role: 'RECEPTIONIST',
    doctorId: null,
    serviceIds: [],
  }
  const ctx = contextAs(deps, viewer)
  for (const { name, phoneNumber, dateOfBirth } of demo.waiting) {
    const patient = await deps.db.patient.create({
      data: {
        id: uuidv7(),
        name,
        phoneNumber,
        dateOfBirth: new Date(dateOfBirth),
        code: randomBytes(16).toString('base64url'),
        createdById: receptionist,
      },
    })
    await addWalkIn(ctx, {
      id: null,
      patientId: patient.id,
      serviceId: (services[0] as { id: string }).id,
      doctorId: null,
      urgency: null,
      reason: null,
      provisionalTicket: null,
    })
  }
  if (demo.waiting.length > 0)
    await deps.db.patient.create({
      data: {
        id: uuidv7(),
        name: 'Grace Miller',
        phoneNumber: DEMO_PATIENT,
        phoneVerified: true,
        dateOfBirth: new Date('1990-05-17'),
        passwordHash,
        code: randomBytes(16).toString('base64url'),
        clinics: { create: { clinicId } },
      },
    })
}

/** Fills an empty database with the demonstration clinics; answers whether it did. */
export const fillDemo = async (deps: Deps): Promise<boolean> => {
  if ((await deps.db.clinic.count()) > 0) return false
  const passwordHash = await hashPassword({ ip: '', config: deps.config }, DEMO_PASSWORD, 'password')
  for (const demo of clinics) await createClinic(deps, demo, passwordHash)
  return true
}
