import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/**
 * A network between a client and a server on loopback. `swallow` makes it forget the connections that are open, as a router does that
 * lost its table: nothing goes through any more, in either direction, and nobody is told. New connections go through.
 */
export const startBlackHole = async (target: { host: string; port: number }) => {
  const open = new Set<Socket>()
  const server = createServer((client) => {
    const there = connect({ ...target, noDelay: true })
    for (const [from, to] of [
      [client, there],
      [there, client],
    ] as const) {
      open.add(from)
      from.on('error', () => {})
      from.on('data', (data) => {
        if (open.has(from)) to.write(data)
      })
      from.on('close', () => {
        if (open.delete(from)) to.destroy()
      })
    }
  })
  const forgotten: Socket[] = []
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    /** How many connections are forgotten now. */
    swallow: (): number => {
      forgotten.push(...open)
      const count = open.size / 2
      open.clear()
      return count
    },
    close: async (): Promise<void> => {
      const closed = once(server, 'close')
      server.close()
      for (const socket of [...open, ...forgotten]) socket.destroy()
      await closed
    },
  }
}

/** The same address, by way of that network. */
export const behind = async (url: string) => {
  const { hostname, port } = new URL(url)
  const hole = await startBlackHole({ host: hostname, port: Number(port) })
  return { ...hole, url: Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(hole.port) }).href }
}
