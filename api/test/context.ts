import pino from 'pino'
import { loadViewer } from '../access/store.ts'
import { createTrail } from '../audit/store.ts'
import { createBus } from '../bus.ts'
import { parseConfig } from '../config.ts'
import type { Context, Deps } from '../context.ts'
import { jobList } from '../job-list.ts'
import { createJobs, type JobDefinition } from '../jobs.ts'
import { createLoaders } from '../loaders.ts'
import { outboxPush, outboxSms } from '../messaging/outbox.ts'
import { createLiveQueues } from '../queue/live.ts'
import type { TestDatabase } from './database.ts'

export type TestDeps = Deps & { close: () => Promise<void> }

/** One instance without its HTTP: what commands stand on, over a real database. */
export const createTestDeps = (
  { db, url }: Pick<TestDatabase, 'db' | 'url'>,
  redisUrl: string | null = null,
  definitions: readonly JobDefinition[] = jobList,
): TestDeps => {
  const log = pino({ level: 'silent' })
  const bus = createBus({ databaseUrl: url, redisUrl, log })
  const trail = createTrail(db, log)
  // Cheap hashes: tests are about who gets in, not about how long a guess takes.
  const config = { ...parseConfig({}), bcryptCost: 4 }
  const live = createLiveQueues({ db, bus, log })
  const messaging = { sms: outboxSms, push: outboxPush }
  const base = { config, db, bus, log, trail, live, messaging }
  /** Enqueues; works only in a test that starts it. */
  const jobs = createJobs(base, url, definitions)
  const close = async () => {
    await jobs.stop()
    await live.close()
    await trail.close()
    await bus.close()
  }
  return { ...base, jobs, close }
}

/** A request of nobody, or of the holder of a session. */
export const createContext = async (deps: Deps, sessionId: string | null = null): Promise<Context> => ({
  ...deps,
  viewer: sessionId ? await loadViewer(deps.db, sessionId) : null,
  loaders: createLoaders(deps.db),
  idempotency: null,
  ip: '127.0.0.1',
  cookies: null,
})
