import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type App, chromiumPath, noChromium, type Screen, startApp, violationsOf } from './app.ts'

type Look = { phone?: boolean }

const looks: [string, Look][] = [
  ['at a desk', {}],
  ['on a phone', { phone: true }],
]

describe.runIf(chromiumPath)(`every screen in every state${noChromium}`, { timeout: 180_000 }, () => {
  let app: App
  let display: string
  beforeAll(async () => {
    app = await startApp()
    const clinic = await app.server.db.clinic.findFirstOrThrow({ where: { name: 'Riverside Clinic' } })
    display = `/display/${clinic.id}`
  })
  afterAll(() => app?.close())

  const open: Record<string, (look: Look) => Promise<Screen>> = {
    'log-in': (look) => app.open(look),
    board: (look) => app.openAs('reception', look),
    'doctor’s room': (look) => app.openAs('doctor', look),
    practice: (look) => app.openAs('admin', look),
    display: (look) => app.open({ ...look, path: display }),
  }
  const ready: Record<string, string> = {
    'log-in': 'form',
    board: '.columns .column:not([aria-busy]) >> nth=-1',
    'doctor’s room': '.room[aria-busy="false"]',
    practice: '.page-title',
    display: '.tiles',
  }
  const table = Object.keys(open).flatMap((name) => looks.map(([look, options]) => [name, look, options] as const))

  /** Nothing is wrong with what is shown, by day and in the dark, and nothing of it is wider than the device. */
  const isRight = async ({ page, complaints }: Screen) => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      expect(await violationsOf(page), colorScheme).toEqual([])
    }
    const tooWide = () =>
      [...document.querySelectorAll('body *')]
        .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
        .map((element) => `${element.tagName} ${element.className}: ${element.textContent?.slice(0, 60)}`)
    expect(
      (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth))
        ? await page.evaluate(tooWide)
        : [],
    ).toEqual([])
    expect(complaints.filter((text) => !/ERR_INTERNET_DISCONNECTED|WebSocket connection/.test(text))).toEqual([])
  }
  const show = async (name: string, look: Look): Promise<Screen> => {
    const screen = await (open[name] as (look: Look) => Promise<Screen>)(look)
    await screen.page.locator(ready[name] as string).waitFor({ state: 'attached' })
    return screen
  }

  it.each(table)('%s, full, %s', async (name, _, look) => {
    const screen = await show(name, look)
    await isRight(screen)
    if (name !== 'log-in' && name !== 'practice') {
      await screen.context.setOffline(true)
      await screen.page
        .getByText(/No connection/)
        .first()
        .waitFor()
      await isRight(screen)
    }
    await screen.context.close()
  })

  it.each(looks)('the card of a screen that broke, %s', async (_, look) => {
    const screen = await show('board', look)
    await screen.page.evaluate(() => {
      Date.parse = () => {
        throw new Error('broken for this test')
      }
    })
    await screen.page.locator('.waiting [data-ticket]').first().click()
    await screen.page.getByRole('alert').getByRole('button', { name: 'Load again' }).waitFor()
    screen.complaints.length = 0
    await isRight(screen)
    await screen.page.getByRole('button', { name: 'Load again' }).click()
    await screen.page.locator('.waiting [data-ticket]').first().waitFor()
    await screen.context.close()
  })

  it.each(looks)('the log-in without a network, %s', async (_, look) => {
    const screen = await show('log-in', look)
    await screen.page.evaluate('navigator.serviceWorker.ready.then(() => null)')
    await screen.context.setOffline(true)
    await screen.page.reload()
    await screen.page.getByLabel('Name for log-in').fill('reception')
    await screen.page.getByLabel('Password').fill('anteroom-demo')
    await screen.page.getByRole('button', { name: 'Log in' }).click()
    await screen.page
      .getByRole('alert')
      .getByText(/connection/)
      .waitFor()
    await isRight(screen)
    await screen.context.close()
  })

  it.each(table.filter(([name]) => ['board', 'doctor’s room', 'display'].includes(name)))(
    '%s, empty, %s',
    async (name, _, look) => {
      const token = await app.server.login('reception')
      for (const { id } of await app.server.db.queueEntry.findMany({
        where: { status: 'WAITING', clinic: { name: 'Riverside Clinic' } },
      }))
        await app.server.request('mutation($e: ID!) { leaveQueue(entryId: $e) { id } }', { e: id }, token)
      const screen = await show(name, look)
      expect(await screen.page.locator('[data-ticket], .next-row, .tile, .waiting-tickets li').count()).toBe(0)
      await isRight(screen)
      await screen.context.close()
    },
  )
})
