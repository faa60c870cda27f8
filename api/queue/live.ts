import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Bus } from '../bus.ts'
import { clinicDay, clinicDayBounds } from '../clinic/day.ts'
import type { Db } from '../database/client.ts'
import type { QueueStatus } from '../database/generated/enums.ts'
import { createLoaders, type EntryRow, type Loaders } from '../loaders.ts'
import { places } from './order.ts'
import { applyChange } from './projection/apply.ts'
import { loadChange } from './projection/store.ts'
import { createSlot, type LatestSlot, Slot } from './slot.ts'
import { endedEntries, loadSnapshots, type PositionState, positionState, type Snapshot } from './store.ts'

/** A snapshot with what only some subscribers ask for, loaded once for all of them. */
export type LiveSnapshot = Snapshot & {
  ended: (last: number) => Promise<EntryRow[]>
  /** Shared by all who read this version; patients and bookings that did not change are kept from the one before. */
  loaders: Loaders
  /** What is new to whoever was told this version last; null: nothing yet. */
  since: (version: number | null) => LiveChange
}

/** A queue to whoever knows an earlier version of it. The very same for all who know the same one. */
export type LiveChange = {
  queue: LiveSnapshot
  /** The version that this rests on; null: all of it, for an earlier one is not known or too long ago. */
  since: number | null
  /** The entries that changed, or whose patient or booking did, as they are now; of all of it: null. */
  changed: EntryRow[] | null
  /** Those of them that are in another queue now. */
  gone: string[]
}

/** A watched entry as pushed: the row for rights, the state for the patient. */
export type LivePosition = { entry: EntryRow; state: PositionState }

/** All queues of a clinic, for its waiting-room displays; the same for all of them. */
export type LiveDisplay = { clinicId: string; version: number; snapshots: Snapshot[]; loaders: Loaders }

export type LiveQueues = {
  queue: (serviceId: string) => LatestSlot<LiveSnapshot>
  position: (entry: EntryRow) => LatestSlot<LivePosition>
  /** An open entry of a queue that is watched here, as newly as has been heard of. */
  known: (entryId: string) => EntryRow | null
  display: (clinicId: string) => LatestSlot<LiveDisplay>
  /** The number of feeds in memory, for tests and for /healthz. */
  watched: () => { queues: number; watchers: number }
  close: () => void
}

/** Changes within so many milliseconds share one read of the queue. */
const GATHER_MS = 5
/** Newcomers within so many milliseconds share one comparison of versions. */
const GREET_MS = 20
/** How often the versions are compared with the database, in case a hint was lost. */
const HEAL_MS = 1_000
const RETRY_MS = [100, 250, 500, 1_000, 2_000]
/** Further behind than this many versions a queue is read whole. */
const MOST_EVENTS = 500
/** So many changed entries are remembered, for boards that are told what changed. */
const REMEMBERED = 2_000
/** Of patients and bookings that are no longer on a board so many are kept. */
const KEPT_ROWS = 1_000
/** So many are told at a stretch; between, everything else has its turn. */
const SLICE = 200
/** How long the end of a visit stays on a watcher's screen. */
const FAREWELL_MS = 60_000

/** Who watches one entry, and the place for what they are told. */
class Watcher extends Slot<LivePosition> {
  readonly entryId: string
  /** What they were told last; in parts, so that no state is kept for each of ten thousand. */
  told: QueueStatus | null = null
  position: number | null = null
  room: string | null = null
  low = -1
  likely = -1
  high = -1
  /** The version that this watcher was last compared with. */
  seen = -1
  farewell: NodeJS.Timeout | null = null
  private readonly leave: (watcher: Watcher) => void

  constructor(entryId: string, leave: (watcher: Watcher) => void) {
    super()
    this.entryId = entryId
    this.leave = leave
  }

  protected left(): void {
    if (this.farewell) clearTimeout(this.farewell)
    this.leave(this)
  }
}

/** Everything this instance knows and tells of one queue, while anybody here watches it. */
type Feed = {
  serviceId: string
  current: LiveSnapshot | null
  /** What led from one version to the next, up to the current one. */
  steps: readonly Step[]
  /** The newest version heard of; a read is due while it is above the current one. */
  heard: number
  /** When the last read began, in milliseconds of this process; reads begin GATHER_MS apart, the first one at once. */
  readAt: number
  timer: NodeJS.Timeout | null
  isReading: boolean
  /** Another read was asked for while one was under way. */
  isDue: boolean
  failures: number
  boards: Set<LatestSlot<LiveSnapshot>>
  /** By entry. The arrays are made anew at each change: nearly all have one watcher, and less is kept for it than in a set. */
  watchers: Map<string, readonly Watcher[]>
  displays: Set<Display>
  /** Who is still to be told of the current snapshot; null while nobody is being told. */
  due: Due | null
} & Greeted

/** The first who is to be told stands last. */
type Due = { watchers: Watcher[]; entries: EntryRow[]; positions: (number | null)[] }

type Step = { from: number; to: number; entries: readonly EntryRow[] }

/** What the screens of one clinic show. */
type Display = {
  clinicId: string
  /** A screen is COMING until the versions are compared, DUE until no queue is behind what was found, and then told of each change. */
  screens: Map<LatestSlot<LiveDisplay>, 'COMING' | 'DUE' | 'TOLD'>
  feeds: Set<Feed>
  latest: LiveDisplay | null
} & Greeted

/** Whose newcomers are answered once versions are compared. */
type Greeted = {
  /** How to answer those who came and wait for the versions to be compared; null while they are not being compared. */
  newcomers: (() => void)[] | null
  /** When they were compared last, in milliseconds of this process. */
  comparedAt: number
}

/** Notes what a watcher is told; false where it is what they know already. */
const note = (watcher: Watcher, { status, position, room, estimate }: PositionState): boolean => {
  const low = estimate?.lowMinutes ?? -1
  const likely = estimate?.likelyMinutes ?? -1
  const high = estimate?.highMinutes ?? -1
  const isKnown =
    watcher.told === status &&
    watcher.position === position &&
    watcher.room === room &&
    watcher.low === low &&
    watcher.likely === likely &&
    watcher.high === high
  watcher.told = status
  watcher.position = position
  watcher.room = room
  watcher.low = low
  watcher.likely = likely
  watcher.high = high
  return !isKnown
}

/** Told that the visit has ended for good: only an undo brings it back, and then it is open again. */
const isOver = ({ told }: Watcher): boolean => told === 'SERVED' || told === 'LEFT'

const nobody: readonly Watcher[] = []

type Needs = { db: Db; bus: Bus; log: Logger; farewellMs?: number }

export const createLiveQueues = ({ db, bus, log, farewellMs = FAREWELL_MS }: Needs): LiveQueues => {
  const feeds = new Map<string, Feed>()
  const displays = new Map<string, Display>()
  const clinics = new Map<string, string>()
  let isClosed = false

  const feedOf = (serviceId: string): Feed => {
    let feed = feeds.get(serviceId)
    if (!feed) {
      feed = {
        serviceId,
        current: null,
        steps: [],
        heard: 0,
        readAt: 0,
        timer: null,
        isReading: false,
        isDue: false,
        failures: 0,
        boards: new Set(),
        watchers: new Map(),
        displays: new Set(),
        due: null,
        newcomers: null,
        comparedAt: Number.NEGATIVE_INFINITY,
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

  /** The queue as it is now: what changed since the version that is known here, or all of it. */
  const refresh = async (feed: Feed): Promise<LiveSnapshot | null> => {
    const { serviceId, current, heard, steps } = feed
    const change = current && heard - current.version <= MOST_EVENTS ? await loadChange(db, current) : null
    if (current && change) {
      const snapshot = applyChange(current, change)
      feed.steps = remembered([...steps, { from: current.version, to: change.version, entries: change.entries }])
      return withReads(snapshot, keptLoaders(current, change.renewed), feed.steps)
    }
    const [whole] = await loadSnapshots(db, [serviceId])
    feed.steps = []
    return whole ? withReads(whole, createLoaders(db), feed.steps) : null
  }

  const remembered = (steps: readonly Step[]): readonly Step[] => {
    let room = REMEMBERED
    const first = steps.findLastIndex(({ entries }) => {
      room -= entries.length + 1
      return room < 0
    })
    return steps.slice(first + 1)
  }

  const changeSince = (queue: LiveSnapshot, steps: readonly Step[], version: number | null): LiveChange => {
    const first = steps.findIndex(({ from }) => from === version)
    if (version === queue.version) return { queue, since: version, changed: [], gone: [] }
    if (version === null || first < 0) return { queue, since: null, changed: null, gone: [] }
    const rows = new Map(steps.slice(first).flatMap(({ entries }) => entries.map((entry) => [entry.id, entry])))
    const isGone = ({ id, serviceId }: EntryRow) => serviceId !== queue.serviceId && !queue.entries.has(id)
    const [gone, here] = [[...rows.values()].filter(isGone), [...rows.values()].filter((row) => !isGone(row))]
    return {
      ...{ queue, since: version, gone: gone.map(({ id }) => id) },
      changed: here.map((row) => queue.entries.get(row.id) ?? row),
    }
  }

  /** Of hundreds of patients on a board few change: the others are not read again. */
  const keptLoaders = (
    { loaders: { patient, appointment }, entries }: LiveSnapshot,
    renewed: readonly string[],
  ): Loaders => {
    for (const rows of [patient, appointment])
      if (rows.size > KEPT_ROWS + 2 * entries.size) rows.clearAll()
      else for (const id of renewed) rows.clear(id)
    return { ...createLoaders(db), patient, appointment }
  }

  /** One read, whatever the number of watchers; then everybody whose view changed is told. */
  const read = async (feed: Feed): Promise<void> => {
    feed.isReading = true
    feed.readAt = performance.now()
    feed.isDue = false
    try {
      const snapshot = await refresh(feed)
      feed.failures = 0
      if (snapshot && (feed.current === null || snapshot.version >= feed.current.version)) await tell(feed, snapshot)
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

  const withReads = (snapshot: Snapshot, loaders: Loaders, steps: readonly Step[]): LiveSnapshot => {
    const cache = new Map<number, Promise<EntryRow[]>>()
    const changes = new Map<number | null, LiveChange>()
    const live: LiveSnapshot = Object.assign(snapshot, {
      loaders,
      since: (version: number | null) => {
        const known = changes.get(version) ?? changeSince(live, steps, version)
        changes.set(version, known)
        return known
      },
      ended: (last: number) => {
        const known = cache.get(last) ?? endedEntries(db, snapshot.serviceId, last)
        cache.set(last, known)
        return known
      },
    })
    return live
  }

  const tell = async (feed: Feed, snapshot: LiveSnapshot): Promise<void> => {
    const before = feed.current?.version ?? -1
    feed.current = snapshot
    // The called patients and the boards first.
    for (const entry of snapshot.serving)
      for (const watcher of feed.watchers.get(entry.id) ?? nobody) pushPosition(watcher, entry, snapshot)
    if (snapshot.version > before) for (const board of feed.boards) board.push(snapshot)
    for (const display of feed.displays) tellDisplay(display)
    tellTheRest(feed, snapshot, before)
    const gone: string[] = []
    feed.watchers.forEach((watchers, id) => {
      if (!snapshot.entries.has(id) && !watchers.every(isOver)) gone.push(id)
    })
    if (gone.length > 0) await followGone(feed, snapshot, gone)
  }

  /** Those whom the last version did not reach yet come first, so that nobody starves while changes come fast. */
  const tellTheRest = (feed: Feed, { waiting, onHold }: LiveSnapshot, before: number): void => {
    const isTelling = feed.due !== null
    const due: Due = { watchers: [], entries: [], positions: [] }
    const behind: Due = { watchers: [], entries: [], positions: [] }
    const add = (entry: EntryRow, position: number | null): void => {
      for (const watcher of feed.watchers.get(entry.id) ?? nobody) {
        const { watchers, entries, positions } = isTelling && watcher.seen < before ? behind : due
        watchers.push(watcher)
        entries.push(entry)
        positions.push(position)
      }
    }
    if (feed.watchers.size > 0) {
      const all = places(waiting)
      for (let i = onHold.length - 1; i >= 0; i--) add(onHold[i] as EntryRow, null)
      for (let i = waiting.length - 1; i >= 0; i--) add(waiting[i] as EntryRow, all[i] as number)
    }
    for (const [i, watcher] of behind.watchers.entries()) {
      due.watchers.push(watcher)
      due.entries.push(behind.entries[i] as EntryRow)
      due.positions.push(behind.positions[i] as number | null)
    }
    feed.due = due
    if (!isTelling) tellSlice(feed)
  }

  /** The newest snapshot counts, whichever it was when the telling began. */
  const tellSlice = (feed: Feed): void => {
    const { due, current } = feed
    for (let told = 0; due && current && told < SLICE && due.watchers.length > 0; ) {
      const [watcher, entry, position] = [due.watchers.pop(), due.entries.pop(), due.positions.pop()]
      if (pushPosition(watcher as Watcher, entry as EntryRow, current, position)) told++
    }
    if (!due || due.watchers.length === 0 || isClosed) feed.due = null
    else setImmediate(tellSlice, feed)
  }

  /** Watched entries that are no longer open here: ended, or transferred to another queue, where their watchers then follow them. */
  const followGone = async (feed: Feed, snapshot: LiveSnapshot, ids: string[]): Promise<void> => {
    const rows = await db.queueEntry.findMany({ where: { id: { in: ids } } })
    for (const entry of rows) {
      const watchers = feed.watchers.get(entry.id) ?? nobody
      if (entry.serviceId !== feed.serviceId) for (const watcher of watchers) follow(watcher, feed, entry)
      else if (entry.finishedAt !== null) for (const watcher of watchers) pushPosition(watcher, entry, snapshot)
      // An entry that is open again was changed after this snapshot.
      else schedule(feed, GATHER_MS)
    }
  }

  const follow = (watcher: Watcher, from: Feed, entry: EntryRow): void => {
    unlist(from, watcher)
    const feed = feedOf(entry.serviceId)
    enlist(feed, watcher)
    schedule(feed, 0)
  }

  const enlist = (feed: Feed, watcher: Watcher): void => {
    feed.watchers.set(watcher.entryId, [...(feed.watchers.get(watcher.entryId) ?? nobody), watcher])
  }

  const unlist = (feed: Feed, watcher: Watcher): void => {
    const others = feed.watchers.get(watcher.entryId)?.filter((each) => each !== watcher)
    if (others?.length) feed.watchers.set(watcher.entryId, others)
    else feed.watchers.delete(watcher.entryId)
    dropIfIdle(feed)
  }

  const leave = (watcher: Watcher): void => {
    for (const feed of feeds.values()) if (feed.watchers.get(watcher.entryId)?.includes(watcher)) unlist(feed, watcher)
  }

  /** Tells a watcher what is new to them, if anything is. */
  const pushPosition = (watcher: Watcher, entry: EntryRow, snapshot: Snapshot, position?: number | null): boolean => {
    watcher.seen = snapshot.version
    const state = positionState(entry, snapshot, position)
    if (!note(watcher, state)) return false
    watcher.push({ entry, state })
    if (watcher.farewell) clearTimeout(watcher.farewell)
    const left = timeLeft(entry, snapshot)
    watcher.farewell = left === null ? null : setTimeout(() => watcher.end(), left).unref()
    return true
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
    if (!display.latest || version > display.latest.version) {
      display.latest = { clinicId: display.clinicId, version, snapshots, loaders: createLoaders(db) }
      for (const [slot, stage] of display.screens) if (stage === 'TOLD') slot.push(display.latest)
    }
    welcome(display)
  }

  /** Screens that came are shown their first picture once no queue on it is behind what was compared for them. */
  const welcome = ({ screens, feeds, latest }: Display): void => {
    if (!latest || ![...feeds].every(upToDate)) return
    for (const [slot, stage] of screens)
      if (stage === 'DUE') {
        screens.set(slot, 'TOLD')
        slot.push(latest)
      }
  }

  /** The services of a display's clinic; a new service joins when its first change is heard, or soon after. */
  const furnish = async (display: Display): Promise<void> =>
    extend(display, await db.service.findMany({ where: { clinicId: display.clinicId }, select: { id: true } }))

  const extend = (display: Display, services: readonly { id: string }[]): void => {
    if (displays.get(display.clinicId) !== display) return
    for (const { id } of services) {
      const feed = feedOf(id)
      display.feeds.add(feed)
      feed.displays.add(display)
      if (!feed.current) schedule(feed, 0)
    }
    tellDisplay(display)
  }

  /** A queue that nothing here is fed by moved: where it is new, the displays of its clinic have to show it too. */
  const introduce = async (serviceId: string): Promise<void> => {
    const clinicId = clinics.get(serviceId) ?? (await db.service.findUnique({ where: { id: serviceId } }))?.clinicId
    if (!clinicId) return
    clinics.set(serviceId, clinicId)
    const display = displays.get(clinicId)
    if (display) await furnish(display)
  }

  const hear = (serviceId: string, version: number): void => {
    const feed = feeds.get(serviceId)
    if (!feed) {
      if (displays.size > 0)
        introduce(serviceId).catch((error) => log.warn({ err: error }, 'a display could not be extended'))
      return
    }
    feed.heard = Math.max(feed.heard, version)
    // A read under way looks afterwards whether it saw this version.
    if (!feed.isReading && feed.heard > (feed.current?.version ?? -1))
      schedule(feed, Math.max(0, feed.readAt + GATHER_MS - performance.now()))
  }

  /** What is known of the queue, unless something newer has been heard of. */
  const upToDate = (feed: Feed): LiveSnapshot | null =>
    feed.current && feed.heard <= feed.current.version ? feed.current : null

  /**
   * Answers a newcomer once the version is compared with the database, in one statement for all who come meanwhile: whoever comes from
   * another instance may have seen more than the hints that reached this one tell, and must not be shown less.
   */
  const greet = (feed: Feed, answer: () => void): void => {
    if (!feed.current) schedule(feed, 0)
    else greetBy(feed, async () => hearAll(await versionsOf([feed])), answer)
  }

  /** The same for a screen that shows all queues of a clinic, and those that were opened since. */
  const greetScreen = (display: Display, answer: () => void): void =>
    greetBy(
      display,
      async () => {
        await furnish(display)
        hearAll(await versionsOf(display.feeds))
      },
      answer,
    )

  const greetBy = (greeted: Greeted, compare: () => Promise<void>, answer: () => void): void => {
    if (greeted.newcomers) greeted.newcomers.push(answer)
    else {
      greeted.newcomers = [answer]
      void greetAll(greeted, compare)
    }
  }

  const greetAll = async (greeted: Greeted, compare: () => Promise<void>): Promise<void> => {
    for (let failures = 0; greeted.newcomers && !isClosed; )
      try {
        const pause = greeted.comparedAt + GREET_MS - performance.now()
        if (pause > 0) await sleep(pause, null, { ref: false })
        greeted.comparedAt = performance.now()
        // Whoever comes while the statement is under way needs another one.
        const here = greeted.newcomers.splice(0)
        await compare().catch((error: unknown) => {
          greeted.newcomers?.push(...here)
          throw error
        })
        for (const answer of here) answer()
        if (greeted.newcomers.length === 0) greeted.newcomers = null
      } catch (error) {
        const delay = RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)] as number
        log.warn({ err: error, retryMs: delay }, 'the versions of live queues could not be compared; it is tried again')
        await sleep(delay, null, { ref: false })
      }
  }

  const versionsOf = (some: Iterable<Feed>): Promise<{ serviceId: string; version: number }[]> =>
    db.queueState.findMany({ where: { serviceId: { in: [...some].map(({ serviceId }) => serviceId) } } })

  const hearAll = (rows: readonly { serviceId: string; version: number }[]): void => {
    for (const { serviceId, version } of rows) hear(serviceId, version)
  }

  const stopListening = bus.subscribe((message) => {
    if (message.kind === 'queue') hear(message.serviceId, message.version)
    if (message.kind === 'missed') healNow()
  })

  /** Finds what no hint told: newer versions, and services that the displays of their clinic do not show yet. */
  const heal = async (): Promise<void> => {
    if (displays.size > 0) {
      const services = await db.service.findMany({
        where: { clinicId: { in: [...displays.keys()] } },
        select: { id: true, clinicId: true },
      })
      for (const [clinicId, own] of Map.groupBy(services, (service) => service.clinicId)) {
        const display = displays.get(clinicId)
        if (display && own.length > display.feeds.size) extend(display, own)
      }
    }
    if (feeds.size > 0) hearAll(await versionsOf(feeds.values()))
  }
  let isHealing = false
  const healNow = (): void => {
    if (isHealing || isClosed) return
    isHealing = true
    heal()
      // A connection that a network swallowed cost its whole time-out; the next one is another.
      .catch(heal)
      .catch((error) => log.warn({ err: error }, 'the versions of live queues could not be compared'))
      .finally(() => {
        isHealing = false
      })
  }
  const healer = setInterval(healNow, HEAL_MS)
  healer.unref()

  return {
    queue: (serviceId) => {
      const feed = feedOf(serviceId)
      const slot = createSlot<LiveSnapshot>(() => {
        feed.boards.delete(slot)
        dropIfIdle(feed)
      })
      feed.boards.add(slot)
      const seen = feed.current?.version
      greet(feed, () => {
        const here = upToDate(feed)
        // A version that was read since the board came has been pushed to it already.
        if (here?.version === seen && here && feed.boards.has(slot)) slot.push(here)
      })
      return slot
    },
    position: (entry) => {
      const watcher = new Watcher(entry.id, leave)
      const feed = feedOf(entry.serviceId)
      enlist(feed, watcher)
      greet(feed, () => {
        const here = upToDate(feed)
        const present = here?.entries.get(entry.id)
        if (!feed.watchers.get(entry.id)?.includes(watcher)) return
        if (here && present) pushPosition(watcher, present, here)
        else schedule(feed, 0)
      })
      return watcher
    },
    known: (entryId) => {
      for (const feed of feeds.values()) {
        const entry = upToDate(feed)?.entries.get(entryId)
        if (entry) return entry
      }
      return null
    },
    display: (clinicId) => {
      const display: Display = displays.get(clinicId) ?? {
        clinicId,
        screens: new Map(),
        feeds: new Set(),
        latest: null,
        newcomers: null,
        comparedAt: Number.NEGATIVE_INFINITY,
      }
      displays.set(clinicId, display)
      const slot = createSlot<LiveDisplay>(() => {
        display.screens.delete(slot)
        if (display.screens.size > 0) return
        displays.delete(clinicId)
        for (const feed of display.feeds) {
          feed.displays.delete(display)
          dropIfIdle(feed)
        }
      })
      display.screens.set(slot, 'COMING')
      greetScreen(display, () => {
        if (!display.screens.has(slot)) return
        display.screens.set(slot, 'DUE')
        welcome(display)
      })
      return slot
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
        for (const watchers of feed.watchers.values()) for (const watcher of watchers) watcher.end()
      }
      for (const { screens } of displays.values()) for (const slot of screens.keys()) slot.end()
    },
  }
}
