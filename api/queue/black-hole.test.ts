import pino from 'pino'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { type Bus, type BusMessage, createBus } from '../bus.ts'
import { connect } from '../database/client.ts'
import { uuidv7 } from '../database/uuid.ts'
import { behind } from '../test/black-hole.ts'
import { createTestDatabase, type TestDatabase } from '../test/database.ts'
import { hasRedis, startRedis } from '../test/redis.ts'
import { startTestServer, type TestServer } from '../test/server.ts'

const PLACE = 'subscription($e: ID!) { positionUpdated(entryId: $e) { status } }'
const BOARD = 'subscription($s: ID!) { queueUpdated(serviceId: $s) { version onHold { id } } }'
const NEWS = 'subscription($c: ID!) { notificationUpdated(clinicId: $c) { id status } }'
const SCREEN = 'subscription($c: ID!) { displayUpdated(clinicId: $c) { version } }'

const log = pino({ level: 'silent' })
const endings: (() => Promise<unknown>)[] = []
let database: TestDatabase
let redis: Awaited<ReturnType<typeof startRedis>> | null = null

beforeAll(async () => {
  database = await createTestDatabase({ max: 16 })
  redis = hasRedis ? await startRedis() : null
})
afterAll(async () => {
  for (const end of endings.splice(0).toReversed()) await end()
  await redis?.stop()
  await database.drop()
})

describe.concurrent('an instance whose connections a network swallows without a word', () => {
  it.concurrent('reads of changes by new ones, so that no place, board, screen or list of messages stays wrong', async ({
    expect,
  }) => {
    const way = await behind(database.url)
    endings.push(way.close)
    const db = connect(way.url)
    endings.push(() => db.$disconnect())
    const b: TestServer = await startTestServer({ database })
    endings.push(b.close)
    const a = await startTestServer({ database: { db, url: way.url, drop: async () => {} }, demo: false })
    endings.push(a.close)
    const reception = await a.login('reception')
    const { data } = await a.request('{ clinics { id services { id } } }')
    const [clinic] = data.clinics
    const serviceId = clinic.services[0].id
    const queue = await a.request(
      'query($s: ID!) { queue(serviceId: $s) { waiting { id } } }',
      { s: serviceId },
      reception,
    )
    const e = queue.data.queue.waiting[0].id
    const place = a.watch(PLACE, { e }, reception)
    const board = a.watch(BOARD, { s: serviceId }, reception)
    const screen = a.watch(SCREEN, { c: clinic.id })
    const patientId = (await database.db.queueEntry.findUniqueOrThrow({ where: { id: e } })).patientId
    const message = await database.db.notification.create({
      data: { id: uuidv7(), clinicId: clinic.id, patientId, kind: 'YOUR_TURN', channel: 'PUSH', key: 'a message' },
    })
    const news = a.watch(NEWS, { c: clinic.id }, reception)
    for (const watch of [place, board, screen, news]) await watch.until(() => true)
    const { version } = (await screen.until(() => true)).displayUpdated
    // As many as a busy instance has: each that had to be found out by its own time-out would cost seconds.
    await Promise.all(Array.from({ length: 12 }, () => db.$queryRaw`SELECT pg_sleep(0.2)::text`))
    expect(way.swallow()).toBeGreaterThan(12)
    await b.request('mutation($e: ID!) { hold(entryId: $e) { id } }', { e }, reception)
    await database.db.notification.update({ where: { id: message.id }, data: { status: 'FAILED' } })
    b.deps.bus.publish({ kind: 'message', clinicId: clinic.id, id: message.id })
    await Promise.all([
      place.until((event) => event.positionUpdated.status === 'ON_HOLD'),
      board.until((event) => event.queueUpdated.onHold.some(({ id }: { id: string }) => id === e)),
      screen.until((event) => event.displayUpdated.version > version),
      news.until(
        ({ notificationUpdated }) => notificationUpdated.id === message.id && notificationUpdated.status === 'FAILED',
      ),
    ])
  })
})

type Heard = Parameters<Parameters<Bus['subscribe']>[0]>[0]

describe.concurrent.each(hasRedis ? ['LISTEN/NOTIFY', 'Redis'] : ['LISTEN/NOTIFY'])('instances told by %s', (wire) => {
  it.concurrent('find out that the connection is swallowed: hints come again, and those of meanwhile are sent or known as missed', async ({
    expect,
  }) => {
    const way = await behind(wire === 'Redis' && redis ? redis.url : database.url)
    endings.push(way.close)
    const busOf = (url: string): Bus => {
      const where = wire === 'Redis' ? { databaseUrl: '', redisUrl: url } : { databaseUrl: url, redisUrl: null }
      const bus = createBus({ ...where, log })
      endings.push(bus.close)
      return bus
    }
    const [a, b] = [busOf(way.url), busOf(wire === 'Redis' && redis ? redis.url : database.url)]
    const heard: Record<'a' | 'b', Heard[]> = { a: [], b: [] }
    a.subscribe((message) => heard.a.push(message))
    b.subscribe((message) => heard.b.push(message))
    const job = (name: string): BusMessage => ({ kind: 'job', name })
    let tries = 0
    await expect
      .poll(() => {
        a.publish(job(`a${++tries}`))
        b.publish(job(`b${tries}`))
        return heard.a.some(({ kind, ...rest }) => JSON.stringify(rest).includes('"b')) && heard.b.length > tries
      })
      .toBe(true)
    expect(heard.a).not.toContainEqual({ kind: 'missed' })

    expect(way.swallow()).toBeGreaterThan(0)
    a.publish(job('told into the hole'))
    await expect.poll(() => heard.b, { timeout: 9_000 }).toContainEqual(job('told into the hole'))
    await expect.poll(() => heard.a, { timeout: 9_000 }).toContainEqual({ kind: 'missed' })
    b.publish(job('told after it'))
    await expect.poll(() => heard.a).toContainEqual(job('told after it'))
  })
})
