import AxeBuilder from '@axe-core/playwright'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { wallOf } from '../../../api/clinic/day.ts'
import { chromiumPath, launchBrowser } from '../../../api/test/browser.ts'
import type {} from '../../../api/test/global-setup.ts'
import { startTestServer, type TestServer } from '../../../api/test/server.ts'

export { chromiumPath }

export const noChromium = chromiumPath ? '' : ' (skipped: no Chromium is installed; set CHROMIUM_PATH or install it)'

export type Screen = { page: Page; context: BrowserContext; complaints: string[] }

type Options = {
  phone?: boolean
  dark?: boolean
  language?: string
  path?: string
  /** With: the first steps stay on the screen. */
  tour?: boolean
  /** Without: every request of the page is the network's. */
  worker?: boolean
  /** What has to stand in the page before its own scripts. */
  prepare?: (context: BrowserContext) => Promise<unknown>
}

/** The built app on a real server and database, and browsers of several people before it. Without the demonstration the database is empty. */
export const startApp = async ({ demo = true } = {}) => {
  const server: TestServer = await startTestServer({ demo })
  const browser: Browser = await launchBrowser()
  // After midnight, most of the slots that a day shows are of the clinic day that begins at four: here they are of the present one.
  for (const { id, timeZone, dayStartsAt } of await server.db.clinic.findMany())
    if (wallOf(new Date(), timeZone).minute < dayStartsAt)
      await server.db.clinic.update({ where: { id }, data: { dayStartsAt: 1439 } })

  /** A device of its own: no cookies, and everything that the page complains of kept. */
  const open = async ({
    phone = false,
    dark = false,
    language = 'en-US',
    path = '/',
    worker = true,
    prepare,
  }: Options = {}): Promise<Screen> => {
    const context = await browser.newContext({
      viewport: phone ? { width: 390, height: 844 } : { width: 1440, height: 900 },
      colorScheme: dark ? 'dark' : 'light',
      locale: language,
      reducedMotion: 'reduce',
      hasTouch: phone,
      serviceWorkers: worker ? 'allow' : 'block',
    })
    await prepare?.(context)
    const page = await context.newPage()
    page.setDefaultTimeout(30_000)
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
    })
    await page.goto(new URL(path, server.origin).href)
    return { page, context, complaints }
  }

  const logIn = async ({ page }: Screen, username: string, { tour = false }: Options = {}): Promise<void> => {
    await page.getByLabel('Name for log-in').fill(username)
    await page.getByLabel('Password').fill('anteroom-demo')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.locator('.top-bar').waitFor()
    if (tour) return
    const skip = page.locator('.tour').getByRole('button').first()
    await skip.or(page.locator('main.page')).first().waitFor()
    if (await skip.isVisible()) await skip.click()
  }

  return {
    server,
    browser,
    open,
    logIn,
    /** A device at which somebody has just logged in. */
    openAs: async (username: string, options?: Options): Promise<Screen> => {
      const screen = await open(options)
      await logIn(screen, username, options)
      return screen
    },
    close: async () => {
      await browser.close()
      await server.close()
    },
  }
}

export type App = Awaited<ReturnType<typeof startApp>>

/** What axe finds wrong with a page, in short. */
export const violationsOf = async (page: Page): Promise<string[]> => {
  const { violations } = await new AxeBuilder({ page }).analyze()
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`)
}
