import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromiumPath, launchBrowser } from '../../../api/test/browser.ts'
import { bundle } from '../test/bundle.ts'

describe.runIf(chromiumPath)('a browser that gives no more room', { timeout: 60_000 }, () => {
  const ORIGIN = 'http://localhost'
  let browser: Awaited<ReturnType<typeof launchBrowser>>
  let script = ''
  beforeAll(async () => {
    script = await bundle(fileURLToPath(new URL('../test/quota-page.ts', import.meta.url)))
    browser = await launchBrowser()
  }, 60_000)
  afterAll(() => browser?.close())

  it('has an act refused and everything else as it was, and takes acts again when there is room', async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.route('**/*', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }))
    const start = async () => {
      await page.goto(`${ORIGIN}/`)
      await page.addScriptTag({ type: 'module', content: script })
      await page.waitForFunction('globalThis.desk !== undefined')
    }
    const act = (name: string) => page.evaluate(`desk.act(${JSON.stringify(name)})`)
    const shown = () => page.evaluate('desk.shown()')
    const devTools = await context.newCDPSession(page)

    await page.goto(`${ORIGIN}/`)
    await devTools.send('Storage.overrideQuotaForOrigin', { origin: ORIGIN, quotaSize: 3_000_000 })
    await start()
    const large = 'x'.repeat(200_000)
    const saved: unknown[] = []
    for (let answer = await act('Ann'); answer !== 'FULL'; answer = await act(large)) {
      saved.push(answer)
      expect(await shown()).toEqual({ ids: saved, trouble: null })
      if (saved.length > 100) throw new Error('It was never full.')
    }
    expect(saved.length).toBeGreaterThan(1)
    expect(await shown()).toEqual({ ids: saved, trouble: 'STORAGE_FULL' })
    await start()
    expect(await shown()).toEqual({ ids: saved, trouble: null })
    expect(await act(large)).toBe('FULL')
    await devTools.send('Storage.overrideQuotaForOrigin', { origin: ORIGIN })
    saved.push(await act(large))
    expect(await shown()).toEqual({ ids: saved, trouble: null })
    await start()
    expect(await shown()).toEqual({ ids: saved, trouble: null })
    await context.close()
  })
})
