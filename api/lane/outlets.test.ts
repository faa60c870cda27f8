import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import WebSocket, { WebSocketServer } from 'ws'
import { asBytes, createOutlets, type Outlet } from './outlets.ts'

const connect = async (stalledMs?: number) => {
  const outlets = createOutlets(stalledMs)
  const server = createServer().listen(0)
  const sockets = new WebSocketServer({ server, perMessageDeflate: false })
  const opened = new Promise<Outlet>((resolve) =>
    sockets.on('connection', (socket, request) => resolve(outlets.of(socket, request.socket))),
  )
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const outlet = await opened
  if (client.readyState !== WebSocket.OPEN) await once(client, 'open')
  onTestFinished(() => {
    client.terminate()
    outlets.close()
    server.close()
  })
  return { outlets, outlet, client }
}

it.each([0, 1, 125, 126, 127, 65_535, 65_536, 3_000_000])(
  'a text of %i characters arrives as it was written',
  async (length) => {
    const { outlets, outlet, client } = await connect()
    for (const text of ['x'.repeat(length), 'é😀'.repeat(Math.ceil(length / 2))]) {
      const arrival = once(client, 'message')
      outlets.write(outlet, asBytes(text))
      const [data, isBinary] = await arrival
      expect(String(data) === text).toBe(true)
      expect(isBinary).toBe(false)
    }
  },
)

it('a client that takes nothing is told to come back later, and then let go', async () => {
  const { outlets, outlet, client } = await connect(100)
  client.pause()
  const text = 'x'.repeat(100_000)
  while (!outlets.isFull(outlet)) outlets.write(outlet, asBytes(text))
  expect(outlet.raw.writableLength).toBeLessThan(2 * text.length)
  await expect.poll(() => outlet.socket.readyState, { timeout: 20_000 }).not.toBe(WebSocket.OPEN)
  const closed = once(client, 'close')
  client.resume()
  expect((await closed)[0]).toBe(1013)
})

it('a quiet client stays', async () => {
  const { outlets, outlet, client } = await connect(50)
  await new Promise((resolve) => setTimeout(resolve, 200))
  const arrival = once(client, 'message')
  outlets.write(outlet, 'still here')
  expect(String((await arrival)[0])).toBe('still here')
})

it('whoever waits for room is called once there is some', async () => {
  const { outlets, outlet, client } = await connect()
  client.pause()
  while (!outlets.isFull(outlet)) outlets.write(outlet, 'x'.repeat(100_000))
  const room = new Promise<void>((flush) => outlets.whenRoom(outlet, { flush }))
  client.resume()
  await room
  expect(outlets.isFull(outlet)).toBe(false)
})
