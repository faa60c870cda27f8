import { openTokens } from '../../../api/access/sessions.ts'
import type { Deps } from '../../../api/context.ts'
import { uuidv7 } from '../../../api/database/uuid.ts'
import { addWalkIn } from '../../../api/queue/commands.ts'
import { createTestClinic } from '../../../api/test/clinic.ts'
import type { Seat } from './acts.ts'
import type { Random } from './chance.ts'

const SLOT_MS = 15 * 60_000

/** A small clinic with few patients and few slots, so that everybody gets in everybody's way. */
export const createScene = async (deps: Deps, random: Random) => {
  const { db } = deps
  const clinic = await createTestClinic(deps, { services: 2, doctors: 2 })
  const tokenOf = async (holder: { userId: string } | { patientId: string }) =>
    (await openTokens(deps, holder)).accessToken
  const patientIds: string[] = []
  for (let i = 0; i < 5; i++) patientIds.push(await clinic.addPatient(`Patient ${i}`))
  const [guardian, ward] = patientIds as [string, string]
  await db.patient.update({ where: { id: ward }, data: { guardianId: guardian } })
  for (const patientId of patientIds.slice(3))
    await addWalkIn(clinic.desk, {
      id: uuidv7(),
      patientId,
      serviceId: random.pick(clinic.serviceIds),
      doctorId: null,
      urgency: null,
      reason: null,
      provisionalTicket: null,
    })
  const first = Math.ceil(Date.now() / SLOT_MS) * SLOT_MS + 2 * SLOT_MS
  const slots = Array.from({ length: 6 }, (_, i) => new Date(first + i * SLOT_MS).toISOString())
  const desks = [clinic.desk.viewer, await clinic.user('RECEPTIONIST'), await clinic.user('RECEPTIONIST')]
  const deskSeat = async (index: number): Promise<Seat> => {
    const viewer = desks[index]
    if (viewer?.kind !== 'user') throw new Error('no such desk')
    return { kind: 'desk', userId: viewer.userId, token: await tokenOf({ userId: viewer.userId }) }
  }
  const seats: (() => Promise<Seat>)[] = [
    () => deskSeat(1),
    () => deskSeat(1),
    () => deskSeat(2),
    async () => {
      const { userId, doctorId } = (clinic.doctors[0] as (typeof clinic.doctors)[number]).viewer
      return { kind: 'doctor', userId, doctorId: doctorId as string, token: await tokenOf({ userId }) }
    },
    async () => ({
      kind: 'patient',
      patientId: guardian,
      wardIds: [ward],
      token: await tokenOf({ patientId: guardian }),
    }),
    async () => ({
      kind: 'patient',
      patientId: guardian,
      wardIds: [ward],
      token: await tokenOf({ patientId: guardian }),
    }),
    async () => ({ kind: 'patient', patientId: ward, wardIds: [], token: await tokenOf({ patientId: ward }) }),
    async () => ({
      kind: 'patient',
      patientId: patientIds[2] as string,
      wardIds: [],
      token: await tokenOf({ patientId: patientIds[2] as string }),
    }),
  ]
  return {
    clinicId: clinic.clinicId,
    clinic,
    serviceIds: clinic.serviceIds,
    doctorIds: clinic.doctors.map(({ id }) => id),
    patientIds,
    guardian,
    ward,
    slots,
    seats,
    /** Digits of the phone numbers that only this scene uses. */
    numbers: String(10_000 + random.int(90_000)),
    /** Who changes things online while the devices work; no device is theirs. */
    counter: {
      userId: (clinic.desk.viewer as { userId: string }).userId,
      token: await tokenOf({ userId: (clinic.desk.viewer as { userId: string }).userId }),
    },
  }
}

export type Scene = Awaited<ReturnType<typeof createScene>>
