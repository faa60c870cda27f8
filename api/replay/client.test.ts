import { afterEach, expect, it } from 'vitest'
import { fillDemo } from '../demo/demo.ts'
import { createServer } from '../server.ts'
import { createTestDeps } from '../test/context.ts'
import { createTestDatabase } from '../test/database.ts'
import { logIn, openSockets } from './client.ts'

const endings: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end()
})

/** A server that can go away and come back at its address. */
const startDemo = async () => {
  const database = await createTestDatabase({ max: 16 })
  endings.push(() => database.drop())
  const deps = createTestDeps(database)
  endings.push(() => deps.close())
  deps.config.host = '127.0.0.1'
  deps.config.port = 0
  await fillDemo(deps)
  let server = await createServer(deps)
  endings.push(() => server.close())
  deps.config.port = server.port
  const restart = async () => {
    await server.close()
    server = await createServer(deps)
  }
  const [waiting] = await deps.db.queueEntry.findMany({ where: { status: 'WAITING' }, orderBy: { arrivalSeq: 'asc' } })
  return {
    db: deps.db,
    url: `http://127.0.0.1:${server.port}`,
    restart,
    entry: waiting as { id: string; serviceId: string },
  }
}

const ME = `query { me { ... on User { username } } }`
const WATCH = `subscription ($id: ID!) { positionUpdated(entryId: $id) { status } }`
const CALL_NEXT = `mutation ($serviceId: ID!) { callNext(serviceId: $serviceId) { id } }`

it('a login whose token was refused goes on with a new one, asked for once', async () => {
  const { url, db } = await startDemo()
  const login = await logIn(url, 'reception', 'anteroom-demo')
  expect(await db.refreshToken.count()).toBe(1)
  login.expire(await login.token())
  await Promise.all([login.token(), login.token(), login.ask(ME)])
  expect(await db.refreshToken.count()).toBe(2)
  login.expire('another token')
  expect(await login.ask(ME)).toEqual({ me: { username: 'reception' } })
  expect(await db.refreshToken.count()).toBe(2)
})

it('a watcher outlives a server that goes away and comes back, and misses nothing that lasts', async () => {
  const { url, restart, entry } = await startDemo()
  const reception = await logIn(url, 'reception', 'anteroom-demo')
  const sockets = openSockets(url, reception)
  endings.push(() => sockets.close())
  const seen: string[] = []
  const waiters = new Map<string, () => void>()
  const until = (status: string) =>
    new Promise<void>((resolve) => {
      if (seen.includes(status)) resolve()
      waiters.set(status, resolve)
    })
  sockets.watch<{ positionUpdated: { status: string } }>(
    WATCH,
    { id: entry.id },
    {
      next: ({ positionUpdated: { status } }) => {
        seen.push(status)
        waiters.get(status)?.()
      },
      lost: (why) => seen.push(why),
    },
  )
  await until('WAITING')
  await restart()
  const { data } = await reception.once<{ callNext: { id: string } }>(CALL_NEXT, { serviceId: entry.serviceId })
  expect(data.callNext.id).toBe(entry.id)
  await until('CALLED')
  expect(new Set(seen)).toEqual(new Set(['WAITING', 'CALLED']))
})
