import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import pg from 'pg'
import type { createRandom } from '../test/random.ts'
import type { startRedis } from '../test/redis.ts'
import { startBalancer } from './balancer.ts'
import { ownEnvironment } from './server.ts'

const INSTANCE = fileURLToPath(new URL('instance.ts', import.meta.url))

type OwnRedis = Pick<Awaited<ReturnType<typeof startRedis>>, 'url' | 'restart'>

type Place = {
  databaseUrl: string
  /** Null: they tell each other by LISTEN/NOTIFY. */
  redis: OwnRedis | null
  count: number
}

/** So many API processes on one migrated database, behind a balancer. */
export const startInstances = async ({ databaseUrl, redis, count }: Place) => {
  const running = new Map<ChildProcess, number>()
  const children = new Set<ChildProcess>()
  const start = async (): Promise<void> => {
    const env = {
      ...ownEnvironment(process.env),
      DATABASE_URL: databaseUrl,
      ...(redis ? { REDIS_URL: redis.url } : {}),
    }
    const child = fork(INSTANCE, { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [] })
    children.add(child)
    let said = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2_000)
    })
    const ended = once(child, 'exit').then(([code, signal]) => {
      children.delete(child)
      running.delete(child)
      return new Error(`An instance ended (${signal ?? code}). ${said}`)
    })
    const answer = await Promise.race([once(child, 'message'), ended])
    if (answer instanceof Error) throw answer
    running.set(child, answer[0] as number)
  }
  const end = async (child: ChildProcess): Promise<void> => {
    running.delete(child)
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
  // The first of them fills the demonstration clinic.
  await start()
  await Promise.all(Array.from({ length: count - 1 }, start))
  const balancer = await startBalancer(() => [...running.values()])
  return {
    url: balancer.url,
    ports: () => [...running.values()],
    start,
    /** Kills one of them as a power cut would. */
    kill: (choose: (list: readonly ChildProcess[]) => ChildProcess) => end(choose([...running.keys()])),
    close: async (): Promise<void> => {
      await balancer.close()
      await Promise.all([...children].map(end))
    },
  }
}

type Instances = Awaited<ReturnType<typeof startInstances>>

export type FaultCounts = { kills: number; lostHints: number; redisRestarts: number }

/**
 * Does harm at random times until it is told to stop: kills an instance and starts another, breaks the connections on which hints come,
 * restarts Redis. `calm` waits for what is broken just now, and nothing more breaks until the time is over.
 */
export const startFaults = (
  instances: Instances,
  { databaseUrl, redis }: Pick<Place, 'databaseUrl' | 'redis'>,
  random: ReturnType<typeof createRandom>,
) => {
  const counts: FaultCounts = { kills: 0, lostHints: 0, redisRestarts: 0 }
  const failures: string[] = []
  let isOver = false
  let isCalm = false
  let harm: Promise<unknown> = Promise.resolve()
  const restarts = new Set<Promise<void>>()

  const kill = async (): Promise<void> => {
    if (instances.ports().length < 2) return
    await instances.kill(random.pick)
    counts.kills++
    const restart: Promise<void> = sleep(random.int(1_000))
      .then(() => (isOver ? undefined : instances.start()))
      .catch((error: unknown) => {
        if (!isOver) failures.push(String(error))
      })
      .finally(() => restarts.delete(restart))
    restarts.add(restart)
  }
  const loseHints = async (): Promise<void> => {
    counts.lostHints++
    if (redis) {
      const client = new Redis(redis.url, { maxRetriesPerRequest: 1 })
      client.on('error', () => {})
      await client.call('CLIENT', 'KILL', 'TYPE', 'pubsub').finally(() => client.disconnect())
      return
    }
    const client = new pg.Client(databaseUrl)
    await client.connect()
    await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'anteroom bus'`,
    )
    await client.end()
  }
  const restartRedis = async (): Promise<void> => {
    await redis?.restart()
    counts.redisRestarts++
  }

  const kinds = redis ? [kill, loseHints, restartRedis] : [kill, loseHints]
  // Each of them once, before chance chooses: however short the day.
  const first = [...kinds]
  const going = (async () => {
    while (!isOver) {
      await sleep(300 + random.int(1_500))
      if (isOver || isCalm) continue
      harm = (first.shift() ?? random.pick(kinds))().catch((error: unknown) => failures.push(String(error)))
      await harm
    }
  })()

  return {
    counts,
    /** What went wrong in doing harm; then the proof proves nothing. */
    failures,
    calm: async <T>(act: () => Promise<T>): Promise<T> => {
      isCalm = true
      await harm
      return act().finally(() => {
        isCalm = false
      })
    },
    stop: async (): Promise<void> => {
      isOver = true
      await going
      await Promise.all(restarts)
    },
  }
}
