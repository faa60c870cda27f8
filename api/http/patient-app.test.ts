import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createPatientApp } from './patient-app.ts'

const folder = mkdtempSync(join(tmpdir(), 'patient-app-'))
const server = createServer()
let origin: string

beforeAll(async () => {
  const serve = createPatientApp('http://clinic.example', folder)
  server.on('request', (req, res) => {
    if (!serve(req, res)) res.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

const put = (script: string, stamp: string) => {
  mkdirSync(join(folder, '_expo'), { recursive: true })
  writeFileSync(join(folder, 'index.html'), `<script src="${script}">`)
  writeFileSync(join(folder, '_expo', script), script)
  writeFileSync(join(folder, 'sw.js'), 'worker')
  writeFileSync(join(folder, '.made-from'), stamp)
}

it('says that it is being prepared, and comes again, until it is built', async () => {
  const early = await fetch(`${origin}/patient`)
  expect([early.status, early.headers.get('cache-control'), early.headers.get('retry-after')]).toEqual([
    503,
    'no-store',
    '5',
  ])
  expect(await early.text()).toContain('http-equiv="refresh"')
})

it('serves the page at every address of a screen, hashed files for ever, and nothing else', async () => {
  put('first.js', '1')
  for (const path of ['/patient', '/patient/', '/patient/turn/0194']) {
    const page = await fetch(origin + path)
    expect([page.status, page.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
    expect(await page.text()).toContain('first.js')
  }
  const script = await fetch(`${origin}/patient/_expo/first.js`)
  expect(script.headers.get('cache-control')).toContain('immutable')
  expect((await fetch(`${origin}/patient/sw.js`)).headers.get('service-worker-allowed')).toBe('/patient')
  for (const path of ['/patients', '/patient/none.js', '/']) expect((await fetch(origin + path)).status).toBe(404)
  expect((await fetch(`${origin}/patient`, { method: 'POST' })).status).toBe(404)
})

it('notices a newer build, and still has the files of pages that are open', async () => {
  put('second.js', '2')
  expect(await (await fetch(`${origin}/patient`)).text()).toContain('second.js')
  expect((await fetch(`${origin}/patient/_expo/first.js`)).status).toBe(200)
  expect((await fetch(`${origin}/patient/_expo/second.js`)).status).toBe(200)
})
