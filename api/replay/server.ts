import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { removeDataDir } from '../database/cluster.ts'

export class ServerProblem extends Error {}

const START_MS = 120_000

type Health = 'ready' | 'not ready' | 'nobody'

const healthOf = async (url: string): Promise<Health> => {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(3_000) })
    return response.status === 200 && (await response.text()) === 'ready' ? 'ready' : 'not ready'
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException
    return code === 'ECONNREFUSED' ? 'nobody' : 'not ready'
  }
}

/** The environment of a server that stands on its own: no database and no secret of anybody else's. */
export const ownEnvironment = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => {
  const taken = [
    'DATABASE_URL',
    'REDIS_URL',
    'NODE_ENV',
    'PUBLIC_URL',
    'JWT_SECRET',
    'TLS_CERT_FILE',
    'TLS_KEY_FILE',
    'WORK',
  ]
  // Nor with an account that would send messages to made-up patients.
  const isOthers = (name: string) => taken.includes(name) || /^(TWILIO|FIREBASE)_/.test(name)
  const kept = Object.fromEntries(Object.entries(env).filter(([name]) => !isOthers(name)))
  return { ...kept, LOG_LEVEL: 'warn' }
}

const start = async (
  { url, port }: { url: string; port: number },
  env: NodeJS.ProcessEnv,
  ending: (stop: () => Promise<void>) => void,
): Promise<{ url: string }> => {
  const folder = mkdtempSync(join(tmpdir(), 'anteroom-replay-'))
  // As root the database runs as another user, who must pass through.
  chmodSync(folder, 0o755)
  const child = spawn(process.execPath, [fileURLToPath(new URL('../main.ts', import.meta.url))], {
    env: { ...ownEnvironment(env), PORT: String(port), DATA_DIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  const hear = (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4_000)
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  const ended = new Promise<void>((done) => child.once('close', () => done()))
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null
  let stopping: Promise<void> | null = null
  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      if (!hasEnded()) child.kill('SIGTERM')
      await ended
      removeDataDir(folder)
    })()
    return stopping
  }
  ending(stop)
  const until = performance.now() + START_MS
  while ((await healthOf(url)) !== 'ready') {
    if (hasEnded() || performance.now() > until) {
      await stop()
      throw new ServerProblem(`The server for the replay did not start. It said:\n${said.trim()}`)
    }
    await sleep(200)
  }
  return { url }
}

/**
 * The server on PORT of HOST; where nobody listens there, one on a folder of its own that goes with it.
 * `ending` hears how to end that one before it is ready.
 */
export const findServer = async (
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
  ending: (stop: () => Promise<void>) => void,
): Promise<{ url: string }> => {
  const port = Number(env.PORT || 4000)
  const host = !env.HOST || env.HOST === '0.0.0.0' || env.HOST === '::' ? '127.0.0.1' : env.HOST
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`
  const health = await healthOf(url)
  if (health === 'ready') {
    say(`Playing on the server at ${url}.`)
    return { url }
  }
  if (health === 'not ready')
    throw new ServerProblem(
      `Something answers at ${url}, and it is not an Anteroom that is ready. Choose another PORT.`,
    )
  say(`No server answers at ${url}; starting one for the replay.`)
  return start({ url, port }, env, ending)
}
