import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { installJobTables } from './job-tables.ts'
import { MIGRATIONS_DIR, type Migration, readMigrations } from './migrations-list.ts'
import { DatabaseProblem } from './problem.ts'
import { filters, openSchemaEngine, type SchemaEngine } from './schema-engine.ts'

/** Any number would do; it must only stay the same in every version. */
const LOCK = 4_217_004

/**
 * Brings a database to this version's tables, or throws a DatabaseProblem that says why not and what to do.
 * Any number of instances may start at once: one does the work, the others wait for it.
 */
export const applyMigrations = async (
  databaseUrl: string,
  log: (line: string) => void,
  dir = MIGRATIONS_DIR,
): Promise<void> => {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2, connectionTimeoutMillis: 5000, keepAlive: true })
  pool.on('error', () => {})
  try {
    const lock = await reach(pool, databaseUrl)
    try {
      await waitForLock(lock, log)
      await refuseForeign(lock, databaseUrl)
      await bringUpToDate(pool, readMigrations(dir), dir, log)
      await installJobTables(lock)
    } finally {
      // Closing the connection ends its lock, whatever state it is in.
      lock.release(true)
    }
  } finally {
    await pool.end()
  }
}

const reach = async (pool: pg.Pool, databaseUrl: string): Promise<pg.PoolClient> => {
  try {
    const client = await pool.connect()
    // Where its connection breaks, the statement at hand fails and says so.
    client.on('error', () => {})
    return client
  } catch (error) {
    const { host, pathname } = new URL(databaseUrl)
    const { message, code } = error as NodeJS.ErrnoException
    throw new DatabaseProblem(
      `The database${pathname} at ${host} cannot be used: ${message || code}. See DATABASE_URL.`,
      { cause: error },
    )
  }
}

const waitForLock = async (client: pg.PoolClient, log: (line: string) => void): Promise<void> => {
  for (let waited = 0; ; waited += 100) {
    const { rows } = await client.query<{ got: boolean }>('SELECT pg_try_advisory_lock($1) AS got', [LOCK])
    if (rows[0]?.got) return
    if (waited === 1000) log('Another instance is bringing the database up to date; waiting for it.')
    await sleep(100)
  }
}

const refuseForeign = async (client: pg.PoolClient, databaseUrl: string): Promise<void> => {
  const { rows } = await client.query<{ tables: number; ours: boolean }>(
    `SELECT count(*)::int AS tables, coalesce(bool_or(tablename = '_prisma_migrations'), false) AS ours
     FROM pg_tables WHERE schemaname = 'public'`,
  )
  if (rows[0] && rows[0].tables > 0 && !rows[0].ours)
    throw new DatabaseProblem(
      `The database${new URL(databaseUrl).pathname} holds tables that are not Anteroom's. Give Anteroom an empty database of its own in DATABASE_URL.`,
    )
}

const bringUpToDate = async (
  pool: pg.Pool,
  migrations: Migration[],
  dir: string,
  log: (line: string) => void,
): Promise<void> => {
  using engine = await openSchemaEngine(pool)
  const migrationsList = {
    baseDir: dir,
    lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
    shadowDbInitScript: '',
    migrationDirectories: migrations.map(({ name, sql }) => ({
      path: name,
      migrationFile: { path: 'migration.sql', content: { tag: 'ok' as const, value: sql } },
    })),
  }
  const found = await engine.diagnoseMigrationHistory({ migrationsList, optInToShadowDatabase: false, filters })
  if (found.history && found.history.diagnostic !== 'databaseIsBehind')
    throw new DatabaseProblem(
      `The database is newer than this Anteroom: it holds ${names(found.history.unpersistedMigrationNames)}, unknown to this version. Start the version that made it, or a newer one.`,
    )
  // One that failed left nothing behind and may well be put right in its file.
  const edited = found.editedMigrationNames.filter((name) => !found.failedMigrationNames.includes(name))
  if (edited.length > 0)
    throw new DatabaseProblem(
      `${names(edited)} was edited after this database had applied it. Put prisma/migrations back as it was (git restore prisma/migrations) and write what should change as a new migration: npm run migrate:new NAME.`,
    )
  for (const name of found.failedMigrationNames) {
    log(`Migration ${name} did not go through at an earlier start; trying it again.`)
    await engine.markMigrationRolledBack({ migrationName: name })
  }
  if (!found.history && found.failedMigrationNames.length === 0) return
  await apply(engine, migrationsList, log)
}

type MigrationList = Parameters<SchemaEngine['applyMigrations']>[0]['migrationsList']

const apply = async (
  engine: SchemaEngine,
  migrationsList: MigrationList,
  log: (line: string) => void,
): Promise<void> => {
  try {
    const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList, filters })
    for (const name of appliedMigrationNames) log(`Applied migration ${name}.`)
  } catch (error) {
    // The engine tells it in lines for its own makers: what PostgreSQL said, and which migration it was.
    const told = error instanceof Error ? error.message : String(error)
    const name = /migration_name="([^"]+)"/.exec(told)?.[1]
    const said = /Error querying the database: (.+)/.exec(told)?.[1] ?? told
    throw new DatabaseProblem(
      `Migration ${name ?? ''} failed: ${said}. It was taken back whole, so the database is as before it. Put right what PostgreSQL names and start again; the migration is then tried anew.`,
      { cause: error },
    )
  }
}

const names = (list: readonly string[]): string => `migration${list.length === 1 ? '' : 's'} ${list.join(', ')}`
