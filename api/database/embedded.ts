import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
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
import { accountFor, findEngine } from './engine.ts'
import { lockFolder } from './folder-lock.ts'
import { endOrphan, stopCluster } from './orphan.ts'
import {
  type Cluster,
  freePort,
  hasEnded,
  isFree,
  launch,
  prepareDatabase,
  resetPasswords,
  urlOf,
} from './postmaster.ts'
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

const startServer = async (place: Cluster): Promise<Embedded> => {
  const { dataDir, clusterDir, engine, log, quick } = place
  const isNew = !existsSync(clusterDir)
  const known = readCredentials(dataDir)
  let credentials = { port: known?.port ?? 0, password: known?.password ?? randomBytes(24).toString('base64url') }
  const move = async () => {
    credentials = { ...credentials, port: await freePort() }
    writeCredentials(dataDir, credentials)
  }
  if (!known) writeCredentials(dataDir, credentials)
  if (isNew) await initCluster(engine, clusterDir, credentials.password, quick)
  ownCluster(clusterDir, engine)
  refuseOtherVersions(clusterDir)
  await endOrphan(engine, clusterDir, log)
  if (!isNew && !known) await resetPasswords(place, credentials.password)
  if (!(await isFree(credentials.port))) await move()

  const first = await launchUntilItFits(place, () => credentials, move)
  let stopped = false
  let running: Promise<ChildProcess | null> = Promise.resolve(first)
  /** A database that dies is started again at the same address: the pool finds it there. */
  const supervise = (child: ChildProcess): ChildProcess =>
    child.once('exit', (code, signal) => {
      if (stopped) return
      log(`The database ended unexpectedly (${signal ?? code}); starting it again.`)
      running = restart()
    })
  const restart = async (): Promise<ChildProcess | null> => {
    for (let wait = 100; !stopped; wait = Math.min(wait * 2, 5000)) {
      try {
        return supervise(await launch(place, credentials))
      } catch (error) {
        log(`The database did not start: ${(error as Error).message}`)
        await sleep(wait)
      }
    }
    return null
  }
  const stop = async () => {
    stopped = true
    const child = await running
    if (!child || hasEnded(child)) return
    const ended = new Promise((done) => child.once('exit', done))
    // Its last moment may be all that is left to wait for.
    child.ref()
    await stopCluster(engine, clusterDir)
    await ended
  }

  supervise(first)
  try {
    await prepareDatabase(credentials)
  } catch (error) {
    await stop()
    throw error
  }
  return { url: urlOf('anteroom', credentials, 'anteroom'), stop }
}

/** Somebody may take the port in between, and processes of a killed database may need a moment to end. */
const launchUntilItFits = async (
  place: Cluster,
  credentials: () => Credentials,
  move: () => Promise<void>,
): Promise<ChildProcess> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await launch(place, credentials())
    } catch (error) {
      const { message } = error as Error
      if (attempt === 10) throw error
      if (/could not bind|could not create any TCP\/IP sockets/.test(message)) await move()
      else if (/pre-existing shared memory block/.test(message)) await sleep(300)
      else throw error
    }
  }
}

const refuseOtherVersions = (clusterDir: string): void => {
  const version = readVersion(clusterDir)
  if (version !== '18')
    throw new DatabaseProblem(`The data in ${clusterDir} were made by PostgreSQL ${version}, and this one is 18.`)
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
