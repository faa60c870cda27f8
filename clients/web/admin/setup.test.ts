import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSetupLink } from '../../../api/access/setup.ts'
import { type App, chromiumPath, noChromium, type Screen, startApp, violationsOf } from '../test/app.ts'
import { picture } from '../test/pictures.ts'

const DESKTOP = { width: 1440, height: 900 }
const PHONE = { width: 390, height: 844 }
const PASSWORD = 'a good password'

/** One run, from an empty database to the first called patient: each test goes on where the one before it stopped. */
describe.runIf(chromiumPath)(`a new clinic, from nothing${noChromium}`, { timeout: 180_000 }, () => {
  let app: App
  let admin: Screen
  let page: Page
  const patience = { timeout: 60_000 }

  beforeAll(async () => {
    app = await startApp({ demo: false })
    app.server.deps.config.publicUrl = app.server.origin
  })
  afterAll(() => app?.close())

  const field = (label: string) => page.getByLabel(label, { exact: true })
  const press = (name: string | RegExp) => page.getByRole('button', { name }).click()
  const logIn = async (screen: Screen, username: string) => {
    await screen.page.getByLabel('Name for log-in').fill(username)
    await screen.page.getByLabel('Password').fill(PASSWORD)
    await screen.page.getByRole('button', { name: 'Log in' }).click()
    await screen.page.locator('.top-bar').waitFor()
  }
  const isAt = (step: number, title: string, on = page) =>
    on.getByRole('heading', { level: 2, name: `Step ${step} of 5: ${title}` }).waitFor()
  /** Whoever cannot see it hears where they are now. */
  const isHeard = async (step: number, title: string) => {
    await isAt(step, title)
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(`Step ${step} of 5: ${title}`)
  }
  /** The screen as it should be: axe finds nothing and nothing is cut off, wide and narrow. */
  const isRight = async (name: string) => {
    for (const [size, viewport] of [
      ['phone', PHONE],
      ['desktop', DESKTOP],
    ] as const) {
      await page.setViewportSize(viewport)
      await picture(page, `setup-${name}-${size}`)
      expect(await violationsOf(page), `${name}, ${size}`).toEqual([])
      expect(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), `${name}, ${size}`).toBe(
        false,
      )
    }
  }

  it('begins at the link that the server prints, with a clinic and its first admin', async () => {
    const link = await createSetupLink(app.server.db, app.server.deps.config.publicUrl)
    admin = await app.open({ path: new URL(link as string).pathname })
    page = admin.page
    await page.getByRole('link', { name: 'Español' }).click()
    await page.getByLabel('Nombre de la clínica').waitFor()
    await isRight('0-link-es')
    await page.getByRole('link', { name: 'English' }).click()
    await page.getByLabel('Name of the clinic').fill('Harbour Practice')
    await page.getByLabel('Time zone of the clinic').selectOption('America/New_York')
    await page.getByLabel('Your name').fill('Nora Field')
    await page.getByLabel('Username').fill('nora')
    await page.getByLabel('Password').fill(PASSWORD)
    await isRight('0-link')
    await press('Set up')
    await page.getByRole('link', { name: 'Go to Anteroom' }).click()
    await logIn(admin, 'nora')
    await isAt(1, 'where are you?')
  })

  it('asks where the clinic is', async () => {
    expect(await field('Name').inputValue()).toBe('Harbour Practice')
    await field('Time zone').fill('Atlantis')
    await press('Save and go on')
    await page.getByText('There is no such time zone.').waitFor()
    await isRight('1-clinic')
    await field('Time zone').fill('America/New_York')
    await field('Address').fill('1 Quay Street\nPortland')
    await page.getByLabel('Español').check()
    await press('Save and go on')
    await isHeard(2, 'what do patients come for?')
    expect(await app.server.db.clinic.findFirstOrThrow()).toMatchObject({
      name: 'Harbour Practice',
      timeZone: 'America/New_York',
      address: '1 Quay Street\nPortland',
      languages: ['en', 'es'],
    })
  })

  it('adds services, and proposes the letters of their tickets', async () => {
    await press('Add this service')
    await page.getByText('This cannot stay empty.').waitFor()
    await field('Name').fill('General practice')
    await expect.poll(() => field('Ticket letter').inputValue(), patience).toBe('G')
    await press('Add this service')
    await page.getByText('Tickets G-001, bookings of 15 minutes').waitFor()
    await field('Name').fill('Gynaecology')
    await expect.poll(() => field('Ticket letter').inputValue(), patience).toBe('Y')
    await field('Ticket letter').fill('g')
    await press('Add this service')
    await page.getByText('Another service has this ticket letter.').waitFor()
    await isRight('2-services')
    await field('Ticket letter').fill('Y')
    await press('Add this service')
    await page.getByText('Tickets Y-001, bookings of 15 minutes').waitFor()
  })

  it('goes on where it stopped: after a reload, and on another computer', async () => {
    // What was just added is there on every other screen, too.
    await page.getByRole('link', { name: 'People' }).click()
    await press('New person')
    await page.getByRole('checkbox', { name: 'Gynaecology' }).waitFor()
    await page.keyboard.press('Escape')
    await page.goto(app.server.origin)
    await isAt(3, 'who sees them?')
    const other = await app.open({ phone: true, dark: true, path: '/' })
    await logIn(other, 'nora')
    await isAt(3, 'who sees them?', other.page)
    expect(await violationsOf(other.page)).toEqual([])
    await other.context.setOffline(true)
    await other.page.getByRole('button', { name: 'I see patients myself' }).click()
    await other.page.getByRole('alert').getByText('The server did not answer.').waitFor()
    await picture(other.page, 'setup-3-offline-dark')
    await other.context.close()
  })

  it('adds a doctor, who is not there yet when the step is passed over', async () => {
    await press('Skip this step')
    await isHeard(4, 'when do the doctors work?')
    await page.getByText('There is no doctor yet.').waitFor()
    await isRight('4-nobody')
    await press('Back')
    await isHeard(3, 'who sees them?')
    await field('Name').fill('Dr. Ada Ray')
    await field('Name for log-in').fill('nora')
    await field('Password').fill(PASSWORD)
    await page.getByLabel('Gynaecology').uncheck()
    await press('Add this doctor')
    await page.getByText('Somebody already logs in with this name.').waitFor()
    await field('Name for log-in').fill('ada')
    await press('Add this doctor')
    await page.getByRole('list', { name: 'Doctors' }).getByText('Dr. Ada Ray').waitFor()
    await isRight('3-doctors')
    const ada = await app.server.db.doctor.findFirstOrThrow({ include: { services: { include: { service: true } } } })
    expect(ada.services.map(({ service }) => service.name)).toEqual(['General practice'])
    await press('Next')
  })

  it('gives her hours', async () => {
    await isHeard(4, 'when do the doctors work?')
    await page.getByText('no hours yet').waitFor()
    await field('From – to').fill('12-8')
    await page.getByText('Write times as in').waitFor()
    await press('Save these hours')
    await field('From – to').fill('8-12, 13-17')
    await page.getByLabel('Friday').uncheck()
    await press('Save these hours')
    await page.getByText('Mon, Tue, Wed, Thu: 08:00-12:00, 13:00-17:00').waitFor()
    await isRight('4-hours')
    expect(await app.server.db.doctorHours.count()).toBe(8)
    await press('Next')
  })

  it('makes the log-in of the desk, which then gives the first ticket and calls it, in sight of the admin', async () => {
    await isHeard(5, 'the desk and the first patient')
    await field('Name').fill('Carla Moss')
    await field('Name for log-in').fill('desk')
    await field('Password').fill(PASSWORD)
    await isRight('5-desk')
    await press('Make this log-in')
    const news = page.locator('.setup-news')
    await news.getByText('Nobody waits yet.').waitFor()
    await page.getByText(`Open ${new URL(app.server.origin).host} and log in as desk.`).waitFor()
    await isRight('5-nobody')

    const desk = await app.open()
    await logIn(desk, 'desk')
    await desk.page.locator('.tour').getByRole('button').first().click()
    await desk.page.getByLabel('Find or register a patient').fill('Quentin Zhu')
    await desk.page.getByRole('option', { name: 'Register “Quentin Zhu”' }).waitFor()
    await desk.page.keyboard.press('Enter')
    await desk.page.getByRole('dialog', { name: 'Register a patient' }).waitFor()
    await desk.page.keyboard.press('Enter')
    await desk.page.getByRole('dialog', { name: 'Quentin Zhu' }).waitFor()
    await desk.page.keyboard.press('1')
    await desk.page.locator('.row', { hasText: 'Quentin Zhu' }).first().waitFor()
    await news.getByText('G-001 waits.').waitFor()
    await desk.page.getByRole('dialog').waitFor({ state: 'detached' })
    await desk.page
      .getByRole('button', { name: /Call next/ })
      .first()
      .click()
    await desk.page.getByRole('dialog', { name: 'General practice: call the next patient to whom?' }).waitFor()
    await picture(desk.page, 'setup-5-board')
    await desk.page.keyboard.press('Enter')
    await news.getByText('G-001 is called. Your clinic works.').waitFor()
    await isRight('5-called')
    expect(await app.server.db.queueEntry.findFirstOrThrow()).toMatchObject({ ticket: 'G-001', status: 'CALLED' })
    // Nothing of it is there for the desk, by its address either.
    await desk.page.evaluate(() => {
      location.hash = 'manager/setup'
    })
    await desk.page.reload()
    await desk.page.locator('[data-ticket="G-001"]').waitFor()
    expect(await desk.page.locator('.admin, .setup-steps').count()).toBe(0)
    expect(desk.complaints).toEqual([])
    await desk.context.close()
  })

  it('is then done with, and can still be looked at', async () => {
    await press('Finish')
    await page.getByRole('heading', { level: 1, name: 'People' }).waitFor()
    await page.goto(app.server.origin)
    await page.getByRole('heading', { level: 1, name: 'People' }).waitFor()
    await page.getByRole('link', { name: 'Set-up' }).click()
    await isAt(5, 'the desk and the first patient')
    const marks = page.locator('.setup-mark')
    expect(await marks.allTextContents()).toEqual(['✓', '✓', '✓', '✓', '✓'])
  })

  it('lets the admin see patients too', async () => {
    await page.locator('.setup-steps').getByRole('button', { name: 'Doctors' }).click()
    await press('I see patients myself')
    await page.getByRole('list', { name: 'Doctors' }).getByText('Nora Field').waitFor()
    await page.getByRole('button', { name: 'I see patients myself' }).waitFor({ state: 'detached' })
    // Hours are missing again, and only theirs.
    await page.locator('.setup-steps').getByRole('button', { name: 'Hours' }).click()
    expect(await page.getByRole('checkbox', { name: 'Nora Field' }).isChecked()).toBe(true)
    expect(await page.getByRole('checkbox', { name: 'Dr. Ada Ray' }).isChecked()).toBe(false)
  })

  it('says the same in Spanish', async () => {
    await page.evaluate(() => localStorage.setItem('anteroom.language', 'es'))
    await page.goto(`${app.server.origin}/#manager/setup`)
    await page.reload()
    for (const [name, title] of [
      ['Centro', '¿dónde están?'],
      ['Servicios', '¿a qué vienen los pacientes?'],
      ['Médicos', '¿quién los atiende?'],
      ['Horarios', '¿cuándo trabajan los médicos?'],
      ['Recepción', 'la recepción y el primer paciente'],
    ] as const) {
      await page.locator('.setup-steps').getByRole('button', { name }).click()
      await page.getByRole('heading', { level: 2, name: title }).waitFor()
      await picture(page, `setup-es-${name}`)
    }
    expect(await violationsOf(page)).toEqual([])
    expect(admin.complaints).toEqual([])
  })
})
