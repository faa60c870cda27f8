import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, it, onTestFinished } from 'vitest'
import { removeDataDir } from './cluster.ts'
import { type Embedded, startEmbedded } from './embedded.ts'

const isRoot = process.getuid?.() === 0
const folders: string[] = []
const running = new Set<Embedded>()
let said: string[] = []

const newFolder = (mode = 0o755): string => {
  const folder = mkdtempSync(join(tmpdir(), 'anteroom-embedded-'))
  chmodSync(folder, mode)
  folders.push(folder)
  return folder
}

const start = async (dataDir: string): Promise<Embedded> => {
  const embedded = await startEmbedded({ dataDir, log: (line) => said.push(line), quick: true })
  running.add(embedded)
  return embedded
}
const stop = async (embedded: Embedded): Promise<void> => {
  running.delete(embedded)
  await embedded.stop()
}

const ask = async (url: string, sql: string): Promise<Record<string, unknown>[]> => {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}
const postmasterOf = (dataDir: string): number =>
  Number(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0])
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Another Anteroom on this folder, in a process of its own. */
const startElsewhere = async (dataDir: string) => {
  const script = `
    const { startEmbedded } = await import(${JSON.stringify(new URL('embedded.ts', import.meta.url).href)})
    await startEmbedded({ dataDir: ${JSON.stringify(dataDir)}, log: () => {}, quick: true })
    console.log('ready')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  return child
}

/** One cluster for the tests that leave it as they found it: making one takes a second. */
let dataDir: string

beforeAll(async () => {
  dataDir = newFolder()
  const embedded = await start(dataDir)
  await ask(embedded.url, `CREATE TABLE kept (what text); INSERT INTO kept VALUES ('data')`)
  await stop(embedded)
})
afterEach(async () => {
  for (const embedded of running) await stop(embedded)
  said = []
})
afterAll(() => {
  for (const folder of folders) removeDataDir(folder)
})

const expectKept = async ({ url }: Embedded) =>
  expect(await ask(url, 'SELECT what FROM kept')).toEqual([{ what: 'data' }])

it('keeps its data and its address from one start to the next', async () => {
  const first = await start(dataDir)
  await expectKept(first)
  await stop(first)
  const second = await start(dataDir)
  await expectKept(second)
  expect(second.url).toBe(first.url)
  expect(said).toEqual([])
})

it('orders text by code point, knows the case of every letter, and has the extensions that the tables need', async () => {
  const { url } = await start(dataDir)
  expect(
    await ask(
      url,
      `SELECT 'a' > 'B' AS bytes, lower('ÉŁ') AS lower, current_setting('server_encoding') AS encoding, rolsuper AS super,
         (SELECT count(*)::int FROM pg_available_extensions WHERE name IN ('btree_gist', 'pg_trgm', 'unaccent')) AS extensions
       FROM pg_roles WHERE rolname = current_user`,
    ),
  ).toEqual([{ bytes: true, lower: 'éł', encoding: 'UTF8', super: false, extensions: 3 }])
})

it('listens on this machine only and lets nobody in without the password, which only its owner can read', async () => {
  const { url } = await start(dataDir)
  expect(await ask(url, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }])
  const wrong = Object.assign(new URL(url), { password: 'wrong' }).href
  await expect(ask(wrong, 'SELECT 1')).rejects.toThrow(/password authentication failed/)
  expect(statSync(join(dataDir, 'postgres.json')).mode & 0o777).toBe(0o600)
  expect(statSync(join(dataDir, 'postgres')).mode & 0o777).toBe(0o700)
})

it('writes no failed statement to its log: statements carry what patients said', async () => {
  const { url } = await start(dataDir)
  await expect(ask(url, `SELECT 'canary-4711'::int`)).rejects.toThrow()
  expect(readFileSync(join(dataDir, 'postgres.log'), 'utf8')).not.toContain('canary-4711')
})

it('says so when it is started twice, and by whom', async () => {
  await start(dataDir)
  await expect(start(dataDir)).rejects.toThrow(
    `Anteroom is already running on the data folder ${dataDir} (process ${process.pid})`,
  )
})

it('stops the database that a killed Anteroom left running, and goes on with its data', async () => {
  const other = await startElsewhere(dataDir)
  await expect(start(dataDir)).rejects.toThrow(`(process ${other.pid})`)
  const orphan = postmasterOf(dataDir)
  other.kill('SIGKILL')
  await once(other, 'exit')
  expect(isAlive(orphan)).toBe(true)
  await expectKept(await start(dataDir))
  expect(postmasterOf(dataDir)).not.toBe(orphan)
  expect(said).toEqual([`Stopping the database (process ${orphan}) that an earlier Anteroom left running.`])
})

it('takes a stranger that came by the number of a dead database for what it is', async () => {
  const stranger = spawn('sleep', ['60'])
  onTestFinished(() => {
    stranger.kill()
  })
  const first = await start(dataDir)
  const lines = readFileSync(join(dataDir, 'postgres/postmaster.pid'), 'utf8').split('\n')
  await stop(first)
  writeFileSync(join(dataDir, 'postgres/postmaster.pid'), [stranger.pid, ...lines.slice(1)].join('\n'), { mode: 0o644 })
  await expectKept(await start(dataDir))
  expect(isAlive(stranger.pid ?? 0)).toBe(true)
})

it('starts the database again when it dies, at the same address', async () => {
  const embedded = await start(dataDir)
  const dead = postmasterOf(dataDir)
  process.kill(dead, 'SIGKILL')
  await expect.poll(() => expectKept(embedded).catch(() => 'not yet'), { timeout: 20_000 }).not.toBe('not yet')
  expect(postmasterOf(dataDir)).not.toBe(dead)
  expect(said[0]).toBe('The database ended unexpectedly (SIGKILL); starting it again.')
})

it('moves to another port when its own is taken', async () => {
  const first = await start(dataDir)
  await stop(first)
  const taker = createServer().listen(Number(new URL(first.url).port), '127.0.0.1')
  await once(taker, 'listening')
  onTestFinished(() => {
    taker.close()
  })
  const second = await start(dataDir)
  expect(second.url).not.toBe(first.url)
  await expectKept(second)
})

it('makes a new password when the file with it is lost', async () => {
  rmSync(join(dataDir, 'postgres.json'))
  await expectKept(await start(dataDir))
})

it('runs a copy of its folder beside it', async () => {
  const copy = newFolder()
  cpSync(dataDir, copy, { recursive: true, preserveTimestamps: true })
  const [here, there] = await Promise.all([start(dataDir), start(copy)])
  expect(new URL(here.url).port).not.toBe(new URL(there.url).port)
  await ask(there.url, `UPDATE kept SET what = 'other data'`)
  await expectKept(here)
})

it('says which PostgreSQL made the data when it was another', async () => {
  const file = join(dataDir, 'postgres/PG_VERSION')
  writeFileSync(file, '17\n')
  onTestFinished(() => writeFileSync(file, '18\n'))
  await expect(start(dataDir)).rejects.toThrow(/were made by PostgreSQL 17/)
})

it('begins anew where a first start was killed half-way', async () => {
  const folder = newFolder()
  mkdirSync(join(folder, 'postgres.unfinished/base'), { recursive: true })
  writeFileSync(join(folder, 'postgres.unfinished/PG_VERSION'), '18\n')
  const { url } = await start(folder)
  expect(await ask(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  expect(existsSync(join(folder, 'postgres.unfinished'))).toBe(false)
})

it('says so when it may not write in the data folder', async () => {
  const folder = newFolder()
  chmodSync(folder, 0o555)
  // Root may write everywhere, so it puts its rights aside for this.
  if (isRoot) process.seteuid?.(65534)
  try {
    await expect(start(folder)).rejects.toThrow(
      `The data folder ${folder} cannot be used: no right to write there. Choose another with DATA_DIR.`,
    )
    await expect(start(join(folder, 'deeper'))).rejects.toThrow(/no right to write there/)
  } finally {
    if (isRoot) process.seteuid?.(0)
    chmodSync(folder, 0o755)
  }
})

it('says so when a file stands in the place of the data folder', async () => {
  const file = join(newFolder(), 'data')
  writeFileSync(file, '')
  await expect(start(file)).rejects.toThrow(/a file stands in its place/)
})

it.runIf(isRoot && process.platform === 'linux')(
  "keeps root's database where its system user can enter when the data folder is closed to it",
  async () => {
    const folder = newFolder(0o700)
    const first = await start(folder)
    const place = dirname(readlinkSync(join(folder, 'postgres')))
    expect(place).toMatch(/^\/var\/lib\/anteroom\/data-/)
    expect(said[0]).toContain(`the database is kept in ${place}`)
    await ask(first.url, `CREATE TABLE kept (what text); INSERT INTO kept VALUES ('data')`)
    await stop(first)
    await expectKept(await start(folder))
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    for (const embedded of running) await stop(embedded)
    removeDataDir(folder)
    expect(lstatSync(place, { throwIfNoEntry: false })).toBeUndefined()
    try {
      rmdirSync('/var/lib/anteroom')
    } catch {
      // Somebody else's data are in it.
    }
  },
)
