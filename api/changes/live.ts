import { demand } from '../access/demand.ts'
import type { Viewer } from '../access/viewer.ts'
import type { Bus } from '../bus.ts'
import type { Context, Deps } from '../context.ts'
import { Refusal } from '../errors.ts'
import { createSlot } from '../queue/slot.ts'
import { cursorAt, newestOf, streamOf } from './store.ts'

/** After a hint all streams that grew are asked for together, at most so often. */
const PACE_MS = 50
/** Finds what a lost hint did not tell. */
const LOOK_MS = 1_000

type Newest = { number: number; at: number }
type Watcher = { streamId: string; told: number; push: (newest: Newest) => void }

type Watch = { add: (watcher: Watcher) => () => void }

/** Follows the streams that somebody watches on this instance: one statement for all of them, whatever the number of changes. */
const createWatch = ({ db, bus, log }: Pick<Deps, 'db' | 'bus' | 'log'>): Watch => {
  const watchers = new Map<string, Set<Watcher>>()
  let pace: NodeJS.Timeout | null = null
  let look: NodeJS.Timeout | null = null
  let unsubscribe: (() => void) | null = null
  let isAsking = false
  let isStale = false

  const tell = (newest: ReadonlyMap<string, Newest>): void => {
    for (const [streamId, found] of newest)
      for (const watcher of watchers.get(streamId) ?? []) {
        if (found.number <= watcher.told) continue
        watcher.told = found.number
        watcher.push(found)
      }
  }

  /** Of many watched streams only those that changed lately are looked at; the slow look asks for all. */
  const ask = async (all: boolean): Promise<void> => {
    if (isAsking) {
      isStale = true
      return
    }
    isAsking = true
    try {
      do {
        isStale = false
        const ids = all ? [...watchers.keys()] : (await changedLately()).filter((id) => watchers.has(id))
        if (ids.length > 0) tell(await newestOf(db, ids))
      } while (isStale)
    } catch (error) {
      log.warn({ err: error }, 'could not look for changes; the next look does')
    } finally {
      isAsking = false
    }
  }

  const changedLately = async (): Promise<string[]> => {
    const rows = await db.$queryRaw<{ id: string }[]>`
      SELECT DISTINCT stream_id::text AS id FROM changes WHERE at > clock_timestamp() - interval '15 seconds'`
    return rows.map(({ id }) => id)
  }

  const start = (): void => {
    unsubscribe = bus.subscribe((message) => {
      if (message.kind === 'missed') void ask(true)
      if (message.kind !== 'change' || pace) return
      pace = setTimeout(() => {
        pace = null
        void ask(false)
      }, PACE_MS)
    })
    look = setInterval(() => void ask(true), LOOK_MS)
    look.unref()
  }

  const rest = (): void => {
    unsubscribe?.()
    if (pace) clearTimeout(pace)
    if (look) clearInterval(look)
    unsubscribe = pace = look = null
  }

  return {
    add: (watcher) => {
      if (watchers.size === 0) start()
      const same = watchers.get(watcher.streamId) ?? new Set()
      watchers.set(watcher.streamId, same.add(watcher))
      return () => {
        same.delete(watcher)
        if (same.size === 0) watchers.delete(watcher.streamId)
        if (watchers.size === 0) rest()
      }
    },
  }
}

/** One for each instance, made when somebody first watches. */
const watches = new WeakMap<Bus, Watch>()

const watchOf = (deps: Deps): Watch => {
  const watch = watches.get(deps.bus) ?? createWatch(deps)
  watches.set(deps.bus, watch)
  return watch
}

/** The newest cursor at once, then each newer one: time to pull. Each event is authorised anew. */
export async function* newCursors(ctx: Context): AsyncGenerator<string> {
  const first = demand(ctx.viewer, 'sync.use') as Viewer
  const streamId = streamOf(first)
  const slot = createSlot<Newest | undefined>(() => stop())
  const watcher: Watcher = { streamId, told: -1, push: (newest) => slot.push(newest) }
  // Watched first and read then, so that nothing is missed between.
  const stop = watchOf(ctx).add(watcher)
  try {
    const newest = (await newestOf(ctx.db, [streamId])).get(streamId)
    if ((newest?.number ?? 0) > watcher.told) {
      watcher.told = newest?.number ?? 0
      slot.push(newest)
    }
    for await (const found of slot) {
      const viewer = demand(ctx.viewer, 'sync.use') as Viewer
      if (streamOf(viewer) !== streamId) throw new Refusal('FORBIDDEN')
      const clinic =
        viewer.kind === 'user' ? await ctx.loaders.clinic.clear(viewer.clinicId).load(viewer.clinicId) : null
      yield cursorAt(viewer, found, clinic)
    }
  } finally {
    await slot.return?.()
  }
}
