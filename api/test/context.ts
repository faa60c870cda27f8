import pino from 'pino'
import { loadViewer } from '../access/store.ts'
import { createTrail } from '../audit/store.ts'
import { createBus } from '../bus.ts'
import { parseConfig } from '../config.ts'
import type { Context, Deps } from '../context.ts'
import { createLoaders } from '../loaders.ts'
import { createLiveQueues } from '../queue/live.ts'
import type { TestDatabase } from './database.ts'

export type TestDeps = Deps & { close: () => Promise<void> }

/** One instance without its HTTP: what commands stand on, over a real database. */
export const createTestDeps = (
  { db, url }: Pick<TestDatabase, 'db' | 'url'>,
  redisUrl: string | null = null,
): TestDeps => {
  const log = pino({ level: 'silent' })
  const bus = createBus({ databaseUrl: url, redisUrl, log })
  const trail = createTrail(db, log)
  // Cheap hashes: tests are about who gets in, not about how long a guess takes.
  const config = { ...parseConfig({}), bcryptCost: 4 }
  const live = createLiveQueues({ db, bus, log })
  const close = async () => {
    await live.close()
    await trail.close()
    await bus.close()
  }
  return { config, db, bus, log, trail, live, close }
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
