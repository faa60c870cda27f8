import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { connect } from '../api/database/client.ts'
import { startEmbedded } from '../api/database/embedded.ts'
import { applyMigrations } from '../api/database/migrate.ts'
import { uuidv7 } from '../api/database/uuid.ts'
import { DEMO_PASSWORD, fillDemo } from '../api/demo/demo.ts'
import { addWalkIn } from '../api/queue/commands.ts'
import { openProfile } from '../api/test/browser.ts'
import { contextOf } from '../api/test/clinic.ts'
import { createTestDeps } from '../api/test/context.ts'
import type { Options } from './main.ts'
import { type Measure, quantile } from './measure.ts'

/** Of each desk in a round. */
const ACTS = 24
/** Before each turn, after all of the last one is done: nobody acts faster than this. */
const PAUSE_MS = 500
const RELOADS = 3
const MANY = 500

const pathOf = (file: string) => fileURLToPath(new URL(file, import.meta.url))
const SERVER = pathOf('../clients/offline/proof/server-process.ts')
const BUILD = pathOf('../clients/web/build.ts')
const PAGE = pathOf('board-page.js')

/** What was promised, in milliseconds. */
const limits = { saved: 50, visible: 100, reload: 250, offline: 700 }
type Figure = keyof typeof limits
const figures = Object.keys(limits) as Figure[]
type Times = Record<Figure, number[]>

/** The clinics of the demonstration: five wait in the first, five hundred in the second. */
const places = { five: 'reception', hundreds: 'reception2' }
type Place = keyof typeof places

const fill = async (url: string): Promise<void> => {
  const db = connect(url)
  const deps = createTestDeps({ db, url })
  await fillDemo(deps)
  const { id: userId, clinicId } = await db.user.findUniqueOrThrow({ where: { username: places.hundreds } })
  const { id: serviceId } = await db.service.findFirstOrThrow({ where: { clinicId }, orderBy: { id: 'asc' } })
  const role = 'RECEPTIONIST'
  const desk = { kind: 'user', sessionId: uuidv7(), userId, clinicId, role, doctorId: null, serviceIds: [] } as const
  const wish = { id: null, serviceId, doctorId: null, urgency: null, reason: null, provisionalTicket: null }
  for (let count = 1; count <= MANY; count++) {
    const patientId = uuidv7()
    await db.patient.create({
      data: { id: patientId, name: `Patient ${count}`, code: patientId, clinics: { create: { clinicId } } },
    })
    await addWalkIn(contextOf(deps, desk), { ...wish, patientId })
  }
  await deps.close()
  await db.$disconnect()
}

/** A desk with a browser of its own, logged in. */
const openDesk = async (origin: string, username: string) => {
  const profile = await mkdtemp(join(tmpdir(), 'anteroom-desk-'))
  const start = async (isOffline: boolean) => {
    const context = await openProfile(profile)
    await context.addInitScript({ path: PAGE })
    await context.setOffline(isOffline)
    const page = await context.newPage()
    await page.goto(`${origin}/`)
    return { context, page }
  }
  let { context, page } = await start(false)
  const ask = <T>(what: string): Promise<T> => page.evaluate(`bench.${what}`)
  const shown = () => ask<number>('started')
  await page.getByLabel('Name for log-in').fill(username)
  await page.getByLabel('Password').fill(DEMO_PASSWORD)
  await page.getByRole('button', { name: 'Log in' }).click()
  await shown()
  await page.evaluate('navigator.serviceWorker.ready.then(() => null)')
  return {
    ask,
    press: (key: string) => page.keyboard.press(key),
    select: (ticket: string) => page.locator(`[data-ticket="${ticket}"]`).first().click(),
    /** Everything is sent, and what came of it is here. */
    rested: async () => {
      await page.locator('.live', { hasText: /^Live$/ }).waitFor()
      await sleep(PAUSE_MS)
    },
    reload: async (): Promise<number> => {
      await page.reload()
      return shown()
    },
    /** The browser is started anew, without a network. */
    startOffline: async (): Promise<number> => {
      await context.close()
      const started = await start(true)
      context = started.context
      page = started.page
      const ms = await shown()
      await context.setOffline(false)
      return ms
    },
    close: async () => {
      await context.close()
      await rm(profile, { recursive: true, force: true })
    },
  }
}

/** One desk acts, another one of the same clinic watches. */
const playAt = async (origin: string, username: string, times: Times, say: Options['say']): Promise<void> => {
  const desk = await openDesk(origin, username)
  const other = await openDesk(origin, username)
  try {
    const ticket = await desk.ask<string>('first()')
    await desk.select(ticket)
    for (let act = 0; act < ACTS; act++) {
      const isHold = act % 2 === 0
      for (const each of [desk, other]) {
        await each.rested()
        await each.ask(`watch('${ticket}', ${!isHold})`)
      }
      await desk.press(isHold ? 'h' : 'b')
      const pressed = await desk.ask<number>('pressed')
      times.saved.push((await desk.ask<number>('changed')) - pressed)
      times.visible.push((await other.ask<number>('changed')) - pressed)
    }
    await other.close()
    // The first one compiles the scripts that the service worker has stored; from then on the browser has them compiled.
    await desk.rested()
    say(`the first reload of this browser, not counted: ${(await desk.reload()).toFixed(0)} ms`)
    for (let count = 0; count < RELOADS; count++) {
      await desk.rested()
      times.reload.push(await desk.reload())
    }
    await desk.rested()
    times.offline.push(await desk.startOffline())
  } finally {
    await other.close()
    await desk.close()
  }
}

const summary = (values: readonly number[]): string =>
  `${quantile(values, 0.5).toFixed(0)} / ${quantile(values, 0.95).toFixed(0)} ms`

/** What a desk waits for: an act saved, an act of another desk seen, a reload, and a start without a network. */
export const run = async ({ rounds, say }: Options): Promise<Measure[]> => {
  spawnSync(process.execPath, [BUILD], { stdio: ['ignore', 'inherit', 'inherit'] })
  const dataDir = await mkdtemp(join(tmpdir(), 'anteroom-bench-'))
  const embedded = await startEmbedded({ dataDir, log: () => {} })
  try {
    await applyMigrations(embedded.url, () => {})
    await fill(embedded.url)
    const server = spawn(process.execPath, [SERVER, embedded.url], { stdio: ['pipe', 'pipe', 'inherit'] })
    try {
      const [line] = await once(server.stdout, 'data')
      const origin = `http://127.0.0.1:${String(line).trim()}`
      const none = (): Times => ({ saved: [], visible: [], reload: [], offline: [] })
      const played: Record<Place, Times[]> = { five: [], hundreds: [] }
      for (let round = 1; round <= rounds; round++) {
        for (const place of Object.keys(places) as Place[]) {
          const times = none()
          await playAt(origin, places[place], times, say)
          played[place].push(times)
          const all = figures.map((figure) => `${figure} ${times[figure].map((ms) => ms.toFixed(0)).join(' ')}`)
          say(
            `round ${round} of ${rounds}, ${place} wait: ${all.join('; ')}; the machine's load is ${loadavg()[0]?.toFixed(1)}`,
          )
        }
      }
      return (Object.keys(places) as Place[]).flatMap((place) =>
        figures.map((figure): Measure => {
          say(`${figure}, ${place} wait: ${summary(played[place].flatMap((times) => times[figure]))} (p50 / p95)`)
          return {
            name: `board.${figure}.${place}`,
            subject: 'anteroom, p95',
            reference: 'promised',
            unit: 'ms',
            better: 'lower',
            rounds: played[place].map((times) => ({
              subject: quantile(times[figure], 0.95),
              reference: limits[figure],
            })),
          }
        }),
      )
    } finally {
      const ended = once(server, 'exit')
      server.kill('SIGKILL')
      await ended
    }
  } finally {
    await embedded.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}
