import { serverAudits } from 'graphql-http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { startTestServer, type TestServer } from './test/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ demo: false })
})
afterAll(() => server.close())

describe('GraphQL over HTTP', () => {
  for (const audit of serverAudits({ url: () => `${server.origin}/graphql` }))
    it(`${audit.id} ${audit.name}`, async () => {
      const result = await audit.fn()
      expect('reason' in result ? result.reason : 'ok').toBe('ok')
    })
})

describe('GraphQL over WebSocket', () => {
  const open = (protocol = 'graphql-transport-ws') => {
    const socket = new WebSocket(`${server.origin.replace('http', 'ws')}/graphql`, protocol)
    const closed = new Promise<number>((resolve) => socket.once('close', resolve))
    const opened = new Promise<void>((resolve) => socket.once('open', () => resolve()))
    const send = (message: object) => socket.send(JSON.stringify(message))
    const next = () =>
      new Promise<{ type: string }>((resolve) => socket.once('message', (data) => resolve(JSON.parse(String(data)))))
    return { socket, closed, opened, send, next }
  }
  const acknowledged = async () => {
    const connection = open()
    await connection.opened
    const reply = connection.next()
    connection.send({ type: 'connection_init' })
    expect((await reply).type).toBe('connection_ack')
    return connection
  }
  const subscription = {
    query: 'subscription { displayUpdated(clinicId: "01a20488-77f1-76aa-9760-55c3c14bb39f") { version } }',
  }

  it('4400: an invalid message', async () => {
    const { socket, opened, closed } = open()
    await opened
    socket.send('rubbish')
    expect(await closed).toBe(4400)
  })
  it('4401: an operation before the connection is acknowledged', async () => {
    const { opened, closed, send } = open()
    await opened
    send({ type: 'subscribe', id: '1', payload: { query: '{ me { __typename } }' } })
    expect(await closed).toBe(4401)
  })
  it('4403: a token that is not valid', async () => {
    const { opened, closed, send } = open()
    await opened
    send({ type: 'connection_init', payload: { authorization: 'Bearer rubbish' } })
    expect(await closed).toBe(4403)
  })
  it('4408: no connection_init within its time', async () => {
    expect(await open().closed).toBe(4408)
  })
  it('4409: an id that is in use', async () => {
    const clinic = await server.db.clinic.create({
      data: { id: '01a20488-77f1-76aa-9760-55c3c14bb39f', name: 'A clinic', timeZone: 'UTC' },
    })
    expect(clinic.id).toBeDefined()
    const { closed, send } = await acknowledged()
    send({ type: 'subscribe', id: '1', payload: subscription })
    send({ type: 'subscribe', id: '1', payload: subscription })
    expect(await closed).toBe(4409)
  })
  it('4429: connection_init twice', async () => {
    const { closed, send } = await acknowledged()
    send({ type: 'connection_init' })
    expect(await closed).toBe(4429)
  })
})
