import pg from 'pg'
import { PgBoss } from 'pg-boss'
import type { JobDefinition } from '../jobs.ts'

/** The schema of pg-boss's own tables, beside ours in the same database. */
export const SCHEMA = 'pgboss'

/** For one that neither works nor watches. */
export const QUIETLY = { schema: SCHEMA, supervise: false, schedule: false, migrate: false, registerInstance: false }

/** Where jobs go that failed for good. Nobody works on it; the admin sees them. */
export const DEAD_LETTERS = 'dead_letters'

/** A running job shows its life this often … */
export const BEAT_SECONDS = 2
/** … and counts as abandoned after so long. pg-boss's own least of 10 s leaves too little of the 15 s for the rest of a resumption. */
const SILENCE_SECONDS = 7

const DAY_SECONDS = 86_400
const KEPT_SECONDS = 90 * DAY_SECONDS

const on = (client: pg.ClientBase) => ({
  executeSql: (text: string, values?: unknown[]) => client.query(text, values),
})

/** Brings pg-boss's own tables to its version; under the lock of the migrations, on its connection. */
export const installJobTables = async (client: pg.ClientBase): Promise<void> => {
  const boss = new PgBoss({ ...QUIETLY, migrate: true, db: on(client) })
  await boss.start()
  await boss.stop({ graceful: true })
}

const optionsOf = ({ cron, retryLimit, longestPauseSeconds = 600, timeoutSeconds = 120 }: JobDefinition) => ({
  retryLimit: retryLimit ?? (cron ? 3 : 8),
  retryDelay: 1,
  retryBackoff: true,
  retryDelayMax: longestPauseSeconds,
  expireInSeconds: timeoutSeconds,
  retentionSeconds: KEPT_SECONDS,
  deleteAfterSeconds: cron ? DAY_SECONDS / 24 : DAY_SECONDS,
  // What a clock starts comes again by itself.
  ...(cron ? {} : { deadLetter: DEAD_LETTERS }),
})

/** Brings the queues of these jobs, their clocks, and the queue of the dead letters to what the definitions say. */
export const ensureQueues = async (databaseUrl: string, definitions: readonly JobDefinition[]): Promise<void> => {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 3_000, query_timeout: 10_000 })
  client.on('error', () => {})
  await client.connect()
  try {
    const boss = new PgBoss({ ...QUIETLY, db: on(client) })
    await boss.createQueue(DEAD_LETTERS, { retentionSeconds: KEPT_SECONDS })
    for (const definition of definitions) {
      const options = optionsOf(definition)
      await boss.createQueue(definition.name, { ...options, policy: definition.cron ? 'exclusive' : 'short' })
      await boss.updateQueue(definition.name, options)
    }
    const crons = definitions.filter(({ cron }) => cron)
    for (const { name, cron = '' } of crons) await boss.schedule(name, cron, {})
    for (const { name } of await boss.getSchedules())
      if (!crons.some((definition) => definition.name === name)) await boss.unschedule(name)
    await client.query(`UPDATE ${SCHEMA}.queue SET heartbeat_seconds = $1 WHERE name = ANY($2)`, [
      SILENCE_SECONDS,
      definitions.map(({ name }) => name),
    ])
  } finally {
    await client.end()
  }
}
