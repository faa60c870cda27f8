import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import WebSocket from 'ws'
import { behind } from '../../../api/test/black-hole.ts'
import { startTestServer, type TestServer } from '../../../api/test/server.ts'
import type { Session } from '../session.ts'
import { createSocket } from './socket.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server?.close())

it('a line that a network swallows is given up, and its watchers see by a new one what they missed', async () => {
  const token = await server.login('reception')
  const { data } = await server.request('{ clinics { services { id } } }')
  const queue = await server.request(
    'query($s: ID!) { queue(serviceId: $s) { waiting { id } } }',
    { s: data.clinics[0].services[0].id },
    token,
  )
  const e = queue.data.queue.waiting[0].id
  const way = await behind(server.origin)
  const lost: boolean[] = []
  const socket = createSocket(
    {
      url: `${way.url.replace('http', 'ws')}graphql`,
      webSocketImpl: WebSocket,
      sleep: (ms) => sleep(ms),
      random: () => 0.5,
      liveness: { everyMs: 300, patienceMs: 600 },
      onLine: (event) => event.is === 'lost' && lost.push(event.isWanted),
    },
    { token: async () => token } as Session,
    () => {},
  )
  const watch = server.watchOn(socket.client, 'subscription($e: ID!) { positionUpdated(entryId: $e) { status } }', {
    e,
  })
  await watch.until((event) => event.positionUpdated.status === 'WAITING')
  expect(lost).toEqual([])
  expect(way.swallow()).toBe(1)
  await server.request('mutation($e: ID!) { hold(entryId: $e) { id } }', { e }, token)
  await watch.until((event) => event.positionUpdated.status === 'ON_HOLD')
  expect(lost).toEqual([true])
  watch.stop()
  await socket.close()
  await way.close()
})
