import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MIGRATIONS_DIR, readMigrations, SCHEMA_FILE, schemaAfter } from './migrations-list.ts'
import { DatabaseProblem } from './problem.ts'
import { difference } from './schema-engine.ts'

export type Paths = { migrationsDir: string; schemaFile: string }

/** Writes a migration from where the last one left the schema to where schema.prisma is; null where they do not differ. */
export const writeMigration = async (name: string, now: Date, paths: Paths): Promise<string | null> => {
  if (!/^[a-z][a-z0-9_]{0,59}$/.test(name))
    throw new DatabaseProblem(
      `A migration's name says what it changes, in small letters, digits and underscores, as in: npm run migrate:new add_rooms${name && ` (not "${name}")`}`,
    )
  const migrations = readMigrations(paths.migrationsDir)
  const schema = readFileSync(paths.schemaFile, 'utf8')
  const sql = await difference(schemaAfter(paths.migrationsDir, migrations), schema)
  if (sql === '') return null
  const folder = join(paths.migrationsDir, `${nextStamp(now, migrations.at(-1)?.name)}_${name}`)
  mkdirSync(folder)
  writeFileSync(join(folder, 'schema.prisma'), schema)
  writeFileSync(join(folder, 'migration.sql'), `${sql}\n`)
  return folder
}

/** Migrations run in the order of their stamps, so a new one never gets a stamp before the last, whatever this clock says. */
const nextStamp = (now: Date, last = ''): string => {
  const stamp = now.toISOString().replace(/\D/g, '').slice(0, 14)
  return stamp > last.slice(0, 14) ? stamp : String(Number(last.slice(0, 14)) + 1)
}

if (import.meta.main) {
  try {
    const written = await writeMigration(process.argv[2] ?? '', new Date(), {
      migrationsDir: MIGRATIONS_DIR,
      schemaFile: SCHEMA_FILE,
    })
    console.log(
      written
        ? `Wrote ${written}/migration.sql. Read it, and add by hand what Prisma cannot say; the next start applies it.`
        : 'prisma/schema.prisma is as the last migration left it: nothing to write.',
    )
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    console.error(code === 'P1012' ? `prisma/schema.prisma is not right:\n${message}` : message)
    process.exitCode = 1
  }
}
