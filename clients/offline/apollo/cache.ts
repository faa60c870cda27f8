import { addDays, calendarBounds, clinicDay } from '@anteroom/api/clinic/day'
import { patientSearch } from '@anteroom/api/patient/search'
import { isActive } from '@anteroom/api/queue/transitions'
import {
  type FieldPolicy,
  type FieldReadFunction,
  InMemoryCache,
  type Reference,
  type TypePolicies,
} from '@apollo/client'
import type { AppointmentRecord, EntryRecord, PatientRecord } from '../model.ts'
import { estimateOf } from '../optimistic.ts'
import { nullableFields, versionedTypes } from './fields.ts'
import { writeIntoLayer } from './layer.ts'
import { appointmentsOf, type Local } from './local.ts'

/** Answers that the device made up itself are not written back as if the server had given them. */
export class OfflineCache extends InMemoryCache {
  readonly ownAnswers = new WeakSet<object>()
  /** Called after every change. */
  onChange: (() => void) | undefined

  override write(options: Parameters<InMemoryCache['write']>[0]): Reference | undefined {
    if (typeof options.result === 'object' && options.result !== null && this.ownAnswers.has(options.result))
      return undefined
    return super.write(options)
  }

  #isHeld = false

  protected override broadcastWatches(options?: Parameters<InMemoryCache['broadcastWatches']>[0]): void {
    if (this.#isHeld) return
    super.broadcastWatches(options)
    this.onChange?.()
  }

  /** Whoever watches hears once of all that the work changes. */
  #atOnce(work: () => void): void {
    this.#isHeld = true
    try {
      work()
    } finally {
      this.#isHeld = false
    }
    this.broadcastWatches()
  }

  /**
   * Writes what is pending into its one layer: what is `changed` into the one that is there, or, where there is none or `isNew`,
   * `all` into another in its place.
   */
  writeLayer({ isNew, changed, all }: { isNew: boolean; changed: () => void; all: () => void }): void {
    this.#atOnce(() => {
      if (!isNew && writeIntoLayer(this, LAYER, changed)) return
      this.removeOptimistic(LAYER)
      this.batch({ optimistic: LAYER, update: all })
    })
  }

  /** Nothing is pending any more. */
  dropLayer(update: () => void): void {
    this.#atOnce(() => {
      this.removeOptimistic(LAYER)
      update()
    })
  }
}

const LAYER = 'anteroom-pending'

const DEFAULT_ENDED = 20
const DAYS_AHEAD = 14

type Edge = { __typename: string; cursor: string; node: Reference }
type Connection = { __typename: string; edges: Edge[]; pageInfo: Record<string, unknown> }

/** A page of our own making; the cursors are the server's only where it made the page. */
const connectionOf = (typename: 'Appointment' | 'Patient', nodes: Reference[]): Connection => ({
  __typename: `${typename}Connection`,
  edges: nodes.map((node) => ({ __typename: `${typename}Edge`, cursor: node.__ref, node })),
  pageInfo: {
    __typename: 'PageInfo',
    hasNextPage: false,
    hasPreviousPage: false,
    startCursor: nodes[0]?.__ref ?? null,
    endCursor: nodes.at(-1)?.__ref ?? null,
  },
})

/** Pages of one list, one behind the other. */
const paged = (keyArgs: string[] | false, read?: FieldReadFunction): FieldPolicy => ({
  keyArgs,
  ...(read && { read }),
  merge: (existing: Connection | undefined, incoming: Connection, { args }) =>
    args?.after && existing ? { ...incoming, edges: [...existing.edges, ...incoming.edges] } : incoming,
})

const matches = (patient: PatientRecord, search: string | null): boolean => {
  const { words, digits } = patientSearch(search)
  if (digits) return patient.phoneNumber?.includes(digits) ?? false
  const name = patient.name.toLocaleLowerCase()
  return words.every((word) => name.includes(word.toLocaleLowerCase()))
}

/** The cache of one viewer at one device; `local` is told once the engine is there. */
export const createCache = (localOf: () => Local | null): OfflineCache => {
  const ref = (typename: string, id: string): Reference => ({ __ref: `${typename}:${id}` })

  /** A field that reads from the device's own knowledge where there is some. */
  const fromLocal =
    (read: (local: Local, ...args: Parameters<FieldReadFunction>) => unknown): FieldReadFunction =>
    (existing, options) => {
      const local = localOf()
      if (!local) return existing
      local.follow()
      return read(local, existing, options)
    }

  /** Where the server could not be asked, or does not know the record yet, a missing field or record is null. */
  const orNull: FieldReadFunction = (existing, { readField, isReference }) => {
    // A record that is only named by another one, and not held itself, is as good as missing.
    const isOnlyNamed =
      isReference(existing) &&
      versionedTypes.some((type) => existing.__ref.startsWith(`${type}:`)) &&
      readField('version', existing) === undefined
    const local = localOf()
    if (!local || (existing !== undefined && !isOnlyNamed)) return existing
    local.follow()
    const id = readField<string>('id')
    return !local.isOnline() || (id !== undefined && local.isProvisional(id)) ? null : existing
  }

  const listOf = (pick: (local: Local, serviceId: string) => readonly EntryRecord[]): FieldPolicy => ({
    merge: false,
    read: (existing, { readField, args }) => {
      const local = localOf()
      const serviceId = readField<string>('id')
      if (!local || serviceId === undefined) return existing
      local.followQueue(serviceId)
      if (!local.leads(serviceId)) return existing
      const entries = pick(local, serviceId)
      const shown = args && 'last' in args ? entries.slice(0, Number(args.last ?? DEFAULT_ENDED)) : entries
      return shown.map(({ id }) => ref('QueueEntry', id))
    },
  })

  const ofEntry = (pick: (local: Local, entry: EntryRecord) => unknown): FieldPolicy => ({
    read: (existing, options) => {
      const local = localOf()
      const id = options.readField<string>('id')
      const entry = id === undefined ? undefined : local?.replay().world.entry(id)
      if (!local || !entry) return orNull(existing, options)
      local.followPlace(entry.id)
      return local.leads(entry.service.id) ? pick(local, entry) : orNull(existing, options)
    },
  })

  const byId = (typename: string): FieldPolicy => ({
    read: (existing, { args, canRead }) => {
      const known = ref(typename, String(args?.id ?? args?.serviceId))
      return existing === undefined && canRead(known) ? known : existing
    },
  })

  const nullables = (type: keyof typeof nullableFields): Record<string, FieldPolicy> =>
    Object.fromEntries(nullableFields[type].map((name) => [name, { read: orNull }]))

  const activeEntries = fromLocal((local, existing, options) => {
    const id = options.readField<string>('id')
    if (!local.isLoaded() || id === undefined) return orNull(existing, options)
    const { world } = local.replay()
    return local
      .clinics()
      .flatMap((clinic) => clinic.services.map((service) => world.activeEntryOf(id, service.id)))
      .filter((entry) => entry !== undefined && isActive(entry.status))
      .map((entry) => ref('QueueEntry', (entry as EntryRecord).id))
  })

  const ownAppointments = fromLocal((local, existing: Connection | undefined, options) => {
    const id = options.readField<string>('id')
    if (
      !local.isLoaded() ||
      id === undefined ||
      (existing === undefined && local.isOnline() && !local.isProvisional(id))
    )
      return orNull(existing, options)
    const known = new Set(existing?.edges.map(({ node }) => node.__ref))
    const added = appointmentsOf(local, id)
      .map((appointment) => ref('Appointment', appointment.id))
      .filter((node) => !known.has(node.__ref))
    if (existing && added.length === 0) return existing
    const startOf = (node: Reference) => Date.parse(options.readField<string>('startsAt', node) ?? '')
    const nodes = [...(existing?.edges.map(({ node }) => node) ?? []), ...added].toSorted(
      (a, b) => startOf(a) - startOf(b),
    )
    return { ...connectionOf('Appointment', nodes), ...(existing && { pageInfo: existing.pageInfo }) }
  })

  /** The clinic's bookings of days that the device holds whole: from yesterday to 14 days ahead. */
  const appointments = fromLocal((local, existing, { args }) => {
    const clinic = local.clinics().find(({ id }) => id === args?.clinicId)
    if (!clinic || local.person.kind !== 'user' || !local.isLoaded()) return existing
    const today = clinicDay(new Date(local.now()), clinic)
    const [from, to] = [String(args?.from), String(args?.to)]
    if (from < addDays(today, -1) || to > addDays(today, DAYS_AHEAD)) return existing
    const { start, end } = calendarBounds(from, to, clinic.timeZone)
    const services = new Set(clinic.services.map(({ id }) => id))
    const isAsked = (row: AppointmentRecord) =>
      services.has(row.service.id) &&
      Date.parse(row.startsAt) >= start.getTime() &&
      Date.parse(row.startsAt) < end.getTime() &&
      (args?.doctorId == null || row.doctor.id === args.doctorId)
    const rows = [...local.replay().world.appointments()]
      .filter(isAsked)
      .toSorted((a, b) => Date.parse(a.startsAt) - Date.parse(b.startsAt) || (a.id < b.id ? -1 : 1))
    return connectionOf(
      'Appointment',
      rows.map(({ id }) => ref('Appointment', id)),
    )
  })

  const patients = fromLocal((local, existing, { args }) => {
    if (local.isOnline() || !local.isLoaded() || local.person.kind !== 'user') return existing
    const found = [...local.replay().world.patients()]
      .filter((patient) => matches(patient, (args?.search as string | null) ?? null))
      .toSorted((a, b) => a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1))
    return connectionOf(
      'Patient',
      found.slice(0, Number(args?.first ?? 50)).map(({ id }) => ref('Patient', id)),
    )
  })

  const placeStatus = fromLocal((local, existing, { readField }) => {
    const entry = local.replay().entries.get(readField<string>('entryId') ?? '')
    return entry?.status ?? existing
  })

  const typePolicies: TypePolicies = {
    Query: {
      fields: {
        queue: byId('Queue'),
        queueEntry: byId('QueueEntry'),
        appointment: byId('Appointment'),
        patient: byId('Patient'),
        clinic: byId('Clinic'),
        appointments: paged(['clinicId', 'from', 'to', 'doctorId'], appointments),
        patients: paged(['search'], patients),
        users: paged(['clinicId']),
        notifications: paged(['clinicId', 'patientId']),
        auditLog: paged(['clinicId', 'entityId']),
        failedJobs: paged(['clinicId']),
      },
    },
    Queue: {
      fields: {
        waiting: listOf((local, id) => local.queue(id).waiting),
        serving: listOf((local, id) => local.queue(id).serving),
        onHold: listOf((local, id) => local.queue(id).onHold),
        ended: { keyArgs: ['last'], ...listOf((local, id) => local.queue(id).ended) },
      },
    },
    QueueEntry: {
      fields: {
        ...nullables('QueueEntry'),
        position: ofEntry((local, entry) => local.queue(entry.service.id).positions.get(entry.id) ?? null),
        estimate: ofEntry((local, entry) => {
          const range = estimateOf(local.queue(entry.service.id), entry)
          return range && { __typename: 'WaitEstimate', ...range }
        }),
      },
    },
    Appointment: {
      fields: {
        ...nullables('Appointment'),
        queueEntry: {
          read: fromLocal((local, existing, options) => {
            const id = options.readField<string>('id')
            const made = [...local.replay().entries.values()].find((entry) => entry.appointment?.id === id)
            return made ? ref('QueueEntry', made.id) : orNull(existing, options)
          }),
        },
      },
    },
    Patient: {
      fields: {
        ...nullables('Patient'),
        appointments: paged(false, ownAppointments),
        activeEntries: { merge: false, read: activeEntries },
        notifications: { ...paged(false), read: orNull },
      },
    },
    QueuePosition: { keyFields: ['entryId'], fields: { status: { read: placeStatus } } },
    // Without an id of their own, and always given whole.
    Display: { keyFields: false },
    DisplayTicket: { keyFields: false },
    Session: { keyFields: false },
    Slot: { keyFields: false },
    WaitEstimate: { keyFields: false },
    EntryPlace: { keyFields: false, merge: true },
  }
  return new OfflineCache({ typePolicies, possibleTypes: { Viewer: ['Patient', 'User'] } })
}
