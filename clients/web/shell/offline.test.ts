import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type App, chromiumPath, noChromium, type Screen, startApp, violationsOf } from '../test/app.ts'

describe.runIf(chromiumPath)(`the desk without a network${noChromium}`, { timeout: 120_000 }, () => {
  let app: App
  let desk: Screen
  let clinicId: string
  const provisional = /^[A-Z]\d\d-\d\d$/

  beforeAll(async () => {
    app = await startApp()
    clinicId = (await app.server.db.clinic.findFirstOrThrow({ where: { name: 'Riverside Clinic' } })).id
    desk = await app.openAs('reception')
    await desk.page.locator('[data-ticket="G-005"]').waitFor()
    await desk.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined))
  })
  afterAll(() => app?.close())

  const keys = async (...pressed: string[]) => {
    for (const key of pressed) await desk.page.keyboard.press(key)
  }
  const band = (text: string | RegExp, screen = desk) => screen.page.locator('.band', { hasText: text }).first()
  const row = (text: string, screen = desk) => screen.page.locator('.row', { hasText: text }).first()
  const find = async (name: string, option: string | RegExp) => {
    await keys('Escape', '/')
    await desk.page.keyboard.type(name)
    await desk.page.getByRole('option', { name: option }).first().waitFor()
    await keys('Enter')
  }
  /** At a desk and on a phone, by day and in the dark. */
  const isRightEverywhere = async (what: string) => {
    for (const [width, height] of [
      [390, 844],
      [1440, 900],
    ] as const) {
      await desk.page.setViewportSize({ width, height })
      for (const colorScheme of ['dark', 'light'] as const) {
        await desk.page.emulateMedia({ colorScheme })
        expect(await violationsOf(desk.page), `${what}, ${width}, ${colorScheme}`).toEqual([])
      }
      expect(
        await desk.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
        `${what}, ${width}`,
      ).toBe(true)
    }
  }
  const entryOf = (ticket: string) =>
    app.server.db.queueEntry.findFirstOrThrow({ where: { ticket, service: { clinicId } } })
  const send = async (query: string, variables: object) =>
    app.server.request(query, variables, await app.server.login('reception'))

  it('says within five seconds that the network is gone, and how old what it shows is', async () => {
    await desk.context.setOffline(true)
    await band('No connection. What you see is from').waitFor({ timeout: 5_000 })
    expect(await band('No connection').textContent()).toContain('everything is saved on this device')
  })

  it('registers a patient and lets them wait, under a ticket of this device', async () => {
    await find('Ofelia Brandt', /Register “Ofelia Brandt”/)
    await desk.page.getByRole('dialog', { name: 'Register a patient' }).waitFor()
    await keys('Enter')
    await desk.page.getByRole('dialog', { name: 'Ofelia Brandt' }).waitFor()
    await keys('2')
    await row('Ofelia Brandt').waitFor()
    expect(await row('Ofelia Brandt').getAttribute('data-ticket')).toMatch(provisional)
    expect(await row('Ofelia Brandt').textContent()).toContain('not sent yet')
    await band('2 changes wait here').waitFor()
  })

  it('finds a known patient and lets them wait', async () => {
    await find('ines', /Ines Duarte/)
    await desk.page.getByRole('dialog').waitFor()
    await keys('3')
    await band('3 changes wait here').waitFor()
  })

  it('calls, makes urgent and holds', async () => {
    await keys('Escape', 'Escape', '1', 'c')
    await desk.page.getByRole('dialog', { name: /Call G-001/ }).waitFor()
    await keys('1')
    await desk.page.locator('.details-head', { hasText: 'Called' }).waitFor()
    await keys('Escape')
    await desk.page.locator('[data-ticket="G-004"]').click()
    await keys('u')
    await desk.page.getByRole('dialog', { name: /How urgent/ }).waitFor()
    await keys('2')
    await desk.page.getByRole('dialog', { name: /Why is/ }).waitFor()
    await keys('1')
    await desk.page.locator('[data-ticket="G-004"]', { hasText: 'Urgent' }).waitFor()
    await desk.page.locator('[data-ticket="G-003"]').click()
    await keys('h')
    await band('6 changes wait here').waitFor()
    await desk.page.locator('.column').first().locator('.waiting [data-ticket="G-003"]').waitFor({ state: 'detached' })
  })

  it('takes back what was not sent', async () => {
    await desk.page.locator('[data-ticket="G-005"]').click()
    await keys('h')
    await band('7 changes wait here').waitFor()
    await desk.page.locator('.toast', { hasText: 'G-005 Ines Duarte is on hold' }).waitFor()
    await keys('z')
    await band('6 changes wait here').waitFor()
    await desk.page.locator('.column').first().locator('.waiting [data-ticket="G-005"]').waitFor()
  })

  it('is there again after a reload without a network, with everything that was saved', async () => {
    await desk.page.reload()
    await band('6 changes wait here').waitFor()
    expect(await row('Ofelia Brandt').getAttribute('data-ticket')).toMatch(provisional)
    await desk.page.locator('.now [data-ticket="G-001"]').first().waitFor()
    await band('No connection. What you see is from').waitFor()
    expect(await violationsOf(desk.page)).toEqual([])
  })

  it('shows a second tab the same', async () => {
    const page = await desk.context.newPage()
    await page.goto(`${app.server.origin}/`)
    await page.locator('.row', { hasText: 'Ofelia Brandt' }).waitFor()
    await page.locator('.band', { hasText: '6 changes wait here' }).waitFor()
    await page.locator('[data-ticket="G-002"]').click()
    await page.keyboard.press('h')
    await band('7 changes wait here').waitFor()
    await page.close()
  })

  it('refuses to log out over unsent work, in words', async () => {
    await desk.page.getByRole('button', { name: /account and settings/ }).click()
    await desk.page.getByRole('button', { name: 'Log out' }).click()
    await desk.page.getByRole('dialog', { name: '7 changes are not sent yet' }).waitFor()
    expect(await violationsOf(desk.page)).toEqual([])
    await keys('Enter')
    await desk.page.getByRole('dialog').waitFor({ state: 'detached' })
    await row('Ofelia Brandt').waitFor()
  })

  it('sends all of it when the network is back, shows what was refused, and a second desk sees the same', async () => {
    // Meanwhile another desk let the one leave whom this desk put on hold.
    const gone = await entryOf('G-003')
    const left = await send('mutation($e: ID!) { leaveQueue(entryId: $e) { status } }', { e: gone.id })
    expect(left.data.leaveQueue.status).toBe('LEFT')
    await desk.context.setOffline(false)
    await band('of your changes was not taken').waitFor()
    await band('No connection').waitFor({ state: 'detached' })
    await expect.poll(async () => (await entryOf('V-001')).status).toBe('WAITING')
    await row('V-001').waitFor()
    expect((await entryOf('G-001')).status).toBe('CALLED')
    expect((await entryOf('G-002')).status).toBe('ON_HOLD')
    expect((await entryOf('G-003')).status).toBe('LEFT')
    expect((await entryOf('G-004')).urgency).toBe('URGENT')
    expect((await entryOf('G-005')).status).toBe('WAITING')
    expect(await app.server.db.patient.count({ where: { name: 'Ofelia Brandt' } })).toBe(1)
    await expect.poll(() => desk.page.locator('.row.is-pending').count()).toBe(0)

    const other = await app.openAs('reception')
    await row('Ofelia Brandt', other).waitFor()
    await other.page.locator('.now [data-ticket="G-001"]').first().waitFor()
    await other.context.close()
  })

  it('lists what was refused, with the way to do it again and to put it away', async () => {
    await isRightEverywhere('band')
    await desk.page.getByRole('button', { name: 'Look' }).click()
    const list = desk.page.getByRole('dialog', { name: 'Changes that were not taken' })
    await list.getByText(/^Hold · G-003/).waitFor()
    expect(await list.textContent()).toContain('The patient is not waiting any more.')
    await isRightEverywhere('list')
    await list.getByRole('button', { name: 'Put away' }).click()
    await list.waitFor({ state: 'detached' })
    expect(await band('not taken').count()).toBe(0)
  })

  it('complains of nothing but the network', async () => {
    expect(desk.complaints.filter((text) => !/ERR_INTERNET_DISCONNECTED|WebSocket connection/.test(text))).toEqual([])
  })
})
