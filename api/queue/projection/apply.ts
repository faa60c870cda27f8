import type { EntryRow } from '../../loaders.ts'
import { compareKeys, positions } from '../order.ts'
import type { Snapshot } from '../store.ts'

/** What happened to a queue since a version: its entries that changed, or whose patient or booking did, as they are now, and what else estimates rest on. */
export type QueueChange = {
  version: number
  asOf: Date
  /** Doctors on duty for the service. */
  duty: readonly string[]
  /** Minutes from call to end of the last patients. */
  recentMinutes: readonly number[]
  entries: readonly EntryRow[]
  changeNumber: number
  /** Ids of the patients and bookings of the clinic that changed, as far as this snapshot tells. */
  renewed: readonly string[]
}

const byKey = (a: EntryRow, b: EntryRow): number =>
  compareKeys({ ...a, arrivalSeq: Number(a.arrivalSeq) }, { ...b, arrivalSeq: Number(b.arrivalSeq) })

const byLastCall = (a: EntryRow, b: EntryRow): number =>
  (b.calledAt?.getTime() ?? 0) - (a.calledAt?.getTime() ?? 0) || byKey(a, b)

/** The list without those that changed, and with those of them that belong there now, in calling order. */
const renew = (list: readonly EntryRow[], changed: ReadonlySet<string>, added: readonly EntryRow[]): EntryRow[] => {
  const result = list.filter((entry) => !changed.has(entry.id))
  for (const entry of added) {
    let low = 0
    let high = result.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (byKey(result[middle] as EntryRow, entry) < 0) low = middle + 1
      else high = middle
    }
    result.splice(low, 0, entry)
  }
  return result
}

/**
 * Positions, if somebody asks: many changes come while nobody watches a place. Made apart, because what a function within
 * `applyChange` remembers is all that was known there: each queue would hold the one before, and so every one that ever was.
 */
const placesOf = (waiting: readonly EntryRow[]): (() => Map<string, number>) => {
  let placed: Map<string, number> | null = null
  return () => {
    placed ??= positions(waiting)
    return placed
  }
}

/** The queue after a change, the very same that a new read of all of it would give. What was known before stays as it was. */
export const applyChange = (before: Snapshot, change: QueueChange): Snapshot => {
  const changed = new Set(change.entries.map(({ id }) => id))
  const open = change.entries.filter((entry) => entry.finishedAt === null && entry.serviceId === before.serviceId)
  const entries = new Map(before.entries)
  for (const id of changed) entries.delete(id)
  for (const entry of open) entries.set(entry.id, entry)
  const waiting = renew(
    before.waiting,
    changed,
    open.filter(({ status }) => status === 'WAITING'),
  )
  const serving = [
    ...before.serving.filter(({ id }) => !changed.has(id)),
    ...open.filter(({ status }) => status === 'CALLED' || status === 'IN_SERVICE'),
  ].toSorted(byLastCall)
  const busy = new Set(serving.flatMap((entry) => entry.doctorId ?? []))
  const after = {
    serviceId: before.serviceId,
    clinicId: before.clinicId,
    days: before.days,
    version: change.version,
    asOf: change.asOf,
    changeNumber: change.changeNumber,
    waiting,
    serving,
    onHold: renew(
      before.onHold,
      changed,
      open.filter(({ status }) => status === 'ON_HOLD'),
    ),
    entries,
    pace: { doctorIds: new Set([...change.duty, ...busy]), busyDoctorIds: busy, recentMinutes: change.recentMinutes },
  }
  return Object.defineProperty(after, 'positions', { get: placesOf(waiting), enumerable: true }) as typeof after &
    Pick<Snapshot, 'positions'>
}
