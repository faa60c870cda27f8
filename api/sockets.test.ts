import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { execute, parse, validate } from 'graphql'
import { expect, it, onTestFinished } from 'vitest'
import WebSocket, { WebSocketServer } from 'ws'
import { openTokens } from './access/sessions.ts'
import { loadViewer } from './access/store.ts'
import type { UserViewer, Viewer } from './access/viewer.ts'
import { createViewers } from './access/viewers.ts'
import { createLane } from './lane/lane.ts'
import { schema } from './schema.ts'
import { type Graphql, serveSockets } from './sockets.ts'
import { contextOf, createTestClinic } from './test/clinic.ts'
import { createTestDeps } from './test/context.ts'
import { createTestDatabase } from './test/database.ts'

const PING_MS = 100

/** Whoever comes with a token holds it so long, as the clinic's desk. */
const serve = async (leftMs = 0) => {
  const database = await createTestDatabase()
  const deps = createTestDeps(database)
  const server = createServer().listen(0)
  const lane = createLane(deps.log)
  const viewers = createViewers(deps)
  const sockets = new WebSocketServer({ server })
  const { userId } = (await createTestClinic(deps)).desk.viewer as UserViewer
  const { sessionId } = await openTokens(contextOf(deps, null), { userId })
  const viewer = (await loadViewer(deps.db, sessionId)) as Viewer
  const close = serveSockets({
    ...{ deps, sockets, lane, viewers, pingMs: PING_MS },
    holderOf: async () => ({ viewer, expiresAt: new Date(Date.now() + leftMs), sessionId }),
    ipOf: () => '',
    graphql: { schema, parse, validate, execute } as unknown as Graphql,
  })
  onTestFinished(async () => {
    await close()
    server.close()
    lane.outlets.close()
    viewers.close()
    await deps.close()
    await database.drop()
  })
  const address = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
  return async (autoPong: boolean, token?: string): Promise<WebSocket> => {
    const socket = new WebSocket(address, 'graphql-transport-ws', { autoPong })
    await once(socket, 'open')
    const payload = token && { authorization: `Bearer ${token}` }
    socket.send(JSON.stringify({ type: 'connection_init', payload }))
    const [ack] = await once(socket, 'message')
    expect(JSON.parse(String(ack))).toEqual({ type: 'connection_ack' })
    return socket
  }
}

it('a phone that answers no ping is let go, one that answers stays', async () => {
  const open = await serve()
  const [silent, awake] = [await open(false), await open(true)]
  const [code] = await once(silent, 'close')
  expect(code).toBe(1006)
  for (let heard = 0; heard < 5; heard++) await once(awake, 'ping')
  expect(awake.readyState).toBe(WebSocket.OPEN)
})

it('whatever is sent that is not of the protocol closes the socket with its code', async () => {
  const open = await serve()
  const socket = await open(true)
  socket.send('{"type":"nonsense"}')
  const [code, reason] = await once(socket, 'close')
  expect([code, String(reason)]).toEqual([4400, 'Invalid message received'])
})

it.each([
  ['before the next ping', PING_MS / 2],
  ['many pings later', 6 * PING_MS],
])('a socket is closed when its token expires, %s', async (_when, leftMs) => {
  const open = await serve(leftMs)
  const begun = Date.now()
  const socket = await open(true, 'a token')
  const [code, reason] = await once(socket, 'close')
  expect([code, String(reason)]).toEqual([4403, 'The access token has expired.'])
  expect(Date.now() - begun).toBeGreaterThanOrEqual(leftMs - 5)
})
