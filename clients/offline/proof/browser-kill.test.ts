import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, globSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { chromiumPath } from '../../../api/test/browser.ts'
import { createRandom, testSeed } from '../../../api/test/random.ts'

const KILLS = process.env.PROVE === 'browser-kill' ? 100 : 5

type Row = { id: string; seq: number }

let script = ''
let server: Server
let profile: string
let browser: ChildProcess | null = null
const saved = new Map<string, number>()
let hear: (path: string, body: unknown) => void = () => {}

beforeAll(async () => {
  const output = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      target: 'esnext',
      modulePreload: false,
      rolldownOptions: { input: fileURLToPath(new URL('browser-page.ts', import.meta.url)) },
    },
  })
  const [chunk] = (Array.isArray(output) ? output : [output]).flatMap((one) => ('output' in one ? one.output : []))
  if (chunk?.type !== 'chunk') throw new Error('the page was not built')
  script = chunk.code
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (part) => {
      body += part
    })
    request.on('end', () => {
      if (request.method === 'POST') {
        hear(request.url ?? '', JSON.parse(body))
        response.end()
      } else if (request.url === '/page.js') response.setHeader('content-type', 'text/javascript').end(script)
      else
        response
          .setHeader('content-type', 'text/html')
          .end('<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  profile = await mkdtemp(join(tmpdir(), 'anteroom-browser-'))
}, 120_000)

/** The whole tree of processes that this test started, at once; done when none of them is left to hold on to a file. */
const kill = async () => {
  const group = browser?.pid
  if (!browser || !group) return
  const gone = once(browser, 'exit')
  process.kill(-group, 'SIGKILL')
  await gone
  browser = null
  const isLeft = () => {
    try {
      return process.kill(-group, 0)
    } catch {
      return false
    }
  }
  await expect.poll(isLeft, { timeout: 30_000, interval: 5 }).toBe(false)
}

afterAll(async () => {
  await kill()
  server?.closeAllConnections()
  server?.close()
  if (profile) await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
})

const open = () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  browser = spawn(
    chromiumPath as string,
    [
      ...['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
      ...['--disable-component-update', '--disable-sync', '--disable-quic', '--disable-crash-reporter'],
      ...['--remote-debugging-port=0', `--user-data-dir=${profile}`, url],
    ],
    { stdio: 'ignore', detached: true },
  )
}

/** After this round a kill leaves what a kill in the midst of a write leaves, sometimes: the head of a record without its content. */
const TORN_AT = 1

const tearLog = () => {
  const [log] = globSync(`${profile}/Default/IndexedDB/*.leveldb/*.log`)
  // Four bytes of checksum, a length of 500, and the mark of a whole record.
  appendFileSync(log as string, Buffer.from([1, 2, 3, 4, 0xf4, 0x01, 1]))
}

/** The database's own log says that it found none. */
const wasThrownAway = (): boolean =>
  globSync(`${profile}/Default/IndexedDB/*.leveldb/LOG`).some((log) => readFileSync(log, 'utf8').includes('missing'))

it.skipIf(!chromiumPath)(
  `a browser killed ${KILLS} times in the midst of work loses nothing that it showed as saved`,
  async () => {
    const seed = testSeed()
    const random = createRandom(seed)
    let opened = 0
    let anew = 0
    let trouble = ''
    for (let round = 0; round <= KILLS; round++) {
      const found = await new Promise<Row[]>((resolve, reject) => {
        const patience = setTimeout(() => reject(new Error('the page did not start')), 60_000)
        hear = (path, body) => {
          if (path === '/found') {
            clearTimeout(patience)
            const report = body as { found: Row[]; trouble: string | null }
            trouble = report.trouble ?? 'nothing is wrong'
            resolve(report.found)
          } else {
            const { id, seq } = body as Row
            saved.set(id, seq)
          }
        }
        open()
      })
      opened++
      const ids = new Map(found.map(({ id, seq }) => [id, seq]))
      if (round > 0 && wasThrownAway()) anew++
      const lost = [...saved.keys()].filter((id) => !ids.has(id))
      const told = `seed ${seed}, round ${round}: of ${saved.size} shown as saved ${lost.length} are lost, ${found.length} are there (${trouble})`
      expect(lost, told).toEqual([])
      expect(
        found.map(({ seq }) => seq),
        'numbers without a gap',
      ).toEqual(found.map((_, i) => i + 1))
      for (const [id, seq] of ids) if (saved.has(id)) saved.set(id, seq)
      const before = saved.size
      if (round < KILLS) {
        await expect.poll(() => saved.size > before, { timeout: 30_000, interval: 5 }).toBe(true)
        await new Promise((resolve) => setTimeout(resolve, random.int(400)))
      }
      await kill()
      if (round === TORN_AT) tearLog()
    }
    expect(anew, 'the torn log cost the browser its database').toBeGreaterThan(0)
    console.log(
      `${opened - 1} kills, ${saved.size} operations shown as saved, none lost; databases that the browser threw away: ${anew} (seed ${seed})`,
    )
  },
  3_600_000,
)
