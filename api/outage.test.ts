import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connect, type Db } from './database/client.ts'
import { type Embedded, startEmbedded } from './database/embedded.ts'
import { applyMigrations } from './database/migrate.ts'
import { startTestServer, type TestServer } from './test/server.ts'

let embedded: Embedded
let db: Db
let server: TestServer
let dataDir: string

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'anteroom-outage-'))
  // Not `quick`: what was committed must survive the crash.
  embedded = await startEmbedded({ dataDir, log: () => {} })
  await applyMigrations(embedded.url, () => {})
  db = connect(embedded.url)
  server = await startTestServer({ database: { db, url: embedded.url, drop: async () => {} } })
})
afterAll(async () => {
  await server?.close()
  await db?.$disconnect()
  await embedded?.stop()
})

const codes = (answer: { errors?: { extensions: { code: string } }[] }) =>
  answer.errors?.map((error) => error.extensions.code)

it('the database crashes: the API goes on, says UNAVAILABLE meanwhile, and open sockets are right again after', async () => {
  const reception = await server.login('reception')
  const { data } = await server.request('{ clinics { services { id } } }')
  const serviceId = data.clinics[0].services[0].id
  const queue = await server.request(
    'query($s: ID!) { queue(serviceId: $s) { waiting { id } } }',
    { s: serviceId },
    reception,
  )
  const entryId = queue.data.queue.waiting[0].id
  const watch = server.watch(
    'subscription($e: ID!) { positionUpdated(entryId: $e) { status } }',
    { e: entryId },
    reception,
  )
  await watch.until((event) => event.positionUpdated.status === 'WAITING')

  const pid = Number((await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0])
  process.kill(pid, 'SIGQUIT')
  const seen = new Set<string>()
  await expect
    .poll(
      async () => {
        const answer = await server.request(
          'mutation($e: ID!) { hold(entryId: $e) { status } }',
          { e: entryId },
          reception,
        )
        const refused = codes(answer) ?? []
        // What was committed in the last moment was answered by nobody, and done all the same.
        if (refused.includes('NOT_WAITING')) return (await db.queueEntry.findUnique({ where: { id: entryId } }))?.status
        for (const code of refused) seen.add(code)
        return answer.data?.hold?.status ?? refused.join()
      },
      { timeout: 60_000, interval: 100 },
    )
    .toBe('ON_HOLD')
  expect([...seen].filter((code) => code !== 'UNAVAILABLE')).toEqual([])
  await watch.until((event) => event.positionUpdated.status === 'ON_HOLD')
}, 90_000)
