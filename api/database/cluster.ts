import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { canEnter, type Engine, SHARED_DIR } from './engine.ts'
import { DatabaseProblem } from './problem.ts'

/** What stands beside the cluster: where it listens and the password of its two roles. */
export type Credentials = { port: number; password: string }

/** Opens the data folder or says why it cannot be used. */
export const openDataDir = (dataDir: string): void => {
  const made = !existsSync(dataDir)
  try {
    makeFolder(dataDir)
    // As root the database runs as another user, who must pass through.
    if (made && process.getuid?.() === 0) chmodSync(dataDir, 0o755)
    if (!statSync(dataDir).isDirectory()) throw Object.assign(new Error('not a folder'), { code: 'ENOTDIR' })
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
    const probe = join(dataDir, `.write-${process.pid}`)
    writeFileSync(probe, '')
    rmSync(probe)
  } catch (error) {
    throw new DatabaseProblem(
      `The data folder ${dataDir} cannot be used: ${reason(error)}. Choose another with DATA_DIR.`,
      { cause: error },
    )
  }
}

/** Node's own recursive mkdir never comes back from places like /proc, and names the wrong reason elsewhere. */
const makeFolder = (folder: string): void => {
  if (existsSync(folder)) return
  makeFolder(dirname(folder))
  mkdirSync(folder)
}

const reason = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException
  const reasons: Record<string, string> = {
    EACCES: 'no right to write there',
    EPERM: 'no right to write there',
    EROFS: 'the file system is read-only',
    ENOTDIR: 'a file stands in its place',
    EEXIST: 'a file stands in its place',
    ENOSPC: 'the disk is full',
    ENOENT: 'no folder can be made there',
  }
  return reasons[code ?? ''] ?? message
}

/**
 * The folder of the cluster: `postgres` in the data folder. Where root's data folder is closed to the account that PostgreSQL
 * must run as (below /root, say), `postgres` is a link to a folder of its own under /var/lib/anteroom, which only root can make;
 * opening root's folders to others would be worse.
 */
export const placeCluster = (dataDir: string, engine: Engine, log: (line: string) => void): string => {
  const place = join(dataDir, 'postgres')
  const { account } = engine
  if (isLink(place) && !existsSync(dirname(readlinkSync(place))))
    throw new DatabaseProblem(
      `The database folder ${readlinkSync(place)} that ${place} points to is gone. Put it back, or remove ${place} to begin anew.`,
    )
  if (account && !existsSync(place) && !isLink(place) && !canEnter(realpathSync(dataDir), account)) {
    const elsewhere = join(SHARED_DIR, `data-${randomBytes(6).toString('hex')}`)
    mkdirSync(elsewhere, { recursive: true, mode: 0o755 })
    chownSync(elsewhere, account.uid, account.gid)
    symlinkSync(join(elsewhere, 'postgres'), place)
    log(
      `The system user of PostgreSQL cannot enter ${dataDir}; the database is kept in ${elsewhere}, and ${place} points there.`,
    )
  }
  return isLink(place) ? readlinkSync(place) : join(realpathSync(dataDir), 'postgres')
}

/** PostgreSQL insists on being the only one who can open its folder; a copy made with `cp -r` comes out otherwise. */
export const ownCluster = (clusterDir: string, { account }: Engine): void => {
  const { uid, mode } = statSync(clusterDir)
  if (account && uid !== account.uid) execFileSync('chown', ['-R', `${account.uid}:${account.gid}`, clusterDir])
  if (mode & 0o077 && (account || uid === process.getuid?.())) chmodSync(clusterDir, 0o700)
}

/** What root made in somebody's data folder stays usable without `sudo`. */
export const leaveToOwner = (dataDir: string): void => {
  if (process.getuid?.() !== 0) return
  const { uid, gid } = statSync(dataDir)
  for (const name of ['anteroom.lock', 'postgres.json', 'postgres.log']) chownSync(join(dataDir, name), uid, gid)
}

/** Removes a data folder with everything in it, wherever its cluster was put. */
export const removeDataDir = (dataDir: string): void => {
  const place = join(dataDir, 'postgres')
  const gone = { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }
  if (isLink(place)) rmSync(dirname(readlinkSync(place)), gone)
  rmSync(dataDir, gone)
}

const isLink = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false

/** Makes the cluster where there is none. It gets its name only when complete, so a first start that was killed is simply repeated. */
export const initCluster = async (
  engine: Engine,
  clusterDir: string,
  password: string,
  quick: boolean,
): Promise<void> => {
  const { account } = engine
  const unfinished = `${clusterDir}.unfinished`
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished, { mode: 0o700 })
  if (account) chownSync(unfinished, account.uid, account.gid)
  const passwordFile = join(dirname(clusterDir), `.password-${process.pid}`)
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (account) chownSync(passwordFile, account.uid, account.gid)
  try {
    await engine.run('initdb', [
      ...['-D', unfinished, '--username', 'postgres', '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
      // Compared by code point, so that order is the same everywhere; upper and lower case follow Unicode.
      ...['--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
      ...(quick ? ['--no-sync'] : ['--data-checksums']),
    ])
    renameSync(unfinished, clusterDir)
  } finally {
    rmSync(passwordFile, { force: true })
  }
}

const credentialsFile = (dataDir: string): string => join(dataDir, 'postgres.json')

export const readCredentials = (dataDir: string): Credentials | null => {
  try {
    const { port, password } = JSON.parse(readFileSync(credentialsFile(dataDir), 'utf8')) as Partial<Credentials>
    return typeof port === 'number' && typeof password === 'string' ? { port, password } : null
  } catch {
    return null
  }
}

export const writeCredentials = (dataDir: string, credentials: Credentials): void => {
  const unfinished = `${credentialsFile(dataDir)}.unfinished`
  writeFileSync(unfinished, `${JSON.stringify(credentials)}\n`, { mode: 0o600 })
  renameSync(unfinished, credentialsFile(dataDir))
}
