import { randomUUID } from 'node:crypto'
import { makeCode } from '../access/codes.ts'
import { sealPass } from '../access/pass.ts'
import { openTokens } from '../access/sessions.ts'
import { addDays, wallOf } from '../clinic/day.ts'
import type { CodePurpose } from '../database/generated/enums.ts'
import { callEntry, hold } from '../queue/commands.ts'
import { createVisitLink } from '../visit/store.ts'
import { type Asker, type Column, PASSWORD, type Relation, type RightsScene, type Wing } from './rights-scene.ts'
import type { TestServer } from './server.ts'

/** A command about to be sent: by whom, with which arguments. */
export type Target = { token: string | null; args: Record<string, unknown> }
export type CommandCase = {
  prepare: (server: TestServer, scene: RightsScene, column: Column, relation: Relation) => Promise<Target>
}

/** A viewer who was never there before, with the records of one case; so no case disturbs another. */
type Stage = {
  server: TestServer
  column: Column
  relation: Relation
  asker: Asker
  /** The clinic in which the record of the case is. */
  wing: Wing
  /** The service in whose queue it is: one that the doctor gives where the record is the doctor's own. */
  serviceId: string
  /** Of the staff of that service. */
  doctorId: string
  /** A patient of that clinic; the viewer where the record is their own. */
  patient: () => Promise<string>
  entry: (status?: 'WAITING' | 'CALLED') => Promise<string>
  appointment: () => Promise<string>
  /** A doctor, the viewer where the record is their own. */
  ownDoctor: string
  /** A member of staff, the viewer where the record is their own. */
  user: () => Promise<string>
}

const newAsker = async (column: Column, { here }: RightsScene): Promise<Asker> => {
  switch (column) {
    case 'nobody':
      return { token: null, clinic: null, patientIds: [], serviceIds: [] }
    case 'patient':
      return here.asPatient(await here.addPatient('Pat'))
    case 'desk':
      return here.asUser((await here.clinic.user('RECEPTIONIST')).userId, null)
    case 'admin':
      return here.asUser((await here.clinic.user('ADMIN')).userId, null)
    case 'doctor':
    case 'solo': {
      const made = column === 'doctor' ? await here.addDoctor([here.mine]) : await here.addSolo([here.mine])
      return here.asUser(made.userId, { doctorId: made.id, serviceIds: [here.mine] })
    }
  }
}

const stageOf = async (server: TestServer, scene: RightsScene, column: Column, relation: Relation): Promise<Stage> => {
  const asker = await newAsker(column, scene)
  const wing = relation === 'foreign' && column !== 'nobody' ? scene.there : scene.here
  const isDoctor = column === 'doctor' || column === 'solo'
  const isColleagues = isDoctor && relation === 'clinic'
  const serviceId = isColleagues ? wing.theirs : wing.mine
  const { id: doctorId } = isColleagues ? wing.doctors.dirk : wing.doctors.dana
  const isOwn = relation === 'own'
  const patient = async () => (isOwn && asker.patientIds[0] ? asker.patientIds[0] : wing.addPatient('Pat'))
  const entry = async (status: 'WAITING' | 'CALLED' = 'WAITING') => {
    const { id } = await wing.walkIn(await patient(), serviceId)
    if (status === 'CALLED') await callEntry(wing.desk(), id, { doctorId: null, room: null })
    return id
  }
  return {
    ...{ server, column, relation, asker, wing, serviceId, doctorId, patient, entry },
    appointment: async () => wing.book(await patient(), doctorId, serviceId),
    ownDoctor: isOwn && asker.doctorId ? asker.doctorId : doctorId,
    user: async () => (isOwn && asker.userId ? asker.userId : (await wing.clinic.user('RECEPTIONIST')).userId),
  }
}

const withArgs = (argsOf: (stage: Stage) => object | Promise<object>): CommandCase => ({
  prepare: async (server, scene, column, relation) => {
    const stage = await stageOf(server, scene, column, relation)
    return { args: (await argsOf(stage)) as Record<string, unknown>, token: stage.asker.token }
  },
})

const onEntry = (status: 'WAITING' | 'CALLED', more: object = {}): CommandCase =>
  withArgs(async ({ entry }) => ({ entryId: await entry(status), ...more }))

let numbers = 0
const newNumber = () => `+1303555${String(++numbers).padStart(4, '0')}`
const newName = () => `u${randomUUID().replaceAll('-', '')}`

let slots = 0
/** A start of a slot that nobody else books. */
const freeSlot = () => {
  const n = ++slots
  const day = addDays(wallOf(new Date(), 'UTC').day, 2 + Math.floor(n / 48))
  const minute = (n % 48) * 30
  return `${day}T${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}:00Z`
}

const withInput = (inputOf: (stage: Stage) => object | Promise<object>): CommandCase =>
  withArgs(async (stage) => ({ input: await inputOf(stage) }))

/** The move that is to be undone: the viewer's own where they can make it, else the desk's. */
const moveBefore = async ({ server, column, relation, asker, entry, wing }: Stage): Promise<string> => {
  const id = await entry()
  const moves: Partial<Record<Column, string>> = {
    patient: 'leaveQueue',
    doctor: 'callEntry',
    solo: 'callEntry',
    desk: 'hold',
  }
  const isMaker = column === 'desk' ? relation === 'clinic' : relation === 'own'
  if (!isMaker || !moves[column]) await hold(wing.desk(), id)
  else {
    const query = `mutation($id: ID!) { ${moves[column]}(entryId: $id) { id } }`
    const { errors } = await server.request(query, { id }, asker.token)
    if (errors) throw new Error(JSON.stringify(errors))
  }
  return id
}

const names = async ({ server, asker }: Stage) => {
  const { db } = server.deps
  const id = asker.userId ?? (await db.user.findFirstOrThrow({ where: { passwordHash: { not: 'none' } } })).id
  return { username: (await db.user.findUniqueOrThrow({ where: { id } })).username, password: PASSWORD }
}

const numberOf = async ({ db }: TestServer, id: string): Promise<string> =>
  (await db.patient.findUniqueOrThrow({ where: { id } })).phoneNumber as string

const codeFor = async ({ db, deps }: TestServer, phoneNumber: string, purpose: CodePurpose): Promise<string> =>
  (await db.$transaction((tx) => makeCode(tx, deps.config, { phoneNumber, purpose }))).code

/** A clinic with a tablet at its door. */
const atDoor = async ({ server: { db }, wing, serviceId }: Stage): Promise<string> => {
  const { clinicId } = wing.clinic
  await db.clinic.update({ where: { id: clinicId }, data: { selfCheckIn: true } })
  await db.service.update({ where: { id: serviceId }, data: { doorJoin: true } })
  return clinicId
}

const bookedToday = async ({ wing, doctorId, serviceId }: Stage) => {
  const patientId = await wing.addPatient('Pat')
  return { patientId, appointmentId: await wing.book(patientId, doctorId, serviceId) }
}

/** How each command is tried: what it is sent with, for a record that stands so to the viewer. */
export const commandCases: Record<string, CommandCase> = {
  loginStaff: withInput(names),
  loginPatient: withInput(async ({ server, patient }) => {
    const row = await server.deps.db.patient.findUniqueOrThrow({ where: { id: await patient() } })
    return { phoneNumber: row.phoneNumber, password: PASSWORD }
  }),
  registerPatient: withInput(() => ({ name: 'New', phoneNumber: newNumber(), password: PASSWORD })),
  refreshSession: withArgs(async ({ server, asker, patient }) => {
    const holder = asker.userId ? { userId: asker.userId } : { patientId: await patient() }
    return { refreshToken: (await openTokens(server.deps, holder)).refreshToken }
  }),
  logout: withArgs(() => ({})),
  requestPhoneCode: withArgs(() => ({ phoneNumber: newNumber(), purpose: 'RESET_PASSWORD' })),
  resetPassword: withArgs(async ({ server, patient }) => {
    const phoneNumber = await numberOf(server, await patient())
    return { phoneNumber, code: await codeFor(server, phoneNumber, 'RESET_PASSWORD'), newPassword: PASSWORD }
  }),
  confirmPhoneNumber: withArgs(async ({ server, patient }) => {
    const id = await patient()
    await server.db.patient.update({ where: { id }, data: { phoneVerified: false } })
    return { code: await codeFor(server, await numberOf(server, id), 'CONFIRM_NUMBER') }
  }),
  changePassword: withArgs(() => ({ current: PASSWORD, new: 'another long one' })),
  updateProfile: withInput(() => ({ name: 'Renamed' })),
  registerDevice: withArgs(() => ({ pushToken: randomUUID(), platform: 'web' })),

  removeDevice: withArgs(async ({ server, patient }) => {
    const { sessionId } = await openTokens(server.deps, { patientId: await patient() })
    return { id: sessionId }
  }),
  logoutOthers: withArgs(() => ({})),
  deleteMyAccount: withArgs(() => ({ password: PASSWORD })),
  exportMyData: withArgs(async ({ patient }) => ({ patientId: await patient() })),

  renewCode: withArgs(async ({ patient }) => ({ patientId: await patient() })),
  createPatient: withInput(async ({ patient }) => ({ name: 'Ward', guardianId: await patient() })),
  updatePatient: withArgs(async ({ patient }) => ({ id: await patient(), input: { name: 'Renamed' } })),
  mergePatients: withArgs(async ({ patient, wing }) => ({
    keep: await wing.addPatient('Kept'),
    drop: await patient(),
    endLogin: true,
  })),

  bookAppointment: withInput(async ({ patient, serviceId }) => ({
    ...{ patientId: await patient(), serviceId, startsAt: freeSlot(), reason: 'Cough' },
  })),
  rescheduleAppointment: withInput(async ({ appointment }) => ({ id: await appointment(), startsAt: freeSlot() })),
  cancelAppointment: withArgs(async ({ appointment }) => ({ id: await appointment() })),
  checkIn: withArgs(async ({ appointment }) => ({ appointmentId: await appointment() })),
  sayLate: withArgs(async ({ appointment }) => ({ appointmentId: await appointment(), minutes: 10 })),

  addWalkIn: withInput(async ({ server, patient, serviceId }) => {
    await server.db.service.update({ where: { id: serviceId }, data: { remoteJoin: true } })
    return { patientId: await patient(), serviceId }
  }),
  callNext: withArgs(async ({ entry, serviceId }) => {
    await entry()
    return { serviceId }
  }),
  callEntry: onEntry('WAITING'),
  recall: onEntry('CALLED'),
  startService: onEntry('CALLED'),
  markServed: onEntry('CALLED'),
  markNoShow: onEntry('CALLED'),
  returnToQueue: onEntry('CALLED'),
  transfer: withArgs(async ({ entry, wing, serviceId }) => ({
    entryId: await entry(),
    serviceId: serviceId === wing.mine ? wing.theirs : wing.mine,
  })),
  hold: onEntry('WAITING'),
  setUrgency: onEntry('WAITING', { urgency: 'EMERGENCY' }),
  moveEntry: onEntry('WAITING', { after: null, reason: 'Cannot stand' }),
  leaveQueue: onEntry('WAITING'),
  undo: withArgs(async (stage) => ({ entryId: await moveBefore(stage) })),

  createUser: withInput(({ wing }) => ({
    ...{ clinicId: wing.clinic.clinicId, username: newName().slice(0, 40), name: 'New', password: PASSWORD },
    role: 'RECEPTIONIST',
  })),
  updateUser: withArgs(async ({ user }) => ({ id: await user(), input: { name: 'Renamed' } })),
  deactivateUser: withArgs(async ({ user }) => ({ id: await user() })),

  updateClinic: withArgs(({ wing }) => ({ id: wing.clinic.clinicId, input: { graceMinutes: 20 } })),
  createService: withInput(({ wing }) => ({
    ...{ clinicId: wing.clinic.clinicId, name: newName(), slotMinutes: 20 },
    ticketLetter: `Z${String.fromCharCode(65 + (++numbers % 26))}`,
  })),
  updateService: withArgs(({ serviceId }) => ({ id: serviceId, input: { bookedLeadMinutes: 0 } })),
  setIntake: withArgs(({ serviceId }) => ({ serviceId, open: true })),
  setDoctorHours: withInput(({ ownDoctor }) => ({
    doctorId: ownDoctor,
    hours: [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, from: '00:00', to: '24:00' })),
  })),
  setDoctorException: withInput(({ ownDoctor }) => ({
    ...{ doctorId: ownDoctor, day: '2041-01-01', kind: 'EXTRA', from: '00:00', to: '01:00' },
  })),
  removeDoctorException: withArgs(async ({ ownDoctor, wing }) => ({ id: await wing.addException(ownDoctor) })),
  cancelBookingsOutside: withArgs(async ({ ownDoctor, appointment }) => ({
    doctorId: ownDoctor,
    appointmentIds: [await appointment()],
  })),
  setOnDuty: withArgs(({ ownDoctor }) => ({ doctorId: ownDoctor, onDuty: true })),

  retryJob: withArgs(async ({ wing }) => ({ id: await wing.failedJob() })),
  dropJob: withArgs(async ({ wing }) => ({ id: await wing.failedJob() })),
  // Each operation has its own right besides: api/sync/rights.test.ts tries them.
  sync: withInput(() => ({ clientId: randomUUID(), operations: [] })),
  stopVisitMessages: withArgs(async ({ server, patient, entry }) => {
    const visit = { patientId: await patient(), entryId: await entry() }
    return { link: await server.db.$transaction((tx) => createVisitLink(server.deps.config, tx, visit)) }
  }),
  findAtDoor: withInput(async (stage) => ({ clinicId: await atDoor(stage), scanned: `/${randomUUID().slice(0, 22)}` })),
  checkInAtDoor: withArgs(async (stage) => {
    const content = { clinicId: await atDoor(stage), ...(await bookedToday(stage)), entryId: null, how: 'code' }
    const expiresAt = new Date(Date.now() + 60_000)
    return { pass: sealPass(stage.server.deps.config, 'door visit', { content, expiresAt }) }
  }),
  joinAtDoor: withInput(async (stage) => ({
    ...{ clinicId: await atDoor(stage), serviceId: stage.serviceId, key: randomUUID() },
    ...{ name: 'Somebody new', dateOfBirth: '1980-02-29' },
  })),
  resendMessage: withArgs(async ({ wing, patient }) => ({ id: await wing.sentMessage(await patient()) })),
}
