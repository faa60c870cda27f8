import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { inject } from 'vitest'
import { type ConnectOptions, connect, type Db } from '../database/client.ts'

export type TestDatabase = {
  url: string
  db: Db
  /** Closes `db` and removes the database, whoever is still connected. */
  drop: () => Promise<void>
}

/** A migrated and empty database for one test file, cloned in some milliseconds. */
export const createTestDatabase = async (options: ConnectOptions = {}): Promise<TestDatabase> => {
  const template = new URL(inject('templateUrl'))
  const name = `test_${randomBytes(8).toString('hex')}`
  await asAdmin(`CREATE DATABASE ${name} TEMPLATE ${template.pathname.slice(1)}`)
  const url = Object.assign(new URL(template), { pathname: `/${name}` }).href
  const db = connect(url, { max: 8, ...options })
  const drop = async () => {
    await db.$disconnect()
    await dropDatabase(name)
  }
  return { url, db, drop }
}

/** A copy of a database as it is now, as from a backup; nobody may be connected to it meanwhile. */
export const cloneDatabase = async (original: Pick<TestDatabase, 'url'>): Promise<TestDatabase> => {
  const source = new URL(original.url)
  const name = `test_${randomBytes(8).toString('hex')}`
  await asAdmin(`CREATE DATABASE ${name} TEMPLATE ${source.pathname.slice(1)}`)
  const url = Object.assign(new URL(source), { pathname: `/${name}` }).href
  const db = connect(url, { max: 8 })
  const drop = async () => {
    await db.$disconnect()
    await dropDatabase(name)
  }
  return { url, db, drop }
}

/** An empty database without tables, for what makes them. */
export const createEmptyDatabase = async (): Promise<{ url: string; drop: () => Promise<void> }> => {
  const template = new URL(inject('templateUrl'))
  const name = `test_${randomBytes(8).toString('hex')}`
  await asAdmin(`CREATE DATABASE ${name}`)
  const drop = () => dropDatabase(name)
  return { url: Object.assign(new URL(template), { pathname: `/${name}` }).href, drop }
}

/** What autovacuum does there just now only a superuser may end; it is done in a moment. */
export const dropDatabase = async (name: string): Promise<void> => {
  for (let attempt = 1; ; attempt++)
    try {
      return await asAdmin(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    } catch (error) {
      if ((error as { code?: unknown }).code !== NOT_PERMITTED || attempt === 50) throw error
      await sleep(100)
    }
}

const NOT_PERMITTED = '42501'

/** The template itself must have nobody connected while it is cloned, so these go through another database. */
const asAdmin = async (statement: string): Promise<void> => {
  const url = Object.assign(new URL(inject('templateUrl')), { pathname: '/postgres' }).href
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
