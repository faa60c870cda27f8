import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Db } from '../database/client.ts'
import { createLog } from '../log.ts'
import { addWalkIn } from '../queue/commands.ts'
import { createServer, type Server as Instance } from '../server.ts'
import { createTestClinic } from '../test/clinic.ts'
import { startTestServer, type TestServer } from '../test/server.ts'
import { createVisitLink } from '../visit/store.ts'
import { createTurnPage } from './turn.ts'

let server: TestServer
/** A second instance whose log is kept and whose database does not know the table of links. */
let broken: Instance
const lines: string[] = []
let path: string
let token: string

beforeAll(async () => {
  server = await startTestServer({ demo: false })
  const clinic = await createTestClinic(server.deps)
  const patientId = await clinic.addPatient('Maria <b>Canary</b>')
  const input = { patientId, serviceId: clinic.serviceIds[0] as string, reason: 'Chest pain' }
  const entry = await addWalkIn(clinic.desk, {
    ...input,
    id: null,
    doctorId: null,
    urgency: null,
    provisionalTicket: null,
  })
  const link = await server.db.$transaction((tx) =>
    createVisitLink(server.deps.config, tx, { patientId, entryId: entry.id }),
  )
  token = link.split('/').at(-1) as string
  path = `/t/${token}`
  const db = new Proxy(server.db, {
    get: (real, name) => {
      if (name !== 'visitLink') return Reflect.get(real, name)
      return { findUnique: () => real.$queryRawUnsafe(`SELECT '${token}'::uuid`) }
    },
  }) as Db
  const log = createLog('trace', { write: (line) => lines.push(line) })
  broken = await createServer({ ...server.deps, db, log })
})
afterAll(async () => {
  await broken?.close()
  await server.close()
})

const get = (address: string, init?: RequestInit) => fetch(`${server.origin}${address}`, init)

test('the page holds the visit, and nothing of who it is or why', async () => {
  const page = await (await get(path)).text()
  expect(page).toContain('A-001')
  expect(page).toContain('Your place')
  expect(page).not.toMatch(/Canary|Chest pain/)
  expect(page).not.toContain(token)
})

test('is in no cache, no referrer and no search engine, and loads only what comes from here', async () => {
  for (const address of [path, `${path}/`, `${path}?lang=es`, '/t/unknown']) {
    const { headers } = await get(address)
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('x-robots-tag')).toBe('noindex, nofollow')
    expect(headers.get('content-security-policy')).toContain("default-src 'self'")
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
  }
})

test('answers HEAD without a body, packs as asked, and says in its status what is no link', async () => {
  const head = await get(path, { method: 'HEAD' })
  expect([head.status, await head.text()]).toEqual([200, ''])
  for (const encoding of ['br', 'gzip', 'identity']) {
    const answer = await get(path, { headers: { 'accept-encoding': encoding } })
    expect(answer.headers.get('content-encoding')).toBe(encoding === 'identity' ? null : encoding)
    expect(await answer.text()).toContain('A-001')
  }
  expect((await get('/t/AAAAAAAAAAAAAAAAAAAAAA')).status).toBe(404)
  expect((await get(path, { method: 'POST', body: 'x' })).status).toBe(404)
  expect((await get('/turn.html')).status).toBe(404)
  expect((await get('/turn-page.mjs')).status).toBe(404)
})

test('speaks the language that the address asks for, else of the message, and for what is no link of the browser', async () => {
  const german = { headers: { 'accept-language': 'de, es;q=0.5' } }
  expect(await (await get(path, german)).text()).toContain('<html lang="en">')
  expect(await (await get(`${path}?lang=es`)).text()).toContain('<html lang="es">')
  expect(await (await get('/t/unknown', german)).text()).toContain('Este enlace no funciona')
  expect(await (await get('/t/unknown?lang=%22%3E%3Cscript%3E')).text()).toContain('<html lang="en">')
})

test('says so plainly while the database does not answer, and no log has the link', async () => {
  const answer = await fetch(`http://127.0.0.1:${broken.port}${path}`)
  expect(answer.status).toBe(503)
  expect(await answer.text()).toContain('Your place cannot be shown now')
  expect(lines.join('')).toContain('the page behind a link could not be filled')
  expect(lines.join('')).not.toContain(token)
})

test('leaves its addresses alone where nothing is built', () => {
  const serve = createTurnPage(server.deps, mkdtempSync(join(tmpdir(), 'unbuilt-')))
  expect(serve({ method: 'GET', url: path } as never, {} as never)).toBe(false)
})
