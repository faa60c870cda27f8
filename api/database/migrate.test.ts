import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createEmptyDatabase } from '../test/database.ts'
import { applyMigrations } from './migrate.ts'
import { MIGRATIONS_DIR, readMigrations, SCHEMA_FILE, schemaAfter } from './migrations-list.ts'
import { writeMigration } from './new-migration.ts'
import { difference } from './schema-engine.ts'

let folder: string
let said: string[]
const say = (line: string) => said.push(line)

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anteroom-migrations-'))
  said = []
})
afterEach(() => rmSync(folder, { recursive: true }))

const write = (name: string, sql: string) => {
  mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, name, 'migration.sql'), sql)
}

describe('bringing a database up to date', () => {
  let database: Awaited<ReturnType<typeof createEmptyDatabase>>

  beforeEach(async () => {
    database = await createEmptyDatabase()
  })
  afterEach(() => database.drop())

  const ask = async (sql: string): Promise<unknown[]> => {
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    try {
      return (await client.query(sql)).rows
    } finally {
      await client.end()
    }
  }
  const start = (dir = folder) => applyMigrations(database.url, say, dir)

  it('applies every migration once, function bodies and all, and notes it as Prisma does', async () => {
    await start(MIGRATIONS_DIR)
    const names = readMigrations(MIGRATIONS_DIR).map(({ name }) => name)
    expect(said).toEqual(names.map((name) => `Applied migration ${name}.`))
    const noted = await ask(
      'SELECT migration_name AS name, applied_steps_count AS steps FROM _prisma_migrations ORDER BY 1',
    )
    expect(noted).toEqual(names.map((name) => ({ name, steps: 1 })))
    said = []
    await start(MIGRATIONS_DIR)
    expect(said).toEqual([])
  })

  it('lets two instances start together', async () => {
    write('20260101000000_a', 'CREATE TABLE a (x int); SELECT pg_sleep(0.3);')
    await Promise.all([start(), start(), start()])
    expect(said).toEqual(['Applied migration 20260101000000_a.'])
    expect(await ask('SELECT count(*)::int AS rows FROM _prisma_migrations')).toEqual([{ rows: 1 }])
  })

  it('applies what was added since', async () => {
    write('20260101000000_a', 'CREATE TABLE a (x int);')
    await start()
    write('20260102000000_b', 'ALTER TABLE a ADD y int;')
    await start()
    expect(await ask('SELECT x, y FROM a')).toEqual([])
  })

  it('stops at a migration that fails, keeps nothing of it, and tries it again once it is put right', async () => {
    write('20260101000000_a', 'CREATE TABLE a (x int);')
    write('20260102000000_b', 'CREATE TABLE b (x int); INSERT INTO a VALUES (1 / 0);')
    const failure = /Migration 20260102000000_b failed: .*division by zero.*taken back whole/
    await expect(start()).rejects.toThrow(failure)
    expect(await ask(`SELECT to_regclass('a')::text AS a, to_regclass('b')::text AS b`)).toEqual([{ a: 'a', b: null }])
    await expect(start()).rejects.toThrow(failure)
    write('20260102000000_b', 'CREATE TABLE b (x int);')
    said = []
    await start()
    expect(said).toEqual([
      'Migration 20260102000000_b did not go through at an earlier start; trying it again.',
      'Applied migration 20260102000000_b.',
    ])
  })

  it('refuses a migration that was edited after it was applied', async () => {
    write('20260101000000_a', 'CREATE TABLE a (x int);')
    await start()
    write('20260101000000_a', 'CREATE TABLE a (x bigint);')
    await expect(start()).rejects.toThrow(/migration 20260101000000_a was edited.*git restore.*migrate:new/)
  })

  it('does not take other line ends for an edit', async () => {
    write('20260101000000_a', 'CREATE TABLE a (\n  x int\n);\n')
    await start()
    write('20260101000000_a', 'CREATE TABLE a (\r\n  x int\r\n);\r\n')
    await start()
  })

  it('refuses a database that a newer version made', async () => {
    write('20260101000000_a', 'CREATE TABLE a (x int);')
    write('20260102000000_b', 'CREATE TABLE b (x int);')
    await start()
    rmSync(join(folder, '20260102000000_b'), { recursive: true })
    await expect(start()).rejects.toThrow(/newer than this Anteroom.*20260102000000_b/)
    write('20260103000000_c', 'CREATE TABLE c (x int);')
    await expect(start()).rejects.toThrow(/newer than this Anteroom.*20260102000000_b/)
  })

  it("refuses a database with somebody else's tables", async () => {
    await ask('CREATE TABLE invoices (x int)')
    await expect(start()).rejects.toThrow(/holds tables that are not Anteroom's/)
  })

  it('says where no database answers, without its password', async () => {
    const nowhere = 'postgresql://anteroom:secret@127.0.0.1:1/anteroom'
    await expect(applyMigrations(nowhere, say, folder)).rejects.toThrow(/127\.0\.0\.1:1 cannot be used: .*ECONNREFUSED/)
    await expect(applyMigrations(nowhere, say, folder)).rejects.not.toThrow(/secret/)
  })
})

describe('writing a migration', () => {
  const now = new Date('2026-11-22T18:00:00Z')
  const paths = () => ({ migrationsDir: join(folder, 'migrations'), schemaFile: join(folder, 'schema.prisma') })
  const schema = schemaAfter(MIGRATIONS_DIR, readMigrations(MIGRATIONS_DIR)) ?? ''

  beforeEach(() => {
    cpSync(MIGRATIONS_DIR, paths().migrationsDir, { recursive: true })
    writeFileSync(paths().schemaFile, schema)
  })

  it('writes the difference, and the schema it leads to beside it', async () => {
    writeFileSync(
      paths().schemaFile,
      schema.replace('  room     String?\n', '  room     String?\n  colour   String?\n'),
    )
    const written = await writeMigration('add_colour', new Date('2027-01-02T03:04:05Z'), paths())
    expect(written).toBe(join(folder, 'migrations/20270102030405_add_colour'))
    expect(readFileSync(`${written}/migration.sql`, 'utf8')).toBe(
      '-- AlterTable\nALTER TABLE "doctors" ADD COLUMN     "colour" TEXT;\n',
    )
    expect(await writeMigration('again', now, paths())).toBeNull()
  })

  it('writes nothing where nothing differs', async () => {
    const before = readdirSync(paths().migrationsDir)
    writeFileSync(paths().schemaFile, `${schema}\n// A comment changes no table.\n`)
    expect(await writeMigration('nothing', now, paths())).toBeNull()
    expect(readdirSync(paths().migrationsDir)).toEqual(before)
  })

  it('puts the new migration behind the last, even with a clock that is behind', async () => {
    writeFileSync(paths().schemaFile, schema.replace('  room     String?\n', ''))
    const written = await writeMigration('drop_room', new Date('2001-01-01T00:00:00Z'), paths())
    expect(readMigrations(paths().migrationsDir).at(-1)?.name).toBe(written?.split('/').at(-1))
  })

  it.each(['', 'Add Rooms', 'add-rooms', '../rooms', '1st', 'x'.repeat(61)])('refuses the name %j', async (name) => {
    await expect(writeMigration(name, now, paths())).rejects.toThrow(/small letters, digits and underscores/)
  })

  it('says where schema.prisma is wrong', async () => {
    writeFileSync(paths().schemaFile, `${schema}\nmodel Broken {\n`)
    await expect(writeMigration('broken', now, paths())).rejects.toThrow(/schema\.prisma:\d+/)
  })
})

it('schema.prisma is as the migrations leave it', async () => {
  const left = schemaAfter(MIGRATIONS_DIR, readMigrations(MIGRATIONS_DIR))
  expect(await difference(left, readFileSync(SCHEMA_FILE, 'utf8'))).toBe('')
})
