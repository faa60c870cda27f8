import { clinicDay } from '@anteroom/api/clinic/day'
import { type Caller, callerFor } from '@anteroom/api/queue/caller'
import { dueTime, mayTake, ownSubRank, placeBehind, rankOf } from '@anteroom/api/queue/order'
import { type Move, transition } from '@anteroom/api/queue/transitions'
import type { AppointmentRecord, CommandName, EntryRecord, Operation, PatientRecord, Person } from './model.ts'
import { factsOfEntry, movedEntry, type World } from './optimistic-world.ts'

/** What replay knows of one operation: who acted and when, as nearly as this device can tell. */
export type Act = { operation: Operation; at: Date; person: Person }

/** Changes the world as the server would; answers the code of the refusal where a rule refuses. */
type Command = (world: World, act: Act) => string | null

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)

const callerOf = (person: Person): Caller | null => (person.kind === 'user' ? person : null)

const move = (world: World, entry: EntryRecord, step: Move, at: Date): string | null => {
  const patch = transition(factsOfEntry(entry), step, at)
  if (typeof patch === 'string') return patch
  world.putEntry(movedEntry(entry, patch))
  return null
}

const onEntry =
  (act: (world: World, entry: EntryRecord, input: Record<string, unknown>, act: Act) => string | null): Command =>
  (world, step) => {
    const entry = world.entry(String(step.operation.input.id))
    return entry ? act(world, entry, step.operation.input, step) : 'NOT_FOUND'
  }

const simple = (step: Move): Command => onEntry((world, entry, _input, { at }) => move(world, entry, step, at))

const gives = (world: World, doctorId: string, serviceId: string): boolean =>
  world.service(serviceId)?.service.doctorIds.includes(doctorId) ?? true

const callEntry = onEntry((world, entry, input, { at, person }) => {
  const caller = callerOf(person)
  const named = text(input.doctorId)
  const called = caller ? callerFor(caller, entry.service.id, named) : { doctorId: named }
  if (called === 'FORBIDDEN') return called
  const doctorId = called.doctorId ?? entry.boundDoctor?.id ?? null
  if (doctorId && !gives(world, doctorId, entry.service.id)) return 'NOT_THEIR_SERVICE'
  if (entry.status === 'WAITING') {
    if (!mayTake(doctorId, { boundDoctorId: entry.boundDoctor?.id ?? null })) return 'BOUND_ELSEWHERE'
    if (doctorId && world.openEntryOf(doctorId)) return 'DOCTOR_BUSY'
  }
  const room = text(input.room)?.trim() || (doctorId && world.doctor(doctorId)?.room) || null
  return move(world, entry, { kind: 'CALLED', doctorId, room }, at)
})

const moveEntry = onEntry((world, entry, input, { at }) => {
  const after = text(input.after)
  const others = world.waiting(entry.service.id).filter((key) => key.id !== entry.id)
  if (entry.status === 'WAITING' && after === null && others.length === 0) return null
  const place = placeBehind(others, after)
  return place ? move(world, entry, { kind: 'MOVED', ...place }, at) : 'NOT_WAITING'
})

const setUrgency = onEntry((world, entry, input, { at }) => {
  const urgency = input.urgency as EntryRecord['urgency']
  if (entry.status === 'WAITING' && entry.urgency === urgency) return null
  return move(world, entry, { kind: 'URGENCY_SET', urgency }, at)
})

const transfer = onEntry((world, entry, input, { at }) => {
  const serviceId = text(input.serviceId) ?? entry.service.id
  const doctorId = text(input.doctorId)
  if (doctorId && !gives(world, doctorId, serviceId)) return 'NOT_THEIR_SERVICE'
  const other = entry.patient && world.activeEntryOf(entry.patient.id, serviceId)
  if (other && other.id !== entry.id) return 'ALREADY_WAITING'
  return move(world, entry, { kind: 'TRANSFERRED', serviceId, boundDoctorId: doctorId }, at)
})

const returnToQueue = onEntry((world, entry, _input, { at }) => {
  const other = entry.patient && world.activeEntryOf(entry.patient.id, entry.service.id)
  if (other && other.id !== entry.id) return 'ALREADY_WAITING'
  return move(world, entry, { kind: 'RETURNED' }, at)
})

/** What the server will give a ticket of its own; until then the provisional one stands for it, or the device's mark. */
export const NO_TICKET_YET = '–'

const enter = (
  world: World,
  arrival: {
    id: string
    serviceId: string
    patientId: string
    appointment: AppointmentRecord | null
    boundDoctorId: string | null
    urgency: EntryRecord['urgency']
    reason: string | null
    provisionalTicket: string | null
    at: Date
  },
): string | null => {
  const known = world.service(arrival.serviceId)
  if (world.activeEntryOf(arrival.patientId, arrival.serviceId)) return 'ALREADY_WAITING'
  const { appointment, at } = arrival
  const booking =
    appointment && known
      ? {
          startsAt: new Date(appointment.startsAt),
          leadMinutes: known.service.bookedLeadMinutes,
          graceMinutes: known.clinic.graceMinutes,
        }
      : null
  const dueAt = dueTime(at, booking).toISOString()
  const seq = world.nextArrivalSeq()
  const doctor = arrival.boundDoctorId === null ? null : { __typename: 'Doctor', id: arrival.boundDoctorId }
  world.putEntry({
    __typename: 'QueueEntry',
    id: arrival.id,
    version: 0,
    ticket: arrival.provisionalTicket ?? NO_TICKET_YET,
    provisionalTicket: arrival.provisionalTicket,
    status: 'WAITING',
    urgency: arrival.urgency,
    room: null,
    reason: arrival.reason,
    endReason: null,
    arrivedAt: at.toISOString(),
    dueAt,
    calledAt: null,
    startedAt: null,
    finishedAt: null,
    place: {
      __typename: 'EntryPlace',
      rank: rankOf(arrival.urgency),
      subRank: ownSubRank(seq),
      arrivalSeq: seq,
      ownDueAt: dueAt,
    },
    boundDoctor: doctor,
    service: { __typename: 'Service', id: arrival.serviceId },
    doctor,
    patient: { __typename: 'Patient', id: arrival.patientId },
    appointment: appointment && { __typename: 'Appointment', id: appointment.id },
  })
  return null
}

const addWalkIn: Command = (world, { operation: { id, input }, at }) => {
  const entryId = text(input.id) ?? id
  if (world.entry(entryId)) return null
  const serviceId = String(input.serviceId)
  const boundDoctorId = text(input.doctorId)
  if (world.service(serviceId)?.service.open === false) return 'CLOSED'
  if (boundDoctorId && !gives(world, boundDoctorId, serviceId)) return 'NOT_THEIR_SERVICE'
  return enter(world, {
    id: entryId,
    serviceId,
    patientId: String(input.patientId),
    appointment: null,
    boundDoctorId,
    urgency: (text(input.urgency) as EntryRecord['urgency'] | null) ?? 'ROUTINE',
    reason: text(input.reason)?.trim() || null,
    provisionalTicket: text(input.provisionalTicket),
    at,
  })
}

/** The entry of a check-in has the operation's id, here and on the server, so that a call can follow before either met. */
const checkIn: Command = (world, { operation: { id, input }, at }) => {
  const appointment = world.appointment(String(input.id))
  if (!appointment) return 'NOT_FOUND'
  if (appointment.status === 'CHECKED_IN') return 'ALREADY_WAITING'
  if (appointment.status !== 'BOOKED') return 'NOT_BOOKED'
  const known = world.service(appointment.service.id)
  if (known && clinicDay(new Date(appointment.startsAt), known.clinic) !== clinicDay(at, known.clinic))
    return 'NOT_TODAY'
  return enter(world, {
    id,
    serviceId: appointment.service.id,
    patientId: appointment.patient?.id ?? '',
    appointment,
    boundDoctorId: appointment.bound ? appointment.doctor.id : null,
    urgency: appointment.urgency,
    reason: appointment.reason ?? null,
    provisionalTicket: null,
    at,
  })
}

const MINUTE = 60_000

const overlaps = (a: { startsAt: string; endsAt: string }, b: { startsAt: string; endsAt: string }): boolean =>
  Date.parse(a.startsAt) < Date.parse(b.endsAt) && Date.parse(a.endsAt) > Date.parse(b.startsAt)

const isTaken = ({ status }: AppointmentRecord): boolean => status === 'BOOKED' || status === 'CHECKED_IN'

/** The doctor who gets the slot, or why nobody does; hours of work are the server's to know. */
const doctorAt = (
  world: World,
  slot: { startsAt: string; endsAt: string },
  wish: { serviceId: string; doctorId: string | null; appointmentId: string; preferred?: string },
): { doctorId: string } | string => {
  const given = world.service(wish.serviceId)?.service.doctorIds ?? []
  if (wish.doctorId && given.length > 0 && !given.includes(wish.doctorId)) return 'NOT_THEIR_SERVICE'
  const busy = new Set<string>()
  for (const other of world.appointments())
    if (other.id !== wish.appointmentId && isTaken(other) && overlaps(other, slot)) busy.add(other.doctor.id)
  const wanted = wish.doctorId ? [wish.doctorId] : wish.preferred ? [wish.preferred, ...given] : given
  const doctorId = wanted.find((id) => !busy.has(id))
  if (doctorId) return { doctorId }
  return wanted.length === 0 ? 'OUTSIDE_HOURS' : 'SLOT_TAKEN'
}

const bookAppointment: Command = (world, { operation, at, person }) => {
  const { input } = operation
  const id = text(input.id) ?? operation.id
  if (world.appointment(id)) return null
  const serviceId = String(input.serviceId)
  const patientId = text(input.patientId) ?? (person.kind === 'patient' ? person.patientId : '')
  const startsAt = new Date(String(input.startsAt))
  if (startsAt <= at) return 'IN_THE_PAST'
  const minutes = world.service(serviceId)?.service.slotMinutes ?? 0
  const slot = {
    startsAt: startsAt.toISOString(),
    endsAt: new Date(startsAt.getTime() + minutes * MINUTE).toISOString(),
  }
  for (const other of world.appointments())
    if (other.patient?.id === patientId && isTaken(other) && overlaps(other, slot)) return 'PATIENT_BUSY'
  const doctor = doctorAt(world, slot, { serviceId, doctorId: text(input.doctorId), appointmentId: id })
  if (typeof doctor === 'string') return doctor
  world.putAppointment({
    __typename: 'Appointment',
    id,
    version: 0,
    status: 'BOOKED',
    urgency: (text(input.urgency) as AppointmentRecord['urgency'] | null) ?? 'ROUTINE',
    ...slot,
    bound: text(input.doctorId) !== null,
    lateMinutes: null,
    reason: text(input.reason)?.trim() || null,
    cancelReason: null,
    service: { __typename: 'Service', id: serviceId },
    doctor: { __typename: 'Doctor', id: doctor.doctorId },
    patient: { __typename: 'Patient', id: patientId },
  })
  return null
}

const rescheduleAppointment: Command = (world, { operation: { input }, at }) => {
  const present = world.appointment(String(input.id))
  if (!present) return 'NOT_FOUND'
  if (present.status !== 'BOOKED') return 'NOT_BOOKED'
  const startsAt = new Date(String(input.startsAt))
  if (startsAt <= at) return 'IN_THE_PAST'
  const length = Date.parse(present.endsAt) - Date.parse(present.startsAt)
  const slot = { startsAt: startsAt.toISOString(), endsAt: new Date(startsAt.getTime() + length).toISOString() }
  const named = text(input.doctorId)
  const doctor = doctorAt(world, slot, {
    serviceId: present.service.id,
    doctorId: named ?? (present.bound ? present.doctor.id : null),
    appointmentId: present.id,
    preferred: present.doctor.id,
  })
  if (typeof doctor === 'string') return doctor
  world.putAppointment({
    ...present,
    ...slot,
    version: present.version + 1,
    bound: present.bound || named !== null,
    doctor: { __typename: 'Doctor', id: doctor.doctorId },
  })
  return null
}

const cancelAppointment: Command = (world, { operation: { input }, at }) => {
  const present = world.appointment(String(input.id))
  if (!present) return 'NOT_FOUND'
  const cancelled = { status: 'CANCELLED', cancelReason: text(input.reason)?.trim() || null } as const
  if (present.status === 'BOOKED') {
    world.putAppointment({ ...present, ...cancelled, version: present.version + 1 })
    return null
  }
  if (present.status !== 'CHECKED_IN' || !present.patient) return 'NOT_ACTIVE'
  const entry = [...world.entriesOf(present.service.id)].find(
    (other) => other.appointment?.id === present.id && other.finishedAt === null,
  )
  if (!entry) return 'NOT_BOOKED'
  const refusal = move(world, entry, { kind: 'LEFT' }, at)
  if (refusal) return refusal
  world.putAppointment({ ...present, ...cancelled, version: present.version + 1 })
  return null
}

const detailNames = ['name', 'phoneNumber', 'dateOfBirth', 'language'] as const

const detailsOf = (input: Record<string, unknown>): Partial<PatientRecord> =>
  Object.fromEntries(detailNames.filter((name) => input[name] !== undefined).map((name) => [name, input[name]]))

const createPatient: Command = (world, { operation }) => {
  const { input } = operation
  const id = text(input.id) ?? operation.id
  if (world.patient(id)) return null
  const guardianId = text(input.guardianId)
  world.putPatient({
    __typename: 'Patient',
    id,
    version: 0,
    name: '',
    phoneNumber: null,
    phoneVerified: false,
    dateOfBirth: null,
    language: null,
    ...detailsOf(input),
    guardian: guardianId === null ? null : { __typename: 'Patient', id: guardianId },
  })
  return null
}

/** The device shows what was written here; which field wins is decided where all writes meet. */
const updatePatient: Command = (world, { operation: { input } }) => {
  const present = world.patient(String(input.id))
  if (!present) return 'NOT_FOUND'
  world.putPatient({ ...present, ...detailsOf(input), version: present.version + 1 })
  return null
}

/** How each command changes the device's copy until the server has decided. */
export const replayed: Record<CommandName, Command> = {
  createPatient,
  updatePatient,
  bookAppointment,
  rescheduleAppointment,
  cancelAppointment,
  checkIn,
  addWalkIn,
  setUrgency,
  callEntry,
  recall: simple({ kind: 'RECALLED' }),
  startService: simple({ kind: 'STARTED' }),
  markServed: simple({ kind: 'SERVED' }),
  markNoShow: simple({ kind: 'NO_SHOW' }),
  hold: simple({ kind: 'HELD' }),
  returnToQueue,
  transfer,
  moveEntry,
  leaveQueue: simple({ kind: 'LEFT' }),
}
