import type { Logger } from 'pino'
import type { Bus } from '../bus.ts'
import { clinicDay, clinicDayBounds } from '../clinic/day.ts'
import type { Db } from '../database/client.ts'
import { createLoaders, type EntryRow, type Loaders } from '../loaders.ts'
import { createSlot, type LatestSlot } from './slot.ts'
import { endedEntries, loadSnapshots, type PositionState, positionState, type Snapshot } from './store.ts'

/** A snapshot with what only some subscribers ask for, loaded once for all of them. */
export type LiveSnapshot = Snapshot & {
  ended: (last: number) => Promise<EntryRow[]>
  /** Shared by all who read this version, so that a board's patients are loaded once. */
  loaders: Loaders
}

/** A watched entry as pushed: the row for rights, the state for the patient. */
export type LivePosition = { entry: EntryRow; state: PositionState }

/** All queues of a clinic, for its waiting-room display. */
export type LiveDisplay = { clinicId: string; version: number; snapshots: Snapshot[] }

export type LiveQueues = {
  queue: (serviceId: string) => LatestSlot<LiveSnapshot>
  position: (entry: EntryRow) => LatestSlot<LivePosition>
  display: (clinicId: string) => LatestSlot<LiveDisplay>
  /** The number of feeds in memory, for tests and for /healthz. */
  watched: () => { queues: number; watchers: number }
  close: () => void
}

/** Changes within so many milliseconds share one read of the queue. */
const GATHER_MS = 5
/** How often the versions are compared with the database, in case a hint was lost. */
const HEAL_MS = 2_000
const RETRY_MS = [100, 250, 500, 1_000, 2_000]
/** How long the end of a visit stays on a watcher's screen. */
const FAREWELL_MS = 60_000

type Watcher = {
  entryId: string
  slot: LatestSlot<LivePosition>
  last: PositionState | null
  farewell: NodeJS.Timeout | null
}

/** Everything this instance knows and tells of one queue, while anybody here watches it. */
type Feed = {
  serviceId: string
  current: LiveSnapshot | null
  /** The newest version heard of; a read is due while it is above the current one. */
  heard: number
  timer: NodeJS.Timeout | null
  isReading: boolean
  /** Another read was asked for while one was under way. */
  isDue: boolean
  failures: number
  boards: Set<LatestSlot<LiveSnapshot>>
  watchers: Map<string, Set<Watcher>>
  displays: Set<Display>
}

type Display = { clinicId: string; slot: LatestSlot<LiveDisplay>; feeds: Set<Feed>; version: number }

const sameState = (a: PositionState | null, b: PositionState): boolean =>
  a !== null &&
  a.status === b.status &&
  a.position === b.position &&
  a.room === b.room &&
  a.estimate?.lowMinutes === b.estimate?.lowMinutes &&
  a.estimate?.likelyMinutes === b.estimate?.likelyMinutes &&
  a.estimate?.highMinutes === b.estimate?.highMinutes

/** Told that the visit has ended for good: only an undo brings it back, and then it is open again. */
const isOver = ({ last }: Watcher): boolean => last?.status === 'SERVED' || last?.status === 'LEFT'

type Needs = { db: Db; bus: Bus; log: Logger; farewellMs?: number }

export const createLiveQueues = ({ db, bus, log, farewellMs = FAREWELL_MS }: Needs): LiveQueues => {
  const feeds = new Map<string, Feed>()
  const displays = new Set<Display>()
  let isClosed = false

  const feedOf = (serviceId: string): Feed => {
    let feed = feeds.get(serviceId)
    if (!feed) {
      feed = {
        serviceId,
        current: null,
        heard: 0,
        timer: null,
        isReading: false,
        isDue: false,
        failures: 0,
        boards: new Set(),
        watchers: new Map(),
        displays: new Set(),
      }
      feeds.set(serviceId, feed)
    }
    return feed
  }

  const dropIfIdle = (feed: Feed): void => {
    if (feed.boards.size > 0 || feed.watchers.size > 0 || feed.displays.size > 0) return
    if (feed.timer) clearTimeout(feed.timer)
    feeds.delete(feed.serviceId)
  }

  const schedule = (feed: Feed, delay: number): void => {
    if (feed.isReading) feed.isDue = true
    if (feed.timer || feed.isReading || isClosed) return
    feed.timer = setTimeout(() => {
      feed.timer = null
      void read(feed)
    }, delay)
  }

  /** One read of the queue, whatever the number of watchers; then everybody whose view changed is told. */
  const read = async (feed: Feed): Promise<void> => {
    feed.isReading = true
    feed.isDue = false
    try {
      const [snapshot] = await loadSnapshots(db, [feed.serviceId])
      feed.failures = 0
      if (snapshot && (feed.current === null || snapshot.version >= feed.current.version)) {
        const cache = new Map<number, Promise<EntryRow[]>>()
        const isNew = feed.current === null || snapshot.version > feed.current.version
        feed.current = Object.assign(snapshot, {
          loaders: createLoaders(db),
          ended: (last: number) => {
            const known = cache.get(last) ?? endedEntries(db, snapshot.serviceId, last)
            cache.set(last, known)
            return known
          },
        })
        await tell(feed, feed.current, isNew)
      }
    } catch (error) {
      const delay = RETRY_MS[Math.min(feed.failures++, RETRY_MS.length - 1)] as number
      log.warn(
        { err: error, serviceId: feed.serviceId, retryMs: delay },
        'a live queue could not be read; it is tried again',
      )
      feed.isReading = false
      if (feeds.get(feed.serviceId) === feed) schedule(feed, delay)
      return
    }
    feed.isReading = false
    if (feeds.get(feed.serviceId) === feed && (feed.isDue || feed.heard > (feed.current?.version ?? 0)))
      schedule(feed, GATHER_MS)
  }

  const tell = async (feed: Feed, snapshot: LiveSnapshot, isNew: boolean): Promise<void> => {
    // The called patients and the boards first.
    for (const entry of snapshot.serving)
      for (const watcher of feed.watchers.get(entry.id) ?? []) pushPosition(watcher, entry, snapshot)
    if (isNew) for (const board of feed.boards) board.push(snapshot)
    for (const display of feed.displays) tellDisplay(display)
    for (const list of [snapshot.waiting, snapshot.onHold])
      for (const entry of list)
        for (const watcher of feed.watchers.get(entry.id) ?? []) pushPosition(watcher, entry, snapshot)
    const gone = [...feed.watchers].flatMap(([id, watchers]) =>
      snapshot.entries.has(id) || [...watchers].every(isOver) ? [] : [id],
    )
    if (gone.length > 0) await followGone(feed, snapshot, gone)
  }

  /** Watched entries that are no longer open here: ended, or transferred to another queue, where their watchers then follow them. */
  const followGone = async (feed: Feed, snapshot: LiveSnapshot, ids: string[]): Promise<void> => {
    const rows = await db.queueEntry.findMany({ where: { id: { in: ids } } })
    for (const entry of rows) {
      const watchers = [...(feed.watchers.get(entry.id) ?? [])]
      if (entry.serviceId !== feed.serviceId) for (const watcher of watchers) follow(watcher, feed, entry)
      else if (entry.finishedAt !== null) for (const watcher of watchers) pushPosition(watcher, entry, snapshot)
      // An entry that is open again was changed after this snapshot.
      else schedule(feed, GATHER_MS)
    }
  }

  const follow = (watcher: Watcher, from: Feed, entry: EntryRow): void => {
    unlist(from, watcher)
    enlist(feedOf(entry.serviceId), watcher)
  }

  const enlist = (feed: Feed, watcher: Watcher): void => {
    const watchers = feed.watchers.get(watcher.entryId) ?? new Set()
    feed.watchers.set(watcher.entryId, watchers.add(watcher))
    schedule(feed, 0)
  }

  const unlist = (feed: Feed, watcher: Watcher): void => {
    const watchers = feed.watchers.get(watcher.entryId)
    watchers?.delete(watcher)
    if (watchers?.size === 0) feed.watchers.delete(watcher.entryId)
    dropIfIdle(feed)
  }

  const pushPosition = (watcher: Watcher, entry: EntryRow, snapshot: Snapshot): void => {
    const state = positionState(entry, snapshot)
    if (sameState(watcher.last, state)) return
    watcher.last = state
    watcher.slot.push({ entry, state })
    if (watcher.farewell) clearTimeout(watcher.farewell)
    const left = timeLeft(entry, snapshot)
    watcher.farewell = left === null ? null : setTimeout(() => watcher.slot.end(), left).unref()
  }

  /** Milliseconds that an ended visit stays on a watcher's screen; a no-show may still come back, until the clinic day ends. */
  const timeLeft = (entry: EntryRow, snapshot: Snapshot): number | null => {
    if (entry.finishedAt === null) return null
    if (entry.status !== 'NO_SHOW') return farewellMs
    const { end } = clinicDayBounds(clinicDay(entry.finishedAt, snapshot.days), snapshot.days)
    return Math.max(0, end.getTime() - snapshot.asOf.getTime())
  }

  const tellDisplay = (display: Display): void => {
    const snapshots = [...display.feeds].flatMap((feed) => feed.current ?? [])
    if (snapshots.length < display.feeds.size) return
    const version = snapshots.reduce((sum, snapshot) => sum + snapshot.version, 0)
    if (version <= display.version) return
    display.version = version
    display.slot.push({ clinicId: display.clinicId, version, snapshots })
  }

  /** The services of a display's clinic; a new service joins when its first change is heard. */
  const furnish = async (display: Display): Promise<void> => {
    const services = await db.service.findMany({ where: { clinicId: display.clinicId }, select: { id: true } })
    if (!displays.has(display)) return
    for (const { id } of services) {
      const feed = feedOf(id)
      display.feeds.add(feed)
      feed.displays.add(display)
      if (!feed.current) schedule(feed, 0)
    }
    if (services.length === 0 && display.version < 0) {
      display.version = 0
      display.slot.push({ clinicId: display.clinicId, version: 0, snapshots: [] })
    }
    tellDisplay(display)
  }

  const hear = (serviceId: string, version: number): void => {
    const feed = feeds.get(serviceId)
    if (!feed) {
      for (const display of displays)
        furnish(display).catch((error) => log.warn({ err: error }, 'a display could not be extended'))
      return
    }
    feed.heard = Math.max(feed.heard, version)
    if (feed.heard > (feed.current?.version ?? -1)) schedule(feed, GATHER_MS)
  }

  const stopListening = bus.subscribe((message) => {
    if (message.kind === 'queue') hear(message.serviceId, message.version)
  })

  const heal = async (): Promise<void> => {
    if (feeds.size === 0) return
    const rows = await db.queueState.findMany({ where: { serviceId: { in: [...feeds.keys()] } } })
    for (const { serviceId, version } of rows) hear(serviceId, version)
  }
  let isHealing = false
  const healer = setInterval(() => {
    if (isHealing) return
    isHealing = true
    heal()
      .catch((error) => log.warn({ err: error }, 'the versions of live queues could not be compared'))
      .finally(() => {
        isHealing = false
      })
  }, HEAL_MS)
  healer.unref()

  return {
    queue: (serviceId) => {
      const feed = feedOf(serviceId)
      const slot = createSlot<LiveSnapshot>(() => {
        feed.boards.delete(slot)
        dropIfIdle(feed)
      })
      feed.boards.add(slot)
      if (feed.current && feed.heard <= feed.current.version) slot.push(feed.current)
      else schedule(feed, 0)
      return slot
    },
    position: (entry) => {
      const watcher: Watcher = {
        entryId: entry.id,
        last: null,
        farewell: null,
        slot: createSlot<LivePosition>(() => {
          if (watcher.farewell) clearTimeout(watcher.farewell)
          for (const feed of feeds.values()) if (feed.watchers.get(entry.id)?.has(watcher)) unlist(feed, watcher)
        }),
      }
      const feed = feedOf(entry.serviceId)
      const watchers = feed.watchers.get(entry.id) ?? new Set()
      feed.watchers.set(entry.id, watchers.add(watcher))
      const here = feed.current && feed.heard <= feed.current.version ? feed.current : null
      const present = here?.entries.get(entry.id)
      if (here && present) pushPosition(watcher, present, here)
      else schedule(feed, 0)
      return watcher.slot
    },
    display: (clinicId) => {
      const display: Display = {
        clinicId,
        feeds: new Set(),
        version: -1,
        slot: createSlot<LiveDisplay>(() => {
          displays.delete(display)
          for (const feed of display.feeds) {
            feed.displays.delete(display)
            dropIfIdle(feed)
          }
        }),
      }
      displays.add(display)
      furnish(display).catch((error) => display.slot.fail(error))
      return display.slot
    },
    watched: () => ({
      queues: feeds.size,
      watchers: [...feeds.values()].reduce((sum, feed) => sum + feed.watchers.size + feed.boards.size, 0),
    }),
    close: () => {
      isClosed = true
      clearInterval(healer)
      stopListening()
      for (const feed of feeds.values()) {
        if (feed.timer) clearTimeout(feed.timer)
        for (const board of feed.boards) board.end()
        for (const watchers of feed.watchers.values()) for (const watcher of watchers) watcher.slot.end()
      }
      for (const display of displays) display.slot.end()
    },
  }
}
