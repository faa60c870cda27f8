import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, connect as connectTo, createServer as createLine, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { connect } from '../api/database/client.ts'
import { startEmbedded } from '../api/database/embedded.ts'
import { applyMigrations } from '../api/database/migrate.ts'
import { addWalkIn } from '../api/queue/commands.ts'
import { createServer } from '../api/server.ts'
import { launchBrowser } from '../api/test/browser.ts'
import { createTestClinic } from '../api/test/clinic.ts'
import { createTestDeps } from '../api/test/context.ts'
import { createVisitLink } from '../api/visit/store.ts'
import type { Options } from './main.ts'
import { type Measure, median } from './measure.ts'

/** What was promised, in milliseconds from the first byte. */
const LIMIT = 1_000
/** As "slow 3G" in Chromium's developer tools, there and back. */
const DELAY_MS = 2_000
const BYTES_A_SECOND = 50_000
const SEGMENT = 1_400
/** Phones that open the link in one round. */
const TIMES = 3
const AHEAD = 5

/** A line to a port of this machine with the delay and the width of a slow one; answers its own port. */
const openSlowLine = async (port: number): Promise<Server> => {
  /** Hands on what comes, each byte when it would arrive. */
  const carry = async (from: Socket, to: Socket): Promise<void> => {
    let freeAt = 0
    try {
      for await (const chunk of from) {
        const bytes = chunk as Buffer
        for (let start = 0; start < bytes.length; start += SEGMENT) {
          const segment = bytes.subarray(start, start + SEGMENT)
          freeAt = Math.max(freeAt, performance.now()) + (segment.length / BYTES_A_SECOND) * 1_000
          setTimeout(() => to.write(segment), Math.max(0, freeAt + DELAY_MS / 2 - performance.now()))
        }
      }
      setTimeout(() => to.end(), Math.max(0, freeAt + DELAY_MS / 2 - performance.now()))
    } catch {
      to.destroy()
    }
  }
  const line = createLine((near) => {
    const far = connectTo(port, '127.0.0.1')
    far.setNoDelay(true)
    near.setNoDelay(true)
    near.on('error', () => far.destroy())
    far.on('error', () => near.destroy())
    void carry(near, far)
    void carry(far, near)
  })
  await new Promise<void>((resolve) => void line.listen(0, '127.0.0.1', resolve))
  return line
}

/** Keeps when the frame after the one came in which the place stood in the page with a size of its own. */
const watch = `globalThis.shown = new Promise((resolve) => {
  const look = () => {
    const figure = document.querySelector('.figure')
    if (figure && /\\d/.test(figure.textContent) && figure.getBoundingClientRect().height > 0)
      requestAnimationFrame(() => resolve(performance.now()))
    else requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
})`

/** Milliseconds from the first byte of the page to the place on the screen, on a phone that was never here. */
const openOnce = async (browser: Browser, address: string): Promise<number> => {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, isMobile: true })
  try {
    const page = await context.newPage()
    await page.addInitScript(watch)
    await page.goto(address, { waitUntil: 'commit', timeout: 60_000 })
    return await page.evaluate<number>(
      `shown.then((at) => at - performance.getEntriesByType('navigation')[0].responseStart)`,
    )
  } finally {
    await context.close()
  }
}

/** From the link in a message to the place on the screen, on a slow network. */
export const run = async ({ rounds, say }: Options): Promise<Measure[]> => {
  const built = spawnSync(process.execPath, [fileURLToPath(new URL('../clients/web/build.ts', import.meta.url))])
  if (built.status !== 0) throw new Error(String(built.stderr))
  const dataDir = await mkdtemp(join(tmpdir(), 'anteroom-bench-'))
  const embedded = await startEmbedded({ dataDir, log: () => {} })
  await applyMigrations(embedded.url, () => {})
  const db = connect(embedded.url)
  const deps = createTestDeps({ db, url: embedded.url })
  Object.assign(deps.config, { host: '127.0.0.1', port: 0 })
  const browser = await launchBrowser()
  try {
    const clinic = await createTestClinic(deps)
    const server = await createServer(deps)
    try {
      let visit = { patientId: '', entryId: '' }
      for (let place = 0; place <= AHEAD; place++) {
        const patientId = await clinic.addPatient()
        const wish = { id: null, doctorId: null, urgency: null, reason: null, provisionalTicket: null }
        const { id } = await addWalkIn(clinic.desk, { ...wish, patientId, serviceId: clinic.serviceIds[0] as string })
        visit = { patientId, entryId: id }
      }
      const link = await db.$transaction((tx) => createVisitLink(deps.config, tx, visit))
      const line = await openSlowLine(server.port)
      const { port } = line.address() as AddressInfo
      const address = `http://127.0.0.1:${port}${link.slice(link.indexOf('/t/'))}`
      const pairs: Measure['rounds'][number][] = []
      for (let round = 1; round <= rounds; round++) {
        const times: number[] = []
        for (let time = 0; time < TIMES; time++) times.push(await openOnce(browser, address))
        pairs.push({ subject: median(times), reference: LIMIT })
        say(`round ${round}: ${median(times).toFixed(0)} ms`)
      }
      line.close()
      return [
        { name: 'turn.link', subject: 'link page', reference: 'limit', unit: 'ms', better: 'lower', rounds: pairs },
      ]
    } finally {
      await server.close()
    }
  } finally {
    await browser.close()
    await deps.close()
    await db.$disconnect()
    await embedded.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}
