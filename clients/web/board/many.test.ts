import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type App, chromiumPath, noChromium, type Screen, startApp, violationsOf } from '../test/app.ts'

declare global {
  /** How much of the page has moved without anybody having done something at it, by the browser's own measure (1: all of it). */
  var shifted: number
}

const MANY = 500

describe.runIf(chromiumPath)(`a board on which hundreds wait${noChromium}`, { timeout: 120_000 }, () => {
  let app: App
  let desk: Screen
  let token: string

  beforeAll(async () => {
    app = await startApp()
    token = await app.server.login('reception2')
    const { clinicId } = await app.server.db.user.findUniqueOrThrow({ where: { username: 'reception2' } })
    const service = await app.server.db.service.findFirstOrThrow({ where: { clinicId }, orderBy: { id: 'asc' } })
    const all = (fields: string[]) =>
      app.server.request(`mutation { ${fields.map((field, at) => `a${at}: ${field}`)} }`, {}, token)
    for (let start = 1; start <= MANY; start += 10) {
      const made = await all(
        Array.from({ length: 10 }, (_, at) => `createPatient(input: { name: "Patient ${start + at}" }) { id }`),
      )
      const ids = Object.values(made.data as Record<string, { id: string }>).map(({ id }) => id)
      await all(ids.map((id) => `addWalkIn(input: { patientId: "${id}", serviceId: "${service.id}" }) { id }`))
    }
    desk = await app.open({
      prepare: (context) =>
        context.addInitScript(() => {
          globalThis.shifted = 0
          new PerformanceObserver((list) => {
            for (const entry of list.getEntries())
              if ('value' in entry && !('hadRecentInput' in entry && entry.hadRecentInput))
                globalThis.shifted += Number(entry.value)
          }).observe({ type: 'layout-shift', buffered: true })
        }),
    })
    await app.logIn(desk, 'reception2')
    await desk.page.locator('.waiting [data-ticket]').first().waitFor()
  }, 120_000)
  afterAll(() => app?.close())
  const shiftOf = () => desk.page.evaluate(() => globalThis.shifted)

  it('draws only the rows in sight, of which the last is reached by the wheel and by the keys', async () => {
    const rows = desk.page.locator('.waiting [data-ticket]')
    expect(await rows.count()).toBeLessThan(60)
    const list = desk.page.locator('.waiting').first()
    await list.hover()
    await desk.page.mouse.wheel(0, 100_000)
    const last = desk.page.locator('.waiting [data-ticket]', { hasText: `Patient ${MANY}` })
    await last.waitFor()
    expect(await rows.count()).toBeLessThan(60)
    await last.click()
    await desk.page.keyboard.press('ArrowUp')
    await desk.page.locator('.details', { hasText: `Patient ${MANY - 1}` }).waitFor()
    await desk.page.keyboard.press('ArrowDown')
    await desk.page.locator('.details', { hasText: `Patient ${MANY}` }).waitFor()
    expect(await violationsOf(desk.page)).toEqual([])
  })

  it('is not shaken by what others do', async () => {
    await desk.page.keyboard.press('Escape')
    await desk.page.mouse.wheel(0, -100_000)
    const first = desk.page.locator('.waiting .row-name', { hasText: /^Patient 1$/ })
    await first.waitFor()
    await desk.page.evaluate(() => {
      globalThis.shifted = 0
    })
    const { id } = await app.server.db.queueEntry.findFirstOrThrow({ where: { patient: { name: 'Patient 1' } } })
    for (const command of ['hold', 'returnToQueue']) {
      await app.server.request(`mutation($e: ID!) { ${command}(entryId: $e) { id } }`, { e: id }, token)
      await first.waitFor({ state: command === 'hold' ? 'detached' : 'visible' })
    }
    expect(await shiftOf()).toBeLessThan(0.001)
    expect(desk.complaints).toEqual([])
  })
})
