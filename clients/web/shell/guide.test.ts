import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type App, chromiumPath, noChromium, startApp, violationsOf } from '../test/app.ts'

describe.runIf(chromiumPath)(`the first steps, and installing${noChromium}`, { timeout: 120_000 }, () => {
  let app: App
  beforeAll(async () => {
    app = await startApp()
  })
  afterAll(() => app?.close())

  it('are told once to each person on each device, and stand in nobody’s way', async () => {
    const desk = await app.openAs('reception', { tour: true })
    const { page } = desk
    const tour = page.getByRole('complementary', { name: /First steps/ })
    await tour.getByText('Somebody stands at the desk').waitFor()
    expect(await violationsOf(page)).toEqual([])
    // The work goes on: the keys are the board's, and the focus is where it was.
    expect(await tour.evaluate((card) => card.contains(document.activeElement))).toBe(false)
    await page.locator('[data-ticket="G-005"]').waitFor()
    await page.keyboard.press('1')
    await page.locator('.details', { hasText: 'G-001' }).waitFor()
    await tour.getByRole('button', { name: 'Next' }).press('Enter')
    await tour.getByText('First steps, 2 of 3').waitFor()
    await page.keyboard.press('Enter')
    await tour.getByText('First steps, 3 of 3').waitFor()
    await page.keyboard.press('Enter')
    await tour.waitFor({ state: 'detached' })
    await page.reload()
    await page.locator('[data-ticket="G-005"]').waitFor()
    expect(await tour.count()).toBe(0)

    // Another person at the same device has not seen them.
    await page.getByRole('button', { name: /account and settings/ }).click()
    await page.getByRole('button', { name: 'Log out' }).click()
    await app.logIn(desk, 'doctor', { tour: true })
    await tour.getByText('The space bar does the next right thing').waitFor()
    expect(await violationsOf(page)).toEqual([])
    await tour.getByRole('button', { name: 'Skip' }).press('Enter')
    await tour.waitFor({ state: 'detached' })
    expect(desk.complaints).toEqual([])
  })

  it('tell whoever works with a finger of no keys', async () => {
    const { page, context } = await app.openAs('reception', { tour: true, phone: true })
    const tour = page.getByRole('complementary', { name: /First steps/ })
    for (const text of ['the box above', 'Tap a patient', 'whether what you see is live']) {
      await tour.getByText(text).waitFor()
      expect(await tour.textContent()).not.toMatch(/\bkeys?\b|press|↑|\?/)
      await tour.getByRole('button', { name: /Next|Done/ }).tap()
    }
    await tour.waitFor({ state: 'detached' })
    await context.close()
  })

  it('are shown again from the help, and take the focus then', async () => {
    const { page } = await app.openAs('reception')
    await page.locator('[data-ticket="G-005"]').waitFor()
    await page.keyboard.press('?')
    await page.getByRole('button', { name: 'Show the first steps' }).press('Enter')
    const tour = page.getByRole('complementary', { name: /First steps/ })
    await tour.waitFor()
    await expect
      .poll(() => tour.evaluate((card) => card.contains(document.activeElement)), { timeout: 10_000 })
      .toBe(true)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await tour.waitFor({ state: 'detached' })
    await page.keyboard.press('1')
    await page.locator('.details', { hasText: 'G-001' }).waitFor()
  })

  it('offers to install where the browser can, as a hint once and from then on in the account', async () => {
    const { page } = await app.openAs('reception')
    await page.locator('[data-ticket="G-005"]').waitFor()
    const offer = () =>
      page.evaluate(() => {
        const event = new Event('beforeinstallprompt', { cancelable: true })
        Object.assign(event, {
          prompt: async () => {
            document.title = 'asked'
          },
        })
        dispatchEvent(event)
        return event.defaultPrevented
      })
    const hint = page.locator('.toast', { hasText: 'can be installed on this device' })
    const account = () => page.getByRole('button', { name: /account and settings/ }).click()
    const button = page.getByRole('button', { name: 'Install on this device' })
    await account()
    await page.getByRole('button', { name: 'Log out' }).waitFor()
    expect(await button.count()).toBe(0)
    await page.keyboard.press('Escape')
    expect(await offer()).toBe(true)
    await hint.waitFor()
    await page.reload()
    await page.locator('[data-ticket="G-005"]').waitFor()
    await offer()
    await account()
    await button.press('Enter')
    expect(await page.title()).toBe('asked')
    await button.waitFor({ state: 'detached' })
    expect(await hint.count()).toBe(0)
  })
})
