import { randomBytes } from 'node:crypto'
import { qrOfCode } from '@anteroom/api/patient/qr'
import type { Page } from 'playwright-core'
import { encode } from 'uqr'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { uuidv7 } from '../../../api/database/uuid.ts'
import { type App, chromiumPath, noChromium, type Screen, startApp, violationsOf } from '../test/app.ts'
import { picture } from '../test/pictures.ts'

const TABLET = { width: 1280, height: 800 }
const PHONE = { width: 390, height: 844 }

describe.runIf(chromiumPath)(`the tablet at the door${noChromium}`, { timeout: 180_000 }, () => {
  let app: App
  let clinicId: string
  let serviceId: string
  let tablet: Screen
  let page: Page
  let address: string
  const patience = { timeout: 30_000 }

  beforeAll(async () => {
    app = await startApp()
    clinicId = (await app.server.db.clinic.findFirstOrThrow({ where: { name: 'Riverside Clinic' } })).id
    serviceId = (await app.server.db.service.findFirstOrThrow({ where: { clinicId, ticketLetter: 'G' } })).id
    await makePace()
    tablet = await open()
    page = tablet.page
    address = page.url()
  })
  afterAll(() => app?.close())
  beforeEach(async () => {
    // A busy day at one tablet is not what is tried here.
    await app.server.db.$executeRaw`DELETE FROM login_attempts`
    if (!(await heading('What brings you here?', page).isVisible())) await page.goto(address)
    await heading('What brings you here?', page).waitFor()
  })

  /** Somebody is at work and has seen patients for a while, so that the wait can be told. */
  const makePace = async () => {
    const { db } = app.server
    const desk = await app.server.login('reception')
    const act = async (query: string, variables: object) => {
      const { data, errors } = await app.server.request(query, variables, desk)
      expect(errors).toBeUndefined()
      return data.done.id
    }
    await db.doctor.updateMany({ where: { clinicId }, data: { onDuty: true } })
    for (let minutes = 8; minutes < 14; minutes++) {
      const patientId = await act('mutation($i: CreatePatientInput!) { done: createPatient(input: $i) { id } }', {
        i: { name: 'Seen before' },
      })
      const id = await act('mutation($i: AddWalkInInput!) { done: addWalkIn(input: $i) { id } }', {
        i: { patientId, serviceId },
      })
      await act('mutation($e: ID!) { done: callEntry(entryId: $e) { id } }', { e: id })
      await act('mutation($e: ID!) { done: markServed(entryId: $e) { id } }', { e: id })
      await db.$executeRaw`
        UPDATE queue SET arrived_at = arrived_at - interval '1 hour',
          called_at = called_at - make_interval(mins => ${minutes}::int) WHERE id = ${id}::uuid`
    }
  }

  const open = async (options: Parameters<App['open']>[0] = {}) => {
    const screen = await app.open({ path: `/checkin/${clinicId}`, worker: false, ...options })
    await screen.page.setViewportSize(options.phone ? PHONE : TABLET)
    return screen
  }
  const heading = (name: string | RegExp, on: Page) => on.getByRole('heading', { level: 1, name })
  const touch = (name: string | RegExp, on = page) => on.getByRole('button', { name }).click()
  const dial = async (digits: string, on = page) => {
    for (const digit of digits) await on.getByRole('button', { name: digit, exact: true }).click()
  }
  /** By number and birth date as fast as keys go, up to the answer. */
  const look = async (national: string, born: string) => {
    await touch(/I have an appointment/)
    await heading('What is your phone number?', page).waitFor()
    await page.keyboard.type(national)
    await touch('Next')
    await heading('What is your birth date?', page).waitFor()
    await page.keyboard.type(born)
    await touch('Next')
  }
  /** Whoever cannot see it hears the new question. */
  const isHeard = async (name: string | RegExp, on = page) => {
    await heading(name, on).waitFor()
    await expect
      .poll(() => heading(name, on).evaluate((element) => element === document.activeElement), patience)
      .toBe(true)
  }
  /** The screen as it should be in every state: axe finds nothing, everything to touch is large, nothing is cut off. */
  const isRight = async (name: string, on = page) => {
    await picture(on, name)
    expect(await violationsOf(on), name).toEqual([])
    const small = await on.evaluate(
      () =>
        [...document.querySelectorAll('button, input')]
          .map((element) => element.getBoundingClientRect())
          .filter(({ width, height }) => width < 64 || height < 64).length,
    )
    expect(small, name).toBe(0)
    expect(await on.evaluate(() => document.documentElement.scrollWidth > innerWidth), name).toBe(false)
  }

  let people = 0
  /** Somebody with a number and a birth date, booked for today unless told. */
  const patient = async (name: string, born: string, { guardianId = null as string | null, booked = true } = {}) => {
    const id = uuidv7()
    const national = `202555${String(3000 + people++)}`
    const code = randomBytes(16).toString('base64url')
    await app.server.db.patient.create({
      data: {
        ...{ id, name, code, guardianId, phoneNumber: guardianId ? null : `+1${national}` },
        ...{ dateOfBirth: new Date(born), clinics: { create: { clinicId } } },
      },
    })
    if (booked) await book(id)
    return { id, national, code }
  }
  const book = async (patientId: string) => {
    const doctors = await app.server.db.doctor.findMany({ where: { clinicId } })
    // A minute of its own for each, so that none overlaps.
    const startsAt = new Date(Date.now() + 60_000 * ++people)
    await app.server.db.appointment.create({
      data: {
        ...{ id: uuidv7(), clinicId, serviceId, patientId, doctorId: doctors[0]?.id as string },
        ...{ startsAt, endsAt: new Date(startsAt.getTime() + 30_000) },
      },
    })
  }
  const waiting = (patientId: string) =>
    app.server.db.queueEntry.findFirst({ where: { patientId, finishedAt: null }, include: { patient: true } })
  const ticketOn = (on = page) => on.locator('.door-number')

  it('checks a booked patient in by number and birth date, and shows ticket, place and the way to the live position', async () => {
    const { id, national } = await patient('Petra Lang', '1980-02-29')
    await isRight('door-start')
    await touch(/I have an appointment/)
    await isHeard('What is your phone number?')
    await dial(national)
    await isRight('door-phone')
    await touch('Next')
    await isHeard('What is your birth date?')
    await dial('02291980')
    await page.getByText('February 29, 1980').waitFor()
    await isRight('door-birth')
    const answered = page.waitForResponse(async (response) => (await response.text()).includes('checkInAtDoor'))
    await touch('Next')
    const { link, position } = (await (await answered).json()).data.checkInAtDoor
    await isHeard('Your ticket')
    await ticketOn().waitFor()
    expect(await ticketOn().textContent()).toBe((await waiting(id))?.ticket)
    await page.getByText(position.position === 1 ? 'You are next' : `Place ${position.position} in the queue`).waitFor()
    await page.getByText(/^Wait about \d+–\d+ minutes$/).waitFor()
    const drawn = () => page.locator('.qr-code path').getAttribute('d')
    const { data } = encode(link, { border: 4, ecc: 'M' })
    const dark = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])))
    expect(await drawn()).toBe(dark.join(''))
    await isRight('door-ticket')
    const phone = await app.open({ phone: true, path: new URL(link).pathname, worker: false })
    await phone.page.getByText(position.ticket).first().waitFor()
    await phone.context.close()
    await touch('Done')
    await heading('What brings you here?', page).waitFor()
  })

  it('prints the ticket alone, 80 mm wide', async () => {
    const { code } = await patient('Paul Print', '1970-01-01')
    await page.keyboard.type(qrOfCode(code))
    await page.keyboard.press('Enter')
    await ticketOn().waitFor()
    await page.evaluate(() => {
      Object.assign(globalThis, { print: () => document.body.setAttribute('data-printed', '') })
    })
    await touch('Print the ticket')
    await page.locator('body[data-printed]').waitFor()
    const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1')
    expect(pdf.match(/\/Type\s*\/Page\b/g)).toHaveLength(1)
    // 80 mm are 226.8 points.
    expect(pdf).toMatch(/\/MediaBox\s*\[0 0 22[67](\.\d+)? /)
    await page.emulateMedia({ media: 'print' })
    await page.setViewportSize({ width: 272, height: 460 })
    await picture(page, 'door-paper')
    for (const gone of ['.door-foot', '.door-acts', '.door-head', '.door-seat'])
      expect(await page.locator(gone).isVisible(), gone).toBe(false)
    for (const there of ['.door-number', '.qr-code', '.door-place'])
      expect(await page.locator(there).first().isVisible(), there).toBe(true)
    await page.getByText('Riverside Clinic').nth(1).waitFor()
    expect(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)).toBe(false)
    await page.emulateMedia({ media: 'screen' })
    await page.setViewportSize(TABLET)
  })

  it('lets a family choose, one after the other, by a scanned code', async () => {
    const ann = await patient('Ann Reed', '1980-02-29')
    const tim = await patient('Tim Reed', '2019-05-05', { guardianId: ann.id })
    // As a scanner types it, on whatever screen.
    await touch(/I have an appointment/)
    await page.keyboard.type(qrOfCode(ann.code))
    await page.keyboard.press('Enter')
    await isHeard('Which visit is it?')
    await isRight('door-choose')
    await touch(/· Tim/)
    await ticketOn().waitFor()
    expect(await waiting(tim.id)).not.toBeNull()
    expect(await waiting(ann.id)).toBeNull()
    await touch('Check in another visit')
    await touch(/· Ann/)
    await expect.poll(() => waiting(ann.id), patience).not.toBeNull()
    await ticketOn().waitFor()
    expect(await page.getByRole('button', { name: 'Check in another visit' }).count()).toBe(0)
    await page.keyboard.type(qrOfCode(ann.code))
    await page.keyboard.press('Enter')
    await page
      .getByRole('button', { name: /Ticket G-/ })
      .nth(1)
      .waitFor()
  })

  it('says the same of an unknown number, a wrong birth date and no booking today, and gives a ticket all the same', async () => {
    const booked = await patient('Bea Lind', '1970-01-01')
    const unbooked = await patient('Carl Moe', '1970-01-01', { booked: false })
    const shown: string[] = []
    for (const [national, born] of [
      ['2025559876', '01011970'],
      [booked.national, '01021970'],
      [unbooked.national, '01011970'],
    ] as const) {
      await look(national, born)
      await isHeard('We found nothing for today')
      shown.push((await page.locator('main').textContent()) ?? '')
      if (shown.length < 3) await touch('Start again')
    }
    const still = (text: string) => text.replace(/Back to the start in \d+ s/, '')
    for (const text of shown) expect(still(text)).toBe(still(shown[0] as string))
    await isRight('door-nothing')
    await touch('Take a ticket without appointment')
    await isHeard('What do you need?')
    await isRight('door-service')
    await touch('General practice')
    await isHeard('What is your name?')
    await page.getByLabel('Your name').fill('Carl Moe')
    await touch('Next')
    await ticketOn().waitFor()
    expect((await waiting(unbooked.id))?.ticket).toBe(await ticketOn().textContent())
  })

  it('gives somebody new a ticket without a number, and keeps nothing of them: not for the back button either', async () => {
    await touch(/I have no appointment/)
    await touch('Vaccination')
    await page.getByLabel('Your name').fill('Olga Novakova')
    await picture(page, 'door-name')
    expect(await violationsOf(page)).toEqual([])
    await page.keyboard.press('Enter')
    await page.keyboard.type('12311999')
    await page.getByText('December 31, 1999').waitFor()
    await page.keyboard.press('Enter')
    await isHeard('What is your phone number?')
    await isRight('door-phone-optional')
    await touch('Go on without it')
    await ticketOn().waitFor()
    const entry = await app.server.db.queueEntry.findFirstOrThrow({
      where: { patient: { name: 'Olga Novakova' } },
      include: { patient: true },
    })
    expect(entry.ticket).toBe(await ticketOn().textContent())
    expect(entry.patient).toMatchObject({ phoneNumber: null, language: 'en' })
    for (let times = 0; times < 2; times++) {
      await page.goBack()
      expect(page.url()).toBe(address)
      await heading('What brings you here?', page).waitFor()
    }
    const kept = await page.evaluate(async () => {
      const databases = (await indexedDB.databases()).map(({ name }) => name)
      const files = await Promise.all((await caches.keys()).map(async (name) => (await caches.open(name)).keys()))
      return JSON.stringify([
        { ...localStorage },
        { ...sessionStorage },
        databases,
        files.flat().map(({ url }) => url),
        document.cookie,
        history.state,
        document.body.textContent,
      ])
    })
    expect(kept).not.toMatch(/Olga|Novak|1999|V-0/)
  })

  it('goes back to the start by itself, says so before, and stays for whoever touches it', async () => {
    const screen = await open({ prepare: (context) => context.clock.install() })
    const on = screen.page
    await touch(/I have an appointment/, on)
    // From here on time goes only as it is told to, however long the test takes.
    await on.clock.pauseAt(await on.evaluate(() => Date.now() + 1_000))
    await dial('202', on)
    for (let step = 0; step < 9; step++) await on.clock.runFor(5_000)
    await on.clock.runFor(2_000)
    await on.getByText('This goes back to the start soon. Touch the screen to stay.').waitFor()
    await dial('5', on)
    // In steps, so that what is asked meanwhile is answered.
    for (let step = 0; step < 10; step++) await on.clock.runFor(5_000)
    await on.locator('.door-left.is-soon').waitFor()
    expect(await on.locator('.door-digits').textContent()).toBe('2025')
    await picture(on, 'door-soon')
    await on.clock.runFor(15_000)
    await heading('What brings you here?', on).waitFor()
    await touch(/I have an appointment/, on)
    expect(await on.locator('.door-digits').textContent()).not.toContain('2')
    await screen.context.close()
  })

  it('speaks Spanish to one person, and the clinic’s language to the next', async () => {
    await touch('Español')
    await heading('¿Qué le trae por aquí?', page).waitFor()
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('es')
    await picture(page, 'door-start-es')
    expect(await violationsOf(page)).toEqual([])
    await touch(/No tengo cita/)
    await touch('Vaccination')
    await page.getByLabel('Su nombre').fill('Inés Prado')
    await touch('Seguir')
    // Day before month.
    await page.keyboard.type('31121999')
    await page.getByText('31 de diciembre de 1999').waitFor()
    await isRight('door-birth-es')
    await touch('Seguir')
    await touch('Seguir sin él')
    await ticketOn().waitFor()
    await isRight('door-ticket-es')
    const { language } = await app.server.db.patient.findFirstOrThrow({ where: { name: 'Inés Prado' } })
    expect(language).toBe('es')
    await touch('Listo')
    await heading('What brings you here?', page).waitFor()
  })

  it('asks again for a number that is none, and sends to the desk after too many tries', async () => {
    await look('12345', '01011970')
    await page.getByText('This is no whole phone number.').waitFor()
    await isRight('door-phone-wrong')
    for (let attempt = 0; attempt < 6; attempt++) {
      await touch('Start again')
      await look('2025558765', '01011970')
      await heading(attempt < 5 ? 'We found nothing for today' : 'Please go to the desk', page).waitFor()
    }
    await page.getByText('There were too many tries.').waitFor()
    await isRight('door-too-many')
  })

  it('without a network says plainly to go to the desk, forgets who was there, and comes back by itself', async () => {
    await touch(/I have an appointment/)
    await dial('2025558765')
    await tablet.context.setOffline(true)
    await isHeard('Please go to the desk')
    await page.getByText('There is no connection at the moment').waitFor()
    await isRight('door-offline')
    await tablet.context.setOffline(false)
    await heading('What brings you here?', page).waitFor()
    await touch(/I have an appointment/)
    expect(await page.locator('.door-digits').textContent()).not.toContain('2')
  })

  it('opens without a network too, where it was open before', async () => {
    const { page: on, context } = await open({ worker: true })
    await heading('What brings you here?', on).waitFor()
    await on.evaluate(() => navigator.serviceWorker.ready)
    await context.setOffline(true)
    await on.reload()
    await heading('Please go to the desk', on).waitFor()
    await context.close()
  })

  it('is off where the clinic wants it so, and offers no ticket of a service that gives none or is closed', async () => {
    const db = app.server.db
    await db.service.updateMany({
      where: { clinicId, ticketLetter: 'V' },
      data: { open: false, closedReason: 'Full for today' },
    })
    await page.reload()
    await touch(/I have no appointment/)
    await page.getByText('Full for today').waitFor()
    expect(await page.getByRole('button', { name: /Vaccination/ }).isDisabled()).toBe(true)
    expect(await page.getByRole('button', { name: /Physiotherapy/ }).count()).toBe(0)
    await isRight('door-service-closed')
    await db.clinic.update({ where: { id: clinicId }, data: { selfCheckIn: false } })
    await page.reload()
    await heading('Please go to the desk', page).waitFor()
    await page.getByText('Nobody checks in here by themself at present.').waitFor()
    await isRight('door-off')
    await db.clinic.update({ where: { id: clinicId }, data: { selfCheckIn: true } })
    await db.service.updateMany({ where: { clinicId }, data: { open: true, closedReason: null } })
  })

  it('is right on a phone and in the dark, from the start to the ticket', async () => {
    for (const [name, options] of [
      ['phone', { phone: true }],
      ['phone-dark-es', { phone: true, dark: true, language: 'es-ES' }],
    ] as const) {
      const { page: on, context, complaints } = await open(options)
      const { code } = await patient(`Person ${name}`, '1990-01-01')
      await heading(/./, on).waitFor()
      const isSpanish = name.endsWith('es')
      if (isSpanish) await touch('Español', on)
      await picture(on, `door-${name}-start`)
      expect(await violationsOf(on), name).toEqual([])
      await touch(isSpanish ? /Tengo cita/ : /I have an appointment/, on)
      await dial('202', on)
      await isRight(`door-${name}-number`, on)
      await touch(isSpanish ? 'Empezar de nuevo' : 'Start again', on)
      // The next person is spoken to in the clinic's own language.
      await heading('What brings you here?', on).waitFor()
      if (isSpanish) await touch('Español', on)
      await touch(isSpanish ? /No tengo cita/ : /I have no appointment/, on)
      await touch('General practice', on)
      await on.getByLabel(isSpanish ? 'Su nombre' : 'Your name').fill('Somebody')
      await on.keyboard.press('Enter')
      await dial('01', on)
      await isRight(`door-${name}-birth`, on)
      await on.keyboard.type(qrOfCode(code))
      await on.keyboard.press('Enter')
      await ticketOn(on).waitFor()
      await on.locator('.qr-code path').waitFor({ state: 'attached' })
      await isRight(`door-${name}-ticket`, on)
      expect(
        complaints.filter((text) => !/Service Worker registration blocked/.test(text)),
        name,
      ).toEqual([])
      await context.close()
    }
  })

  it('reads a code by the camera that looks at the person, where the browser can do that', async () => {
    expect(await page.getByRole('button', { name: /I have a code/ }).count()).toBe(0)
    const { id, code } = await patient('Quirin Maier', '1990-01-01')
    const seeing = await open({
      // This Chromium has neither a camera nor a reader of codes.
      prepare: (context) =>
        context.addInitScript((text) => {
          const looks = { count: 0 }
          Object.assign(globalThis, {
            BarcodeDetector: class {
              async detect() {
                looks.count++
                return looks.count > 10 ? [{ rawValue: text }] : []
              }
            },
          })
          const canvas = document.createElement('canvas')
          canvas.getContext('2d')?.fillRect(0, 0, 10, 10)
          const getUserMedia = async ({ video }: { video: { facingMode: string } }) => {
            if (video.facingMode !== 'user') throw new Error(video.facingMode)
            return canvas.captureStream(5)
          }
          Object.defineProperty(navigator, 'mediaDevices', { value: { getUserMedia } })
        }, qrOfCode(code)),
    })
    await touch(/I have a code/, seeing.page)
    await isHeard('Hold your code up to the camera', seeing.page)
    await isRight('door-camera', seeing.page)
    await ticketOn(seeing.page).waitFor()
    expect(await ticketOn(seeing.page).textContent()).toBe((await waiting(id))?.ticket)
    await seeing.context.close()
  })

  it('on a phone of one’s own waits as long as it takes, and leads on to the live position', async () => {
    const { code } = await patient('Own Phone', '1990-01-01')
    const { page: on, context } = await open({
      phone: true,
      path: `/checkin/${clinicId}#own`,
      prepare: (context) => context.clock.install(),
    })
    await touch(/I have an appointment/, on)
    expect(await on.getByText('Back to the start').count()).toBe(0)
    for (let step = 0; step < 15; step++) await on.clock.runFor(5_000)
    await isHeard('What is your phone number?', on)
    await on.keyboard.type(qrOfCode(code))
    await on.keyboard.press('Enter')
    const ticket = await ticketOn(on).textContent()
    expect(await on.locator('.qr-code').count()).toBe(0)
    await isRight('door-own-ticket', on)
    // The link names the clinic's public address, which is not this server's.
    const asked = on.waitForRequest((request) => /\/t\/[\w-]{22}$/.test(request.url()))
    await touch('Follow my place on this phone', on)
    await on.goto(`${app.server.origin}${new URL((await asked).url()).pathname}`)
    await on.getByText(String(ticket)).first().waitFor()
    await context.close()
  })

  it('is led to by posters: one sheet of A4 each, in the languages of the clinic, where the way is open', async () => {
    const { db } = app.server
    await db.clinic.update({ where: { id: clinicId }, data: { languages: ['en', 'es'] } })
    const { page: on, context } = await app.openAs('admin', { worker: false })
    const poster = on.getByRole('region', { name: 'The poster' })
    const address = async () => (await poster.locator('.poster-code p').textContent()) ?? ''
    const show = async (section: string) => {
      await on.evaluate((hash) => {
        location.hash = hash
      }, `manager/${section}`)
      await on.locator(`.admin-nav a[href="#manager/${section}"][aria-current="page"]`).waitFor()
    }
    const choose = async (kind: RegExp) => {
      await on.getByRole('button', { name: /Poster$/ }).click()
      await on.getByRole('option', { name: kind }).click()
    }
    const isFine = async (name: string) => {
      await picture(on, name)
      expect(await violationsOf(on), name).toEqual([])
      expect(await on.evaluate(() => document.documentElement.scrollWidth > innerWidth), name).toBe(false)
    }
    await show('posters')
    await poster.getByText('You are here? Check in by phone').waitFor()
    await poster.getByText('¿Ya está aquí?').waitFor()
    expect(await address()).toBe(`${app.server.origin}/checkin/${clinicId}#own`)
    await poster.locator('.qr-code path').waitFor({ state: 'attached' })
    await isFine('poster-door')
    await choose(/For home/)
    await poster.getByText('For General practice').waitFor()
    expect(await address()).toBe(`${app.server.origin}/patient/book/${clinicId}`)
    const pdf = (await on.pdf({ preferCSSPageSize: true })).toString('latin1')
    expect(pdf.match(/\/Type\s*\/Page\b/g)).toHaveLength(1)
    expect(pdf).toMatch(/\/MediaBox\s*\[0 0 59[45](\.\d+)? 84[12]/)
    await on.setViewportSize(PHONE)
    await on.emulateMedia({ colorScheme: 'dark' })
    await isFine('poster-remote-phone-dark')
    await on.emulateMedia({ media: 'print' })
    await on.setViewportSize({ width: 794, height: 1123 })
    await picture(on, 'poster-paper')
    await on.emulateMedia({ media: 'screen', colorScheme: 'light' })
    await on.setViewportSize({ width: 1440, height: 900 })
    await show('clinic')
    await on.locator('form.settings').waitFor()
    await db.service.updateMany({ where: { clinicId }, data: { remoteJoin: false } })
    await db.clinic.update({ where: { id: clinicId }, data: { selfCheckIn: false, languages: ['en'] } })
    await show('posters')
    await on.getByText('Checking in oneself is off.').waitFor()
    expect(await on.getByRole('button', { name: 'Print' }).count()).toBe(0)
    await isFine('poster-off')
    await choose(/For home/)
    await on.getByText('No service can be joined from afar.').waitFor()
    await context.close()
    await db.clinic.update({ where: { id: clinicId }, data: { selfCheckIn: true } })
  })

  it('is no way to staff screens, nor do others get at the posters', async () => {
    const desk = await app.openAs('reception', { worker: false })
    await desk.page.evaluate(() => {
      location.hash = 'manager/posters'
    })
    await desk.page.locator('[data-ticket="G-005"]').waitFor()
    expect(await desk.page.locator('.poster').count()).toBe(0)
    // Who is logged in at this browser plays no part at the door.
    const asked = desk.page.waitForRequest((request) => request.postData()?.includes('DoorClinic') ?? false)
    await desk.page.goto(`${app.server.origin}/checkin/${clinicId}`)
    const headers = await (await asked).allHeaders()
    expect([headers.authorization, headers.cookie]).toEqual([undefined, undefined])
    await heading('What brings you here?', desk.page).waitFor()
    expect(await desk.page.locator('.top-bar').count()).toBe(0)
    await desk.context.close()
  })

  it('shows no staff screen and takes no log-in', async () => {
    expect(await page.getByLabel('Password').count()).toBe(0)
    expect(await page.evaluate(() => indexedDB.databases())).toEqual([])
    expect(
      tablet.complaints.filter(
        (text) => !/ERR_INTERNET_DISCONNECTED|Failed to load resource|Service Worker registration blocked/.test(text),
      ),
    ).toEqual([])
  })
})
