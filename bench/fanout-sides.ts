import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ClientReport, ClientTask } from './fanout-client.ts'

export type SideName = 'anteroom' | 'bare-ws' | 'floor' | 'yoga' | 'yoga-jit' | 'apollo' | 'mercurius'

const here = fileURLToPath(new URL('.', import.meta.url))
const peers = join(here, 'peers')

/** A server as the benchmark tells it what to do; `ask` waits for the answer. */
type Told = {
  tell: (message: object) => void
  ask: <T>(message: object) => Promise<T>
  ready: unknown
  stop: () => void
}

const toldByIpc = async (child: ChildProcess): Promise<Told> => {
  const [ready] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`it ended with ${code}`))),
  ])
  return {
    ready,
    tell: (message) => child.send(message),
    ask: async (message) => {
      const answer = once(child, 'message')
      child.send(message)
      return (await answer)[0]
    },
    stop: () => child.kill('SIGKILL'),
  }
}

const toldByLines = async (child: ChildProcess): Promise<Told> => {
  const lines = createInterface({ input: child.stdout as NonNullable<typeof child.stdout> })
  const [ready] = await once(lines, 'line')
  const tell = (message: object) => {
    const { kind, version } = message as { kind: string; version?: number }
    child.stdin?.write(version === undefined ? `${kind}\n` : `${kind} ${version}\n`)
  }
  return {
    ready: JSON.parse(ready),
    tell,
    ask: async (message) => {
      const answer = once(lines, 'line')
      tell(message)
      return JSON.parse((await answer)[0])
    },
    stop: () => child.kill('SIGKILL'),
  }
}

/** Puts the peers into their own folder, once. */
export const installPeers = (say: (line: string) => void): void => {
  if (existsSync(join(peers, 'node_modules', 'mercurius'))) return
  say('installing the peers into bench/peers, once …')
  const { status } = spawnSync('npm', ['install', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: peers,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  })
  if (status !== 0) throw new Error('The peers could not be installed; npm says above why.')
}

/** The C floor, compiled; null where there is no compiler. */
const compileFloor = async (): Promise<string | null> => {
  const program = join(await mkdtemp(join(tmpdir(), 'anteroom-floor-')), 'floor')
  const { status } = spawnSync('gcc', ['-O2', '-o', program, join(peers, 'floor.c')], { stdio: 'ignore' })
  return status === 0 ? program : null
}

const flags = ['--expose-gc']

const startServer = async (name: SideName, watchers: number, databaseUrl: string): Promise<Told | null> => {
  if (name === 'floor') {
    const program = await compileFloor()
    return program ? toldByLines(spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] })) : null
  }
  if (name === 'anteroom')
    return toldByIpc(
      fork(join(here, 'fanout-anteroom.ts'), {
        // As `npm start` runs it.
        execArgv: [...flags, '--max-semi-space-size=16'],
        env: { ...process.env, DATABASE_URL: databaseUrl, WATCHERS: String(watchers) },
      }),
    )
  const [file, ...args] = name === 'yoga-jit' ? ['yoga', '--jit'] : [name]
  return toldByIpc(
    fork(join(peers, `${file}.mjs`), args, { execArgv: flags, env: { ...process.env, NODE_ENV: 'production' } }),
  )
}

export type Turn = {
  /** Microseconds of the server's CPU, user and system, from before the change until all were told. */
  cpu: number
  /** Milliseconds from the change (committed, where there is a database) to the last delivery. */
  lastMs: number
  /** Milliseconds from the first delivery to the last. */
  spreadMs: number
}

export type Side = {
  name: SideName
  /** Until all were connected, subscribed and told their first place, where the server tells it at once. */
  connectMs: number
  /** Microseconds of the server's CPU meanwhile. */
  connectCpu: number
  /** One change that all are told of; fails unless each was told exactly once. */
  turn: () => Promise<Turn>
  /** Bytes that the server's process holds. */
  weigh: () => Promise<number>
  stop: () => void
}

/** A server with so many connected phones; null where it cannot be had on this machine. */
export const startSide = async (name: SideName, watchers: number, databaseUrl: string): Promise<Side | null> => {
  const server = await startServer(name, watchers, databaseUrl)
  if (!server) return null
  const client = fork(join(here, 'fanout-client.ts'))
  const ended = once(client, 'exit').then(() => Promise.reject(new Error(`${name}: the phones ended`)))
  const report = (kind: ClientReport['kind']): Promise<ClientReport> => {
    const reported = new Promise<ClientReport>((resolve) => {
      const listen = (message: ClientReport) => {
        if (message.kind !== kind) return
        client.off('message', listen)
        resolve(message)
      }
      client.on('message', listen)
    })
    return Promise.race([reported, ended])
  }
  const { port, subscribers = null } = server.ready as { port: number; subscribers?: ClientTask['subscribers'] }
  const path = name === 'floor' || name === 'bare-ws' ? null : '/graphql'
  const connected = report('connected')
  server.tell({ kind: 'begin' })
  client.send({ kind: 'connect', port, count: watchers, path, subscribers } satisfies ClientTask)
  const { ms } = (await connected) as Extract<ClientReport, { kind: 'connected' }>
  const { cpu: connectCpu } = await server.ask<{ cpu: number }>({ kind: 'measure' })
  let version = 0
  return {
    name,
    connectMs: ms,
    connectCpu,
    turn: async () => {
      const armed = report('armed')
      client.send({ kind: 'expect' })
      await armed
      const told = report('all')
      server.tell({ kind: 'tick', version: ++version, count: watchers })
      const { first, last, doubled, missing } = (await told) as Extract<ClientReport, { kind: 'all' }>
      const { cpu, at } = await server.ask<{ cpu: number; at: string }>({ kind: 'measure' })
      if (doubled + missing > 0) throw new Error(`${name}: ${missing} were not told, ${doubled} twice`)
      return {
        cpu,
        lastMs: Number(BigInt(last) - BigInt(at)) / 1e6,
        spreadMs: Number(BigInt(last) - BigInt(first)) / 1e6,
      }
    },
    weigh: async () => (await server.ask<{ bytes: number }>({ kind: 'weigh' })).bytes,
    stop: () => {
      ended.catch(() => {})
      client.kill('SIGKILL')
      server.stop()
    },
  }
}
