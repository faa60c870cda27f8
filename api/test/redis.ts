import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Is Redis installed here? Tests that need it say so and skip where it is not; `.ci/run` installs it. */
export const hasRedis = spawnSync('redis-server', ['--version']).status === 0

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** A real Redis on loopback that keeps nothing; `restart` ends it and starts it anew on the same port. */
export const startRedis = async () => {
  const port = await freePort()
  const launch = async () => {
    const child = spawn(
      'redis-server',
      ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    for await (const chunk of child.stdout) if (String(chunk).includes('Ready to accept connections')) break
    child.stdout.resume()
    return child
  }
  let child = await launch()
  const stop = async () => {
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    stop,
    restart: async () => {
      await stop()
      child = await launch()
    },
  }
}
