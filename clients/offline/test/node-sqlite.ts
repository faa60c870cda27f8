import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { OpenSqlite } from '../storage/sqlite.ts'

/** SQLite files in a folder, by the calls that a phone's SQLite has. `opened`: what a crash would have to close. */
export const nodeSqlite = (folder: string): OpenSqlite & { opened: Set<DatabaseSync> } => {
  const opened = new Set<DatabaseSync>()
  const open: OpenSqlite = async (name) => {
    const database = new DatabaseSync(join(folder, `${name}.db`))
    database.exec('PRAGMA busy_timeout = 5000')
    opened.add(database)
    return {
      execAsync: async (sql) => database.exec(sql),
      runAsync: async (sql, parameters) => database.prepare(sql).run(...parameters),
      getAllAsync: async <Row>(sql: string, parameters: string[]) => database.prepare(sql).all(...parameters) as Row[],
      closeAsync: async () => {
        opened.delete(database)
        database.close()
      },
    }
  }
  return Object.assign(open, { opened })
}
