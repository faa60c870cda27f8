import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type App, chromiumPath, noChromium, type Screen, startApp, violationsOf } from './app.ts'

/** Two desks, a doctor and the screen in the waiting room; nobody touches a mouse. */
describe.runIf(chromiumPath)(`a morning at the clinic${noChromium}`, { timeout: 180_000 }, () => {
  let app: App
  let clinicId: string
  let anna: Screen
  let ben: Screen
  let doctor: Screen
  let display: Screen
  const patience = { timeout: 60_000 }

  beforeAll(async () => {
    app = await startApp()
    clinicId = (await app.server.db.clinic.findFirstOrThrow({ where: { name: 'Riverside Clinic' } })).id
    display = await app.open({ path: `/display/${clinicId}` })
    await display.page.locator('.waiting-tickets', { hasText: 'G-005' }).waitFor()
    const { errors } = await app.server.request(
      'mutation($i: CreateUserInput!) { createUser(input: $i) { id } }',
      { i: { clinicId, username: 'ben', name: 'Ben Ito', password: 'anteroom-demo', role: 'RECEPTIONIST' } },
      await app.server.login('admin'),
    )
    expect(errors).toBeUndefined()
    anna = await app.openAs('reception')
    ben = await app.openAs('ben')
    for (const { page } of [anna, ben]) {
      await page.locator('[data-ticket="G-005"]').waitFor()
      await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined))
    }
    doctor = await app.openAs('doctor')
    await doctor.page.locator('.next-row', { hasText: 'G-005' }).waitFor()
  })
  afterAll(() => app?.close())

  const keys = async ({ page }: Screen, ...pressed: string[]) => {
    for (const key of pressed) await page.keyboard.press(key)
  }
  const dialog = ({ page }: Screen, name: string | RegExp) => page.getByRole('dialog', { name }).waitFor()
  const entryOf = (name: string) =>
    app.server.db.queueEntry.findFirstOrThrow({
      where: { clinicId, patient: { name } },
      orderBy: { arrivedAt: 'desc' },
    })
  const becomes = (name: string, status: string) =>
    expect.poll(async () => (await entryOf(name)).status, patience).toBe(status)
  const row = ({ page }: Screen, text: string) => page.locator('.row', { hasText: text }).first()
  const gone = ({ page }: Screen) => page.getByRole('dialog').waitFor({ state: 'detached' })
  const register = async (desk: Screen, name: string, queue: string) => {
    await keys(desk, 'Escape', 'Escape', '/')
    await desk.page.keyboard.type(name)
    await desk.page.getByRole('option', { name: `Register “${name}”` }).waitFor()
    await keys(desk, 'Enter')
    await dialog(desk, 'Register a patient')
    await keys(desk, 'Enter')
    await dialog(desk, name)
    await keys(desk, queue)
    await gone(desk)
    await row(desk, name).waitFor()
  }
  /** Down the column until the patient is the one whose details are shown. */
  const select = async (desk: Screen, column: string, name: string) => {
    await keys(desk, 'Escape', column)
    const details = desk.page.locator('.details-head')
    for (let step = 0; step < 20; step++) {
      // What is shown has to be what the last key chose, or the next key goes to somebody else.
      await desk.page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))')
      await details.waitFor()
      if ((await details.textContent())?.includes(name)) return
      await keys(desk, 'ArrowDown')
    }
    throw new Error(`${name} is not in column ${column}.`)
  }
  const main = (name: string) =>
    doctor.page.locator('.present-acts .main:enabled', { hasText: new RegExp(`^${name}`) }).waitFor()

  it('begins: both desks let patients wait, and each sees the other’s', async () => {
    await register(anna, 'Greta Sommer', '1')
    await register(ben, 'Hugo Winter', '2')
    await row(ben, 'Greta Sommer').waitFor()
    await row(anna, 'Hugo Winter').waitFor()
    await select(anna, '1', 'Greta Sommer')
    await keys(anna, 'u')
    await dialog(anna, /How urgent/)
    await keys(anna, '2')
    await dialog(anna, /Why is/)
    await keys(anna, '1')
    await expect.poll(async () => (await entryOf('Greta Sommer')).urgency, patience).toBe('URGENT')
  })

  it('goes on: the doctor calls by the space bar, who is urgent comes first, and the room sees it', async () => {
    await doctor.page.locator('.next-row').first().filter({ hasText: 'Greta Sommer' }).waitFor()
    await main('Call next')
    await keys(doctor, 'Space')
    await becomes('Greta Sommer', 'CALLED')
    const { ticket } = await entryOf('Greta Sommer')
    await display.page.locator('.tile', { hasText: ticket }).waitFor()
    await ben.page.locator('.now .row', { hasText: ticket }).waitFor()
    await main('Start')
    await keys(doctor, 'Space')
    await becomes('Greta Sommer', 'IN_SERVICE')
  })

  it('books an appointment, moves it, and cancels it', async () => {
    await keys(anna, 'Escape', 'Escape', '/')
    await anna.page.keyboard.type('Samuel')
    await anna.page
      .locator('.finder-list')
      .getByRole('option', { name: /Samuel Ortiz/ })
      .waitFor()
    await keys(anna, 'Enter')
    await dialog(anna, 'Samuel Ortiz')
    await keys(anna, 'b')
    const slots = anna.page.locator('.slot-list .button')
    await slots.first().waitFor()
    await slots.last().press('Enter')
    const booked = anna.page.locator('.arrival', { hasText: 'Samuel Ortiz' })
    await booked.waitFor()
    const booking = () =>
      app.server.db.appointment.findFirstOrThrow({ where: { clinicId, patient: { name: 'Samuel Ortiz' } } })
    await gone(anna)
    const count = () => app.server.db.appointment.count({ where: { clinicId, patient: { name: 'Samuel Ortiz' } } })
    await expect.poll(count, patience).toBe(1)
    const first = await booking()
    await keys(anna, 'a', 'e')
    await dialog(anna, 'Move the booking of Samuel Ortiz')
    await slots.first().waitFor()
    await slots.nth((await slots.count()) - 2).press('Enter')
    await gone(anna)
    await expect
      .poll(async () => (await booking()).startsAt.toISOString(), patience)
      .not.toBe(first.startsAt.toISOString())
    await ben.page.locator('.arrival', { hasText: 'Samuel Ortiz' }).waitFor()
    await keys(anna, 'a', 'Backspace')
    await dialog(anna, /Cancel the booking of Samuel Ortiz/)
    await anna.page.getByRole('button', { name: 'The patient asked for it' }).press('Enter')
    await expect.poll(async () => (await booking()).status, patience).toBe('CANCELLED')
    await booked.waitFor({ state: 'detached' })
    await ben.page.locator('.arrival', { hasText: 'Samuel Ortiz' }).waitFor({ state: 'detached' })
  })

  it('loses one desk its network, which goes on working while the others do too', async () => {
    await gone(anna)
    await ben.context.setOffline(true)
    await ben.page.locator('.band', { hasText: 'No connection' }).first().waitFor()
    await register(ben, 'Ida Frost', '3')
    await select(ben, '1', 'Noah Bennett')
    await keys(ben, 'h')
    await select(ben, '2', 'Hugo Winter')
    await keys(ben, 'l')
    await ben.page
      .locator('.band', { hasText: /changes wait here/ })
      .first()
      .waitFor()

    // Meanwhile: another desk lets the very same patient leave, and the doctor serves on.
    await select(anna, '1', 'Noah Bennett')
    await keys(anna, 'l')
    await becomes('Noah Bennett', 'LEFT')
    await main('Served, call next')
    await keys(doctor, 'Space')
    await becomes('Greta Sommer', 'SERVED')
    await becomes('Amelia Hart', 'CALLED')
    expect(await violationsOf(ben.page)).toEqual([])
  })

  it('comes together: what was done offline is sent, what cannot be is said', async () => {
    await ben.context.setOffline(false)
    await expect
      .poll(() => ben.page.locator('.band').allTextContents(), patience)
      .toContainEqual(expect.stringContaining('1 of your changes was not taken'))
    await becomes('Ida Frost', 'WAITING')
    await becomes('Hugo Winter', 'LEFT')
    await becomes('Noah Bennett', 'LEFT')
    await row(anna, 'Ida Frost').waitFor()
    await ben.page.getByRole('button', { name: 'Look' }).press('Enter')
    await dialog(ben, 'Changes that were not taken')
    await ben.page.getByRole('button', { name: 'Put away' }).press('Enter')
    await gone(ben)
    await main('Start')
    await keys(doctor, 'n')
    await becomes('Amelia Hart', 'NO_SHOW')
    await main('Call next')
    await keys(doctor, 'Space')
    await becomes('Zoë Fischer', 'CALLED')
  })

  it('ends with every board, the room and the display showing what the database holds', async () => {
    const letters = ['G', 'V', 'P']
    const held = async (statuses: ('WAITING' | 'CALLED' | 'IN_SERVICE')[]) => {
      const entries = await app.server.db.queueEntry.findMany({
        where: { clinicId, status: { in: statuses } },
        include: { service: true },
        orderBy: [{ rank: 'asc' }, { dueAt: 'asc' }, { subRank: 'asc' }, { arrivalSeq: 'asc' }],
      })
      return letters.map((letter) =>
        entries.filter(({ service }) => service.ticketLetter === letter).map(({ ticket }) => ticket),
      )
    }
    const shown = ({ page }: Screen, list: string) =>
      page.locator('.column').evaluateAll(
        (columns, inside) =>
          columns.map((column) =>
            [...column.querySelectorAll(`${inside} [data-ticket]`)]
              .map((line) => [line.getBoundingClientRect().top, line.getAttribute('data-ticket')] as const)
              .sort(([a], [b]) => a - b)
              .map(([, ticket]) => ticket),
          ),
        list,
      )
    const waiting = await held(['WAITING'])
    const serving = await held(['CALLED', 'IN_SERVICE'])
    for (const desk of [anna, ben]) {
      await expect.poll(() => shown(desk, '.waiting'), patience).toEqual(waiting)
      await expect.poll(() => shown(desk, '.now'), patience).toEqual(serving)
      expect(await desk.page.locator('.row.is-pending').count()).toBe(0)
    }
    await expect
      .poll(() => display.page.locator('.waiting-tickets li').allTextContents(), patience)
      .toEqual(expect.arrayContaining(waiting.flat()))
    expect(await display.page.locator('.waiting-tickets li').count()).toBe(waiting.flat().length)
    await expect.poll(() => display.page.locator('.tile-ticket').allTextContents(), patience).toEqual(serving.flat())
    expect(await doctor.page.locator('.present-ticket').textContent()).toBe((await entryOf('Zoë Fischer')).ticket)
    for (const screen of [anna, ben, doctor, display]) {
      expect(await violationsOf(screen.page)).toEqual([])
      expect(screen.complaints.filter((text) => !/ERR_INTERNET_DISCONNECTED|WebSocket connection/.test(text))).toEqual(
        [],
      )
    }
  })
})
