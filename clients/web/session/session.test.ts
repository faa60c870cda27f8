import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type App, chromiumPath, noChromium, startApp, violationsOf } from '../test/app.ts'

describe.runIf(chromiumPath)(`log-in and what belongs to everybody${noChromium}`, { timeout: 120_000 }, () => {
  let app: App
  beforeAll(async () => {
    app = await startApp()
  })
  afterAll(() => app?.close())

  it('says what is wrong with a log-in, and keeps what was typed', async () => {
    const { page } = await app.open()
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByText('Type your name for log-in.').waitFor()
    await page.getByLabel('Name for log-in').fill('reception')
    await page.getByLabel('Password').fill('wrong-password')
    await page.keyboard.press('Enter')
    await page.getByText('Name and password do not belong together.').waitFor()
    expect(await page.getByLabel('Name for log-in').inputValue()).toBe('reception')
    expect(await violationsOf(page)).toEqual([])
  })

  it('stays logged in over a reload, and forgets at log-out', async () => {
    const screen = await app.openAs('reception')
    await screen.page.reload()
    await screen.page.locator('[data-ticket="G-001"]').waitFor()
    await screen.page.getByRole('button', { name: /account and settings/ }).click()
    await screen.page.getByRole('button', { name: 'Log out' }).click()
    await screen.page.getByLabel('Password').waitFor()
    await screen.page.reload()
    await screen.page.getByLabel('Password').waitFor()
    expect(await screen.page.locator('[data-ticket]').count()).toBe(0)
  })

  it('shows the last known queue at once over a reload, and no more of it once the server says that the session has ended', async () => {
    const { page } = await app.openAs('reception')
    await page.locator('[data-ticket="G-001"]').waitFor()
    let answer = () => {}
    const answers = new Promise<void>((resolve) => {
      answer = resolve
    })
    await page.route('**/graphql', async (route) => {
      await answers
      await route.continue()
    })
    const { id: userId } = await app.server.db.user.findUniqueOrThrow({ where: { username: 'reception' } })
    await app.server.db.session.updateMany({
      where: { userId },
      data: { endedAt: new Date(), endReason: 'LOGGED_OUT' },
    })
    await page.reload()
    await page.locator('[data-ticket="G-001"]').waitFor()
    answer()
    await page.getByLabel('Password').waitFor()
    expect(await page.locator('[data-ticket]').count()).toBe(0)
    expect(await page.getByText('Your log-in has ended').count()).toBe(1)
  })

  it('gives each role its own screen and nothing of the others', async () => {
    const admin = await app.openAs('admin')
    await admin.page.getByRole('heading', { name: 'Practice' }).waitFor()
    expect(await admin.page.locator('.band').count()).toBe(0)
    expect(await admin.page.locator('.board, .room').count()).toBe(0)
    await admin.page.evaluate(() => {
      location.hash = 'board'
    })
    expect(await admin.page.locator('.board, .room').count()).toBe(0)
    expect(await violationsOf(admin.page)).toEqual([])
    const doctor = await app.openAs('doctor2')
    await doctor.page.locator('.room').waitFor()
    expect(await doctor.page.locator('.board').count()).toBe(0)
  })

  it('speaks Spanish where the browser or the person wants it', async () => {
    const { page } = await app.open({ language: 'es-ES' })
    await page.getByLabel('Nombre de usuario').fill('reception')
    await page.getByLabel('Contraseña').fill('anteroom-demo')
    await page.getByRole('button', { name: 'Entrar' }).click()
    await page.getByRole('heading', { name: 'Por llegar' }).waitFor()
    expect(await page.locator('html').getAttribute('lang')).toBe('es')
    await page.getByRole('button', { name: /cuenta y ajustes/ }).click()
    await page.getByRole('button', { name: /Idioma/ }).click()
    await page.getByRole('option', { name: 'English' }).click()
    await page.getByRole('button', { name: 'Log out' }).waitFor()
  })

  it('changes the own password, and light to dark', async () => {
    const { page } = await app.openAs('reception2')
    await page.getByRole('button', { name: /account and settings/ }).click()
    await page.getByRole('button', { name: /Light or dark/ }).click()
    await page.getByRole('option', { name: 'Dark' }).click()
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark')
    expect(await violationsOf(page)).toEqual([])
    await page.getByRole('button', { name: 'Change password' }).click()
    await page.getByLabel('Present password').fill('anteroom-demo')
    await page.getByLabel('New password').fill('another-long-one')
    await page.keyboard.press('Enter')
    await page.getByText('The password is changed').waitFor()
    await expect(app.server.login('reception2', 'another-long-one')).resolves.toMatch(/^ey/)
  })

  it('can be installed, and loads at most 180 KB before the board is there', async () => {
    const first = await app.openAs('reception')
    const manifest = await first.page.evaluate(async () => (await fetch('/manifest.webmanifest')).json())
    expect(manifest.icons.map(({ sizes }: { sizes: string }) => sizes)).toContain('512x512')
    const session = await first.context.newCDPSession(first.page)
    await session.send('Network.enable')
    await session.send('Network.setCacheDisabled', { cacheDisabled: true })
    await session.send('Network.setBypassServiceWorker', { bypass: true })
    let bytes = 0
    const scripts = new Set<string>()
    session.on('Network.responseReceived', ({ requestId, response }) => {
      if (/\.(js|css)$|\/$/.test(new URL(response.url).pathname)) scripts.add(requestId)
    })
    session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      if (scripts.has(requestId)) bytes += encodedDataLength
    })
    await first.page.reload()
    await first.page.locator('[data-ticket="G-001"]').waitFor()
    console.log(`first load of the board: ${(bytes / 1000).toFixed(1)} KB compressed`)
    expect(bytes).toBeGreaterThan(50_000)
    expect(bytes).toBeLessThan(180_000)
  })

  it('serves hashed files for ever, the page never from a cache, with a policy, and leaves the API alone', async () => {
    const page = await fetch(`${app.server.origin}/`)
    expect(page.headers.get('cache-control')).toBe('no-store')
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(await page.text())?.[1]
    const asset = await fetch(`${app.server.origin}${script}`, { headers: { 'accept-encoding': 'br' } })
    expect(asset.headers.get('cache-control')).toContain('immutable')
    expect(asset.headers.get('content-encoding')).toBe('br')
    expect((await fetch(`${app.server.origin}/display/anything`)).status).toBe(200)
    expect((await fetch(`${app.server.origin}/nothing-here`)).status).toBe(404)
    expect((await fetch(`${app.server.origin}/assets/../../../package.json`)).status).toBe(404)
    expect(await (await fetch(`${app.server.origin}/healthz`)).text()).toBe('ok')
    const graphiql = await fetch(`${app.server.origin}/graphql`, { headers: { accept: 'text/html' } })
    expect(await graphiql.text()).toContain('GraphiQL')
  })
})
