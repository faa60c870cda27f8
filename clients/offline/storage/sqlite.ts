import { type Reading, type Storage, StorageError, type StorageOpener, storeNames, type Writing } from './storage.ts'

/** The few calls of expo-sqlite's SQLiteDatabase that are needed; node:sqlite answers them as well. */
export type SqliteDatabase = {
  execAsync: (sql: string) => Promise<void>
  runAsync: (sql: string, parameters: string[]) => Promise<unknown>
  getAllAsync: <Row>(sql: string, parameters: string[]) => Promise<Row[]>
  closeAsync: () => Promise<void>
}

/** With expo-sqlite: (name) => openDatabaseAsync(`${name}.db`, { useNewConnection: true }). */
export type OpenSqlite = (name: string) => Promise<SqliteDatabase>

const faultOf = (error: unknown): unknown => {
  const message = error instanceof Error ? error.message : String(error)
  if (/database or disk is full/i.test(message)) return new StorageError('FULL', error)
  if (/no such table|unable to open|readonly database|disk i\/o error|malformed|not a database/i.test(message))
    return new StorageError('LOST', error)
  return error
}

const prepare = [
  'PRAGMA journal_mode = WAL',
  // WAL forgets the last commits when the power goes off, unless told to wait for the disk.
  'PRAGMA synchronous = FULL',
  // What a log-out erases is not to be found in the file afterwards.
  'PRAGMA secure_delete = ON',
  ...storeNames.map(
    (store) => `CREATE TABLE IF NOT EXISTS ${store} (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID`,
  ),
]

/** The device's row, in the file that this connection writes and in the one that has its name. */
const isSame = `SELECT (SELECT value FROM main.state WHERE key = 'device') IS
  (SELECT value FROM there.state WHERE key = 'device') AS same`

/**
 * SQLite does not notice when somebody takes its file away or puts another one in its place, and writes on into one that nobody will
 * find again. So what was written is looked for under the file's name before it counts as stored.
 */
const expectThere = async (database: SqliteDatabase): Promise<void> => {
  const [main] = await database.getAllAsync<{ file: string }>('PRAGMA database_list', [])
  if (!main?.file) return
  await database.runAsync('ATTACH DATABASE ? AS there', [main.file])
  try {
    // Another connection may write between the two looks; never three times.
    for (let look = 1; look <= 3; look += 1) {
      const [row] = await database.getAllAsync<{ same: number }>(isSame, [])
      if (row?.same === 1) return
    }
  } finally {
    await database.execAsync('DETACH DATABASE there')
  }
  throw new StorageError('LOST')
}

const WRITING = 'BEGIN IMMEDIATE'

/** SQLite in a file of its own for each database, on one connection that nobody else uses. */
export const createSqlite = (openDatabase: OpenSqlite): StorageOpener => ({
  open: async (name): Promise<Storage> => {
    const database = await openDatabase(name)
    for (const sql of prepare) await database.execAsync(sql)
    let turn: Promise<unknown> = Promise.resolve()

    const reading: Reading = {
      get: async (store, key) => {
        const rows = await database.getAllAsync<{ value: string }>(`SELECT value FROM ${store} WHERE key = ?`, [key])
        return rows[0] === undefined ? undefined : JSON.parse(rows[0].value)
      },
      all: async (store) => {
        const rows = await database.getAllAsync<{ value: string }>(`SELECT value FROM ${store} ORDER BY key`, [])
        return rows.map(({ value }) => JSON.parse(value))
      },
    }

    const inTransaction = <T>(begin: string, work: () => Promise<T>): Promise<T> => {
      const result = turn.then(async () => {
        try {
          await database.execAsync(begin)
          const value = await work()
          await database.execAsync('COMMIT')
          if (begin === WRITING) await expectThere(database)
          return value
        } catch (error) {
          // SQLite has undone some failures by itself; then there is nothing to roll back.
          await database.execAsync('ROLLBACK').catch(() => {})
          throw faultOf(error)
        }
      })
      turn = result.catch(() => {})
      return result
    }

    return {
      read: (work) => inTransaction('BEGIN', () => work(reading)),
      write: (work) =>
        inTransaction(WRITING, async () => {
          let written: Promise<unknown> = Promise.resolve()
          const run = (sql: string, parameters: string[]) => {
            written = written.then(() => database.runAsync(sql, parameters))
            written.catch(() => {})
          }
          const writing: Writing = {
            get: async (store, key) => {
              await written
              return reading.get(store, key)
            },
            all: async (store) => {
              await written
              return reading.all(store)
            },
            put: (store, key, value) =>
              run(
                `INSERT INTO ${store} (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
                [key, JSON.stringify(value)],
              ),
            delete: (store, key) => run(`DELETE FROM ${store} WHERE key = ?`, [key]),
            clear: (store) => run(`DELETE FROM ${store}`, []),
          }
          try {
            return await work(writing)
          } finally {
            // Also where it failed: a statement that came after the end of the transaction would stand.
            await written
          }
        }),
      onLost: () => {},
      close: async () => {
        await turn
        await database.closeAsync()
      },
    }
  },
})
