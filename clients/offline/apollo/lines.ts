import { estimate, type WaitEstimate } from '@anteroom/api/queue/estimate'
import { compareKeys, type OrderKey, positions } from '@anteroom/api/queue/order'
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

type Shown = { id: string; version: number; patient?: { id: string; name: string } | null }

/** A queue on a screen; its rows have fields of a `LineRow`. Of the ended only the newest are in it, the last first. */
export type Line<Row, Service> = { id: string; service: Service } & Record<(typeof listNames)[number], Row[]>

/** A visit as `queueChanged` tells it: with what orders a queue, and without what follows from the order. */
export type ToldRow = Shown &
  Pick<LineRow, 'status' | 'dueAt' | 'calledAt' | 'finishedAt'> & {
    boundDoctor: { id: string } | null
    place: { rank: number; subRank: string; arrivalSeq: number }
  }

/** What `queueChanged` brings; see its description in the schema. */
export type ToldChange<Told, Service> = {
  since: number | null
  version: number
  asOf: string
  service: Service
  entries: readonly Told[]
  gone: readonly string[]
  pace: { doctorIds: readonly string[]; busyDoctorIds: readonly string[]; recentMinutes: readonly number[] }
}

/** Where a row stands, and how long it waits. */
export type Placed = Pick<LineRow, 'position' | 'estimate'>

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
const withPatient = <Row extends Shown>(local: Local, row: Row): Row => {
  const { patient } = row
  const known: PatientRecord | undefined = patient ? local.replay().world.patient(patient.id) : undefined
  const version = (patient as { version?: number } | null | undefined)?.version ?? 0
  if (!patient || !known || known.version <= version) return row
  const { name, dateOfBirth = null } = known
  return { ...row, patient: { ...patient, name, ...('dateOfBirth' in patient && { dateOfBirth }) } }
}

const withLists = <Row, Service>(
  { id, service }: Pick<Line<Row, Service>, 'id' | 'service'>,
  listOf: (name: (typeof listNames)[number]) => Row[],
): Line<Row, Service> => ({
  ...{ id, service },
  ...{ waiting: listOf('waiting'), serving: listOf('serving'), onHold: listOf('onHold'), ended: listOf('ended') },
})

const timeOf = (value: string | null): number => (value === null ? 0 : Date.parse(value))

/** Puts together what the server tells of a queue, by the API's own rules of order and estimate. */
const createTold = <Told extends ToldRow, Service>(serviceId: string, ended: number) => {
  const known = new Map<string, { told: Told; key: OrderKey; shown: Told & Placed }>()
  let version: number | null = null

  const isPlaced = (row: Placed, position: number | null, range: WaitEstimate | null): boolean =>
    row.position === position && isSame(row.estimate, range)

  return {
    /** Takes what is told; false where it does not rest on what was told before. */
    take: (change: ToldChange<Told, Service>): boolean => {
      if (change.since === null) known.clear()
      else if (change.since !== version) return false
      version = change.version
      for (const id of change.gone) known.delete(id)
      for (const told of change.entries) {
        const { rank, subRank, arrivalSeq } = told.place
        const key = { rank, dueAt: new Date(told.dueAt), subRank, arrivalSeq, id: told.id }
        known.set(told.id, { told, key, shown: { ...told, position: null, estimate: null } })
      }
      return true
    },
    read: ({ service, pace }: ToldChange<Told, Service>): Line<Told & Placed, Service> => {
      const ordered = [...known.values()].toSorted((a, b) => compareKeys(a.key, b.key))
      const listOf = (...statuses: LineRow['status'][]) => ordered.filter(({ told }) => statuses.includes(told.status))
      const waiting = listOf('WAITING')
      const places = positions(
        waiting.map(({ told }) => ({ id: told.id, boundDoctorId: told.boundDoctor?.id ?? null })),
      )
      const workers = {
        doctorIds: new Set(pace.doctorIds),
        busyDoctorIds: new Set(pace.busyDoctorIds),
        recentMinutes: pace.recentMinutes,
      }
      for (const entry of waiting) {
        const { id, boundDoctor } = entry.told
        const position = places.get(id) ?? null
        const range = position === null ? null : estimate(position, boundDoctor?.id ?? null, workers)
        if (!isPlaced(entry.shown, position, range)) entry.shown = { ...entry.told, position, estimate: range }
      }
      const over = listOf('SERVED', 'NO_SHOW', 'LEFT').toSorted(
        (a, b) => timeOf(b.told.finishedAt) - timeOf(a.told.finishedAt) || b.key.arrivalSeq - a.key.arrivalSeq,
      )
      // An undo takes one back, so some more are kept than are shown.
      for (const { told } of over.slice(2 * ended)) known.delete(told.id)
      const lists = {
        waiting,
        serving: listOf('CALLED', 'IN_SERVICE').toSorted((a, b) => timeOf(b.told.calledAt) - timeOf(a.told.calledAt)),
        onHold: listOf('ON_HOLD'),
        ended: over.slice(0, ended),
      }
      return withLists({ id: serviceId, service }, (name) => lists[name].map(({ shown }) => shown))
    },
  }
}

const OPEN = new Set(['WAITING', 'CALLED', 'IN_SERVICE', 'ON_HOLD'])

/** One queue, with the rows and lists of before wherever they are the same. */
const createLine = <Told extends ToldRow, Service>(
  local: Local,
  serviceId: string,
  { serviceOf, ended }: LineNeeds<Service>,
) => {
  type Row = Told & Placed
  const teller = createTold<Told, Service>(serviceId, ended)
  let told: Line<Row, Service> | null = null
  let shown: Line<Row, Service> | null = null
  let rows = new Map<string, Row>()
  /** Out of what the line was made that is shown. */
  let source: readonly unknown[] = []

  const ownLine = (view: QueueView): Line<Row, Service> => {
    // The device knows of its own records every field that a screen may show.
    const listOf = (entries: readonly EntryRecord[]) =>
      entries.map((entry) => rowOf(local, view, entry) as unknown as Row)
    const own = {
      waiting: listOf(view.waiting),
      serving: listOf(view.serving),
      onHold: listOf(view.onHold),
      ended: listOf(view.ended.slice(0, ended)),
    }
    return withLists({ id: serviceId, service: told?.service ?? serviceOf(serviceId) }, (name) => own[name])
  }

  const toldLine = (line: Line<Row, Service>) =>
    withLists(line, (name) => line[name].map((row) => withPatient(local, row)))

  const kept = (line: Line<Row, Service>): Line<Row, Service> => {
    const next = new Map<string, Row>()
    const made = withLists(line, (name) => {
      const list = line[name].map((row) => {
        const before = rows.get(row.id)
        const best = before && isSame(before, row) ? before : row
        next.set(row.id, best)
        return best
      })
      const before = shown?.[name]
      return before?.length === list.length && list.every((row, at) => row === before[at]) ? before : list
    })
    rows = next
    return shown && isSame(shown, made) ? shown : made
  }

  return {
    tell: (change: ToldChange<Told, Service>): boolean => {
      if (!teller.take(change)) return false
      told = teller.read(change)
      for (const entry of change.entries) if (OPEN.has(entry.status)) local.sawEntry(entry)
      const open = [...told.waiting, ...told.serving, ...told.onHold]
      local.sawView(serviceId, { statuses: OPEN, versions: new Map(open.map(({ id, version }) => [id, version])) })
      return true
    },
    read: (): Line<Row, Service> | null => {
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

type LineNeeds<Service> = {
  /** A service as a document would bring it, out of what the device itself knows. */
  serviceOf: (id: string) => Service
  /** How many of the ended it shows; ask the server for twice as many. */
  ended: number
}

export type Lines<Told, Service> = {
  /** The server told of a queue. False where it does not rest on what was told before: subscribe anew. */
  tell: (change: ToldChange<Told, Service>) => boolean
  /** By service; a queue of which nothing is known yet is missing. */
  read: () => ReadonlyMap<string, Line<Told & Placed, Service>>
  subscribe: (listener: () => void) => () => void
}

/**
 * Queues on a screen: as the server told them last, and where the device knows better, as its own records say. They are held
 * outside of Apollo's cache, because every change moves everybody behind it: hundreds of objects that nobody else reads. What
 * did not change stays the same object.
 */
export const createLines = <Told extends ToldRow, Service extends { id: string }>(
  local: Local,
  serviceIds: readonly string[],
  needs: LineNeeds<Service>,
): Lines<Told, Service> => {
  type Shown = ReadonlyMap<string, Line<Told & Placed, Service>>
  const lines = new Map(serviceIds.map((id) => [id, createLine<Told, Service>(local, id, needs)]))
  const listeners = new Set<() => void>()
  let shown: Shown = new Map()
  let stop = () => {}

  const update = (): void => {
    const next = new Map<string, Line<Told & Placed, Service>>()
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
    tell: (change) => {
      const isTaken = lines.get(change.service.id)?.tell(change) ?? true
      update()
      return isTaken
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
