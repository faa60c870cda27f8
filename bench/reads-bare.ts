import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import pg from 'pg'

/** A bare HTTP server: at each path it runs some statements, prepared, and sends their rows. */
type Statement = { name: string; text: string; values: unknown[] }

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 8 })
let statements: Record<string, Statement[]> = {}
const server = createServer(async (request, response) => {
  request.resume()
  const answers = await Promise.all((statements[request.url ?? ''] ?? []).map((statement) => pool.query(statement)))
  const body = JSON.stringify(answers.map(({ rows }) => rows))
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body)
})
process.on('message', (given: typeof statements) => {
  statements = given
  server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
})
process.on('disconnect', () => process.exit(0))
