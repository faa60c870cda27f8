import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type App, chromiumPath, noChromium, type Screen, startApp, violationsOf } from '../test/app.ts'
import { beforeNextBuild } from '../test/next-build.ts'

declare global {
  var heard: string[]
}

describe.runIf(chromiumPath)(`the waiting-room display${noChromium}`, { timeout: 120_000 }, () => {
  let app: App
  let clinicId: string
  let token: string
  const patience = { timeout: 60_000 }

  beforeAll(async () => {
    app = await startApp()
    clinicId = (await app.server.db.clinic.findFirstOrThrow({ where: { name: 'Riverside Clinic' } })).id
    await app.server.db.clinic.update({ where: { id: clinicId }, data: { languages: ['en', 'es'] } })
    token = await app.server.login('reception')
  })
  afterAll(() => app?.close())

  /** A screen in the room, and somebody who writes down what its loudspeaker says; each sentence takes a while. */
  const openDisplay = async (worker = true): Promise<Screen> => {
    const screen = await app.open({
      path: `/display/${clinicId}`,
      worker,
      prepare: async (context) => {
        await context.clock.install()
        await context.addInitScript(() => {
          globalThis.heard = []
          speechSynthesis.speak = (words) => {
            globalThis.heard.push(words.text)
            setTimeout(() => words.onend?.(new SpeechSynthesisEvent('end', { utterance: words })), 300)
          }
        })
      },
    })
    await screen.page.locator('.waiting-tickets', { hasText: 'G-005' }).waitFor()
    return screen
  }
  const idOf = async (ticket: string) =>
    (await app.server.db.queueEntry.findFirstOrThrow({ where: { ticket, service: { clinicId } } })).id
  const act = async (command: string, ticket: string, room?: string) => {
    const { errors } = await app.server.request(
      room === undefined
        ? `mutation($e: ID!) { ${command}(entryId: $e) { id } }`
        : `mutation($e: ID!, $r: String) { ${command}(entryId: $e, room: $r) { id } }`,
      { e: await idOf(ticket), ...(room === undefined ? {} : { r: room }) },
      token,
    )
    expect(errors).toBeUndefined()
  }
  const heardBy = ({ page }: Screen) => page.evaluate(() => globalThis.heard)
  const freshOn = ({ page }: Screen) => page.locator('.tile.is-fresh .tile-ticket').allTextContents()
  const english = (said: string[]) => said.filter((text) => text.startsWith('Ticket'))

  it('marks tickets with the colour of their service, which the letter says, too', async () => {
    await app.server.db.service.updateMany({ where: { clinicId, ticketLetter: 'G' }, data: { color: 'VIOLET' } })
    await act('callEntry', 'G-001', '1')
    const screen = await openDisplay()
    const { page } = screen
    const colorOf = (list: string) =>
      page.locator(list, { hasText: /^G-/ }).first().locator('.service-mark').getAttribute('data-color')
    expect([await colorOf('.waiting-tickets li'), await colorOf('.tile-ticket')]).toEqual(['VIOLET', 'VIOLET'])
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme })
      expect(await violationsOf(page)).toEqual([])
    }
    await screen.context.close()
    await act('returnToQueue', 'G-001')
  })

  it('marks all of several calls, and announces one after the other in the languages of the clinic', async () => {
    const screen = await openDisplay()
    await act('callEntry', 'G-001', '1')
    await act('callEntry', 'G-002', '2')
    await act('callEntry', 'G-003', '3')
    await screen.page.locator('.tile', { hasText: 'G-003' }).waitFor()
    await expect.poll(() => freshOn(screen), patience).toEqual(['G-003', 'G-002', 'G-001'])
    await expect
      .poll(async () => english(await heardBy(screen)), patience)
      .toEqual([
        'Ticket G 1, please come to room 1.',
        'Ticket G 2, please come to room 2.',
        'Ticket G 3, please come to room 3.',
      ])
    await expect.poll(() => heardBy(screen), patience).toContain('Turno G 3, pase a la sala 3, por favor.')
    expect(await violationsOf(screen.page)).toEqual([])
    await screen.page.clock.fastForward(11_000)
    await expect.poll(() => freshOn(screen), patience).toEqual([])
    await screen.context.close()
  })

  it('announces a repeated call again, and not who goes in', async () => {
    const screen = await openDisplay()
    await act('recall', 'G-002')
    await expect
      .poll(async () => english(await heardBy(screen)), patience)
      .toEqual(['Ticket G 2, please come to room 2.'])
    await expect.poll(() => freshOn(screen), patience).toEqual(['G-002'])
    await act('startService', 'G-002')
    await act('recall', 'G-003')
    await expect
      .poll(async () => english(await heardBy(screen)), patience)
      .toEqual(['Ticket G 2, please come to room 2.', 'Ticket G 3, please come to room 3.'])
    await screen.context.close()
  })

  it('is right again after hours without a network, and does not call anew who was called meanwhile', async () => {
    const screen = await openDisplay()
    await screen.context.setOffline(true)
    await screen.page.getByText('No connection since').waitFor()
    await screen.page.clock.fastForward('06:00:00')
    await act('callEntry', 'G-004', '4')
    await screen.context.setOffline(false)
    await screen.page.locator('.tile', { hasText: 'G-004' }).waitFor()
    await screen.page.getByText('No connection since').waitFor({ state: 'detached' })
    expect(await heardBy(screen)).toEqual([])
    await screen.context.close()
  })

  it('gets a new build through its worker, and keeps it without a network', async () => {
    const builds = await beforeNextBuild(app.server.origin)
    const screen = await app.open({
      path: `${builds.origin}/display/${clinicId}`,
      prepare: (context) => context.clock.install(),
    })
    const { page, context } = screen
    const scripts = () => page.locator('script[src]').evaluateAll((all) => all.map((one) => one.getAttribute('src')))
    const shown = page.locator('.waiting-tickets', { hasText: 'G-005' })
    await shown.waitFor()
    await page.evaluate('navigator.serviceWorker.ready.then(() => null)')
    await page.reload()
    await shown.waitFor()
    expect(await page.evaluate('navigator.serviceWorker.controller?.state')).toBe('activated')
    expect(await scripts()).not.toContain(`/assets/${builds.script}`)
    builds.change()
    const loaded = page.waitForEvent('load', patience)
    await page.clock.fastForward('05:00')
    await loaded
    await shown.waitFor()
    expect(await scripts()).toContain(`/assets/${builds.script}`)
    await context.setOffline(true)
    await page.reload()
    await page.getByText('No connection yet').first().waitFor()
    expect(await scripts()).toContain(`/assets/${builds.script}`)
    await context.close()
    builds.close()
  })

  it('loads itself again when a new build is served, but not before what is being announced was heard', async () => {
    const screen = await openDisplay(false)
    await screen.page.evaluate(() => {
      speechSynthesis.speak = (words) => {
        globalThis.heard.push(words.text)
      }
    })
    await screen.page.route(
      (url) => url.pathname.startsWith('/display/'),
      async (route) => {
        if (route.request().isNavigationRequest()) return route.continue()
        const page = await route.fetch()
        await route.fulfill({ response: page, body: (await page.text()).replace(/assets\/index-/, 'assets/other-') })
      },
    )
    await act('callEntry', 'G-005', '5')
    await expect.poll(async () => (await heardBy(screen)).length, patience).toBe(1)
    let loads = 0
    screen.page.on('load', () => {
      loads++
    })
    const asked = screen.page.waitForResponse((response) => response.url().includes('/display/'))
    await screen.page.clock.fastForward('05:00')
    await asked
    await expect.poll(() => loads, patience).toBe(1)
    expect(await screen.page.evaluate(() => globalThis.heard)).toEqual([])
    await screen.page.locator('.tile', { hasText: 'G-005' }).waitFor()
    await screen.context.close()
  })

  it('is opened from the account of whoever works at the desk', async () => {
    const desk = await app.openAs('reception')
    await desk.page.getByRole('button', { name: /account and settings/ }).click()
    const link = desk.page.getByRole('link', { name: 'Open the waiting-room display' })
    const [page] = await Promise.all([desk.context.waitForEvent('page'), link.press('Enter')])
    await page.locator('.tile', { hasText: 'G-005' }).waitFor()
    expect(await violationsOf(desk.page)).toEqual([])
  })
})
