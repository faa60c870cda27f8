import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromiumPath, launchBrowser } from '../../api/test/browser.ts'
import { bundle } from './test/bundle.ts'

const noChromium = chromiumPath ? '' : ' (skipped: no Chromium is installed; set CHROMIUM_PATH or install it)'

describe.runIf(chromiumPath)(`the hooks of a screen${noChromium}`, { timeout: 60_000 }, () => {
  let browser: Browser
  let page: Page
  const errors: string[] = []

  beforeAll(async () => {
    const script = await bundle(fileURLToPath(new URL('test/hooks-page.ts', import.meta.url)))
    browser = await launchBrowser()
    page = await browser.newPage()
    page.on('pageerror', ({ message }) => errors.push(message))
    await page.route('**/*', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><body>' }))
    await page.goto('http://localhost/')
    await page.addScriptTag({ type: 'module', content: script })
    await page.waitForFunction('globalThis.hand !== undefined')
  }, 60_000)
  afterAll(() => browser?.close())

  const shown = (): Promise<Record<string, unknown>> => page.evaluate('globalThis.shown ?? {}')
  const shows = (wanted: object) => expect.poll(shown, { timeout: 10_000 }).toMatchObject(wanted)

  it('tell of a device that is connected and has nothing to send', async () => {
    await shows({ status: 'LOGGED_IN', isOnline: true, unsent: 0, trouble: null, mark: null, codes: [] })
  })

  it('mark a record from the act on until the server has answered', async () => {
    await page.evaluate('hold("e1").then(() => null)')
    await shows({ unsent: 1, mark: { operations: [expect.any(String)], mayBeRefused: null } })
    await page.evaluate('apply()')
    await shows({ unsent: 0, mark: null, codes: [] })
  })

  it('tell of a connection that went and came back', async () => {
    await page.evaluate('hand.setOnline(false)')
    await shows({ isOnline: false })
    await page.evaluate('hold("e2").then(() => null)')
    await shows({ isOnline: false, unsent: 1 })
    await page.evaluate('hand.setOnline(true)')
    await shows({ isOnline: true, unsent: 1 })
  })

  it('keep what was refused until it was seen, and give it again as a new act', async () => {
    await page.evaluate('hand.refuse("NOT_WAITING")')
    await shows({ unsent: 0, codes: ['NOT_WAITING'] })
    await page.getByRole('button', { name: 'again' }).click()
    await shows({ unsent: 1, codes: [] })
    await page.evaluate('hand.refuse("NOT_WAITING")')
    await shows({ codes: ['NOT_WAITING'] })
    await page.getByRole('button', { name: 'away' }).click()
    await shows({ unsent: 0, codes: [] })
  })

  it('take a screen without a log-in for always connected', async () => {
    await shows({ bare: { isOnline: true, unsent: 0, notices: [], trouble: null } })
  })

  it('tell of a log-out', async () => {
    await page.evaluate('logOut()')
    await shows({ status: 'LOGGED_OUT' })
    expect(errors).toEqual([])
  })
})
