import DataLoader from 'dataloader'
import type { Deps } from '../context.ts'
import { changedSessions, loadViewers } from './store.ts'
import type { Viewer } from './viewer.ts'

/** A viewer is believed so long without asking again; within it every instance has heard of a change. */
const FRESH_MS = 1000
/** A lost hint is found by the next look, which with its way to the database takes less than a second. */
const LOOK_MS = 800
const KEPT = 5000
/** So many statements that load viewers run at once; a connection that hangs must not stop all. */
const MOST_LOADINGS = 2
/** Statements that load viewers begin so many milliseconds apart, the first one at once. */
const GATHER_MS = 5

type OnChange = (viewer: Viewer | null) => void

type Watcher = { onChange: OnChange; told: Viewer | null | undefined }

type Entry = {
  viewer: Viewer | null
  changedAt: number | null
  /** When the answer was asked for; by the monotonic clock. */
  askedAt: number
  /** A change was heard of after the last answer was asked for. */
  stale: boolean
  loading: Promise<void> | null
  watchers: Set<Watcher>
}

export type Viewers = {
  /** Who holds the session now; null when it has ended. From memory where that is known to be right. */
  viewerOf: (sessionId: string) => Promise<Viewer | null>
  /** Tells soon who holds the session and again at each change of their rights, null when it has ended; returns the way to stop. */
  watch: (sessionId: string, onChange: OnChange) => () => void
  close: () => void
}

/** The viewers of live sessions. One statement each second, whatever the number of those who watch. */
export const createViewers = ({ db, bus, log }: Pick<Deps, 'db' | 'bus' | 'log'>): Viewers => {
  const entries = new Map<string, Entry>()
  let watched = 0
  let timer: NodeJS.Timeout | null = null
  let lookedAt = Number.NEGATIVE_INFINITY
  let since: Date | null = null
  let looking = false

  // Sockets that come back together are loaded together: those who come shortly after a statement began, or while as many as there
  // may be are under way, wait for the next one.
  let loadings = 0
  let begunAt = Number.NEGATIVE_INFINITY
  let due: (() => void) | null = null
  let pause: NodeJS.Timeout | null = null
  const dispatch = (): void => {
    if (!due || pause || loadings >= MOST_LOADINGS) return
    const left = begunAt + GATHER_MS - performance.now()
    if (left > 0) {
      pause = setTimeout(() => {
        pause = null
        dispatch()
      }, left)
      return
    }
    const batch = due
    due = null
    begunAt = performance.now()
    batch()
  }
  const loader = new DataLoader<string, Awaited<ReturnType<typeof loadViewers>>>(
    async (sessionIds) => {
      loadings++
      try {
        const loaded = await loadViewers(db, sessionIds)
        return sessionIds.map(() => loaded)
      } finally {
        loadings--
        dispatch()
      }
    },
    {
      cache: false,
      batchScheduleFn: (batch) => {
        due = batch
        setImmediate(dispatch)
      },
    },
  )

  /** Looked through again only when there are twice as many: ten thousand who come at once are not looked through for each. */
  let roomFor = KEPT
  const prune = (): void => {
    if (entries.size < roomFor) return
    const oldest = performance.now() - FRESH_MS
    for (const [sessionId, entry] of entries)
      if (entry.watchers.size === 0 && !entry.loading && entry.askedAt < oldest) entries.delete(sessionId)
    roomFor = Math.max(KEPT, entries.size * 2)
  }

  const entryOf = (sessionId: string): Entry => {
    const known = entries.get(sessionId)
    if (known) return known
    prune()
    const entry: Entry = {
      viewer: null,
      changedAt: null,
      askedAt: Number.NEGATIVE_INFINITY,
      stale: true,
      loading: null,
      watchers: new Set(),
    }
    entries.set(sessionId, entry)
    return entry
  }

  const tell = (entry: Entry): void => {
    const { viewer } = entry
    for (const watcher of [...entry.watchers]) {
      const { told } = watcher
      watcher.told = viewer
      if (told === undefined || (told !== viewer && JSON.stringify(told) !== JSON.stringify(viewer)))
        watcher.onChange(viewer)
    }
  }

  const load = (sessionId: string, entry: Entry): Promise<void> => {
    entry.loading ??= (async () => {
      try {
        do {
          // A hint that comes while the answer is on its way makes the answer old.
          entry.stale = false
          entry.askedAt = performance.now()
          const loaded = (await loader.load(sessionId)).get(sessionId)
          entry.viewer = loaded?.viewer ?? null
          entry.changedAt = loaded?.changedAt ?? null
        } while (entry.stale)
      } catch (error) {
        entry.stale = true
        throw error
      } finally {
        entry.loading = null
      }
      tell(entry)
    })()
    return entry.loading
  }

  const reload = (sessionId: string, entry: Entry): void => {
    load(sessionId, entry).catch((error: unknown) => log.warn({ err: error }, 'could not load a viewer'))
  }

  const isFresh = (entry: Entry): boolean => {
    if (entry.stale || entry.loading) return false
    const now = performance.now()
    return now - entry.askedAt <= FRESH_MS || (entry.watchers.size > 0 && now - lookedAt <= FRESH_MS)
  }

  /** Finds changes whose hint was lost, and loads again what failed to load. */
  const look = async (): Promise<void> => {
    if (looking) return
    looking = true
    const askedAt = performance.now()
    try {
      const { now, changedAt } = await changedSessions(db, since)
      for (const [sessionId, at] of changedAt) {
        const entry = entries.get(sessionId)
        if (entry?.viewer && entry.changedAt !== at) entry.stale = true
      }
      lookedAt = askedAt
      since = now
    } catch (error) {
      log.warn({ err: error }, 'could not look for changed sessions')
    } finally {
      looking = false
    }
    for (const [sessionId, entry] of entries) if (entry.stale && entry.watchers.size > 0) reload(sessionId, entry)
  }

  const unsubscribe = bus.subscribe((message) => {
    if (message.kind !== 'session') return
    const entry = entries.get(message.sessionId)
    if (!entry) return
    entry.stale = true
    if (entry.watchers.size > 0) reload(message.sessionId, entry)
  })

  const follow = (): void => {
    if (timer) return
    timer = setInterval(() => void look(), LOOK_MS)
    timer.unref()
  }

  const rest = (): void => {
    if (timer) clearInterval(timer)
    timer = null
    since = null
    lookedAt = Number.NEGATIVE_INFINITY
  }

  return {
    viewerOf: async (sessionId) => {
      const entry = entryOf(sessionId)
      if (!isFresh(entry)) await load(sessionId, entry)
      return entry.viewer
    },
    watch: (sessionId, onChange) => {
      const entry = entryOf(sessionId)
      const watcher: Watcher = { onChange, told: undefined }
      const fresh = isFresh(entry)
      entry.watchers.add(watcher)
      watched++
      follow()
      if (fresh) queueMicrotask(() => tell(entry))
      else reload(sessionId, entry)
      return () => {
        if (!entry.watchers.delete(watcher)) return
        watched--
        if (watched === 0) rest()
      }
    },
    close: () => {
      unsubscribe()
      rest()
    },
  }
}
