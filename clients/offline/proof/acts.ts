import type { AppointmentRecord, CommandName, EntryRecord, Operation, PatientRecord, Records } from '../model.ts'
import type { Random } from './chance.ts'
import type { Scene } from './scene.ts'

/** Who sits at a device. */
export type Seat =
  | { kind: 'desk'; userId: string; token: string }
  | { kind: 'doctor'; userId: string; doctorId: string; token: string }
  | { kind: 'patient'; patientId: string; wardIds: readonly string[]; token: string }

type View = { seat: Seat; records: Records; pending: readonly Operation[]; scene: Scene; random: Random }

type Act = { command: CommandName; input: Record<string, unknown> }

/** Records that the device knows: confirmed ones, and those that its own unanswered operations will make. */
const known = ({ records, pending }: View, made: CommandName, entity: keyof Records): string[] => [
  ...records[entity].keys(),
  ...pending.flatMap(({ command, input }) => (command === made ? [String(input.id)] : [])),
]

const entriesIn = (view: View, ...states: EntryRecord['status'][]): string[] =>
  ([...view.records.entries.values()] as EntryRecord[])
    .filter(({ status }) => states.includes(status))
    .map(({ id }) => id)

/** Mostly an entry for which the act makes sense as far as the device knows, at times any. */
const entryFor = (view: View, ...states: EntryRecord['status'][]): string | null => {
  const { random } = view
  const fitting = [
    ...entriesIn(view, ...states),
    ...known({ ...view, records: { ...view.records, entries: new Map() } }, 'addWalkIn', 'entries'),
  ]
  const all = known(view, 'addWalkIn', 'entries')
  const list = fitting.length > 0 && random.chance(0.85) ? fitting : all
  return list.length > 0 ? random.pick(list) : null
}

const names = ['Ada', 'Grace', 'Alan', 'Edsger', 'Barbara', 'Tony', 'Leslie', 'Frances', 'Ken', 'Margaret']
const languages = ['en', 'de', 'fr', 'es', 'tr', 'pl']

/** A phone number out of few, so that some are taken already. */
const someNumber = ({ random, scene }: View): string =>
  `+1202${scene.numbers}${random.int(60).toString().padStart(2, '0')}`

const newFields = (view: View, mayClearNumber: boolean): Record<string, unknown> => {
  const { random } = view
  const fields: Record<string, unknown> = {}
  if (random.chance(0.5)) fields.name = `${random.pick(names)} ${random.int(10_000)}`
  if (random.chance(0.3)) fields.language = random.pick(languages)
  if (random.chance(0.25)) fields.dateOfBirth = `19${random.int(90) + 10}-0${1 + random.int(9)}-1${random.int(9)}`
  if (random.chance(0.15)) fields.phoneNumber = mayClearNumber && random.chance(0.3) ? null : someNumber(view)
  if (Object.keys(fields).length === 0) fields.name = `${random.pick(names)} ${random.int(10_000)}`
  return fields
}

const updateOf = (view: View, id: string): Act => {
  const record = view.records.patients.get(id) as PatientRecord | undefined
  const isOwn = view.seat.kind === 'patient' && view.seat.patientId === id
  const seen = record && view.random.chance(0.9) ? { seen: record.version } : {}
  return { command: 'updatePatient', input: { id, ...seen, ...newFields(view, !isOwn) } }
}

const target = (command: CommandName, id: string | null, more: Record<string, unknown> = {}): Act | null =>
  id === null ? null : { command, input: { id, ...more } }

const bookingIn = (view: View): string | null => {
  const booked = ([...view.records.appointments.values()] as AppointmentRecord[]).filter(
    ({ status }) => status === 'BOOKED',
  )
  const pending = view.pending.flatMap(({ command, input }) =>
    command === 'bookAppointment' ? [String(input.id)] : [],
  )
  const list = view.random.chance(0.9)
    ? [...booked.map(({ id }) => id), ...pending]
    : known(view, 'bookAppointment', 'appointments')
  return list.length > 0 ? view.random.pick(list) : null
}

/** What the person at this device does next; null where there is nothing to do it to. */
export const chooseAct = (view: View): Act | null => {
  const { seat, scene, random } = view
  const patients = known(view, 'createPatient', 'patients')
  const somebody = patients.length > 0 ? random.pick(patients) : scene.patientIds[0]
  const service = random.pick(scene.serviceIds)
  const doctor = () => (random.chance(0.4) ? { doctorId: random.pick(scene.doctorIds) } : {})
  const book = (patientId: string | undefined): Act => ({
    command: 'bookAppointment',
    input: {
      id: random.uuid(),
      ...(patientId === undefined ? {} : { patientId }),
      serviceId: service,
      startsAt: random.pick(scene.slots),
      ...doctor(),
    },
  })
  if (seat.kind === 'patient') {
    const mine = [seat.patientId, ...seat.wardIds]
    const whom = random.pick(mine)
    return random.weighted<() => Act | null>([
      [5, () => updateOf(view, whom)],
      [2, () => book(whom)],
      [1, () => target('cancelAppointment', bookingIn(view), { reason: 'cannot come' })],
      [1, () => target('rescheduleAppointment', bookingIn(view), { startsAt: random.pick(scene.slots) })],
      [1, () => target('checkIn', bookingIn(view))],
      [1, () => target('leaveQueue', entryFor(view, 'WAITING', 'ON_HOLD'))],
      [0.3, () => target('markServed', entryFor(view, 'WAITING'))],
    ])()
  }
  const call = () =>
    target('callEntry', entryFor(view, 'WAITING'), {
      ...(seat.kind === 'desk' ? { doctorId: random.pick(scene.doctorIds) } : {}),
      room: String(1 + random.int(4)),
    })
  const serve: (readonly [number, () => Act | null])[] = [
    [4, call],
    [1, () => target('recall', entryFor(view, 'CALLED'))],
    [2, () => target('startService', entryFor(view, 'CALLED'))],
    [2, () => target('markServed', entryFor(view, 'CALLED', 'IN_SERVICE'))],
    [1, () => target('markNoShow', entryFor(view, 'CALLED'))],
    [1, () => target('returnToQueue', entryFor(view, 'ON_HOLD', 'CALLED', 'NO_SHOW'))],
    [1, () => target('transfer', entryFor(view, 'WAITING', 'CALLED', 'IN_SERVICE'), { serviceId: service })],
  ]
  if (seat.kind === 'doctor')
    return random.weighted<() => Act | null>([...serve, [0.5, () => target('hold', entryFor(view, 'WAITING'))]])()
  const walkIn = (): Act => ({
    command: 'addWalkIn',
    input: {
      id: random.uuid(),
      patientId: somebody,
      serviceId: service,
      ...(random.chance(0.2) ? { urgency: 'URGENT' } : {}),
      ...(random.chance(0.15) ? { doctorId: random.pick(scene.doctorIds) } : {}),
      provisionalTicket: `P${random.int(10)}-${random.int(90) + 10}`,
    },
  })
  const create = (): Act => {
    const { dateOfBirth, language, phoneNumber, name } = newFields(view, false)
    return {
      command: 'createPatient',
      input: {
        id: random.uuid(),
        name: name ?? `${random.pick(names)} ${random.int(10_000)}`,
        ...(dateOfBirth ? { dateOfBirth } : {}),
        ...(language ? { language } : {}),
        ...(phoneNumber ? { phoneNumber } : {}),
      },
    }
  }
  const behind = () => {
    const waiting = entriesIn(view, 'WAITING')
    return waiting.length > 0 && random.chance(0.6) ? { after: random.pick(waiting) } : {}
  }
  return random.weighted<() => Act | null>([
    ...serve,
    [2, create],
    [5, () => (somebody === undefined ? null : updateOf(view, somebody))],
    [5, walkIn],
    [2, () => book(somebody)],
    [1, () => target('rescheduleAppointment', bookingIn(view), { startsAt: random.pick(scene.slots) })],
    [1, () => target('cancelAppointment', bookingIn(view))],
    [2, () => target('checkIn', bookingIn(view))],
    [
      1,
      () =>
        target('setUrgency', entryFor(view, 'WAITING'), { urgency: random.pick(['ROUTINE', 'URGENT', 'EMERGENCY']) }),
    ],
    [1, () => target('hold', entryFor(view, 'WAITING'))],
    [1, () => target('moveEntry', entryFor(view, 'WAITING'), { ...behind(), reason: 'asked for it' })],
    [1, () => target('leaveQueue', entryFor(view, 'WAITING', 'ON_HOLD', 'CALLED'))],
  ])()
}
