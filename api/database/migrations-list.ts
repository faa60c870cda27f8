import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const MIGRATIONS_DIR = fileURLToPath(new URL('../../prisma/migrations', import.meta.url))
export const SCHEMA_FILE = fileURLToPath(new URL('../../prisma/schema.prisma', import.meta.url))

export type Migration = { name: string; sql: string }

/** Every migration, oldest first. Line ends are made equal: a checkout on Windows must not look edited. */
export const readMigrations = (dir: string): Migration[] =>
  readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(dir, entry.name, 'migration.sql')))
    .map((entry) => entry.name)
    .sort()
    .map((name) => ({ name, sql: readFileSync(join(dir, name, 'migration.sql'), 'utf8').replaceAll('\r\n', '\n') }))

/** The schema as the migrations leave it: the copy beside the last one that changed it. Null before the first. */
export const schemaAfter = (dir: string, migrations: readonly Migration[]): string | null => {
  const file = migrations.map(({ name }) => join(dir, name, 'schema.prisma')).findLast(existsSync)
  return file ? readFileSync(file, 'utf8') : null
}
