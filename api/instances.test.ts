import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from './test/database.ts'
import { hasRedis, startRedis } from './test/redis.ts'
import { startTestServer, type TestServer } from './test/server.ts'

const position = 'subscription($e: ID!) { positionUpdated(entryId: $e) { status position room } }'

type Wire = { redisUrl: string | null; stop: () => Promise<void> }

const wires: [string, boolean, () => Promise<Wire>][] = [
  ['LISTEN/NOTIFY', true, async () => ({ redisUrl: null, stop: async () => {} })],
  [
    hasRedis ? 'Redis' : 'Redis (skipped: redis-server is not installed)',
    hasRedis,
    async () => {
      const redis = await startRedis()
      return { redisUrl: redis.url, stop: redis.stop }
    },
  ],
]

for (const [name, isPresent, start] of wires)
  describe.runIf(isPresent)(`two instances on one database, told by ${name}`, () => {
    let database: TestDatabase
    let wire: Wire
    let a: TestServer
    let b: TestServer
    let reception: string
    let entries: { id: string }[]

    beforeAll(async () => {
      database = await createTestDatabase({ max: 16 })
      wire = await start()
      a = await startTestServer({ database, redisUrl: wire.redisUrl })
      b = await startTestServer({ database, redisUrl: wire.redisUrl, demo: false })
      reception = await a.login('reception')
      const { data } = await a.request('{ clinics { services { id } } }')
      const serviceId = data.clinics[0].services[0].id
      const queue = await a.request(
        'query($s: ID!) { queue(serviceId: $s) { waiting { id } } }',
        { s: serviceId },
        reception,
      )
      entries = queue.data.queue.waiting
    })
    afterAll(async () => {
      await a.close()
      await b.close()
      await wire.stop()
      await database.drop()
    })

    it('a patient on one sees the call made on the other', async () => {
      const entry = entries[0]?.id
      const watch = a.watch(position, { e: entry }, reception)
      await watch.until((data) => data.positionUpdated.position === 1)
      await b.request('mutation($e: ID!) { callEntry(entryId: $e, room: "5") { id } }', { e: entry }, reception)
      await watch.until((data) => data.positionUpdated.room === '5')
    })

    it('a lost hint heals by itself', async () => {
      const entry = entries[1]?.id
      const watch = a.watch(position, { e: entry }, reception)
      await watch.until(() => true)
      // A change without any hint, as if it had been lost on the way.
      await database.db.$transaction([
        database.db.$executeRaw`UPDATE queue_state SET version = version + 1
          WHERE service_id = (SELECT service_id FROM queue WHERE id = ${entry}::uuid)`,
        database.db.$executeRaw`UPDATE queue SET status = 'ON_HOLD' WHERE id = ${entry}::uuid`,
      ])
      await watch.until((data) => data.positionUpdated.status === 'ON_HOLD')
    })

    it('a session that ends on one closes its sockets on the other', async () => {
      const token = await a.login('reception')
      const watch = b.watch(position, { e: entries[2]?.id }, token)
      await watch.until(() => true)
      await a.request('mutation { logout }', {}, token)
      expect(await watch.done).toMatchObject({ code: 4403 })
      const answer = await b.request('{ me { __typename } }', {}, token)
      expect(answer.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED')
    })
  })
