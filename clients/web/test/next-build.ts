import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * The server as it is, and from `change` on with another build of the app: its first script has another name, which the pages
 * and the service worker's list say.
 */
export const beforeNextBuild = async (upstream: string) => {
  const { host } = new URL(upstream)
  const page = await (await fetch(upstream)).text()
  const script = /assets\/(index-[\w-]+)\.js/.exec(page)?.[1] ?? ''
  const next = `next${script.slice('index'.length)}`
  let isNext = false

  const headersOf = ({ headers: { 'if-none-match': _, 'if-modified-since': __, ...headers } }: IncomingMessage) => ({
    ...headers,
    host,
    ...(headers.origin && { origin: upstream }),
    'accept-encoding': 'identity',
  })
  const renamed = (text: string) =>
    text
      .replaceAll(`${script}.js`, `${next}.js`)
      .replace(/(url:"index\.html",revision:")[0-9a-f]{32}/, `$1${'0'.repeat(32)}`)

  const server = createServer((asked, answer) => {
    const path = (asked.url ?? '/').replace(next, script)
    const onward = request(upstream + path, { method: asked.method, headers: headersOf(asked) }, async (given) => {
      const isText = /html|sw\.js/.test(`${given.headers['content-type']} ${path}`)
      if (!isNext || !isText) {
        answer.writeHead(given.statusCode ?? 502, given.headers)
        given.pipe(answer)
        return
      }
      const { 'content-length': _, etag: __, ...headers } = given.headers
      answer.writeHead(given.statusCode ?? 502, headers)
      answer.end(renamed(Buffer.concat(await given.toArray()).toString()))
    })
    onward.on('error', () => answer.destroy())
    asked.pipe(onward)
  })
  server.on('upgrade', (asked, socket, head) => {
    const onward = request(upstream + asked.url, { headers: headersOf(asked) })
    onward.on('upgrade', (given, further, first) => {
      const lines = given.rawHeaders.flatMap((name, at, all) => (at % 2 === 0 ? [`${name}: ${all[at + 1]}`] : []))
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`)
      if (first.length > 0) socket.write(first)
      further.on('error', () => socket.destroy())
      socket.on('error', () => further.destroy())
      further.pipe(socket).pipe(further)
    })
    onward.on('error', () => socket.destroy())
    onward.end(head)
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    script: `${next}.js`,
    change: () => {
      isNext = true
    },
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
