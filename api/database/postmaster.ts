import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Credentials } from './cluster.ts'
import { type Engine, lastWords } from './engine.ts'
import { DatabaseProblem } from './problem.ts'

export type Cluster = {
  dataDir: string
  clusterDir: string
  engine: Engine
  log: (line: string) => void
  /** It is thrown away later: nothing waits for the disk. */
  quick: boolean
}

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // Failed statements carry patients' data; they are told to their caller, not to a log.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
}

const QUICK_SETTINGS = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }

export const urlOf = (role: string, { port, password }: Credentials, database: string): string =>
  `postgresql://${role}:${password}@127.0.0.1:${port}/${database}`

export const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

/** Runs the server until it answers; throws with its last words if it ends first. */
export const launch = async (
  { dataDir, clusterDir, engine, log, quick }: Cluster,
  credentials: Credentials,
): Promise<ChildProcess> => {
  const logFile = join(dataDir, 'postgres.log')
  const output = openSync(logFile, existsSync(logFile) && statSync(logFile).size < 1_000_000 ? 'a' : 'w', 0o600)
  const said = () => readFileSync(logFile, 'utf8').slice(begin)
  const begin = readFileSync(logFile, 'utf8').length
  const settings = Object.entries({ ...SETTINGS, ...(quick ? QUICK_SETTINGS : {}), port: String(credentials.port) })
  const child = spawn(
    engine.program('postgres'),
    ['-D', clusterDir, ...settings.flatMap(([key, value]) => ['-c', `${key}=${value}`])],
    {
      ...engine.account,
      cwd: '/',
      env: engine.env,
      // A session of its own: Ctrl-C in the terminal is for Anteroom, which stops the database when it is done with it.
      detached: true,
      stdio: ['ignore', output, output],
      windowsHide: true,
    },
  )
  closeSync(output)
  let failure: Error | undefined
  child.once('error', (error) => {
    failure = error
  })
  child.unref()
  for (let waited = 0; ; waited += 25) {
    if (failure || hasEnded(child))
      throw new DatabaseProblem(
        `PostgreSQL did not start: ${failure?.message ?? lastWords(said())} (${logFile} says more)`,
      )
    if (await answers(credentials)) return child
    if (waited === 10_000) log('The database is still starting; after a crash it first puts its data in order.')
    await sleep(25)
  }
}

const asSuperuser = async <T>(credentials: Credentials, use: (client: pg.Client) => Promise<T>): Promise<T> => {
  const client = new pg.Client({
    connectionString: urlOf('postgres', credentials, 'postgres'),
    connectionTimeoutMillis: 5000,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    return await use(client)
  } finally {
    await client.end()
  }
}

const answers = (credentials: Credentials): Promise<boolean> =>
  asSuperuser(credentials, async () => true).catch(() => false)

export const prepareDatabase = (credentials: Credentials): Promise<void> =>
  asSuperuser(credentials, async (client) => {
    const password = client.escapeLiteral(credentials.password)
    const { rows } = await client.query<{ role: boolean; database: boolean }>(
      `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'anteroom') AS role,
              EXISTS (SELECT FROM pg_database WHERE datname = 'anteroom') AS database`,
    )
    if (!rows[0]?.role) await client.query(`CREATE ROLE anteroom LOGIN CREATEDB PASSWORD ${password}`)
    if (!rows[0]?.database) await client.query('CREATE DATABASE anteroom OWNER anteroom')
  })

/** Where the file with the password was lost the data are not: PostgreSQL's single-user mode sets a new one. */
export const resetPasswords = ({ engine, clusterDir }: Cluster, password: string): Promise<void> =>
  engine.run(
    'postgres',
    ['--single', '-D', clusterDir, 'postgres'],
    ['postgres', 'anteroom'].map((role) => `ALTER ROLE ${role} PASSWORD '${password}'\n`).join(''),
  )

export const isFree = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const server = createServer()
    server.once('error', () => done(false))
    server.listen(port, '127.0.0.1', () => server.close(() => done(port !== 0)))
  })

export const freePort = (): Promise<number> =>
  new Promise((done, fail) => {
    const server = createServer()
    server.once('error', fail)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => done(typeof address === 'object' && address ? address.port : 0))
    })
  })
