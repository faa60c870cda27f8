import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromiumPath, launchBrowser } from '../test/browser.ts'
import { startTestServer, type TestServer } from '../test/server.ts'

describe.runIf(chromiumPath)(
  `GraphiQL in Chromium${chromiumPath ? '' : ' (skipped: no Chromium is installed)'}`,
  () => {
    let server: TestServer
    let browser: Browser
    let page: Page
    const elsewhere: string[] = []
    const complaints: string[] = []

    beforeAll(async () => {
      server = await startTestServer()
      browser = await launchBrowser()
      page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
      page.on('request', (request) => {
        const url = request.url()
        if (!url.startsWith(server.origin) && !url.startsWith('blob:') && !url.startsWith('data:')) elsewhere.push(url)
      })
      page.on('pageerror', (error) => complaints.push(error.message))
      await page.goto(`${server.origin}/graphql`)
      await page.waitForSelector('.graphiql-execute-button')
    })
    afterAll(async () => {
      await browser?.close()
      await server?.close()
    })

    const run = async (tab: string) => {
      await page.locator(`.graphiql-tab-button[title="${tab}"]`).click()
      await page.locator('.graphiql-tab-active', { hasText: tab }).waitFor()
      await page.locator('.graphiql-execute-button').click()
    }
    /** GraphiQL reads a tab's operations a moment after it is opened; until then it has nothing to run, sends nothing and says so. */
    const shown = async (): Promise<string> => {
      const text = ((await page.locator('.result-window').textContent()) ?? '').replaceAll('\u00a0', ' ')
      if (text.includes('Cannot infer operation')) await page.locator('.graphiql-execute-button').click()
      return text
    }
    const answer = (text: string) => expect.poll(shown, { timeout: 20_000, interval: 250 }).toContain(text)

    it('logs in, and every other tab then works: booking, the live board, analytics', {
      timeout: 120_000,
    }, async () => {
      await run('LogIn')
      await answer('accessToken')
      await run('Slots')
      await answer('Grace Miller')
      await run('Book')
      await answer('"status": "BOOKED"')
      await run('Board')
      await answer('"serving": []')
      const entry = await server.db.queueEntry.findFirstOrThrow({
        where: { status: 'WAITING' },
        orderBy: { arrivalSeq: 'asc' },
      })
      const reception = await server.login('reception')
      await server.request(
        'mutation($e: ID!) { callEntry(entryId: $e, room: "Blue room") { id } }',
        { e: entry.id },
        reception,
      )
      await answer('Blue room')
      await run('CallNext')
      await answer('"status": "CALLED"')
      await run('Analytics')
      await answer('FORBIDDEN')
      expect(elsewhere).toEqual([])
      expect(complaints).toEqual([])
    })
  },
)
