import { randomUUID } from 'node:crypto'
import bcrypt from 'bcrypt'
import { openTokens } from '../access/sessions.ts'
import type { Context, Deps } from '../context.ts'
import { uuidv7 } from '../database/uuid.ts'
import {
  addWalkIn,
  callEntry,
  checkIn,
  hold,
  leaveQueue,
  markServed,
  moveEntry,
  startService,
  transfer,
} from '../queue/commands.ts'
import { contextOf, createTestClinic, type TestClinic } from './clinic.ts'

export const columns = ['nobody', 'patient', 'desk', 'doctor', 'admin', 'solo'] as const
export type Column = (typeof columns)[number]
export type Relation = 'own' | 'clinic' | 'foreign'

/** What says whose a record is. */
export type Owned = {
  name: string
  clinics: TestClinic[]
  patientId?: string
  userId?: string
  doctorId?: string
  serviceIds?: string[]
}

/** Who asks: how they log in, and what is theirs. */
export type Asker = {
  token: string | null
  clinic: TestClinic | null
  patientIds: string[]
  userId?: string
  doctorId?: string
  serviceIds: string[]
}

export const PASSWORD = 'a long password'

/** How a record stands to who asks. A patient's clinic is the first one, though the patient is known in both. */
export const relationOf = (asker: Asker, { clinics, ...record }: Owned): Relation => {
  const isOwn =
    (record.patientId && asker.patientIds.includes(record.patientId)) ||
    (record.userId && record.userId === asker.userId) ||
    (record.doctorId && record.doctorId === asker.doctorId) ||
    record.serviceIds?.some((id) => asker.serviceIds.includes(id))
  if (isOwn) return 'own'
  return asker.clinic && clinics.includes(asker.clinic) ? 'clinic' : 'foreign'
}

let phones = 0
let minutes = 0
const newNumber = () => `+1202555${String(++phones).padStart(4, '0')}`

/** A clinic with four services, two of which stay as the scene has them, and two for commands to move things in. */
export const createWing = async (deps: Deps) => {
  const passwordHash = bcrypt.hashSync(PASSWORD, 4)
  const clinic = await createTestClinic(deps, { services: 4, doctors: 0 })
  const [first, second, mine, theirs] = clinic.serviceIds as [string, string, string, string]
  await deps.db.clinic.update({
    where: { id: clinic.clinicId },
    data: {
      ...{ noShowMinutes: 10, address: '1 Quay Street', directions: 'Rooms 1–4: first floor' },
      allowedCountries: ['US'],
      messageTexts: { en: { BOOKED: '{clinic}: until {when}' } },
    },
  })
  await deps.db.service.updateMany({ where: { clinicId: clinic.clinicId }, data: { color: 'TEAL' } })

  const asUser = async (userId: string, doctor: { doctorId: string; serviceIds: string[] } | null): Promise<Asker> => {
    await deps.db.user.update({ where: { id: userId }, data: { passwordHash } })
    const { accessToken } = await openTokens(deps, { userId })
    return { token: accessToken, clinic, patientIds: [], userId, serviceIds: [], ...doctor }
  }
  const addPatient = async (name: string, data: { guardianId?: string; language?: string } = {}): Promise<string> => {
    const id = await clinic.addPatient(name)
    const own = { phoneNumber: newNumber(), phoneVerified: true, passwordHash, dateOfBirth: new Date('1980-02-29') }
    await deps.db.patient.update({ where: { id }, data: { ...own, ...data } })
    return id
  }
  const asPatient = async (id: string, wardIds: string[] = []): Promise<Asker> => {
    const { accessToken } = await openTokens(deps, { patientId: id })
    return { token: accessToken, clinic, patientIds: [id, ...wardIds], serviceIds: [] }
  }
  const furnish = async (doctorId: string, name: string): Promise<void> => {
    await deps.db.doctor.update({ where: { id: doctorId }, data: { name, room: '1', onDuty: true } })
    await addException(doctorId)
  }
  const addException = async (doctorId: string): Promise<string> => {
    const day = new Date(Date.UTC(2040, 0, 1))
    const row = { id: uuidv7(), doctorId, day, kind: 'EXTRA' as const, fromMinute: 0, toMinute: 60, reason: 'Training' }
    return (await deps.db.hoursException.create({ data: row })).id
  }
  const addDoctor = async (serviceIds: string[]) => {
    const { id, viewer } = await clinic.addDoctor(serviceIds)
    return { id, userId: viewer.userId, ctx: contextOf(deps, viewer), serviceIds }
  }
  const addSolo = async (serviceIds: string[]) => {
    const { userId } = await clinic.user('ADMIN')
    const id = uuidv7()
    const services = { create: serviceIds.map((serviceId) => ({ serviceId })) }
    const hours = { create: { id: uuidv7(), weekday: 1, fromMinute: 0, toMinute: 60 } }
    await deps.db.doctor.create({
      data: { id, userId, clinicId: clinic.clinicId, name: 'Solo', services, hours },
    })
    return { id, userId, serviceIds }
  }
  /** A booking that disturbs no other one. */
  const book = (patientId: string, doctorId: string, serviceId: string): Promise<string> =>
    clinic.book(patientId, new Date(Date.now() + 60_000 * ++minutes), { doctorId, serviceId, bound: minutes % 2 === 0 })

  const walkIn = (patientId: string, serviceId: string, more: { provisionalTicket?: string } = {}) =>
    addWalkIn(contextOf(deps, clinic.desk.viewer), {
      ...{ id: null, doctorId: null, urgency: null, provisionalTicket: null, reason: 'Chest pain' },
      ...{ patientId, serviceId, ...more },
    })
  /** A job that failed for good; of a kind that does no harm where it runs again. */
  const failedJob = async (): Promise<string> => {
    const id = uuidv7()
    await deps.db.$executeRaw`
      INSERT INTO pgboss.job (id, name, data, source_name, source_id, source_created_on, source_retry_count, source_output)
      VALUES (${id}::uuid, 'dead_letters', ${{ clinicId: clinic.clinicId }}, 'retention.message_bodies', ${id}::uuid, now(), 8,
        '{"message": "Error: unreachable"}')`
    return id
  }
  /** A message that was sent. */
  const sentMessage = async (patientId: string): Promise<string> => {
    const id = uuidv7()
    const message = { kind: 'BOOKED', channel: 'SMS', status: 'SENT', body: 'See you soon' } as const
    await deps.db.notification.create({ data: { id, key: id, clinicId: clinic.clinicId, patientId, ...message } })
    return id
  }
  const doctors = { dana: await addDoctor([first, mine]), dirk: await addDoctor([second, theirs]) }
  const solo = await addSolo([first, mine])
  return {
    ...{ clinic, first, second, mine, theirs, doctors, solo },
    ...{
      asUser,
      addPatient,
      asPatient,
      furnish,
      addException,
      addDoctor,
      addSolo,
      book,
      walkIn,
      failedJob,
      sentMessage,
    },
    /** A request at the desk. */
    desk: (): Context => contextOf(deps, clinic.desk.viewer),
  }
}

export type Wing = Awaited<ReturnType<typeof createWing>>

/** Two clinics with something of everything in each, and who of them asks. */
export const createRightsScene = async (deps: Deps) => {
  const { db } = deps
  const here = await createWing(deps)
  const there = await createWing(deps)
  const { clinic: A } = here
  const { clinic: B } = there
  const [dana, dirk, bert] = [here.doctors.dana, here.doctors.dirk, there.doctors.dana]
  await here.furnish(dana.id, 'Dr. Dana')
  await here.furnish(dirk.id, 'Dr. Dirk')
  await here.furnish(here.solo.id, 'Dr. Sol')
  await there.furnish(bert.id, 'Dr. Bert')

  const gus = await here.addPatient('Gus')
  const ann = await here.addPatient('Ann', { guardianId: gus })
  const ben = await here.addPatient('Ben', { guardianId: ann })
  const others = ['cleo', 'dora', 'ed', 'hal', 'kai', 'lou'].map(async (name) => [name, await here.addPatient(name)])
  const { cleo, dora, ed, hal, kai, lou } = Object.fromEntries(await Promise.all(others)) as Record<string, string>
  const fay = await there.addPatient('Fay')
  const known = { ann, ben, cleo, dora, ed, gus, hal, kai, lou, fay } as Record<string, string>
  await db.clinicPatient.create({ data: { clinicId: B.clinicId, patientId: ann } })

  const appointments: Record<string, string> = {
    'ann-checked-in': await here.book(ann, dana.id, here.first),
    'ann-booked': await here.book(ann, dana.id, here.first),
    'ann-cancelled': await here.book(ann, dana.id, here.first),
    'ann-elsewhere': await there.book(ann, bert.id, there.first),
    'ben-past': await here.book(ben, dana.id, here.first),
    'cleo-booked': await here.book(cleo as string, dirk.id, here.second),
    'dora-moved': await here.book(dora as string, dana.id, here.first),
    'kai-moved': await here.book(kai as string, dirk.id, here.second),
    'lou-missed': await here.book(lou as string, dana.id, here.first),
    'fay-booked': await there.book(fay, bert.id, there.first),
  }
  const change = (name: string, data: Parameters<typeof db.appointment.update>[0]['data']) =>
    db.appointment.update({ where: { id: appointments[name] as string }, data })
  for (const name of Object.keys(appointments)) await change(name, { reason: 'Chest pain', lateMinutes: 10 })
  await change('ann-checked-in', { createdById: (A.desk.viewer as { userId: string }).userId })
  await change('ann-cancelled', { status: 'CANCELLED', cancelReason: 'Feels better', createdById: dana.userId })
  await change('ben-past', { status: 'COMPLETED', createdById: dirk.userId })
  await change('lou-missed', { status: 'NO_SHOW' })
  await change('fay-booked', { createdById: (B.desk.viewer as { userId: string }).userId })
  // Still to come however long the test takes.
  const tomorrow = new Date(Date.now() + 86_400_000)
  const slot = { startsAt: tomorrow, endsAt: new Date(tomorrow.getTime() + 60_000) }
  await change('cleo-booked', { createdById: dirk.userId, ...slot })

  // Enough patients served for an estimate.
  const served = []
  for (let i = 0; i < 5; i++) {
    const entry = await here.walkIn(hal as string, here.first)
    await callEntry(dana.ctx, entry.id, { doctorId: null, room: '1' })
    await startService(dana.ctx, entry.id)
    served.push((await markServed(dana.ctx, entry.id)).id)
  }
  const left = await here.walkIn(ann, here.first)
  await leaveQueue(contextOf(deps, { kind: 'patient', sessionId: uuidv7(), patientId: ann, wardIds: [ben] }), left.id)
  await db.queueEntry.update({ where: { id: left.id }, data: { endReason: 'DAY_END' } })
  const inside = await here.walkIn(ben, here.first, { provisionalTicket: 'P7-01' })
  await callEntry(dana.ctx, inside.id, { doctorId: null, room: '1' })
  await startService(dana.ctx, inside.id)
  const edWaits = await here.walkIn(ed as string, here.first, { provisionalTicket: 'P7-02' })
  const annWaits = await checkIn(here.desk(), appointments['ann-checked-in'] as string)
  await moveEntry(here.desk(), annWaits.id, null, 'Cannot stand')
  await db.queueEntry.update({ where: { id: annWaits.id }, data: { boundDoctorId: dana.id } })
  const held = await here.walkIn(hal as string, here.first)
  await hold(here.desk(), held.id)
  const cleoWaits = await here.walkIn(cleo as string, here.second)
  const gusWaits = await here.walkIn(gus, here.second)
  const doraIn = await checkIn(here.desk(), appointments['dora-moved'] as string)
  await transfer(here.desk(), doraIn.id, { serviceId: here.second, doctorId: null })
  const kaiIn = await checkIn(here.desk(), appointments['kai-moved'] as string)
  await transfer(here.desk(), kaiIn.id, { serviceId: here.first, doctorId: null })
  const annElsewhere = await there.walkIn(ann, there.first, { provisionalTicket: 'P8-01' })
  const fayCalled = await there.walkIn(fay, there.first, { provisionalTicket: 'P8-02' })
  await moveEntry(there.desk(), fayCalled.id, null, 'Cannot stand')
  await callEntry(there.desk(), fayCalled.id, { doctorId: null, room: '9' })
  for (const id of [here.first, here.second, there.first])
    await db.service.update({ where: { id }, data: { open: false, closedReason: 'Full house' } })

  const notify = async (
    clinic: TestClinic,
    about: { patientId: string; entryId?: string | undefined; appointmentId?: string | undefined },
  ): Promise<string> => {
    const message = {
      kind: 'BOOKED',
      channel: 'SMS',
      status: 'FAILED',
      body: 'See you soon',
      error: 'unreachable',
    } as const
    const id = uuidv7()
    await db.notification.create({
      data: { id, key: id, clinicId: clinic.clinicId, ...message, sentAt: new Date(), ...about },
    })
    return id
  }
  const notifications: Record<string, string> = {
    'to-ann': await notify(A, { patientId: ann, entryId: annWaits.id, appointmentId: appointments['ann-checked-in'] }),
    'to-ben': await notify(A, { patientId: ben, entryId: inside.id, appointmentId: appointments['ben-past'] }),
    'to-cleo': await notify(A, { patientId: cleo as string, entryId: cleoWaits.id }),
    'to-ann-elsewhere': await notify(B, {
      patientId: ann,
      entryId: annElsewhere.id,
      appointmentId: appointments['ann-elsewhere'],
    }),
    'to-fay': await notify(B, { patientId: fay, entryId: fayCalled.id }),
  }
  for (const wing of [here, there]) {
    await wing.failedJob()
  }
  // So that there is a rate of delivery.
  for (const name of ['to-cleo', 'to-fay'])
    await db.notification.update({ where: { id: notifications[name] as string }, data: { status: 'DELIVERED' } })
  for (const [clinic, user] of [
    [A, dirk.userId],
    [B, bert.userId],
  ] as const)
    for (const actor of [{ actorPatientId: clinic === A ? ann : fay }, { actorUserId: user }])
      await db.auditEvent.create({
        data: {
          ...{ id: uuidv7(), clinicId: clinic.clinicId, at: new Date(Date.now() + 3_600_000), ...actor },
          ...{ action: 'queue.left', entity: 'QueueEntry', entityId: randomUUID(), detail: 'WAITING → LEFT' },
        },
      })

  /** Every record, by type and id. */
  const records = new Map<string, Map<string, Owned>>()
  const note = (type: string, id: string, owned: Owned): void => {
    records.set(type, (records.get(type) ?? new Map()).set(id, owned))
  }
  for (const [name, wing] of [
    ['A', here],
    ['B', there],
  ] as const) {
    const clinics = [wing.clinic]
    note('Clinic', wing.clinic.clinicId, { name, clinics })
    for (const id of wing.clinic.serviceIds) {
      note('Service', id, { name: id, clinics, serviceIds: [id] })
      note('Queue', id, { name: id, clinics, serviceIds: [id] })
    }
  }
  const staff = {
    rita: { wing: here, userId: (A.desk.viewer as { userId: string }).userId },
    dana: { wing: here, userId: dana.userId, doctorId: dana.id, serviceIds: dana.serviceIds },
    dirk: { wing: here, userId: dirk.userId, doctorId: dirk.id, serviceIds: dirk.serviceIds },
    adam: { wing: here, userId: (A.admin.viewer as { userId: string }).userId },
    sol: { wing: here, userId: here.solo.userId, doctorId: here.solo.id, serviceIds: here.solo.serviceIds },
    bea: { wing: there, userId: (B.desk.viewer as { userId: string }).userId },
    bert: { wing: there, userId: bert.userId, doctorId: bert.id, serviceIds: bert.serviceIds },
    beth: { wing: there, userId: there.doctors.dirk.userId, doctorId: there.doctors.dirk.id },
    bo: { wing: there, userId: there.solo.userId, doctorId: there.solo.id },
    ada: { wing: there, userId: (B.admin.viewer as { userId: string }).userId },
  } as Record<string, { wing: Wing; userId: string; doctorId?: string; serviceIds?: string[] }>
  for (const [name, { wing, userId, doctorId }] of Object.entries(staff)) {
    note('User', userId, { name, clinics: [wing.clinic], userId })
    if (doctorId) note('Doctor', doctorId, { name, clinics: [wing.clinic], doctorId })
  }
  for (const [name, id] of Object.entries(appointments)) {
    const { clinicId, patientId, serviceId } = await db.appointment.findUniqueOrThrow({ where: { id } })
    note('Appointment', id, { name, clinics: [clinicId === A.clinicId ? A : B], patientId, serviceIds: [serviceId] })
  }
  const entries: [string, string][] = [
    ...served.map((id): [string, string] => ['hal-served', id]),
    ['ann-left', left.id],
    ['ann-waits', annWaits.id],
    ['ann-elsewhere', annElsewhere.id],
    ['ben-inside', inside.id],
    ['cleo-waits', cleoWaits.id],
    ['dora-moved', doraIn.id],
    ['ed-waits', edWaits.id],
    ['gus-waits', gusWaits.id],
    ['hal-held', held.id],
    ['kai-moved', kaiIn.id],
    ['fay-called', fayCalled.id],
  ]
  const queues = new Map<string, string[]>()
  for (const [name, id] of entries) {
    const { clinicId, patientId, serviceId } = await db.queueEntry.findUniqueOrThrow({ where: { id } })
    const owned = { name, clinics: [clinicId === A.clinicId ? A : B], patientId, serviceIds: [serviceId] }
    note('QueueEntry', id, owned)
    note('QueuePosition', id, owned)
    queues.set(patientId, [...(queues.get(patientId) ?? []), serviceId])
  }
  for (const [name, id] of Object.entries(known)) {
    const clinics = name === 'fay' ? [B] : name === 'ann' ? [A, B] : [A]
    const owned = { name, clinics, patientId: id, serviceIds: queues.get(id) ?? [] }
    note('Patient', id, owned)
    note('PatientMatch', id, owned)
  }
  for (const [name, id] of Object.entries(notifications)) {
    const { clinicId, patientId } = await db.notification.findUniqueOrThrow({ where: { id } })
    note('Notification', id, { name, clinics: [clinicId === A.clinicId ? A : B], patientId: patientId ?? undefined })
  }

  const member = (name: string): Promise<Asker> => {
    const { wing, userId, doctorId, serviceIds } = staff[name] as (typeof staff)[string]
    return wing.asUser(userId, doctorId ? { doctorId, serviceIds: serviceIds ?? [] } : null)
  }
  await db.device.create({ data: { id: uuidv7(), patientId: ann, pushToken: uuidv7(), platform: 'android' } })
  const nobody: Asker = { token: null, clinic: null, patientIds: [], serviceIds: [] }
  const askers: Record<string, Asker> = {
    nobody,
    patient: await here.asPatient(ann, [ben]),
    desk: await member('rita'),
    doctor: await member('dana'),
    admin: await member('adam'),
    solo: await member('sol'),
    ward: await here.asPatient(ben),
    colleague: await member('dirk'),
    desk2: await member('bea'),
    doctor2: await member('bert'),
  }
  return { here, there, records, askers }
}

export type RightsScene = Awaited<ReturnType<typeof createRightsScene>>
