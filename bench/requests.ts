import { connect } from 'node:net'

export type Target = { port: number; token: string }

/** A GraphQL request as it goes over the wire. */
export const requestOf = (
  { port, token }: Target,
  { query, variables }: { query: string; variables: object },
): string => {
  const body = JSON.stringify({ query, variables })
  return [
    'POST /graphql HTTP/1.1',
    `host: 127.0.0.1:${port}`,
    `authorization: Bearer ${token}`,
    'content-type: application/json',
    'accept: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n')
}

/** Sends requests over one connection, one after the other, with as little client as possible. Answers with the bodies. */
export const askInTurn = async (port: number, requests: readonly string[]): Promise<string[]> => {
  const socket = connect(port, '127.0.0.1')
  socket.setNoDelay()
  const bodies: string[] = []
  let chunks: Buffer[] = []
  let length = 0
  let awaited = Number.POSITIVE_INFINITY
  const done = Promise.withResolvers<void>()
  const send = () => socket.write(requests[bodies.length] as string)
  socket.on('data', (chunk) => {
    chunks.push(chunk)
    length += chunk.length
    if (awaited === Number.POSITIVE_INFINITY) {
      const read = Buffer.concat(chunks).toString('latin1')
      const head = read.indexOf('\r\n\r\n')
      if (head < 0) return
      awaited = head + 4 + Number(/content-length: (\d+)/i.exec(read)?.[1])
    }
    if (length < awaited) return
    const read = Buffer.concat(chunks)
    bodies.push(read.toString('utf8', read.indexOf('\r\n\r\n') + 4, awaited))
    chunks = []
    length = 0
    awaited = Number.POSITIVE_INFINITY
    if (bodies.length < requests.length) send()
    else done.resolve()
  })
  socket.on('error', done.reject)
  socket.on('close', () => done.reject(new Error('The server closed the connection.')))
  socket.on('connect', send)
  await done.promise
  socket.destroy()
  return bodies
}
