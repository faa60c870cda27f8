import { ageBetween, type Moment, momentOf } from './clock.ts'
import { type Keeping, newestTime } from './held.ts'
import {
  applyChanges,
  type Delta,
  LogEnded,
  markDropped,
  nextBatch,
  prune,
  replaceRecords,
  settle,
  startOver,
} from './log.ts'
import type { Mirror } from './mirror.ts'
import type { Operation } from './model.ts'
import type { Ports } from './ports.ts'
import { type Storage, StorageError } from './storage/storage.ts'
import { type ChangeSet, type SyncInput, type SyncResult, type Transport, TransportError } from './transport.ts'

export const BATCH = 100

/** Without news the device still asks this often. */
const POLL_MS = 60_000
const FIRST_RETRY_MS = 500
const LONGEST_RETRY_MS = 30_000
const PRUNE_MS = 3_600_000
/** Whoever may not sync, as a manager, has nothing here to wait for; a right that comes later is noticed by a reconnect, or by this. */
export const BARRED_MS = 3_600_000

/** How the network was, as the last round found it. */
export type Contact = 'ONLINE' | 'OFFLINE' | 'LOGGED_OUT' | 'OTHER_USER' | 'APP_OUTDATED'

export type LoopNeeds = {
  account: string
  transport: Transport
  ports: Ports
  keeping: Keeping
  mirror: () => Mirror
  /** Runs a transaction and makes what it changed known. */
  write: <T>(work: (storage: Storage) => Promise<{ result: T; delta: Delta }>) => Promise<T>
  /** Reads everything anew. */
  reload: () => Promise<void>
  report: (contact: Contact) => void
  /** Everything was sent and pulled, just now. */
  reportSynced: () => void
  reportLoad: (isLoading: boolean, loaded: number) => void
}

export type SyncLoop = {
  /** Pushes and pulls until the signal ends it; only one of a device runs. */
  run: (signal: AbortSignal) => Promise<void>
  /** There is something to send. It waits for its turn while the network is down. */
  news: () => void
  /** The connection may be back, or the server has news: now. */
  nudge: () => void
  /** Nothing is under way: what is stored now is sent at once. */
  isReady: () => boolean
}

/** Full jitter: devices that lost the server together do not come back together. */
export const retryAfter = (failures: number, random: number): number =>
  random * Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures, 16))

const wireOf = (operation: Operation, now: Moment): SyncInput['operations'][number] => {
  const { id, seq, command, input, dropped } = operation
  const ageMs = ageBetween(operation, now)
  return dropped ? { id, seq, ageMs, dropped } : { id, seq, ageMs, [command]: input }
}

const countOf = (changes: ChangeSet): number =>
  changes.patients.length + changes.appointments.length + changes.entries.length

/** A load that will replace what is held, once it is complete. */
type Loading = { base: string | null; next: string | null; pages: ChangeSet[] }

export const createSyncLoop = (needs: LoopNeeds): SyncLoop => {
  const { account, transport, ports, write } = needs
  let limit = BATCH
  let resets = 0
  let loading: Loading | null = null
  let loaded = 0
  let failures = 0
  let prunedAt: number | null = null
  /** What was once sent cannot be taken back, so while no server answers nothing is: first it is asked for news. */
  let isReachable = false
  let wake: (reason: 'NEWS' | 'NUDGE') => void = () => {}
  let missed: 'NEWS' | 'NUDGE' | null = null
  let isWaiting = false

  const moment = () => momentOf(ports.clock)
  const state = () => needs.mirror().state()

  const unlessAborted = <T>(promise: Promise<T>, signal: AbortSignal): Promise<T> =>
    new Promise((resolve, reject) => {
      const stop = () => reject(signal.reason)
      if (signal.aborted) stop()
      signal.addEventListener('abort', stop, { once: true })
      promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
    })

  /** Waits for its time, a nudge, or (unless the network is down) for something to send. */
  const wait = (milliseconds: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal.aborted || missed === 'NUDGE' || (missed === 'NEWS' && failures === 0)) {
        if (missed === 'NUDGE') failures = 0
        missed = null
        resolve()
        return
      }
      const finish = () => {
        cancel()
        signal.removeEventListener('abort', finish)
        wake = note
        missed = null
        isWaiting = false
        resolve()
      }
      isWaiting = true
      const cancel = ports.timers.after(milliseconds, finish)
      signal.addEventListener('abort', finish, { once: true })
      wake = (reason) => {
        if (reason === 'NUDGE') failures = 0
        if (reason === 'NUDGE' || failures === 0) finish()
      }
    })
  const note = (reason: 'NEWS' | 'NUDGE') => {
    if (missed !== 'NUDGE') missed = reason
  }
  wake = note

  /** The batch cannot be read as a whole: half of it can, or the one that stands alone is dropped. */
  const split = async (operations: readonly Operation[], clientId: string, signal: AbortSignal): Promise<void> => {
    if (operations.length > 1) {
      limit = Math.floor(operations.length / 2)
      return
    }
    const [offender] = operations
    // A server that does not understand even an empty request does not understand this app; no operation is to blame.
    await unlessAborted(transport.sync({ clientId, operations: [], more: true, cursor: null }), signal)
    limit = BATCH
    if (!offender) return
    if (offender.dropped) throw new TransportError('MALFORMED')
    await write((storage) => markDropped(storage, offender.id))
  }

  /** A new clientId is taken a few times at once, then with pauses: whatever the server does, it is not stormed. */
  const countReset = (error: TransportError) => {
    resets += 1
    if (resets <= 3) return
    resets = 0
    throw error
  }

  const expectProgress = (operations: readonly Operation[], result: SyncResult, clientId: string) => {
    const ids = new Set(operations.map(({ id }) => id))
    if (result.outcomes.some(({ id }) => ids.has(id))) {
      resets = 0
      return
    }
    const stuck = new TransportError('REFUSED', 'NO_PROGRESS')
    if (state().clientId === clientId) throw stuck
    countReset(stuck)
  }

  /** Sends the oldest operations; true where the answer also brought the device up to date. */
  const push = async (signal: AbortSignal): Promise<boolean> => {
    const { clientId, operations, more } = await batch()
    if (operations.length === 0) {
      await needs.reload()
      return false
    }
    const cursor = loading ? null : state().cursor
    const now = moment()
    let result: SyncResult
    try {
      const sent = { clientId, cursor, more, operations: operations.map((operation) => wireOf(operation, now)) }
      result = await unlessAborted(transport.sync(sent), signal)
    } catch (error) {
      if (!(error instanceof TransportError)) throw error
      if (error.fault === 'MALFORMED') {
        await split(operations, clientId, signal)
        return false
      }
      if (error.code !== 'RESET') throw error
      countReset(error)
      await write((storage) => startOver(storage, clientId, ports.newId()))
      return false
    }
    needs.report('ONLINE')
    if (limit < BATCH) limit = Math.min(BATCH, limit * 2)
    const newest = newestTime(needs.mirror().records().entries.values())
    const known = { newest, now: moment(), newClientId: ports.newId() }
    await write((storage) => settle(storage, { clientId, cursor }, result, known))
    expectProgress(operations, result, clientId)
    const { changes } = result
    if (changes === 'CURSOR_EXPIRED') startLoading()
    return !!changes && changes !== 'CURSOR_EXPIRED' && !changes.hasMore && state().cursor === changes.cursor
  }

  const oldest = () => {
    const held = needs.mirror().unanswered()
    const operations = held.slice(0, limit)
    return { clientId: state().clientId, operations, more: held.length > operations.length }
  }

  /** Marks the oldest operations as sent. A device without room sends them all the same: that is how it gets room. */
  const batch = async (): Promise<ReturnType<typeof oldest>> => {
    const known = oldest()
    // Most often there is one, and it was marked when it was stored.
    if (known.operations.length > 0 && known.operations.every(({ seq }) => seq <= state().sentThrough)) return known
    try {
      return await write((storage) => nextBatch(storage, limit))
    } catch (error) {
      if (!(error instanceof StorageError) || error.fault !== 'FULL') throw error
      return oldest()
    }
  }

  const startLoading = () => {
    loading = { base: state().cursor, next: null, pages: [] }
    loaded = 0
    needs.reportLoad(true, loaded)
  }

  const counted = (page: ChangeSet) => {
    if (!loading && state().syncedAt !== null) return
    loaded += countOf(page)
    needs.reportLoad(true, loaded)
  }

  /** Pulls one page; true where it was the last. */
  const pull = async (signal: AbortSignal): Promise<boolean> => {
    // After a wipe the records in memory are all there is to show until the load is complete.
    if (!loading && state().cursor === null && needs.mirror().hasRecords()) startLoading()
    const cursor = loading ? loading.next : state().cursor
    let page: ChangeSet
    try {
      page = await unlessAborted(transport.changes(cursor), signal)
    } catch (error) {
      if (!(error instanceof TransportError) || error.code !== 'CURSOR_EXPIRED' || cursor === null) throw error
      startLoading()
      return false
    }
    needs.report('ONLINE')
    if (page.hasMore && page.cursor === cursor) throw new TransportError('REFUSED', 'NO_PROGRESS')
    counted(page)
    if (loading) return addPage(loading, page)
    const newest = newestTime(needs.mirror().records().entries.values())
    const isApplied = await write((storage) => applyChanges(storage, cursor, page, { newest, now: moment() }))
    return isApplied && !page.hasMore
  }

  const addPage = async (load: Loading, page: ChangeSet): Promise<boolean> => {
    load.pages.push(page)
    load.next = page.cursor
    if (page.hasMore) return false
    const isReplaced = await write((storage) => replaceRecords(storage, load.base, load.pages, { now: moment() }))
    loading = null
    return isReplaced
  }

  const round = async (signal: AbortSignal): Promise<void> => {
    let isUpToDate = false
    while (!signal.aborted) {
      const current = transport.account()
      if (current !== account) throw new TransportError('UNAUTHENTICATED', current === null ? null : 'OTHER_USER')
      if (!isReachable) {
        isUpToDate = await pull(signal)
        isReachable = true
      } else if (needs.mirror().unanswered().length > 0) isUpToDate = await push(signal)
      else if (isUpToDate) return
      else isUpToDate = await pull(signal)
    }
  }

  const tidy = async (): Promise<void> => {
    const { mono } = ports.clock
    if (prunedAt !== null && mono() - prunedAt < PRUNE_MS) return
    prunedAt = mono()
    await write((storage) => prune(storage, needs.keeping, ports.clock.wall()))
  }

  const contactAfter = (error: unknown): Contact | null => {
    if (!(error instanceof TransportError)) return null
    if (error.fault === 'NETWORK') return 'OFFLINE'
    if (error.fault === 'UNAUTHENTICATED') return error.code === 'OTHER_USER' ? 'OTHER_USER' : 'LOGGED_OUT'
    return error.fault === 'MALFORMED' ? 'APP_OUTDATED' : 'ONLINE'
  }

  return {
    run: async (signal) => {
      while (!signal.aborted) {
        try {
          missed = null
          await round(signal)
          if (signal.aborted) return
          failures = 0
          needs.reportLoad(false, loaded)
          needs.reportSynced()
          await tidy()
          await wait(POLL_MS, signal)
        } catch (error) {
          if (signal.aborted || error instanceof LogEnded) return
          failures += 1
          const contact = contactAfter(error)
          if (contact) needs.report(contact)
          isReachable = contact !== 'OFFLINE'
          if (error instanceof StorageError && error.fault === 'FULL') {
            prunedAt = null
            await tidy().catch(() => {})
          }
          const isBarred = error instanceof TransportError && error.code === 'FORBIDDEN'
          if (isBarred) needs.reportLoad(false, loaded)
          await wait(isBarred ? BARRED_MS : retryAfter(failures, ports.random()), signal)
        }
      }
    },
    news: () => wake('NEWS'),
    nudge: () => wake('NUDGE'),
    isReady: () => isWaiting && isReachable && failures === 0,
  }
}
