import type { AppointmentRecord, EntryRecord, PatientRecord } from '../model.ts'
import { estimateOf, type QueueView } from '../optimistic.ts'
import type { Local } from './local.ts'

/** A visit in the fields that screens show. */
export type LineRow = Pick<
  EntryRecord,
  | 'id'
  | 'version'
  | 'ticket'
  | 'provisionalTicket'
  | 'status'
  | 'urgency'
  | 'room'
  | 'endReason'
  | 'arrivedAt'
  | 'dueAt'
  | 'calledAt'
  | 'startedAt'
  | 'finishedAt'
> & {
  reason: string | null
  position: number | null
  estimate: { lowMinutes: number; likelyMinutes: number; highMinutes: number } | null
  doctor: { id: string; name: string } | null
  patient: { id: string; name: string; dateOfBirth: string | null } | null
  service: { id: string }
  appointment: Pick<AppointmentRecord, 'id' | 'startsAt' | 'bound' | 'lateMinutes'> | null
}

const listNames = ['waiting', 'serving', 'onHold', 'ended'] as const
type ListName = (typeof listNames)[number]

export type Lists = Record<ListName, LineRow[]>

type ToldRow = { id: string; version: number; patient?: { id: string; name: string } | null }

/** A queue as a document asks for it; its rows have fields of a `LineRow`. */
export type ToldLine = { id: string } & { [name in ListName]?: ToldRow[] }

/** Have both the same content? What came anew and is the same needs not be drawn anew. */
const isSame = (one: unknown, other: unknown): boolean => {
  if (one === other) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  const [keys, others] = [Object.keys(one), Object.keys(other)]
  return (
    keys.length === others.length &&
    keys.every((key) => isSame((one as Record<string, unknown>)[key], (other as Record<string, unknown>)[key]))
  )
}

const rowOf = (local: Local, view: QueueView, entry: EntryRecord): LineRow => {
  const { world } = local.replay()
  const doctor = entry.doctor && world.doctor(entry.doctor.id)
  const patient = entry.patient && world.patient(entry.patient.id)
  const appointment = entry.appointment && world.appointment(entry.appointment.id)
  const { id, version, ticket, provisionalTicket, status, urgency, room, endReason } = entry
  const { arrivedAt, dueAt, calledAt, startedAt, finishedAt } = entry
  return {
    ...{ id, version, ticket, provisionalTicket, status, urgency, room, endReason },
    ...{ arrivedAt, dueAt, calledAt, startedAt, finishedAt },
    reason: entry.reason ?? null,
    position: view.positions.get(id) ?? null,
    estimate: estimateOf(view, entry),
    doctor: doctor ? { id: doctor.id, name: doctor.name } : null,
    patient: patient ? { id: patient.id, name: patient.name, dateOfBirth: patient.dateOfBirth ?? null } : null,
    service: { id: entry.service.id },
    appointment: appointment
      ? {
          id: appointment.id,
          startsAt: appointment.startsAt,
          bound: appointment.bound,
          lateMinutes: appointment.lateMinutes,
        }
      : null,
  }
}

/** A told row with what the device has heard of its patient since. */
const withPatient = <Row extends ToldRow>(local: Local, row: Row): Row => {
  const { patient } = row
  const known: PatientRecord | undefined = patient ? local.replay().world.patient(patient.id) : undefined
  const version = (patient as { version?: number } | null | undefined)?.version ?? 0
  if (!patient || !known || known.version <= version) return row
  const { name, dateOfBirth = null } = known
  return { ...row, patient: { ...patient, name, ...('dateOfBirth' in patient && { dateOfBirth }) } }
}

const withLists = <Told extends ToldLine>(line: Told, listOf: (name: ListName) => ToldRow[] | undefined): Told => {
  const made = { ...line }
  for (const name of listNames) {
    const list = listOf(name)
    if (list) Object.assign(made, { [name]: list })
  }
  return made
}

/** One queue, with the rows and lists of before wherever they are the same. */
const createLine = <Told extends ToldLine>(local: Local, serviceId: string, { make, ended }: LineNeeds<Told>) => {
  let told: Told | null = null
  let shown: Told | null = null
  let rows = new Map<string, ToldRow>()
  /** Out of what the line was made that is shown. */
  let source: readonly unknown[] = []

  const ownLine = (view: QueueView): Told => {
    const listOf = (entries: readonly EntryRecord[]) => entries.map((entry) => rowOf(local, view, entry))
    const made = make(serviceId, {
      waiting: listOf(view.waiting),
      serving: listOf(view.serving),
      onHold: listOf(view.onHold),
      ended: listOf(view.ended.slice(0, ended)),
    })
    if (!told) return made
    return withLists(told, (name) => made[name])
  }

  const toldLine = (line: Told): Told => withLists(line, (name) => line[name]?.map((row) => withPatient(local, row)))

  const kept = (line: Told): Told => {
    const next = new Map<string, ToldRow>()
    const made = withLists(line, (name) => {
      const list = line[name]?.map((row) => {
        const before = rows.get(row.id)
        const best = before && isSame(before, row) ? before : row
        next.set(row.id, best)
        return best
      })
      const before = shown?.[name]
      return list && before?.length === list.length && list.every((row, at) => row === before[at]) ? before : list
    })
    rows = next
    return shown && isSame(shown, made) ? shown : made
  }

  return {
    tell: (line: Told): void => {
      told = line
    },
    read: (): Told | null => {
      const view = local.leads(serviceId) ? local.queue(serviceId) : null
      const next = [local.replay(), view, told]
      if (source.length > 0 && next.every((part, at) => part === source[at])) return shown
      source = next
      const line = view ? ownLine(view) : told && toldLine(told)
      if (line) shown = kept(line)
      return shown
    },
  }
}

type LineNeeds<Told> = {
  /** The queue as a document would bring it, out of what the device itself knows. */
  make: (serviceId: string, lists: Lists) => Told
  /** How many of the ended it shows. */
  ended: number
}

export type Lines<Told> = {
  /** The server told a queue. */
  tell: (line: Told) => void
  /** By service; a queue of which nothing is known yet is missing. */
  read: () => ReadonlyMap<string, Told>
  subscribe: (listener: () => void) => () => void
}

/**
 * Queues on a screen: as the server told them last, and where the device knows better, as its own records say. They are held
 * outside of Apollo's cache, because every change moves everybody behind it: hundreds of objects that nobody else reads. What
 * did not change stays the same object.
 */
export const createLines = <Told extends ToldLine & { service: { id: string } }>(
  local: Local,
  serviceIds: readonly string[],
  needs: LineNeeds<Told>,
): Lines<Told> => {
  const lines = new Map(serviceIds.map((id) => [id, createLine(local, id, needs)]))
  const listeners = new Set<() => void>()
  let shown: ReadonlyMap<string, Told> = new Map()
  let stop = () => {}

  const update = (): void => {
    const next = new Map<string, Told>()
    for (const [id, line] of lines) {
      const made = line.read()
      if (made) next.set(id, made)
    }
    if (next.size === shown.size && [...next].every(([id, line]) => shown.get(id) === line)) return
    shown = next
    for (const listener of listeners) listener()
  }
  update()

  return {
    tell: (line) => {
      lines.get(line.service.id)?.tell(line)
      update()
    },
    read: () => shown,
    subscribe: (listener) => {
      if (listeners.size === 0) stop = local.subscribe(update)
      listeners.add(listener)
      update()
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0) stop()
      }
    },
  }
}
