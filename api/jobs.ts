import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import { fromPrisma, type JobWithMetadata, PgBoss } from 'pg-boss'
import type { Deps } from './context.ts'
import type { Db, Tx } from './database/client.ts'
import { BEAT_SECONDS, ensureQueues, QUIETLY, SCHEMA } from './database/job-tables.ts'
import { loggedError } from './log.ts'

/** One kind of background work; docs/background-work.md shows how to add one. */
export type JobDefinition = {
  /** As in `queue.end_days`; part of the database, so it never changes. */
  name: string
  /**
   * Does the work. It may run more than once for one job, after a crash even beside its earlier self: whatever must happen once
   * is guarded by the database. `attempt` counts from 1. A throw means: try again later.
   */
  handle: (deps: Deps, data: unknown, attempt: number) => Promise<void>
  /** Runs by itself at these times (five fields, UTC), once for all instances together; never two at once. */
  cron?: string
  /** How often it is tried again after the first time; 8 unless told. After that the job is a dead letter. */
  retryLimit?: number
  /** The longest pause between two tries, in seconds; 600 unless told. Pauses begin at 1 to 2 s and double, with jitter. */
  longestPauseSeconds?: number
  /** How many of these run at once in one process; 2 unless told. */
  concurrency?: number
  /** One run that takes longer counts as failed; 120 unless told. */
  timeoutSeconds?: number
}

export type EnqueueOptions = {
  /** At most one job of this name and key waits: what this transaction changed is seen by the one that waits already. */
  singletonKey?: string
  /** Not before this instant. */
  startAfter?: Date
}

export type Jobs = {
  /** Enqueues in the caller's transaction: neither exists without the other. `data` holds ids, never what they stand for. */
  enqueue: (tx: Tx | Db, name: string, data: object, options?: EnqueueOptions) => Promise<void>
  /** Says that the transaction was committed: what it enqueued begins at once instead of at the next look. */
  committed: (tx: Tx) => void
  /** Makes sure that the database knows the jobs. */
  ready: () => Promise<void>
  /** Begins to work, where the configuration says that this process works. */
  start: () => Promise<void>
  /** Takes nothing new, waits a moment for what runs, and hands back the rest. */
  stop: () => Promise<void>
}

/** What jobs work with; `jobs` itself joins it. */
type Base = Omit<Deps, 'jobs'>

const POLL_MS = 1_000
const SUPERVISE_SECONDS = 2
const STOP_MS = 5_000
const QUIET_MS = 5_000

/** Background work in this process, on pg-boss: durable in the same database, shared by all instances. */
export const createJobs = (base: Base, databaseUrl: string, definitions: readonly JobDefinition[]): Jobs => {
  const { db, bus, log } = base
  const transactions = new AsyncLocalStorage<Tx | Db>()
  /** Never started: it only writes, always in the transaction at hand, even to look up the queue. */
  const sender = new PgBoss({
    ...QUIETLY,
    db: { executeSql: (text, values) => fromPrisma(transactions.getStore() ?? db).executeSql(text, values) },
  })
  const names = new Set(definitions.map(({ name }) => name))
  const enqueued = new WeakMap<object, Set<string>>()
  let known: Promise<void> | null = null
  const ensured = (): Promise<void> => {
    known ??= ensureQueues(databaseUrl, definitions).catch((error: unknown) => {
      known = null
      throw error
    })
    return known
  }
  let working: Working | null = null

  const send = (tx: Tx | Db, name: string, data: object, key: string, startAfter?: Date): Promise<string | null> =>
    transactions.run(tx, async () => {
      const options = { singletonKey: key, ...(startAfter ? { startAfter } : {}) }
      try {
        return await sender.send(name, data, options)
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'PGBOSS_QUEUE_NOT_FOUND') throw error
        // On a connection of its own: one from the pool might never come, were all of them waiting here.
        await ensured()
        return sender.send(name, data, options)
      }
    })

  const jobs: Jobs = {
    enqueue: async (tx, name, data, { singletonKey, startAfter } = {}) => {
      if (!names.has(name)) throw new Error(`There is no job ${name}`)
      demandReferences(name, data)
      const key = singletonKey ?? randomUUID()
      while (!(await send(tx, name, data, key, startAfter))) if (await holdWaiting(tx, name, key)) break
      const waiting = enqueued.get(tx) ?? new Set()
      enqueued.set(tx, waiting.add(name))
      if ('$connect' in tx) jobs.committed(tx)
    },
    committed: (tx) => {
      for (const name of enqueued.get(tx) ?? []) bus.publish({ kind: 'job', name })
      enqueued.delete(tx)
    },
    ready: ensured,
    start: async () => {
      await ensured()
      if (base.config.work.jobs) working ??= await work({ ...base, jobs }, databaseUrl, definitions)
    },
    stop: async () => {
      const last = working
      working = null
      await last?.stop().catch((error: unknown) => log.warn({ err: error }, 'the background work did not stop cleanly'))
    },
  }
  return jobs
}

/** Ids, instants, codes and numbers: nothing that a name, a text or a phone number could be. */
const REFERENCE = /^(?!\d{6,}$)[\w.:-]{1,80}$/

const demandReferences = (name: string, data: object): void => {
  for (const [field, value] of Object.entries(data))
    if (typeof value === 'string' ? !REFERENCE.test(value) : typeof value === 'object' && value !== null)
      throw new Error(
        `${name}: ${field} must be an id, an instant, a code or a number; what it stands for is read later`,
      )
}

/**
 * The job that waits under this key is to see what this transaction changes: locked, no worker takes it before the commit.
 * False where it was taken meanwhile, so that another one is needed.
 */
const holdWaiting = async (tx: Tx | Db, name: string, key: string): Promise<boolean> => {
  const held = await tx.$queryRaw<unknown[]>`
    SELECT 1 AS held FROM pgboss.job
    WHERE name = ${name} AND coalesce(singleton_key, '') = ${key} AND state = 'created' AND policy = 'short' FOR SHARE`
  return held.length > 0
}

type Working = { stop: () => Promise<void> }

/** One worker of a queue: it asks for a job when woken, and again after each. */
type Slot = { id: string; isBusy: boolean }

const work = async (deps: Deps, databaseUrl: string, definitions: readonly JobDefinition[]): Promise<Working> => {
  const { log, bus } = deps
  const pool = {
    connectionString: databaseUrl,
    max: 4,
    application_name: 'anteroom jobs',
    connectionTimeoutMillis: 3_000,
    query_timeout: 30_000,
    keepAlive: true,
  }
  const boss = new PgBoss({
    ...pool,
    schema: SCHEMA,
    registerInstance: false,
    maintenanceIntervalSeconds: 3_600,
    superviseIntervalSeconds: SUPERVISE_SECONDS,
    monitorIntervalSeconds: SUPERVISE_SECONDS,
  })
  let told = Number.NEGATIVE_INFINITY
  boss.on('error', (error) => {
    if (performance.now() - told < QUIET_MS) return
    told = performance.now()
    log.warn({ err: new Error(error.message) }, 'the background work met an error; it goes on')
  })
  let warned = Number.NEGATIVE_INFINITY
  boss.on('warning', ({ message }) => {
    if (performance.now() - warned < 60_000) return
    warned = performance.now()
    log.warn(message)
  })
  const slots = new Map<string, Slot[]>()
  /** Wakes one idle worker; each that finds a job wakes the next. */
  const wake = (name: string): void => {
    const idle = slots.get(name)?.find(({ isBusy }) => !isBusy)
    if (idle) boss.notifyWorker(idle.id)
  }

  const run = async (definition: JobDefinition, slot: Slot, job: JobWithMetadata<unknown>): Promise<void> => {
    slot.isBusy = true
    wake(definition.name)
    try {
      await definition.handle(deps, job.data, job.retryCount + 1)
    } catch (error) {
      const { name } = definition
      const left = job.retryLimit - job.retryCount
      log.warn(
        { err: error, job: name, id: job.id, left },
        left > 0 ? 'a job failed; it is tried again' : 'a job failed',
      )
      throw plainError(error)
    } finally {
      slot.isBusy = false
      boss.notifyWorker(slot.id)
    }
  }

  await boss.start()
  for (const definition of definitions) {
    const own: Slot[] = []
    slots.set(definition.name, own)
    for (let index = 0; index < (definition.cron ? 1 : (definition.concurrency ?? 2)); index++) {
      const slot: Slot = { id: '', isBusy: false }
      slot.id = await boss.work<unknown>(
        definition.name,
        { includeMetadata: true, pollingIntervalSeconds: 30, heartbeatRefreshSeconds: BEAT_SECONDS },
        async ([job]) => {
          if (job) await run(definition, slot, job as JobWithMetadata<unknown>)
        },
      )
      own.push(slot)
    }
  }
  await keepSchedules(boss, definitions)
  const unsubscribe = bus.subscribe((message) => {
    if (message.kind === 'job') wake(message.name)
  })
  const timer = setInterval(() => {
    for (const name of slots.keys()) wake(name)
  }, POLL_MS)
  return {
    stop: async () => {
      clearInterval(timer)
      unsubscribe()
      await boss.stop({ graceful: true, timeout: STOP_MS })
    },
  }
}

const keepSchedules = async (boss: PgBoss, definitions: readonly JobDefinition[]): Promise<void> => {
  const crons = definitions.filter(({ cron }) => cron)
  for (const { name, cron = '' } of crons) await boss.schedule(name, cron, {})
  for (const { name } of await boss.getSchedules())
    if (!crons.some((definition) => definition.name === name)) await boss.unschedule(name)
}

/** What is kept of a failure, for the admin to read: what the log may hold of it, without numbers that could be somebody's. */
const plainError = (error: unknown): Error => {
  const { type, code, message } = loggedError(error)
  const said = [type, code, message].filter(Boolean).join(': ')
  const plain = new Error(said.replace(/\+?\d[\d\s().-]{4,}\d/g, '…').slice(0, 300))
  plain.stack = ''
  return plain
}
