import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { execute, parse, validate } from 'graphql'
import { expect, it, onTestFinished } from 'vitest'
import WebSocket, { WebSocketServer } from 'ws'
import { createViewers } from './access/viewers.ts'
import { createLane } from './lane/lane.ts'
import { schema } from './schema.ts'
import { type Graphql, serveSockets } from './sockets.ts'
import { createTestDeps } from './test/context.ts'
import { createTestDatabase } from './test/database.ts'

const PING_MS = 100

const serve = async () => {
  const database = await createTestDatabase()
  const deps = createTestDeps(database)
  const server = createServer().listen(0)
  const lane = createLane(deps.log)
  const viewers = createViewers(deps)
  const sockets = new WebSocketServer({ server })
  const close = serveSockets({
    ...{ deps, sockets, lane, viewers, pingMs: PING_MS },
    ...{ holderOf: async () => null, ipOf: () => '' },
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
  return async (autoPong: boolean): Promise<WebSocket> => {
    const socket = new WebSocket(address, 'graphql-transport-ws', { autoPong })
    await once(socket, 'open')
    socket.send('{"type":"connection_init"}')
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
