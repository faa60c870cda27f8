import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type App, chromiumPath, noChromium, type Screen, startApp, violationsOf } from '../test/app.ts'

describe.runIf(chromiumPath)(`the reception board${noChromium}`, { timeout: 120_000 }, () => {
  let app: App
  let desk: Screen
  let clinicId: string

  beforeAll(async () => {
    app = await startApp()
    desk = await app.openAs('reception')
    await desk.page.locator('[data-ticket="G-005"]').waitFor()
    clinicId = (await app.server.db.clinic.findFirstOrThrow({ where: { name: 'Riverside Clinic' } })).id
  })
  afterAll(() => app?.close())

  const keys = async (...pressed: string[]) => {
    for (const key of pressed) await desk.page.keyboard.press(key)
  }
  const entryOf = (ticket: string) =>
    app.server.db.queueEntry.findFirstOrThrow({ where: { ticket, service: { clinicId } } })
  const becomes = (ticket: string, status: string) =>
    expect.poll(async () => (await entryOf(ticket)).status, { timeout: 30_000 }).toBe(status)
  /** The screen knows it too: what a person would wait for before the next key. */
  const shows = (ticket: string, status: string) =>
    desk.page.locator('.details-head', { hasText: ticket }).filter({ hasText: status }).waitFor()
  const toast = (text: string) => desk.page.locator('.toast', { hasText: text }).first().waitFor()
  const ticketsOf = (column: number) =>
    desk.page
      .locator('.column')
      .nth(column)
      .locator('.waiting [data-ticket]')
      .evaluateAll((rows) =>
        rows
          .map((row) => [row.getBoundingClientRect().top, row.getAttribute('data-ticket')] as const)
          .sort(([a], [b]) => a - b)
          .map(([, ticket]) => ticket),
      )
  const line = (tickets: string[], column = 0) =>
    expect.poll(() => ticketsOf(column), { timeout: 30_000 }).toEqual(tickets)

  it('shows each queue in calling order with position, ticket and name', async () => {
    await line(['G-001', 'G-002', 'G-003', 'G-004', 'G-005'])
    const first = desk.page.locator('[data-ticket="G-001"]')
    expect(await first.textContent()).toContain('Amelia Hart')
    expect(await desk.page.getByRole('heading', { name: 'General practice' }).count()).toBe(1)
  })

  it('registers a new patient and lets them wait in three keystrokes after the name', async () => {
    await keys('/')
    await desk.page.keyboard.type('Quentin Zhu')
    await desk.page.getByRole('option', { name: /Register “Quentin Zhu”/ }).waitFor()
    await keys('Enter')
    await desk.page.getByRole('dialog', { name: 'Register a patient' }).waitFor()
    await keys('Enter')
    await desk.page.getByRole('dialog', { name: 'Quentin Zhu' }).waitFor()
    await keys('2')
    await toast('Quentin Zhu waits')
    await line(['V-001'], 1)
    await desk.page.locator('.details', { hasText: 'Quentin Zhu' }).waitFor()
  })

  it('finds a patient who is known, by a part of the name, and says who it may already be', async () => {
    await keys('/')
    await desk.page.keyboard.type('quentin')
    await desk.page
      .getByRole('option', { name: /Quentin Zhu/ })
      .first()
      .waitFor()
    await keys('ArrowUp', 'Enter')
    await desk.page.getByRole('dialog', { name: 'Quentin Zhu' }).waitFor()
    await keys('2')
    await toast('already in this queue')
    await keys('Escape')
    await keys('/')
    await desk.page.keyboard.type('Zhu')
    await desk.page.getByRole('option', { name: /Register “Zhu”/ }).waitFor()
    await keys('ArrowDown', 'Enter')
    await desk.page.getByText('Is it one of these?').waitFor()
    await keys('Escape')
  })

  it('calls, starts and ends a visit by keys alone', async () => {
    await keys('1', 'c')
    await desk.page.getByRole('dialog', { name: /Call G-001/ }).waitFor()
    await keys('1')
    await becomes('G-001', 'CALLED')
    await shows('G-001', 'Called')
    await keys('s')
    await becomes('G-001', 'IN_SERVICE')
    await shows('G-001', 'With the doctor')
    await keys('d')
    await becomes('G-001', 'SERVED')
    await line(['G-002', 'G-003', 'G-004', 'G-005'])
  })

  it('takes an act back by one key while its toast stands', async () => {
    await keys('Escape', '1')
    await desk.page.locator('.details', { hasText: 'G-002' }).waitFor()
    await keys('h')
    await becomes('G-002', 'ON_HOLD')
    await toast('G-002 Noah Bennett is on hold')
    await keys('z')
    await becomes('G-002', 'WAITING')
    await line(['G-002', 'G-003', 'G-004', 'G-005'])
  })

  it('makes somebody urgent with a usual reason', async () => {
    await keys('Escape', '1', 'ArrowDown', 'ArrowDown')
    await desk.page.locator('.details', { hasText: 'G-004' }).waitFor()
    await keys('u')
    await desk.page.getByRole('dialog', { name: /How urgent/ }).waitFor()
    await keys('2')
    await desk.page.getByRole('dialog', { name: /Why is/ }).waitFor()
    await keys('1')
    await line(['G-004', 'G-002', 'G-003', 'G-005'])
    await desk.page.locator('.details', { hasText: 'Strong pain' }).waitFor()
  })

  it('moves a patient by keys, and asks why', async () => {
    await keys('Escape', '1', 'ArrowDown', 'ArrowDown', 'ArrowDown')
    await desk.page.locator('.details', { hasText: 'G-005' }).waitFor()
    await keys('m', 'ArrowUp', 'ArrowUp', 'Enter')
    await desk.page.getByRole('dialog', { name: /another place/ }).waitFor()
    await keys('1')
    await line(['G-004', 'G-005', 'G-002', 'G-003'])
  })

  it('moves a patient by dragging', async () => {
    await keys('Escape')
    await desk.page
      .locator('[data-ticket="G-003"]')
      .dragTo(desk.page.locator('[data-ticket="G-002"]'), { targetPosition: { x: 60, y: 4 } })
    await desk.page.getByRole('dialog', { name: /another place/ }).waitFor()
    await keys('2')
    await line(['G-004', 'G-005', 'G-003', 'G-002'])
  })

  it('marks a no-show, brings them back, transfers and lets them leave', async () => {
    await keys('1', 'c')
    await desk.page.getByRole('dialog').waitFor()
    await keys('2')
    await shows('G-004', 'Called')
    await keys('n')
    await becomes('G-004', 'NO_SHOW')
    await shows('G-004', 'No-show')
    await keys('b')
    await becomes('G-004', 'WAITING')
    await shows('G-004', 'Waiting')
    await keys('t')
    await desk.page.getByRole('dialog', { name: /Where does/ }).waitFor()
    await keys('2')
    await line(['G-004'], 2)
    await shows('G-004', 'Waiting')
    await keys('l')
    await becomes('G-004', 'LEFT')
    await keys('3', 'o')
    await desk.page.locator('.rest [data-ticket="G-004"]').waitFor()
    await keys('o')
  })

  it('shows every key on a question mark', async () => {
    await keys('?')
    const help = desk.page.getByRole('dialog', { name: 'Keys' })
    await help.waitFor()
    expect(await help.textContent()).toContain('Move in the queue')
    expect(await violationsOf(desk.page)).toEqual([])
    await keys('Escape')
  })

  it('books a slot from the day view, and checks the patient in by one key', async () => {
    await keys('/')
    await desk.page.keyboard.type('amelia')
    await desk.page
      .getByRole('option', { name: /Amelia Hart/ })
      .first()
      .waitFor()
    await keys('Enter')
    await desk.page.getByRole('dialog', { name: 'Amelia Hart' }).waitFor()
    await keys('b')
    const booking = desk.page.getByRole('dialog', { name: 'Book: Amelia Hart' })
    await booking.locator('.slot-list .button').first().waitFor()
    expect(await violationsOf(desk.page)).toEqual([])
    await booking.locator('.slot-list .button').last().click()
    await toast('Booked:')
    await desk.page.locator('.arrival', { hasText: 'Amelia Hart' }).waitFor()
    await keys('a', 'Enter')
    await toast('is checked in')
    await desk.page.locator('.arrival', { hasText: 'Amelia Hart' }).waitFor({ state: 'detached' })
  })

  it('shows what another desk does, without a reload', async () => {
    const other = await app.server.login('reception')
    const waiting = await entryOf('G-005')
    await app.server.request('mutation($e: ID!) { hold(entryId: $e) { id } }', { e: waiting.id }, other)
    await expect.poll(() => ticketsOf(0)).not.toContain('G-005')
  })

  it('says within five seconds that the connection is lost, and catches up by itself', async () => {
    await desk.context.setOffline(true)
    await desk.page.getByText('No connection. What you see is from').waitFor({ timeout: 5_000 })
    const other = await app.server.login('reception')
    const held = await entryOf('G-005')
    await app.server.request('mutation($e: ID!) { returnToQueue(entryId: $e) { id } }', { e: held.id }, other)
    await desk.context.setOffline(false)
    await expect.poll(() => ticketsOf(0), { timeout: 15_000 }).toContain('G-005')
    await desk.page.getByText('No connection. What you see is from').waitFor({ state: 'detached' })
  })

  it('shows a patient on a phone under the bar that says whether it is live, and a tab leads back to the line', async () => {
    const { page, context } = await app.openAs('reception', { phone: true })
    await page.locator('[data-ticket="G-005"]').tap()
    await page.locator('.details', { hasText: 'G-005' }).waitFor()
    await context.setOffline(true)
    const band = page.getByText('No connection. What you see is from')
    await band.waitFor({ timeout: 10_000 })
    const isUncovered = await band.evaluate((text) => {
      const { left, top } = text.getBoundingClientRect()
      return document.elementFromPoint(left + 5, top + 5)?.closest('.details') === null
    })
    expect(isUncovered).toBe(true)
    await page.getByRole('button', { name: /^Vaccination/ }).tap()
    await page.locator('.details').waitFor({ state: 'detached' })
    await context.close()
  })

  it('complains of nothing, to people or to axe', async () => {
    await keys('Escape', '1')
    expect(await violationsOf(desk.page)).toEqual([])
    expect(desk.complaints.filter((text) => !/ERR_INTERNET_DISCONNECTED/.test(text))).toEqual([])
  })
})
