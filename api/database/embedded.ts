import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, openSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import {
  type Credentials,
  initCluster,
  leaveToOwner,
  openDataDir,
  ownCluster,
  placeCluster,
  readCredentials,
  writeCredentials,
} from './cluster.ts'
import { accountFor, type Engine, findEngine } from './engine.ts'
import { lockFolder } from './folder-lock.ts'
import { endOrphan, stopCluster } from './orphan.ts'
import { DatabaseProblem } from './problem.ts'

export type EmbeddedOptions = {
  dataDir: string
  /** Told what a person should know. */
  log: (line: string) => void
  /** For tests: a cluster that is thrown away, so nothing waits for the disk. */
  quick?: boolean
}

export type Embedded = {
  /** The application's own role, which owns its database and is no superuser. */
  url: string
  stop: () => Promise<void>
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

/** Starts the PostgreSQL that comes with the project on a data folder; throws in plain words where that cannot be. */
export const startEmbedded = async ({ dataDir: given, log, quick = false }: EmbeddedOptions): Promise<Embedded> => {
  const dataDir = resolve(given)
  openDataDir(dataDir)
  const locks = [lockFolder(dataDir)]
  const unlock = () => {
    for (const release of locks.splice(0)) release()
  }
  try {
    const engine = findEngine(accountFor(join(dataDir, 'postgres')))
    const clusterDir = placeCluster(dataDir, engine, log)
    // Copies of a data folder whose `postgres` is a link all lead to one cluster.
    if (dirname(clusterDir) !== realpathSync(dataDir)) locks.push(lockFolder(dirname(clusterDir)))
    const server = await startServer({ dataDir, clusterDir, engine, log, quick })
    leaveToOwner(dataDir)
    let stopping: Promise<void> | undefined
    const stop = () => {
      stopping ??= server.stop().finally(unlock)
      return stopping
    }
    return { url: server.url, stop }
  } catch (error) {
    unlock()
    throw error
  }
}

type Place = { dataDir: string; clusterDir: string; engine: Engine; log: (line: string) => void; quick: boolean }

const startServer = async (place: Place): Promise<Embedded> => {
  const { dataDir, clusterDir, engine, log, quick } = place
  const isNew = !existsSync(clusterDir)
  const known = readCredentials(dataDir)
  let credentials = { port: known?.port ?? 0, password: known?.password ?? randomBytes(24).toString('base64url') }
  const moveTo = (port: number) => {
    credentials = { ...credentials, port }
    writeCredentials(dataDir, credentials)
  }
  if (!known) writeCredentials(dataDir, credentials)
  if (isNew) await initCluster(engine, clusterDir, credentials.password, quick)
  ownCluster(clusterDir, engine)
  refuseOtherVersions(clusterDir, engine)
  await endOrphan(engine, clusterDir, log)
  if (!isNew && !known) await resetPasswords(engine, clusterDir, credentials.password)

  if (!(await isFree(credentials.port))) moveTo(await freePort())
  let child: ChildProcess
  for (let attempt = 1; ; attempt++) {
    try {
      child = await launch(place, credentials)
      break
    } catch (error) {
      const { message } = error as Error
      if (attempt === 10) throw error
      if (/could not bind|could not create any TCP\/IP sockets/.test(message)) {
        moveTo(await freePort())
      } else if (/pre-existing shared memory block/.test(message)) await sleep(300)
      else throw error
    }
  }
  await prepareDatabase(credentials)

  let stopped = false
  /** A database that dies is started again at the same address: the pool finds it there. */
  const supervise = (running: ChildProcess) =>
    running.once('exit', async (code, signal) => {
      if (stopped) return
      log(`The database ended unexpectedly (${signal ?? code}); starting it again.`)
      for (let wait = 100; !stopped; wait = Math.min(wait * 2, 5000)) {
        try {
          child = await launch(place, credentials)
          supervise(child)
          return
        } catch (error) {
          log(`The database did not start: ${(error as Error).message}`)
          await sleep(wait)
        }
      }
    })
  supervise(child)

  return {
    url: urlOf('anteroom', credentials, 'anteroom'),
    stop: async () => {
      stopped = true
      if (hasEnded(child)) return
      const ended = new Promise((done) => child.once('exit', done))
      await stopCluster(engine, clusterDir)
      await ended
    },
  }
}

const urlOf = (role: string, { port, password }: Credentials, database: string): string =>
  `postgresql://${role}:${password}@127.0.0.1:${port}/${database}`

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

/** Runs the server until it answers; throws with its last words if it ends first. */
const launch = async ({ dataDir, clusterDir, engine, log, quick }: Place, credentials: Credentials) => {
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

const lastWords = (said: string): string =>
  said
    .trim()
    .split('\n')
    .map((line) => line.replace(/^\d{4}-\d{2}-\d{2} [\d:.]+ \w+ \[\d+\] /, ''))
    .filter((line) => /^(FATAL|PANIC|HINT|DETAIL|LOG: {2}could not)/.test(line) || !line.startsWith('LOG:'))
    .slice(-6)
    .join('; ')

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

const prepareDatabase = (credentials: Credentials): Promise<void> =>
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
const resetPasswords = (engine: Engine, clusterDir: string, password: string): Promise<void> =>
  engine.run(
    'postgres',
    ['--single', '-D', clusterDir, 'postgres'],
    ['postgres', 'anteroom'].map((role) => `ALTER ROLE ${role} PASSWORD '${password}'\n`).join(''),
  )

const refuseOtherVersions = (clusterDir: string, engine: Engine): void => {
  const version = readVersion(clusterDir)
  if (version !== '18')
    throw new DatabaseProblem(
      `The data in ${clusterDir} were made by PostgreSQL ${version}, and ${engine.program('postgres')} is 18.`,
    )
}

const readVersion = (clusterDir: string): string => {
  try {
    return readFileSync(join(clusterDir, 'PG_VERSION'), 'utf8').trim()
  } catch (error) {
    throw new DatabaseProblem(
      (error as NodeJS.ErrnoException).code === 'EACCES'
        ? `The data in ${clusterDir} belong to another user of this machine. Start Anteroom as that user, or choose another DATA_DIR.`
        : `${clusterDir} holds no database. Put its files back, or remove it to begin anew.`,
      { cause: error },
    )
  }
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const server = createServer()
    server.once('error', () => done(false))
    server.listen(port, '127.0.0.1', () => server.close(() => done(port !== 0)))
  })

const freePort = (): Promise<number> =>
  new Promise((done, fail) => {
    const server = createServer()
    server.once('error', fail)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => done(typeof address === 'object' && address ? address.port : 0))
    })
  })
