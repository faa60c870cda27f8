import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Deps } from '../context.ts'
import type { Server } from '../server.ts'

/** What a process that only does background work serves: whether it lives, and whether it can work. */
export const createHealthServer = async ({ config, db }: Pick<Deps, 'config' | 'db'>): Promise<Server> => {
  const server = createServer((req, res) => {
    const answer = (status: number, text: string) =>
      res.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }).end(text)
    const { pathname } = new URL(req.url ?? '/', 'http://localhost')
    if (pathname === '/healthz') answer(200, 'ok')
    else if (pathname === '/readyz')
      db.$queryRaw`SELECT 1`.then(
        () => answer(200, 'ready'),
        () => answer(503, 'the database does not answer'),
      )
    else answer(404, 'not found')
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(config.port, config.host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
