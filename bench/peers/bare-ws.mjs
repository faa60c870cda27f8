// The limit for a Node server: no GraphQL at all, JSON.stringify and send.
import { WebSocketServer } from 'ws'
import { obey, place } from './place.mjs'

const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
const open = []
sockets.on('connection', (socket) => open.push(socket))
sockets.on('listening', () =>
  obey(sockets.address().port, (version) => {
    for (const [index, socket] of open.entries())
      socket.send(
        JSON.stringify({ id: '1', type: 'next', payload: { data: { positionUpdated: place(index, version) } } }),
      )
  }),
)
