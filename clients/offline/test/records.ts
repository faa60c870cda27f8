import { ownSubRank, rankOf } from '@anteroom/api/queue/order'
import type { ClinicFacts } from '../facts.ts'
import type {
  AppointmentRecord,
  CommandName,
  EntryRecord,
  Operation,
  PatientRecord,
  Person,
  Records,
  StoredRecord,
} from '../model.ts'

/** A small clinic in UTC: services A and B, doctors who give both. */
export const clinic: ClinicFacts = {
  id: 'clinic',
  timeZone: 'UTC',
  dayStartsAt: 240,
  graceMinutes: 15,
  services: ['a', 'b'].map((id) => ({
    id,
    ticketLetter: id.toUpperCase(),
    slotMinutes: 15,
    bookedLeadMinutes: 10,
    open: true,
    doctorIds: ['doc1', 'doc2'],
  })),
  doctors: ['doc1', 'doc2'].map((id) => ({ id, name: id, onDuty: true, room: `Room of ${id}` })),
}

/** The same clinic as the API answers it. */
export const clinicData = {
  __typename: 'Clinic',
  id: 'clinic',
  name: 'Clinic',
  timeZone: 'UTC',
  dayStartsAt: '04:00',
  graceMinutes: 15,
  services: clinic.services.map(({ doctorIds, ...service }) => ({
    __typename: 'Service',
    name: service.id,
    closedReason: null,
    ...service,
    doctors: doctorIds.map((id) => ({ __typename: 'Doctor', id })),
  })),
  doctors: clinic.doctors.map((doctor) => ({ __typename: 'Doctor', ...doctor })),
}

export const desk: Person = {
  kind: 'user',
  userId: 'desk',
  name: 'Desk',
  role: 'RECEPTIONIST',
  clinicId: 'clinic',
  doctorId: null,
  serviceIds: [],
}

export const doctor: Person = { ...desk, userId: 'u1', role: 'DOCTOR', doctorId: 'doc1', serviceIds: ['a', 'b'] }

export const NOON = new Date('2026-11-22T12:00:00.000Z')

export const minutesAgo = (minutes: number): string => new Date(NOON.getTime() - minutes * 60_000).toISOString()

export const entryOf = (seq: number, given: Partial<EntryRecord> = {}): EntryRecord => {
  const arrivedAt = given.arrivedAt ?? minutesAgo(100 - seq)
  const urgency = given.urgency ?? 'ROUTINE'
  return {
    __typename: 'QueueEntry',
    id: `e${seq}`,
    version: 1,
    ticket: `A-${String(seq).padStart(3, '0')}`,
    provisionalTicket: null,
    status: 'WAITING',
    urgency,
    room: null,
    endReason: null,
    arrivedAt,
    dueAt: arrivedAt,
    calledAt: null,
    startedAt: null,
    finishedAt: null,
    place: {
      __typename: 'EntryPlace',
      rank: rankOf(urgency),
      subRank: ownSubRank(seq),
      arrivalSeq: seq,
      ownDueAt: arrivedAt,
    },
    boundDoctor: null,
    service: { __typename: 'Service', id: 'a' },
    doctor: null,
    patient: { __typename: 'Patient', id: `p${seq}` },
    appointment: null,
    ...given,
  }
}

export const bookingOf = (id: string, startsAt: string, given: Partial<AppointmentRecord> = {}): AppointmentRecord => ({
  __typename: 'Appointment',
  id,
  version: 1,
  status: 'BOOKED',
  urgency: 'ROUTINE',
  startsAt,
  endsAt: new Date(Date.parse(startsAt) + 15 * 60_000).toISOString(),
  bound: false,
  lateMinutes: null,
  service: { __typename: 'Service', id: 'a' },
  doctor: { __typename: 'Doctor', id: 'doc1' },
  patient: { __typename: 'Patient', id: `p-${id}` },
  ...given,
})

export const patientOf = (id: string, given: Partial<PatientRecord> = {}): PatientRecord => ({
  __typename: 'Patient',
  id,
  version: 1,
  name: `Patient ${id}`,
  phoneNumber: null,
  phoneVerified: false,
  dateOfBirth: null,
  language: 'en',
  guardian: null,
  ...given,
})

const byId = (records: readonly StoredRecord[] = []) => new Map(records.map((record) => [record.id, record]))

export const recordsOf = (given: {
  entries?: readonly EntryRecord[]
  appointments?: readonly AppointmentRecord[]
  patients?: readonly PatientRecord[]
}): Records => ({
  entries: byId(given.entries),
  appointments: byId(given.appointments),
  patients: byId(given.patients),
})

/** Operations in order, one a second up to noon. */
export const operationsOf = (acts: readonly (readonly [CommandName, Record<string, unknown>])[]): Operation[] =>
  acts.map(([command, input], index) => ({
    id: `op${index + 1}`,
    seq: index + 1,
    clientId: 'client',
    command,
    input,
    wall: NOON.getTime() - (acts.length - index) * 1000,
    mono: 0,
    bootId: 'boot',
  }))
