import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { chromiumPath } from '../../../api/test/browser.ts'
import { createRandom, testSeed } from '../../../api/test/random.ts'
import { startKilledBrowser } from '../test/killed-browser.ts'

const ROUNDS = process.env.PROVE === 'spare-kill' ? 30 : 2

type Found = { found: { id: string; seq: number }[]; trouble: string | null }

let browser: Awaited<ReturnType<typeof startKilledBrowser>>
beforeAll(async () => {
  if (chromiumPath) browser = await startKilledBrowser(fileURLToPath(new URL('browser-page.ts', import.meta.url)))
}, 120_000)
afterAll(() => browser?.close())

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

it.skipIf(!chromiumPath)(
  `a browser that is killed and then loses its IndexedDB, ${ROUNDS} times, has all that it showed as saved`,
  async () => {
    const seed = testSeed()
    const random = createRandom(seed)
    const shown = new Set<string>()
    let starts = 0
    let startMs = 500
    /** One life of the page. It is killed `after` so many milliseconds: of its start, or of the first act that it shows as saved. */
    const live = (from: '/started' | '/saved', after: number, check: (found: Found) => void) =>
      new Promise<void>((resolve, reject) => {
        let isCounting = false
        let startedAt = 0
        const patience = setTimeout(() => reject(new Error('the page did not start')), 60_000)
        browser.open((path, body) => {
          if (path === '/started') startedAt = performance.now()
          if (path === '/saved') shown.add((body as { id: string }).id)
          if (path === '/found') {
            starts++
            startMs = performance.now() - startedAt
            try {
              check(body as Found)
            } catch (error) {
              clearTimeout(patience)
              reject(error)
            }
            for (const { id } of (body as Found).found) shown.add(id)
          }
          if (path !== from || isCounting) return
          isCounting = true
          clearTimeout(patience)
          void sleep(after).then(browser.kill).then(resolve, reject)
        })
      })
    const nothingIsLost =
      (round: number) =>
      ({ found, trouble }: Found) => {
        const there = new Set(found.map(({ id }) => id))
        const lost = [...shown].filter((id) => !there.has(id))
        expect(lost, `seed ${seed}, round ${round}: of ${shown.size} ${lost.length} are lost (${trouble})`).toEqual([])
        expect(
          found.map(({ seq }) => seq),
          'numbers without a gap',
        ).toEqual(found.map((_, i) => i + 1))
      }
    for (let round = 1; round <= ROUNDS; round++) {
      await live('/saved', random.int(400), nothingIsLost(round))
      await rm(join(browser.profile, 'Default', 'IndexedDB'), { recursive: true })
      // Killed again while it takes over what was spared, and while it completes the spare place.
      for (let kills = random.int(3); kills > 0; kills--)
        await live('/started', startMs * random.next() * 1.3, nothingIsLost(round))
      if (random.int(2) === 0) await rm(join(browser.profile, 'Default', 'IndexedDB'), { recursive: true, force: true })
    }
    await live('/saved', 0, nothingIsLost(ROUNDS + 1))
    expect(starts).toBeGreaterThan(ROUNDS)
    console.log(
      `${ROUNDS} wipes after kills, ${starts} whole starts (the last took ${Math.round(startMs)} ms), ${shown.size} operations shown as saved, none lost (seed ${seed})`,
    )
  },
  1_800_000,
)
