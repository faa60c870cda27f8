import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

/** Ten thousand phones in one process: bare sockets that read as little of a message as tells it from another. */

export type ClientTask = {
  kind: 'connect'
  port: number
  count: number
  /** Path of the WebSocket, where GraphQL is spoken; null for servers that only send. */
  path: string | null
  subscribers: { entryId: string; token: string }[] | null
}
export type ClientReport =
  | { kind: 'connected'; ms: number }
  | { kind: 'armed' }
  | { kind: 'all'; first: string; last: string; doubled: number; missing: number }

const QUERY = `subscription ($entryId: ID!) { positionUpdated(entryId: $entryId) { entryId ticket status position ahead
  estimate { lowMinutes likelyMinutes highMinutes } room version asOf } }`
/** How many connect at once. */
const ABREAST = 100
/** Doubles come at most so late. */
const AFTER_MS = 30
const PATIENCE_MS = 30_000

let counts = new Uint8Array(0)
let arrived = 0
let first = 0n
let last = 0n
let told: (() => void) | null = null

const arrive = (index: number): void => {
  const now = process.hrtime.bigint()
  if (arrived === 0) first = now
  counts[index] = (counts[index] as number) + 1
  if (counts[index] === 1 && ++arrived === counts.length) {
    last = now
    told?.()
  }
}

/** A client's frame: masked, with a mask of zeros. */
const frame = (text: string, opcode = 1): Buffer => {
  const body = Buffer.from(text)
  const head = body.length < 126 ? [body.length | 128] : [126 | 128, body.length >> 8, body.length & 255]
  return Buffer.concat([Buffer.from([128 | opcode, ...head, 0, 0, 0, 0]), body])
}

const INIT_BARE = frame(JSON.stringify({ type: 'connection_init' }))

const open = (task: ClientTask, index: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    let isUpgraded = false
    let rest: Buffer | null = null
    const subscriber = task.subscribers?.[index]
    const entryId = subscriber?.entryId ?? `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`

    const meet = (opcode: number, data: Buffer): void => {
      if (opcode === 9) socket.write(frame(data.toString('latin1'), 10))
      if (opcode === 8) reject(new Error(`closed: ${data.toString()}`))
      if (opcode !== 1) return
      const kind = data.toString('latin1', 0, 60)
      if (kind.includes('"next"') || data.toString('latin1', data.length - 60).includes('"next"')) arrive(index)
      else if (kind.includes('connection_ack')) {
        const payload = { query: QUERY, variables: { entryId } }
        socket.write(frame(JSON.stringify({ id: '1', type: 'subscribe', payload })))
        resolve(socket)
      } else if (kind.includes('"error"')) reject(new Error(data.toString()))
    }

    const read = (chunk: Buffer): void => {
      let data = rest ? Buffer.concat([rest, chunk]) : chunk
      rest = null
      if (!isUpgraded) {
        const end = data.indexOf('\r\n\r\n')
        if (end < 0) {
          rest = Buffer.from(data)
          return
        }
        if (!data.toString('latin1', 0, 12).endsWith('101')) {
          reject(new Error(data.toString()))
          return
        }
        isUpgraded = true
        data = data.subarray(end + 4)
        if (task.path === null) resolve(socket)
        else socket.write(subscriber ? frame(initOf(subscriber.token)) : INIT_BARE)
      }
      while (data.length >= 2) {
        const short = (data[1] as number) & 127
        const head = short === 126 ? 4 : short === 127 ? 10 : 2
        if (data.length < head) break
        const length = short === 126 ? data.readUInt16BE(2) : short === 127 ? data.readUInt32BE(6) : short
        if (data.length < head + length) break
        meet((data[0] as number) & 15, data.subarray(head, head + length))
        data = data.subarray(head + length)
      }
      if (data.length > 0) rest = Buffer.from(data)
    }

    const socket = connect({
      port: task.port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafe(4096),
        callback: (size, buffer) => {
          read(Buffer.from(buffer.buffer, buffer.byteOffset, size))
          return true
        },
      },
    })
    socket.on('error', reject)
    socket.on('connect', () =>
      socket.write(
        `GET ${task.path ?? '/'} HTTP/1.1\r\nHost: 127.0.0.1:${task.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n` +
          `${task.path === null ? '' : 'Sec-WebSocket-Protocol: graphql-transport-ws\r\n'}\r\n`,
      ),
    )
  })

const initOf = (token: string): string =>
  JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } })

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Connects all; where the subject tells the present place at once, waits for that of all. */
const connectAll = async (task: ClientTask): Promise<void> => {
  counts = new Uint8Array(task.count)
  arrived = 0
  const began = performance.now()
  const isGreeted = task.subscribers !== null
  const greeted = isGreeted ? new Promise<void>((resolve) => (told = resolve)) : null
  let next = 0
  const work = async (): Promise<void> => {
    while (next < task.count) await open(task, next++)
  }
  await Promise.all(Array.from({ length: ABREAST }, work))
  await greeted
  process.send?.({ kind: 'connected', ms: performance.now() - began } satisfies ClientReport)
}

/** Each has to be told once, and only once. */
const expectAll = async (): Promise<void> => {
  counts.fill(0)
  arrived = 0
  const all = new Promise<void>((resolve) => (told = resolve))
  process.send?.({ kind: 'armed' } satisfies ClientReport)
  const timer = setTimeout(() => told?.(), PATIENCE_MS)
  await all
  clearTimeout(timer)
  await sleep(AFTER_MS)
  let doubled = 0
  for (const count of counts) if (count > 1) doubled++
  const missing = counts.length - arrived
  process.send?.({ kind: 'all', first: String(first), last: String(last), doubled, missing } satisfies ClientReport)
}

process.on('disconnect', () => process.exit(0))
process.on('message', (task: ClientTask | { kind: 'expect' }) => {
  if (task.kind === 'expect') void expectAll()
  else
    connectAll(task).catch((error) => {
      console.error(error)
      process.exit(1)
    })
})
