import { compareKeys, type OrderKey } from '@anteroom/api/queue/order'
import { appointmentStatusOf, type EntryFacts, type EntryState, isActive } from '@anteroom/api/queue/transitions'
import type { ClinicFacts, DoctorFacts, ServiceFacts } from './facts.ts'
import type { AppointmentRecord, EntryRecord, PatientRecord, Records } from './model.ts'

/**
 * The records as they are being changed by pending operations: the confirmed ones below, what was changed above.
 * Keeps the waiting of each service in calling order, and who has whom, so that a thousand operations replay in milliseconds.
 */
export type World = {
  entry: (id: string) => EntryRecord | undefined
  appointment: (id: string) => AppointmentRecord | undefined
  patient: (id: string) => PatientRecord | undefined
  putEntry: (entry: EntryRecord) => void
  putAppointment: (appointment: AppointmentRecord) => void
  putPatient: (patient: PatientRecord) => void
  /** Everything that differs from the confirmed records. */
  changed: {
    entries: ReadonlyMap<string, EntryRecord>
    appointments: ReadonlyMap<string, AppointmentRecord>
    patients: ReadonlyMap<string, PatientRecord>
  }
  appointments: () => Iterable<AppointmentRecord>
  patients: () => Iterable<PatientRecord>
  entriesOf: (serviceId: string) => Iterable<EntryRecord>
  /** Keys of the waiting in calling order. */
  waiting: (serviceId: string) => readonly OrderKey[]
  /** The called patient of a doctor, or the one in the room. */
  openEntryOf: (doctorId: string) => EntryRecord | undefined
  /** The patient's active entry for a service. */
  activeEntryOf: (patientId: string, serviceId: string) => EntryRecord | undefined
  nextArrivalSeq: () => number
  service: (id: string) => { service: ServiceFacts; clinic: ClinicFacts } | undefined
  doctor: (id: string) => DoctorFacts | undefined
}

export const keyOfEntry = (entry: EntryRecord): OrderKey => ({
  rank: entry.place.rank,
  dueAt: new Date(entry.dueAt),
  subRank: entry.place.subRank,
  arrivalSeq: entry.place.arrivalSeq,
  id: entry.id,
})

const dateOf = (time: string | null): Date | null => (time === null ? null : new Date(time))
const timeOf = (date: Date | null): string | null => date?.toISOString() ?? null

const isBeforeCall = (status: EntryRecord['status']): boolean => status === 'WAITING' || status === 'ON_HOLD'

/** The entry as the rules of the queue look at it. */
export const factsOfEntry = (entry: EntryRecord): EntryFacts => ({
  serviceId: entry.service.id,
  status: entry.status,
  urgency: entry.urgency,
  rank: entry.place.rank,
  dueAt: new Date(entry.dueAt),
  subRank: entry.place.subRank,
  boundDoctorId: entry.boundDoctor?.id ?? null,
  doctorId: isBeforeCall(entry.status) ? null : (entry.doctor?.id ?? null),
  room: entry.room,
  endReason: entry.endReason,
  calledAt: dateOf(entry.calledAt),
  startedAt: dateOf(entry.startedAt),
  finishedAt: dateOf(entry.finishedAt),
  arrivalSeq: entry.place.arrivalSeq,
  ownDueAt: new Date(entry.place.ownDueAt),
})

const doctorRef = (id: string | null) => (id === null ? null : { __typename: 'Doctor', id })

/** The entry after a move, as the API would give it. */
export const movedEntry = (entry: EntryRecord, patch: Partial<EntryState>): EntryRecord => {
  const next = { ...factsOfEntry(entry), ...patch }
  return {
    ...entry,
    version: entry.version + 1,
    status: next.status,
    urgency: next.urgency,
    room: next.room,
    endReason: next.endReason,
    dueAt: next.dueAt.toISOString(),
    calledAt: timeOf(next.calledAt),
    startedAt: timeOf(next.startedAt),
    finishedAt: timeOf(next.finishedAt),
    place: { ...entry.place, rank: next.rank, subRank: next.subRank },
    service: { __typename: 'Service', id: next.serviceId },
    boundDoctor: doctorRef(next.boundDoctorId),
    doctor: doctorRef(next.doctorId ?? (isBeforeCall(next.status) ? next.boundDoctorId : null)),
  }
}

/** Where a key stands, or would stand, in a list that is in order. */
const placeIn = (keys: readonly OrderKey[], key: OrderKey): number => {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareKeys(keys[middle] as OrderKey, key) < 0) low = middle + 1
    else high = middle
  }
  return low
}

const isServing = (status: EntryRecord['status']): boolean => status === 'CALLED' || status === 'IN_SERVICE'

export const createWorld = (records: Records, clinics: readonly ClinicFacts[]): World => {
  const confirmed = {
    entries: records.entries as ReadonlyMap<string, EntryRecord>,
    appointments: records.appointments as ReadonlyMap<string, AppointmentRecord>,
    patients: records.patients as ReadonlyMap<string, PatientRecord>,
  }
  const changed = {
    entries: new Map<string, EntryRecord>(),
    appointments: new Map<string, AppointmentRecord>(),
    patients: new Map<string, PatientRecord>(),
  }
  const services = new Map(
    clinics.flatMap((clinic) => clinic.services.map((service) => [service.id, { service, clinic }] as const)),
  )
  const doctors = new Map(clinics.flatMap((clinic) => clinic.doctors.map((doctor) => [doctor.id, doctor] as const)))

  const waiting = new Map<string, OrderKey[]>()
  const members = new Map<string, Set<string>>()
  const open = new Map<string, string>()
  const active = new Map<string, string>()
  let lastSeq = 0

  const setOf = <V>(map: Map<string, V>, key: string, make: () => V): V => {
    const known = map.get(key)
    if (known) return known
    const made = make()
    map.set(key, made)
    return made
  }
  const pair = (entry: EntryRecord) => `${entry.patient?.id} ${entry.service.id}`

  const index = (entry: EntryRecord): void => {
    setOf(members, entry.service.id, () => new Set<string>()).add(entry.id)
    lastSeq = Math.max(lastSeq, entry.place.arrivalSeq)
    if (isServing(entry.status) && entry.doctor) open.set(entry.doctor.id, entry.id)
    if (isActive(entry.status) && entry.patient) active.set(pair(entry), entry.id)
  }
  for (const entry of confirmed.entries.values()) {
    index(entry)
    if (entry.status === 'WAITING') setOf(waiting, entry.service.id, () => []).push(keyOfEntry(entry))
  }
  for (const keys of waiting.values()) keys.sort(compareKeys)

  const entry = (id: string) => changed.entries.get(id) ?? confirmed.entries.get(id)

  const forget = (old: EntryRecord): void => {
    members.get(old.service.id)?.delete(old.id)
    if (old.doctor && open.get(old.doctor.id) === old.id) open.delete(old.doctor.id)
    if (active.get(pair(old)) === old.id) active.delete(pair(old))
    if (old.status !== 'WAITING') return
    const keys = waiting.get(old.service.id) ?? []
    const at = placeIn(keys, keyOfEntry(old))
    if (keys[at]?.id === old.id) keys.splice(at, 1)
  }

  const all = function* <R extends { id: string }>(below: ReadonlyMap<string, R>, above: ReadonlyMap<string, R>) {
    for (const [id, record] of below) yield above.get(id) ?? record
    for (const [id, record] of above) if (!below.has(id)) yield record
  }

  const putAppointment = (appointment: AppointmentRecord) => {
    changed.appointments.set(appointment.id, appointment)
  }

  return {
    entry,
    appointment: (id) => changed.appointments.get(id) ?? confirmed.appointments.get(id),
    patient: (id) => changed.patients.get(id) ?? confirmed.patients.get(id),
    putEntry: (next) => {
      const old = entry(next.id)
      if (old) forget(old)
      changed.entries.set(next.id, next)
      index(next)
      if (next.status === 'WAITING') {
        const keys = setOf(waiting, next.service.id, () => [])
        const key = keyOfEntry(next)
        keys.splice(placeIn(keys, key), 0, key)
      }
      const booking =
        next.appointment &&
        (changed.appointments.get(next.appointment.id) ?? confirmed.appointments.get(next.appointment.id))
      const status = appointmentStatusOf(next.status)
      if (booking && booking.status !== status) putAppointment({ ...booking, status, version: booking.version + 1 })
    },
    putAppointment,
    putPatient: (patient) => {
      changed.patients.set(patient.id, patient)
    },
    changed,
    appointments: () => all(confirmed.appointments, changed.appointments),
    patients: () => all(confirmed.patients, changed.patients),
    entriesOf: function* (serviceId) {
      for (const id of members.get(serviceId) ?? []) yield entry(id) as EntryRecord
    },
    waiting: (serviceId) => waiting.get(serviceId) ?? [],
    openEntryOf: (doctorId) => {
      const id = open.get(doctorId)
      return id === undefined ? undefined : entry(id)
    },
    activeEntryOf: (patientId, serviceId) => {
      const id = active.get(`${patientId} ${serviceId}`)
      return id === undefined ? undefined : entry(id)
    },
    nextArrivalSeq: () => lastSeq + 1,
    service: (id) => services.get(id),
    doctor: (id) => doctors.get(id),
  }
}
