import { callerFor } from '@anteroom/api/queue/caller'
import { estimate, type Pace, type WaitEstimate } from '@anteroom/api/queue/estimate'
import { compareKeys, mayTake, positions } from '@anteroom/api/queue/order'
import type { ClinicFacts } from './facts.ts'
import type { EntryRecord, Operation, Person, Records } from './model.ts'
import { replayed } from './optimistic-commands.ts'
import { createWorld, keyOfEntry, type World } from './optimistic-world.ts'

/** What a screen shows at a record that pending operations concern. */
export type Mark = {
  /** Ids of the pending operations, in order of their acts. */
  operations: readonly string[]
  /** Why the server may refuse one of them, as far as this device can tell; else null. */
  mayBeRefused: string | null
}

export type QueueView = {
  /** In calling order. */
  waiting: readonly EntryRecord[]
  positions: ReadonlyMap<string, number>
  /** Called or with a doctor, the last call first. */
  serving: readonly EntryRecord[]
  onHold: readonly EntryRecord[]
  /** Served, no-show and left, newest first. */
  ended: readonly EntryRecord[]
  pace: Pace
}

export type Replay = World['changed'] & {
  world: World
  /** By id of the record: an entry, a booking or a patient. */
  marks: ReadonlyMap<string, Mark>
  /** Services whose queues pending operations have changed. */
  touchedServices: ReadonlySet<string>
  queue: (serviceId: string) => QueueView
}

export type ReplayInput = {
  records: Records
  pending: readonly Operation[]
  clinics: readonly ClinicFacts[]
  person: Person
  /** The clinics' time now, as nearly as the device knows it. */
  now: Date
  /** The same clock's time of an act. */
  timeOf: (operation: Operation) => Date
}

/** The record that an operation makes or changes. */
export const targetOf = ({ id, command, input }: Operation): string =>
  command === 'addWalkIn' || command === 'createPatient' || command === 'bookAppointment'
    ? String(input.id ?? id)
    : String(input.id)

/** An operation that the server has answered, without the fields that lost: the rest of it stands. */
const withoutLost = (operation: Operation): Operation => {
  const lost = new Set(operation.answer?.overrides?.map(({ field }) => field))
  if (lost.size === 0) return operation
  return {
    ...operation,
    input: Object.fromEntries(Object.entries(operation.input).filter(([name]) => !lost.has(name))),
  }
}

/**
 * The records as they will be when everything pending is applied: all operations are replayed on the confirmed records by the
 * API's own rules. One that a rule refuses now changes nothing and is marked; the server decides.
 */
export const replay = ({ records, pending, clinics, person, now, timeOf }: ReplayInput): Replay => {
  const world = createWorld(records, clinics)
  const marks = new Map<string, { operations: string[]; mayBeRefused: string | null }>()
  const touchedServices = new Set<string>()
  const mark = (id: string, operation: string, refusal: string | null) => {
    const known = marks.get(id)
    if (known) {
      known.operations.push(operation)
      known.mayBeRefused ??= refusal
    } else marks.set(id, { operations: [operation], mayBeRefused: refusal })
  }
  const touch = (id: string) => {
    const entry = world.entry(id)
    if (entry) touchedServices.add(entry.service.id)
  }
  for (const operation of pending) {
    if (operation.dropped || operation.answer?.outcome === 'REJECTED') continue
    const target = targetOf(operation)
    const acted = timeOf(operation)
    touch(target)
    const standing = withoutLost(operation)
    const refusal = replayed[operation.command](world, { operation: standing, at: acted < now ? acted : now, person })
    if (!operation.answer) {
      mark(target, operation.id, refusal)
      if (operation.command === 'checkIn' && !refusal) mark(operation.id, operation.id, null)
    }
    touch(operation.command === 'checkIn' ? operation.id : target)
  }
  return {
    ...world.changed,
    world,
    marks,
    touchedServices,
    queue: (serviceId) => queueView(world, serviceId, now),
  }
}

const RECENT_MS = 6 * 3_600_000
const RECENT = 20

/** A service's queue in the order in which patients are called. */
export const queueView = (world: World, serviceId: string, now: Date): QueueView => {
  const waiting = world.waiting(serviceId).map(({ id }) => world.entry(id) as EntryRecord)
  const others = [...world.entriesOf(serviceId)]
    .filter(({ status }) => status !== 'WAITING')
    .toSorted((a, b) => compareKeys(keyOfEntry(a), keyOfEntry(b)))
  const time = (value: string | null) => (value === null ? 0 : Date.parse(value))
  const serving = others
    .filter(({ status }) => status === 'CALLED' || status === 'IN_SERVICE')
    .toSorted((a, b) => time(b.calledAt) - time(a.calledAt))
  const ended = others
    .filter(({ finishedAt }) => finishedAt !== null)
    .toSorted((a, b) => time(b.finishedAt) - time(a.finishedAt) || b.place.arrivalSeq - a.place.arrivalSeq)
  const busy = new Set(serving.flatMap(({ doctor }) => doctor?.id ?? []))
  const duty = (world.service(serviceId)?.service.doctorIds ?? []).filter((id) => world.doctor(id)?.onDuty)
  const recentMinutes = ended
    .filter((entry) => entry.status === 'SERVED' && entry.endReason === null && entry.calledAt !== null)
    .filter((entry) => time(entry.finishedAt) > now.getTime() - RECENT_MS)
    .slice(0, RECENT)
    .map((entry) => (time(entry.finishedAt) - time(entry.calledAt)) / 60_000)
  return {
    waiting,
    positions: positions(waiting.map(({ id, boundDoctor }) => ({ id, boundDoctorId: boundDoctor?.id ?? null }))),
    serving,
    onHold: others.filter(({ status }) => status === 'ON_HOLD'),
    ended,
    pace: { doctorIds: new Set([...duty, ...busy]), busyDoctorIds: busy, recentMinutes },
  }
}

/** How long an entry waits, by the API's own estimate on what the device holds. */
export const estimateOf = (view: QueueView, entry: EntryRecord): WaitEstimate | null => {
  const position = view.positions.get(entry.id)
  return position === undefined ? null : estimate(position, entry.boundDoctor?.id ?? null, view.pace)
}

/**
 * Whom a call without a network takes: the first waiting entry that this caller may take. The doctor's patient in service is
 * first marked served; a called one refuses the call.
 */
export const nextCall = (
  world: World,
  person: Person,
  input: { serviceId: string; doctorId: string | null },
): { serve: EntryRecord | null; call: EntryRecord | null; doctorId: string | null } | { refusal: string } => {
  const called =
    person.kind === 'user' ? callerFor(person, input.serviceId, input.doctorId) : { doctorId: input.doctorId }
  if (called === 'FORBIDDEN') return { refusal: 'FORBIDDEN' }
  const { doctorId } = called
  const known = world.service(input.serviceId)
  if (doctorId && known && !known.service.doctorIds.includes(doctorId)) return { refusal: 'NOT_THEIR_SERVICE' }
  const open = doctorId === null ? undefined : world.openEntryOf(doctorId)
  if (open?.status === 'CALLED') return { refusal: 'DOCTOR_BUSY' }
  const first = world
    .waiting(input.serviceId)
    .map(({ id }) => world.entry(id) as EntryRecord)
    .find((entry) => mayTake(doctorId, { boundDoctorId: entry.boundDoctor?.id ?? null }))
  return { serve: open ?? null, call: first ?? null, doctorId }
}
