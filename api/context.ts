import type { Logger } from 'pino'
import type { Viewer } from './access/viewer.ts'
import type { AuditTrail } from './audit/store.ts'
import type { Bus } from './bus.ts'
import type { Config } from './config.ts'
import type { Db } from './database/client.ts'
import type { Batch } from './database/transaction.ts'
import type { Jobs } from './jobs.ts'
import type { Loaders } from './loaders.ts'
import type { Messaging } from './messaging/provider.ts'
import type { LiveQueues } from './queue/live.ts'

/** What the service stands on; made once in main.ts or by a test. */
export type Deps = {
  config: Config
  db: Db
  bus: Bus
  log: Logger
  /** Audit of reads, log-ins, failures and denials, written in batches. */
  trail: AuditTrail
  live: LiveQueues
  jobs: Jobs
  /** Who carries the messages: the real providers, or the outbox. */
  messaging: Messaging
}

/** Deps plus who asks: one for each request; one for each operation of a socket. */
export type Context = Deps & {
  viewer: Viewer | null
  loaders: Loaders
  /** The request named a token that is not valid (any more): all but opening a session is refused. */
  hasStaleToken?: boolean
  /** Set while a mutation request under an Idempotency-Key runs. */
  idempotency: { caller: string; key: string; steps: number } | null
  /** Set while an operation of a synced batch runs: then `db` is the batch's transaction. */
  batch?: Batch
  /** The address of the caller, for throttling. */
  ip: string
  /** Set where the browser's refresh cookie can be read and written. */
  cookies: {
    refreshToken: string | null
    set: (token: string | null, expiresAt?: Date) => void
    /** Kept for GraphiQL only, whose tabs have no other place for it. */
    setAccess: (token: string) => void
  } | null
}
