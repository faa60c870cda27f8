import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type App, chromiumPath, noChromium, startApp } from '../test/app.ts'
import { beforeNextBuild } from '../test/next-build.ts'

describe.runIf(chromiumPath)(`a new build of the app${noChromium}`, { timeout: 120_000 }, () => {
  let app: App
  let builds: Awaited<ReturnType<typeof beforeNextBuild>>
  beforeAll(async () => {
    app = await startApp()
    builds = await beforeNextBuild(app.server.origin)
  })
  afterAll(async () => {
    builds?.close()
    await app?.close()
  })

  it('is fetched while a desk works on, takes over at the next start, and is there from then on, without a network too', async () => {
    const desk = await app.open({ path: builds.origin })
    await app.logIn(desk, 'reception')
    const { page, context } = desk
    const row = page.locator('[data-ticket="G-005"]')
    const isNext = () =>
      page
        .locator('script[src]')
        .evaluateAll((all, next) => all.some((one) => one.getAttribute('src')?.endsWith(next)), builds.script)
    await row.waitFor()
    await page.evaluate('navigator.serviceWorker.ready.then(() => null)')
    await page.reload()
    await row.waitFor()
    builds.change()
    // As the browser does by itself, now and then.
    await page.evaluate(`(async () => {
      const registration = await navigator.serviceWorker.getRegistration()
      await registration.update()
      const coming = registration.installing ?? registration.waiting
      if (coming.state !== 'installed') await new Promise((resolve) => (coming.onstatechange = resolve))
    })()`)
    await row.click()
    expect(await isNext()).toBe(false)
    await page.reload()
    await row.waitFor()
    await page.waitForLoadState('networkidle')
    // The browser ends a worker that has nothing to do, but not while a debugger looks on, as here.
    const debugged = await context.newCDPSession(page)
    await debugged.send('ServiceWorker.enable')
    await debugged.send('ServiceWorker.stopAllWorkers')
    const isWaiting = () => page.evaluate('navigator.serviceWorker.getRegistration().then(({ waiting }) => !!waiting)')
    await expect.poll(isWaiting, { timeout: 20_000 }).toBe(false)
    await page.reload()
    await row.waitFor()
    expect(await isNext()).toBe(true)
    await context.setOffline(true)
    await page.reload()
    await row.waitFor()
    expect(await isNext()).toBe(true)
    await context.close()
  })
})
