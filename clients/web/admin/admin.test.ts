import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addDays, instantOf, wallOf, weekdayOf } from '../../../api/clinic/day.ts'
import { uuidv7 } from '../../../api/database/uuid.ts'
import { type App, chromiumPath, noChromium, type Screen, startApp, violationsOf } from '../test/app.ts'

const ZONE = 'America/New_York'

describe.runIf(chromiumPath)(`the practice manager’s screens${noChromium}`, { timeout: 180_000 }, () => {
  let app: App
  let admin: Screen
  let clinicId: string
  const patience = { timeout: 60_000 }
  const day = addDays(wallOf(new Date(), ZONE).day, 7)

  beforeAll(async () => {
    app = await startApp()
    clinicId = (await app.server.db.clinic.findFirstOrThrow({ where: { name: 'Riverside Clinic' } })).id
    admin = await app.openAs('admin')
  })
  afterAll(() => app?.close())

  const go = async (section: string, screen: Screen = admin) => {
    await screen.page.evaluate((hash) => {
      location.hash = hash
    }, `manager/${section}`)
    await screen.page.locator(`.admin-nav a[href="#manager/${section}"][aria-current="page"]`).waitFor()
  }
  const goToHoursOf = async (name: string) => {
    await go('hours')
    await admin.page.getByRole('button', { name: /Doctor$/ }).click()
    await admin.page.getByRole('option', { name }).click()
  }
  const dialog = (name: string | RegExp) => admin.page.getByRole('dialog', { name })
  const gone = () => admin.page.getByRole('dialog').waitFor({ state: 'detached' })
  const row = (text: string) => admin.page.locator('.admin-row', { hasText: text })
  const userNamed = (username: string) => app.server.db.user.findUniqueOrThrow({ where: { username } })
  const doctorNamed = (name: string) => app.server.db.doctor.findFirstOrThrow({ where: { clinicId, name } })
  const isRight = async () => {
    expect(await violationsOf(admin.page)).toEqual([])
    expect(await admin.page.evaluate(() => document.documentElement.scrollWidth > innerWidth)).toBe(false)
  }
  /** A patient booked with a doctor at a minute of that day. */
  const book = async (doctorId: string, minute: number) => {
    const patientId = uuidv7()
    await app.server.db.patient.create({
      data: { id: patientId, name: 'Kofi Mensah', code: uuidv7(), clinics: { create: { clinicId } } },
    })
    const { id: serviceId } = await app.server.db.service.findFirstOrThrow({ where: { clinicId, ticketLetter: 'G' } })
    const startsAt = instantOf(day, minute, ZONE)
    const id = uuidv7()
    await app.server.db.appointment.create({
      data: {
        ...{ id, clinicId, serviceId, doctorId, patientId, startsAt },
        endsAt: new Date(startsAt.getTime() + 15 * 60_000),
      },
    })
    return id
  }
  const statusOf = async (id: string) => (await app.server.db.appointment.findUniqueOrThrow({ where: { id } })).status

  it('adds a receptionist, who then logs in, and says which name is taken', async () => {
    await go('people')
    await row('Dr. Maya Chen').waitFor()
    await isRight()
    await admin.page.getByRole('button', { name: 'New person' }).click()
    const form = dialog('A new person')
    await form.getByRole('button', { name: 'Save' }).click()
    await form.getByText('This cannot stay empty.').waitFor()
    await isRight()
    await form.getByLabel('Name', { exact: true }).fill('Cara Lind')
    await form.getByLabel('Name for log-in').fill('reception')
    await form.getByLabel('Password').fill('anteroom-demo')
    await form.getByRole('button', { name: 'Save' }).click()
    await form.getByText('Somebody already logs in with this name.').waitFor()
    await form.getByLabel('Name for log-in').fill('cara')
    await form.getByRole('button', { name: 'Save' }).click()
    await gone()
    await row('Cara Lind').waitFor()
    const cara = await app.openAs('cara')
    await cara.page.locator('[data-ticket="G-005"]').waitFor()
    await cara.context.close()
  })

  it('gives somebody services, resets the password, and takes the log-in away after saying what ends', async () => {
    const okafor = await doctorNamed('Dr. Ben Okafor')
    const booked = await book(okafor.id, 8 * 60)
    await go('people')
    await row('Dr. Ben Okafor').getByRole('button').click()
    await dialog('Dr. Ben Okafor').getByLabel('Physiotherapy').uncheck()
    await dialog('Dr. Ben Okafor').getByLabel('New password').fill('another-long-one')
    await dialog('Dr. Ben Okafor').getByRole('button', { name: 'Save' }).click()
    await gone()
    expect(await app.server.db.doctorService.count({ where: { doctorId: okafor.id } })).toBe(2)
    const login = 'mutation($i: LoginStaffInput!) { loginStaff(input: $i) { accessToken } }'
    const attempt = async (password: string) =>
      (await app.server.request(login, { i: { username: 'okafor', password } }, null)).errors ?? 'in'
    expect(await attempt('another-long-one')).toBe('in')
    expect(await attempt('anteroom-demo')).not.toBe('in')

    await row('Dr. Ben Okafor').getByRole('button').click()
    await dialog('Dr. Ben Okafor').getByRole('button', { name: 'Take the log-in away' }).click()
    const sure = dialog('Take the log-in of Dr. Ben Okafor away?')
    await sure.getByText('1 booking with them stays, unless').waitFor()
    await sure.getByText('08:00 · General practice').waitFor()
    await sure.getByLabel('Cancel it and tell the patient').check()
    await sure.getByLabel('Reason, for the patients to read').fill('The doctor has left')
    await isRight()
    await sure.getByRole('button', { name: 'Take the log-in away' }).click()
    await gone()
    await row('Dr. Ben Okafor').getByText('No log-in').waitFor()
    expect((await userNamed('okafor')).active).toBe(false)
    await expect.poll(() => statusOf(booked), patience).toBe('CANCELLED')
    expect(await attempt('another-long-one')).not.toBe('in')
  })

  it('shows which bookings new hours touch before they are saved, then tells those patients', async () => {
    const chen = await doctorNamed('Dr. Maya Chen')
    const early = await book(chen.id, 8 * 60)
    const later = await book(chen.id, 10 * 60)
    await goToHoursOf('Dr. Maya Chen')
    const weekday = new Intl.DateTimeFormat('en', { weekday: 'long', timeZone: 'UTC' }).format(new Date(day))
    const line = admin.page.getByLabel(weekday, { exact: true })
    await expect.poll(() => line.inputValue(), patience).toBe('08:00-18:00')
    const save = admin.page.getByRole('button', { name: 'Save the weekly hours' })
    await line.fill('9-12, 11-18')
    await admin.page.getByText('Write times as in').waitFor()
    expect(await save.isDisabled()).toBe(true)
    await line.fill('9-18')
    await admin.page.getByText('With these hours there is no room for 1 booking:').waitFor()
    await admin.page.getByText('08:00 · General practice').waitFor()
    // The hours of a doctor are no reason to read who the patients are.
    expect(await admin.page.getByText('Kofi Mensah').count()).toBe(0)
    await isRight()
    const hours = () =>
      app.server.db.doctorHours.findFirstOrThrow({ where: { doctorId: chen.id, weekday: weekdayOf(day) } })
    expect((await hours()).fromMinute).toBe(480)
    await save.click()
    const outside = admin.page.getByRole('region', { name: '1 booking has no room in the hours' })
    await outside.waitFor()
    expect((await hours()).fromMinute).toBe(540)
    expect(await statusOf(early)).toBe('BOOKED')
    await isRight()
    await outside.getByLabel('Reason, for the patients to read').fill('The doctor begins later')
    await outside.getByRole('button', { name: 'Cancel it and tell the patient' }).click()
    await outside.waitFor({ state: 'detached' })
    expect(await statusOf(early)).toBe('CANCELLED')
    expect(await statusOf(later)).toBe('BOOKED')
  })

  it('adds leave with the bookings that it touches in sight, and takes it back', async () => {
    const chen = await doctorNamed('Dr. Maya Chen')
    await goToHoursOf('Dr. Maya Chen')
    await admin.page.getByText('No leave and no extra hours ahead.').waitFor()
    await admin.page.getByRole('button', { name: 'Add', exact: true }).click()
    const form = dialog('Leave or extra hours: Dr. Maya Chen')
    await form.getByRole('button', { name: 'Add', exact: true }).click()
    await form.getByText('Choose a day.').waitFor()
    await form.getByLabel('Day', { exact: true }).fill(day)
    await form.getByText('With these hours there is no room for 1 booking:').waitFor()
    await isRight()
    await form.getByRole('button', { name: 'Add all the same' }).click()
    await gone()
    const count = () => app.server.db.hoursException.count({ where: { doctorId: chen.id } })
    await expect.poll(count, patience).toBe(1)
    await admin.page.getByRole('button', { name: /^Take back: / }).click()
    await expect.poll(count, patience).toBe(0)
    await admin.page.locator('.toast').getByRole('button', { name: /^Undo/ }).click()
    await expect.poll(count, patience).toBe(1)
  })

  it('adds a service, changes it, and closes it to walk-ins', async () => {
    await go('services')
    await row('General practice').waitFor()
    await isRight()
    await admin.page.getByRole('button', { name: 'New service' }).click()
    const form = dialog('A new service')
    await form.getByLabel('Name').fill('Blood tests')
    await form.getByLabel('Ticket letter').fill('g')
    await form.getByLabel('Length of a slot').fill('3')
    await form.getByRole('button', { name: 'Save' }).click()
    await form.getByText('A whole number from 5 to 480.').waitFor()
    await isRight()
    await form.getByLabel('Length of a slot').fill('5')
    await form.getByRole('button', { name: 'Save' }).click()
    await form.getByText('Another service has this ticket letter.').waitFor()
    await form.getByLabel('Ticket letter').fill('b')
    await form.getByLabel('Violet').check()
    await form.getByRole('button', { name: 'Save' }).click()
    await gone()
    await row('Blood tests').getByText('no doctor gives it').waitFor()
    await row('Blood tests').getByRole('button').click()
    await dialog('Blood tests').getByLabel('Patients may join the queue by themselves').check()
    await dialog('Blood tests').getByRole('button', { name: 'Save' }).click()
    await gone()
    await row('Blood tests').getByRole('button').click()
    await dialog('Blood tests').getByLabel('Reason, for the patients to read').fill('Opens on Monday')
    await dialog('Blood tests').getByRole('button', { name: 'Close to new walk-ins' }).click()
    await gone()
    await row('Blood tests').getByText('Opens on Monday').waitFor()
    expect(await app.server.db.service.findFirstOrThrow({ where: { clinicId, name: 'Blood tests' } })).toMatchObject({
      ticketLetter: 'B',
      color: 'VIOLET',
      slotMinutes: 5,
      remoteJoin: true,
      open: false,
      closedReason: 'Opens on Monday',
    })
  })

  it('changes the clinic’s settings, which the top of the page shows at once', async () => {
    await go('clinic')
    const { page } = admin
    const { address } = await app.server.db.clinic.findUniqueOrThrow({ where: { id: clinicId } })
    expect(address).toContain('\n')
    await page.getByLabel('Name', { exact: true }).fill('Riverside Health')
    await page.getByLabel('Time zone').fill('Berlin')
    await page.getByLabel('Reminders wait from').fill('25')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('There is no such time zone.').waitFor()
    await page.getByText('A time such as 08:30.').waitFor()
    await isRight()
    await page.getByLabel('Time zone').fill(ZONE)
    await page.getByLabel('Reminders wait from').fill('20.30')
    await page.getByLabel('Languages of messages').fill('en, es')
    await page.getByLabel('counts as no-show').fill('12')
    await page.getByLabel('Countries that get SMS').fill('us, XX')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('One of these is no country').waitFor()
    await page.getByLabel('Countries that get SMS').fill('us, ca')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.locator('.clinic-name', { hasText: 'Riverside Health' }).waitFor()
    expect(await app.server.db.clinic.findUniqueOrThrow({ where: { id: clinicId } })).toMatchObject({
      name: 'Riverside Health',
      address,
      timeZone: ZONE,
      quietFrom: 20 * 60 + 30,
      languages: ['en', 'es'],
      noShowMinutes: 12,
      allowedCountries: ['CA', 'US'],
    })
  })

  it('says messages in the clinic’s own words, shown as they go out before they are saved', async () => {
    const { page } = admin
    await go('messages')
    const row = page.locator('.message-row', { has: page.getByLabel('Booked', { exact: true }) })
    await row.getByText('Riverside Health: your appointment is on').waitFor()
    await isRight()
    const text = row.getByLabel('Booked', { exact: true })
    await text.fill('{clinic}: dear {name}')
    await row.getByText('Use these, each in its braces and no others: {clinic}, {when}').waitFor()
    await isRight()
    await text.fill('{clinic}: we expect you on {when}.')
    await row.locator('.bubble', { hasText: 'Riverside Health: we expect you on' }).waitFor()
    await row.getByText('Goes out as 1 SMS.').or(row.getByText('Goes out as 2 SMS.')).waitFor()
    await row.getByRole('button', { name: 'Save: Booked' }).click()
    await expect
      .poll(
        async () => (await app.server.db.clinic.findUniqueOrThrow({ where: { id: clinicId } })).messageTexts,
        patience,
      )
      .toEqual({ en: { BOOKED: '{clinic}: we expect you on {when}.' } })
    await row.getByRole('button', { name: 'Back to the usual words: Booked' }).click()
    await row.getByText('Riverside Health: your appointment is on').waitFor()
  })

  it('has failed work tried again or given up, and says why it failed', async () => {
    const { db } = app.server
    // One kind of work that does no harm where it runs again.
    const failed = async (name: string, reason: string) => {
      const id = uuidv7()
      await db.$executeRaw`
        INSERT INTO pgboss.job (id, name, data, source_name, source_id, source_created_on, source_retry_count, source_output)
        VALUES (${id}::uuid, 'dead_letters', ${{ clinicId }}, ${name}, ${id}::uuid, now(), 8, ${{ message: reason }})`
      return id
    }
    await failed('retention.message_bodies', 'The disk was full')
    await failed('announce.move', 'The provider did not answer')
    await go('work')
    await row('The disk was full').getByText('tried 9 times').waitFor()
    await isRight()
    await row('The disk was full')
      .getByRole('button', { name: /^Try again: / })
      .click()
    await row('The disk was full').waitFor({ state: 'detached' })
    await row('The provider did not answer')
      .getByRole('button', { name: 'Give up: Tell a patient about the queue' })
      .click()
    await admin.page.getByText('Nothing has failed.').waitFor()
    await isRight()
    await app.server.deps.trail.flush()
    const actions = await db.auditEvent.findMany({ where: { clinicId, action: { startsWith: 'job.' } } })
    expect(actions.map(({ action }) => action).toSorted()).toEqual(['job.dropped', 'job.retried'])
  })

  it('waits for the server before somebody is let go, and says of each message why it is not shown', async () => {
    const other = await app.openAs('admin')
    const { page, context } = other
    await go('people', other)
    await page.locator('.admin-row', { hasText: 'Dr. Sara Lindqvist' }).getByRole('button').click()
    await context.setOffline(true)
    await page.getByRole('dialog').getByRole('button', { name: 'Take the log-in away' }).click()
    const sure = page.getByRole('dialog', { name: 'Take the log-in of Dr. Sara Lindqvist away?' })
    await sure.getByText('The server did not answer').waitFor()
    const isHeld = () => sure.getByRole('button', { name: 'Take the log-in away' }).isDisabled()
    expect(await isHeld()).toBe(true)
    expect(await violationsOf(page)).toEqual([])
    await context.setOffline(false)
    await sure.getByRole('button', { name: 'Try again' }).click()
    await expect.poll(isHeld, patience).toBe(false)
    await page.keyboard.press('Escape')
    await sure.waitFor({ state: 'detached' })
    await go('messages', other)
    const booked = page.locator('.message-row', { has: page.getByLabel('Booked', { exact: true }) })
    await booked.locator('.bubble', { hasText: 'your appointment is on' }).waitFor()
    await context.setOffline(true)
    await booked.getByLabel('Booked', { exact: true }).fill('{clinic}: come on {when}.')
    await booked.getByText('The server did not answer').waitFor()
    expect(await violationsOf(page)).toEqual([])
    await context.setOffline(false)
    await booked.getByRole('button', { name: 'Try again: Booked' }).click()
    await booked.locator('.bubble', { hasText: 'come on' }).waitFor()
    await context.close()
  })

  it('is reached by nobody else, by screen or by address', async () => {
    for (const [username, own] of [
      ['reception', '[data-ticket="G-005"]'],
      ['doctor', '.room'],
    ] as const) {
      const other = await app.openAs(username)
      await other.page.locator(own).waitFor()
      for (const section of ['people', 'hours', 'services', 'clinic'])
        await other.page.evaluate((hash) => {
          location.hash = hash
        }, `manager/${section}`)
      await other.page.reload()
      await other.page.locator(own).waitFor()
      expect(await other.page.locator('.admin').count()).toBe(0)
      await other.page.getByRole('button', { name: /account and settings/ }).click()
      await other.page.getByRole('button', { name: 'Log out' }).waitFor()
      expect(await other.page.getByRole('button', { name: 'Practice' }).count()).toBe(0)
      await other.context.close()
    }
    const stranger = await app.open({ path: '/#manager/people' })
    await stranger.page.getByLabel('Name for log-in').waitFor()
    expect(await stranger.page.locator('.admin').count()).toBe(0)
    await stranger.context.close()
  })

  it('says in each part that the server does not answer, and shows it once it does', async () => {
    const other = await app.openAs('admin')
    const { page, context } = other
    await page.locator('.admin-row').first().waitFor()
    await page.evaluate('navigator.serviceWorker.ready.then(() => null)')
    for (const section of ['hours', 'services', 'clinic', 'posters', 'messages']) {
      await page.goto(`${app.server.origin}/#manager/people`)
      await context.setOffline(true)
      await page.reload()
      await go(section, other)
      const missing = page.getByRole('alert').getByText('The server did not answer')
      await missing.waitFor()
      expect(await violationsOf(page), section).toEqual([])
      await context.setOffline(false)
      // The device may not know yet that the network is back.
      await expect
        .poll(async () => {
          const again = page.getByRole('button', { name: 'Try again', exact: true })
          if (await again.isVisible()) await again.click()
          return missing.count()
        }, patience)
        .toBe(0)
      await page.locator('.week, .admin-row, .settings, .poster, .message-row').first().waitFor()
    }
    await context.close()
  })

  it('fits a phone and the dark, in Spanish, without the network says so', async () => {
    const phone = await app.open({ phone: true, dark: true, language: 'es-ES' })
    await phone.page.getByLabel('Nombre de usuario').fill('admin')
    await phone.page.getByLabel('Contraseña').fill('anteroom-demo')
    await phone.page.getByRole('button', { name: 'Entrar' }).click()
    for (const [section, heading] of [
      ['people', 'Personas'],
      ['hours', 'Horarios'],
      ['services', 'Servicios'],
      ['clinic', 'Centro'],
    ] as const) {
      await phone.page.locator('.admin-nav').waitFor()
      await go(section, phone)
      await phone.page.getByRole('heading', { name: heading, level: 1 }).waitFor()
      await phone.page.locator('.admin-row, .week, .settings').first().waitFor()
      expect(await violationsOf(phone.page), section).toEqual([])
      expect(await phone.page.evaluate(() => document.documentElement.scrollWidth > innerWidth), section).toBe(false)
    }
    await phone.context.setOffline(true)
    await go('people', phone)
    await phone.page.getByRole('alert').getByText('El servidor no contesta').waitFor()
    await phone.context.setOffline(false)
    await phone.page.getByRole('button', { name: 'Intentarlo otra vez' }).click()
    await phone.page.locator('.admin-row').first().waitFor()
    await phone.context.close()
    expect(admin.complaints).toEqual([])
  })
})
