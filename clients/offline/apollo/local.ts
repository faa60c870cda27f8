import { isActive } from '@anteroom/api/queue/transitions'
import { makeVar, type ReactiveVar } from '@apollo/client'
import { type DocumentNode, parse } from 'graphql'
import type { ClinicFacts } from '../facts.ts'
import type {
  AppointmentRecord,
  Engine,
  Entity,
  EntryRecord,
  Operation,
  Person,
  Records,
  StoredRecord,
} from '../model.ts'
import { estimateOf, type QueueView, type Replay, replay } from '../optimistic.ts'
import { appointmentSelection, entrySelection, patientSelection } from '../selections.ts'
import type { OfflineCache } from './cache.ts'
import { createFactsReader } from './facts.ts'

/** The active entries of a queue as the server last told them, with the states that were asked for. */
export type SeenView = { statuses: ReadonlySet<string>; versions: ReadonlyMap<string, number> }

/** An entry as the server told it to a screen that keeps it out of the cache; it may lack fields of the record. */
export type SeenEntry = { id: string; version: number } & Record<string, unknown>

/**
 * What this device knows by itself: the confirmed records, and on top of them what its pending operations make of them.
 * It keeps Apollo's cache up to date with both: records at the root, everything pending in one optimistic layer.
 */
export type Local = {
  /** Reads the engine anew and brings the cache up to date. */
  update: () => void
  replay: () => Replay
  /** Called after each update; returns the way to stop. */
  subscribe: (listener: () => void) => () => void
  /** A read that calls this is repeated after each update. */
  follow: () => void
  /** A read that calls this is repeated when the lists of this queue change. */
  followQueue: (serviceId: string) => void
  /** A read that calls this is repeated when the place of this entry changes. */
  followPlace: (entryId: string) => void
  isOnline: () => boolean
  /** The first load has ended: what is not here does not exist, or not for this viewer. */
  isLoaded: () => boolean
  /** Does the device know this queue better than what the server told last? */
  leads: (serviceId: string) => boolean
  queue: (serviceId: string) => QueueView
  /** Known to this device alone so far. */
  isProvisional: (id: string) => boolean
  /** The newest version that came from anywhere, or undefined. */
  version: (typename: string, id: string) => number | undefined
  sawVersion: (typename: string, id: string, version: number) => void
  sawView: (serviceId: string, view: SeenView) => void
  /** The server told of an entry that is not written to the cache. */
  sawEntry: (entry: SeenEntry) => void
  /** The server told its time. */
  sawTime: (asOf: string) => void
  /** The clinics' time in milliseconds, as nearly as this device knows it. */
  now: () => number
  clinics: () => readonly ClinicFacts[]
  person: Person
}

export const typenames: Record<Entity, string> = {
  entries: 'QueueEntry',
  appointments: 'Appointment',
  patients: 'Patient',
}
const entities = Object.keys(typenames) as Entity[]

const isActiveRecord = (record: StoredRecord | undefined): record is EntryRecord =>
  record !== undefined && isActive((record as EntryRecord).status)

/** So many records are written to the cache in one go; a whole day, as at the start, little by little. */
const AT_ONCE = 100

export const createLocal = ({
  cache,
  engine,
  person,
  wallClock,
  later,
}: {
  cache: OfflineCache
  engine: Engine
  person: Person
  /** Milliseconds since 1970 by the device's clock. */
  wallClock: () => number
  /** Runs work soon, after what is more urgent; without it everything is done at once. */
  later?: (work: () => void) => void
}): Local => {
  const reader =
    person.kind === 'patient' ? ({ kind: 'patient' } as const) : ({ kind: 'user', role: person.role } as const)
  const documents: Record<Entity, DocumentNode> = {
    entries: parse(`{ ${entrySelection(reader)} }`),
    appointments: parse(`{ ${appointmentSelection(reader)} }`),
    patients: parse(`{ ${patientSelection(reader)} }`),
  }
  const clinics = createFactsReader(cache, person)
  const revision = makeVar(0)
  /** By type and id: the newest version that reached the cache. */
  const versions = new Map<string, number>()
  /** Records of which the cache knows a newer version than the pull has brought, by type and id. */
  const ahead = new Map<string, { entity: Entity; id: string }>()
  /** Entries of which a screen was told more than the pull has brought. */
  const seenEntries = new Map<string, SeenEntry>()
  const listeners = new Set<() => void>()
  /** Records that still have to be written to the cache. */
  const unwritten = new Map<string, { entity: Entity; record: StoredRecord }>()
  const views = new Map<string, SeenView>()
  /** By service: entries of whose state the device learned after the server last told of the queue. */
  const learned = new Map<string, Set<string>>()
  const stubs = new Set<string>()
  let confirmed: Records = { patients: new Map(), appointments: new Map(), entries: new Map() }
  let offset = 0
  /** What the layer holds. */
  let layered = new Map<string, { entity: Entity; record: StoredRecord; text: string }>()
  let base: Records = confirmed
  const queueReaders = new Map<string, ReactiveVar<string>>()
  const placeReaders = new Map<string, ReactiveVar<string>>()

  const keyOf = (typename: string, id: string) => `${typename}:${id}`
  const now = () => wallClock() + offset
  const isOnline = () => engine.status().isOnline

  /** The time of an act, in the clinics' time; a clock that was set meanwhile cannot put it before what is known. */
  const timeOf = (operation: Operation): Date => new Date(Math.min(now(), operation.wall + offset))

  const readAt = (typename: string, id: string, query: DocumentNode, optimistic: boolean) =>
    cache.diff<Record<string, unknown>>({
      query,
      id: keyOf(typename, id),
      optimistic,
      returnPartialData: true,
    }).result

  const noteVersion = (typename: string, id: string, version: number): void => {
    const key = keyOf(typename, id)
    versions.set(key, version)
    const entity = entities.find((one) => typenames[one] === typename)
    if (!entity) return
    if (version > (confirmed[entity].get(id)?.version ?? version)) ahead.set(key, { entity, id })
    else ahead.delete(key)
  }

  /** The pulled records, with what came later by another way laid over them. */
  const baseRecords = (records: Records): Records => {
    const base = { ...records }
    const lay = (entity: Entity, id: string, over: (record: StoredRecord) => object): void => {
      const record = base[entity].get(id)
      if (!record) return
      if (base[entity] === records[entity]) base[entity] = new Map(records[entity])
      ;(base[entity] as Map<string, StoredRecord>).set(id, { ...record, ...over(record) })
    }
    for (const [key, { entity, id }] of ahead)
      if ((versions.get(key) ?? 0) > (records[entity].get(id)?.version ?? 0))
        lay(entity, id, () => readAt(typenames[entity], id, documents[entity], false) as object)
    for (const [id, seen] of seenEntries)
      if (seen.version > (base.entries.get(id)?.version ?? 0))
        lay('entries', id, (record) => Object.fromEntries(Object.entries(seen).filter(([field]) => field in record)))
    return base
  }

  const agrees = (serviceId: string, id: string): boolean => {
    const view = views.get(serviceId)
    if (!view) return true
    const record = confirmed.entries.get(id)
    const isHere = isActiveRecord(record) && record.service.id === serviceId
    const seen = view.versions.get(id)
    if (!isHere) return seen === undefined || seen > (record?.version ?? Number.POSITIVE_INFINITY)
    return seen === undefined ? !view.statuses.has(record.status) : seen >= record.version
  }

  const review = (serviceId: string): void => {
    const ids = learned.get(serviceId)
    for (const id of ids ?? []) if (agrees(serviceId, id)) ids?.delete(id)
  }

  const learn = (record: StoredRecord | undefined): void => {
    if (!record) return
    const serviceId = (record as EntryRecord).service.id
    if (!views.has(serviceId)) return
    const ids = learned.get(serviceId) ?? new Set()
    learned.set(serviceId, ids.add(record.id))
  }

  const writeRecord = (entity: Entity, record: StoredRecord): void => {
    const dataId = keyOf(typenames[entity], record.id)
    unwritten.delete(dataId)
    cache.write({ query: documents[entity], dataId, result: record, overwrite: false })
  }

  /** Some of what waits to be written; between, the screen has its turn. */
  const writeSome = (): void => {
    const some = [...unwritten].slice(0, AT_ONCE)
    cache.batch({
      optimistic: false,
      update: () => {
        for (const [key, { entity, record }] of some)
          if ((versions.get(key) ?? 0) > record.version) unwritten.delete(key)
          else writeRecord(entity, record)
      },
    })
    if (unwritten.size > 0) later?.(writeSome)
  }

  /** What differs from the records of the last update: written to the root, unless something newer is there. */
  const takeConfirmed = (): void => {
    const next = engine.records()
    const last = confirmed
    const changed: { entity: Entity; record: StoredRecord }[] = []
    const gone: string[] = []
    for (const entity of entities) {
      if (next[entity] === last[entity]) continue
      for (const [id, record] of next[entity]) {
        const old = last[entity].get(id)
        if (old === record) continue
        changed.push({ entity, record })
        if (entity === 'entries' && old?.version !== record.version) {
          learn(old)
          learn(record)
        }
      }
      for (const [id, record] of last[entity])
        if (!next[entity].has(id)) {
          gone.push(keyOf(typenames[entity], id))
          if (entity === 'entries') learn(record)
        }
    }
    confirmed = { ...next }
    if (changed.length === 0 && gone.length === 0) return
    const isMany = changed.length > AT_ONCE && later !== undefined
    const isWriting = unwritten.size > 0
    cache.batch({
      optimistic: false,
      update: () => {
        for (const { entity, record } of changed) {
          const key = keyOf(typenames[entity], record.id)
          if (entity === 'entries' && (seenEntries.get(record.id)?.version ?? 0) <= record.version)
            seenEntries.delete(record.id)
          const isAhead = (versions.get(key) ?? -1) > record.version
          noteVersion(typenames[entity], record.id, isAhead ? (versions.get(key) as number) : record.version)
          if (isAhead) continue
          if (isMany) unwritten.set(key, { entity, record })
          else writeRecord(entity, record)
        }
        for (const id of gone) {
          versions.delete(id)
          ahead.delete(id)
          unwritten.delete(id)
          cache.evict({ id, broadcast: false })
        }
      },
    })
    if (isMany && !isWriting) later(writeSome)
    for (const serviceId of learned.keys()) review(serviceId)
  }

  /** Queues that no answer has brought into the cache yet, so that their lists can be read from the records. */
  const writeStubs = (): void => {
    if (person.kind !== 'user' || !isLoaded()) return
    for (const clinic of clinics())
      for (const { id } of clinic.services) {
        if (stubs.has(id)) continue
        stubs.add(id)
        if (readAt('Queue', id, queueStub, false)?.id === undefined)
          cache.write({
            query: queueStub,
            dataId: keyOf('Queue', id),
            result: {
              __typename: 'Queue',
              id,
              version: 0,
              asOf: new Date(now()).toISOString(),
              service: { __typename: 'Service', id },
            },
          })
      }
  }

  let present: Replay | null = null
  const queues = new Map<string, QueueView>()

  const replayNow = (): Replay => {
    base = baseRecords(confirmed)
    return replay({
      records: base,
      pending: engine.pending(),
      clinics: clinics(),
      person,
      now: new Date(now()),
      timeOf,
    })
  }

  /** Only what became different is written: a long log of pending operations costs no more at each act than a short one. */
  const writeLayer = (made: Replay): void => {
    const wanted = new Map<string, { entity: Entity; record: StoredRecord; text: string }>()
    for (const entity of entities)
      for (const record of made[entity].values())
        wanted.set(keyOf(typenames[entity], record.id), { entity, record, text: JSON.stringify(record) })
    if (wanted.size === 0) {
      if (layered.size > 0) cache.dropLayer(tellReaders)
      else cache.batch({ optimistic: false, update: tellReaders })
      layered = wanted
      return
    }
    // It was known here alone and is gone: only another layer can forget it.
    let isNew = layered.size === 0
    for (const [key, { entity, record }] of layered) {
      if (wanted.has(key)) continue
      const below = base[entity].get(record.id)
      if (below) wanted.set(key, { entity, record: below, text: JSON.stringify(below) })
      else isNew = true
    }
    const writeThose = (isMeant: (key: string, text: string) => boolean) => () => {
      for (const [key, { entity, record, text }] of wanted)
        if (isMeant(key, text)) cache.write({ query: documents[entity], dataId: key, result: record })
      tellReaders()
    }
    const before = layered
    cache.writeLayer({
      isNew,
      all: writeThose(() => true),
      changed: writeThose((key, text) => before.get(key)?.text !== text),
    })
    layered = wanted
  }

  /** What of a queue the readers of its lists look at. */
  const listsOf = (serviceId: string): string => {
    if (!local.leads(serviceId)) return ''
    const { waiting, serving, onHold, ended } = local.queue(serviceId)
    return [waiting, serving, onHold, ended].map((list) => list.map(({ id }) => id).join()).join(';')
  }

  /** What of an entry's place its readers look at. */
  const placeOf = (entryId: string): string => {
    const entry = local.replay().world.entry(entryId)
    if (!entry || !local.leads(entry.service.id)) return ''
    const view = local.queue(entry.service.id)
    const range = estimateOf(view, entry)
    return `${view.positions.get(entryId)} ${range?.lowMinutes} ${range?.likelyMinutes} ${range?.highMinutes}`
  }

  const followIn = (readers: Map<string, ReactiveVar<string>>, key: string, read: (key: string) => string): void => {
    let reader = readers.get(key)
    if (!reader) {
      reader = makeVar(read(key))
      readers.set(key, reader)
    }
    reader()
  }

  const tellReaders = (): void => {
    revision(revision() + 1)
    for (const [serviceId, reader] of queueReaders) reader(listsOf(serviceId))
    for (const [entryId, reader] of placeReaders) {
      if (local.replay().world.entry(entryId)) reader(placeOf(entryId))
      else placeReaders.delete(entryId)
    }
  }

  const isLoaded = () => engine.status().syncedAt !== null

  const local: Local = {
    update: () => {
      takeConfirmed()
      writeStubs()
      present = replayNow()
      queues.clear()
      writeLayer(present)
      for (const listener of listeners) listener()
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    replay: () => {
      present ??= replayNow()
      return present
    },
    follow: () => void revision(),
    followQueue: (serviceId) => followIn(queueReaders, serviceId, listsOf),
    followPlace: (entryId) => followIn(placeReaders, entryId, placeOf),
    isOnline,
    isLoaded,
    leads: (serviceId) => {
      if (person.kind !== 'user' || !isLoaded()) return false
      if (!isOnline() || !views.has(serviceId) || (learned.get(serviceId)?.size ?? 0) > 0) return true
      return local.replay().touchedServices.has(serviceId)
    },
    queue: (serviceId) => {
      const known = queues.get(serviceId)
      if (known) return known
      const made = local.replay().queue(serviceId)
      queues.set(serviceId, made)
      return made
    },
    isProvisional: (id) =>
      entities.some((entity) => local.replay()[entity].has(id)) &&
      !entities.some((entity) => confirmed[entity].has(id)),
    version: (typename, id) => versions.get(keyOf(typename, id)),
    sawVersion: noteVersion,
    sawView: (serviceId, view) => {
      views.set(serviceId, view)
      review(serviceId)
    },
    sawEntry: (entry) => {
      if (entry.version > (confirmed.entries.get(entry.id)?.version ?? 0)) seenEntries.set(entry.id, entry)
    },
    sawTime: (asOf) => {
      const told = Date.parse(asOf)
      if (!Number.isNaN(told)) offset = told - wallClock()
    },
    now,
    clinics,
    person,
  }
  return local
}

const queueStub = parse('{ __typename id version asOf service { __typename id } }')

/** A patient's bookings among the device's records, by start. */
export const appointmentsOf = (local: Local, patientId: string): AppointmentRecord[] =>
  [...local.replay().world.appointments()]
    .filter(({ patient }) => patient?.id === patientId)
    .toSorted((a, b) => Date.parse(a.startsAt) - Date.parse(b.startsAt))
