import { mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { connect, type Db } from '../api/database/client.ts'
import { startEmbedded } from '../api/database/embedded.ts'
import { applyMigrations } from '../api/database/migrate.ts'
import { DEMO_PASSWORD } from '../api/demo/demo.ts'
import { startInstances } from '../api/replay/instances.ts'
import { hasRedis, startRedis } from '../api/test/redis.ts'
import type { Options } from './main.ts'
import { type Measure, median } from './measure.ts'
import { askInTurn, requestOf } from './requests.ts'

const INSTANCES = 3
const ACTS = 30
const HEALS = 3
/** As promised, in milliseconds. */
const HEALED_MS = 5_000
const PATIENCE_MS = 30_000

const PLACE = 'subscription($e: ID!) { positionUpdated(entryId: $e) { position version } }'
const LOGIN = `mutation($i: LoginStaffInput!) { session: loginStaff(input: $i) { accessToken } }`

type Wire = 'notify' | 'redis'

/** Whoever watches one place at one instance; told when a version came that is newer than the last. */
const watchAt = (port: number, token: string, entryId: string) => {
  const client = createClient({
    url: `ws://127.0.0.1:${port}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${token}` },
  })
  let version = -1
  let at = 0
  let check = () => {}
  const stop = client.subscribe<{ positionUpdated: { version: number } }>(
    { query: PLACE, variables: { e: entryId } },
    {
      next: ({ data }) => {
        version = data?.positionUpdated.version ?? version
        at = performance.now()
        check()
      },
      error: (error) => console.error(error),
      complete: () => {},
    },
  )
  return {
    /** When this version, or a newer one, came. */
    until: (wanted: number): Promise<number> =>
      new Promise((resolve, reject) => {
        const late = setTimeout(reject, PATIENCE_MS, new Error(`Version ${wanted} did not come.`))
        check = () => {
          if (version < wanted) return
          clearTimeout(late)
          check = () => {}
          resolve(at)
        }
        check()
      }),
    close: async () => {
      stop()
      await client.dispose()
    },
  }
}

/** Watchers of one place at each of the instances, and a desk that calls at any of them. */
const openAt = async (db: Db, ports: readonly number[]) => {
  const { clinicId } = await db.user.findUniqueOrThrow({ where: { username: 'reception' } })
  const waiting = await db.queueEntry.findMany({
    where: { clinicId, status: 'WAITING' },
    orderBy: [{ rank: 'asc' }, { dueAt: 'asc' }, { subRank: 'asc' }, { arrivalSeq: 'asc' }],
  })
  const first = waiting[0]
  const behind = waiting.filter(({ serviceId }) => serviceId === first?.serviceId)[1]
  if (!first || !behind) throw new Error('Nobody waits in the demonstration clinic.')
  const ask = async (port: number, token: string, query: string, variables: object) =>
    JSON.parse((await askInTurn(port, [requestOf({ port, token }, { query, variables })]))[0] as string)
  const [port = 0] = ports
  const { data } = await ask(port, '', LOGIN, { i: { username: 'reception', password: DEMO_PASSWORD } })
  const token: string = data.session.accessToken
  const watchers = ports.map((at) => watchAt(at, token, behind.id))
  const versionNow = async () =>
    (await db.queueState.findUniqueOrThrow({ where: { serviceId: first.serviceId } })).version
  const version = await versionNow()
  await Promise.all(watchers.map((watcher) => watcher.until(version)))
  return {
    watchers,
    /** Puts the first of the line on hold, or back, at one instance; when each of the watchers was told, in milliseconds since. */
    act: async (at: number, isHold: boolean): Promise<number[]> => {
      const next = (await versionNow()) + 1
      const command = `mutation($e: ID!) { ${isHold ? 'hold' : 'returnToQueue'}(entryId: $e) { id } }`
      const begun = performance.now()
      const told = Promise.all(watchers.map((watcher) => watcher.until(next)))
      const { errors } = await ask(ports[at] as number, token, command, { e: first.id })
      if (errors) throw new Error(JSON.stringify(errors))
      return (await told).map((each) => each - begun)
    },
    /** The same behind the back of all instances, as where every hint is lost; how long until the last watcher was told. */
    actUnheard: async (isHold: boolean): Promise<number> => {
      const next = (await versionNow()) + 1
      const begun = performance.now()
      await db.$transaction([
        db.$executeRaw`UPDATE queue_state SET version = version + 1 WHERE service_id = ${first.serviceId}::uuid`,
        db.$executeRaw`
          UPDATE queue SET status = ${isHold ? 'ON_HOLD' : 'WAITING'}::"QueueStatus" WHERE id = ${first.id}::uuid`,
      ])
      const told = await Promise.all(watchers.map((watcher) => watcher.until(next)))
      return Math.max(...told) - begun
    },
    close: () => Promise.all(watchers.map((watcher) => watcher.close())),
  }
}

type Played = { own: number; other: number; healed: number }

const playAt = async (db: Db, ports: readonly number[]): Promise<Played> => {
  const clinic = await openAt(db, ports)
  const own: number[] = []
  const other: number[] = []
  const healed: number[] = []
  for (let act = 0; act < ACTS; act++) {
    // Two acts at each instance in turn, so that each of them holds and brings back.
    const at = (act >> 1) % ports.length
    const told = await clinic.act(at, act % 2 === 0)
    own.push(told[at] as number)
    other.push(Math.max(...told.filter((_, index) => index !== at)))
  }
  for (let heal = 0; heal < 2 * HEALS; heal++) healed.push(await clinic.actUnheard(heal % 2 === 0))
  await clinic.close()
  return { own: median(own), other: median(other), healed: Math.max(...healed) }
}

/** A call made at one instance, seen at another; and a change of which no instance was told. */
export const run = async ({ rounds, say }: Options): Promise<Measure[]> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'anteroom-bench-'))
  const embedded = await startEmbedded({ dataDir, log: () => {} })
  const redis = hasRedis ? await startRedis() : null
  if (!redis) say('Redis is not installed: LISTEN/NOTIFY alone')
  const db = connect(embedded.url)
  const started: { close: () => Promise<void> }[] = []
  try {
    await applyMigrations(embedded.url, () => {})
    const begin = async (wire: Wire) => {
      const place = { databaseUrl: embedded.url, redis: wire === 'redis' ? redis : null, count: INSTANCES }
      const instances = await startInstances(place)
      started.push(instances)
      return { wire, ports: instances.ports(), played: [] as Played[] }
    }
    const sides = [await begin('notify'), ...(redis ? [await begin('redis')] : [])]
    for (const { ports } of sides) await playAt(db, ports)
    for (let round = 1; round <= rounds; round++) {
      for (const { ports, played } of round % 2 === 1 ? sides : sides.toReversed()) played.push(await playAt(db, ports))
      say(`round ${round} of ${rounds}; the machine's load is ${loadavg()[0]?.toFixed(1)}`)
    }
    return sides.flatMap(({ wire, played }): Measure[] => [
      {
        ...{ name: `instances.seen.${wire}`, subject: 'at another instance', reference: 'at the same' },
        ...{ unit: 'ms', better: 'lower' },
        rounds: played.map(({ other, own }) => ({ subject: other, reference: own })),
      },
      {
        ...{ name: `instances.healed.${wire}`, subject: 'every hint lost', reference: 'promised' },
        ...{ unit: 'ms', better: 'lower' },
        rounds: played.map(({ healed }) => ({ subject: healed, reference: HEALED_MS })),
      },
    ])
  } finally {
    for (const { close } of started) await close()
    await redis?.stop()
    await db.$disconnect()
    await embedded.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}
