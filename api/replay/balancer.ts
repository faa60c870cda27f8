import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/**
 * A plain balancer: each connection goes to the next instance in turn, or to the one after where that does not listen.
 * What a killed instance leaves open is closed.
 */
export const startBalancer = async (portsNow: () => readonly number[]) => {
  const clients = new Set<Socket>()
  let turn = 0
  const server = createServer((client) => {
    const ports = portsNow()
    clients.add(client)
    client.on('error', () => {})
    client.once('close', () => clients.delete(client))
    const reach = (left: number): void => {
      const port = ports[turn++ % ports.length]
      if (left === 0 || port === undefined || client.destroyed) {
        client.destroy()
        return
      }
      const instance = connect({ port, host: '127.0.0.1', noDelay: true })
      const tryNext = () => reach(left - 1)
      instance.once('error', tryNext)
      instance.once('connect', () => {
        instance.off('error', tryNext)
        instance.on('error', () => {})
        instance.once('close', () => client.destroy())
        client.once('close', () => instance.destroy())
        client.pipe(instance).pipe(client)
      })
    }
    reach(ports.length)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async (): Promise<void> => {
      const closed = once(server, 'close')
      server.close()
      for (const client of clients) client.destroy()
      await closed
    },
  }
}
