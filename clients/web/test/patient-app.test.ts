import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { BrowserContext, Page } from 'playwright-core'
import { encode } from 'uqr'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { wallOf } from '../../../api/clinic/day.ts'
import { demonstrationSms } from '../../../api/messaging/outbox.ts'
import { qrOfCode } from '../../../api/patient/qr.ts'
import { type App, chromiumPath, noChromium, startApp, violationsOf } from './app.ts'

const build = fileURLToPath(new URL('../../patient/build.ts', import.meta.url))

const NUMBER = '+12025550177'
const PASSWORD = 'long enough'

type Phone = { page: Page; context: BrowserContext; complaints: string[] }

/** What Chromium itself says of requests that find no network. */
const isNetworkTalk = (text: string): boolean =>
  /Failed to load resource|ERR_INTERNET_DISCONNECTED|WebSocket/.test(text)

/** What stands out of the screen at its sides, or is cut off by its own box. */
const lossesOf = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll('#root *:not([aria-hidden=true])')]
      .filter((element) => {
        const { left, right, width } = element.getBoundingClientRect()
        const { overflowX, display } = getComputedStyle(element)
        const isCut = display !== 'inline' && overflowX === 'hidden' && element.scrollWidth > element.clientWidth + 1
        return width > 1 && (left < -1 || right > innerWidth + 1 || isCut)
      })
      .map((element) => element.outerHTML.slice(0, 120)),
  )

const setTextSize = (page: Page, size: string): Promise<void> =>
  page.evaluate((size) => document.documentElement.style.setProperty('font-size', size), size)

/** The grounds of a screen, and of one that calls. */
const grounds = {
  light: ['rgb(250, 249, 247)', 'rgb(12, 95, 91)'],
  dark: ['rgb(23, 22, 20)', 'rgb(92, 194, 184)'],
}
/** The app draws itself anew a moment after the browser has other colours; what holds the screen has its ground. */
const isOn = (those: string[]): boolean => {
  const screen = document.querySelector('[role=main]')?.parentElement?.parentElement
  return screen != null && those.includes(getComputedStyle(screen).backgroundColor)
}

/** The present screen as everybody gets it: light and dark, and with text of twice the size. */
const isGoodForAll = async (page: Page): Promise<void> => {
  await page.getByRole('main').waitFor()
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.waitForFunction(isOn, grounds[colorScheme])
    expect.soft([colorScheme, await violationsOf(page)]).toEqual([colorScheme, []])
  }
  expect.soft(await lossesOf(page)).toEqual([])
  await setTextSize(page, '200%')
  expect.soft(await lossesOf(page)).toEqual([])
  await setTextSize(page, '100%')
}

/** Everything that this origin has in the browser's storage, as text. */
const storedIn = (page: Page): Promise<string> =>
  page.evaluate(async () => {
    const found: unknown[] = [{ ...localStorage }, { ...sessionStorage }, document.cookie]
    for (const { name = '' } of await indexedDB.databases()) {
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const opening = indexedDB.open(name)
        opening.onsuccess = () => resolve(opening.result)
        opening.onerror = () => reject(opening.error)
      })
      for (const store of database.objectStoreNames)
        found.push(
          await new Promise((resolve) => {
            const reading = database.transaction(store).objectStore(store).getAll()
            reading.onsuccess = () => resolve(reading.result)
          }),
        )
      database.close()
    }
    return JSON.stringify(found)
  })

describe.runIf(chromiumPath)(`the patient's app at /patient${noChromium}`, { timeout: 240_000 }, () => {
  let app: App
  let phone: Phone
  let page: Page
  let serviceId: string
  let entryId: string
  let token: string
  let desk: string
  let taps = 0
  const codes: string[] = []
  const told: string[] = []

  const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' })
  const tap = async (name: string | RegExp) => {
    taps += 1
    await button(name).first().click()
  }
  const heading = (name: string | RegExp) => page.getByRole('heading', { name }).waitFor()
  const says = (text: string | RegExp) => page.getByText(text).first().waitFor()
  const place = () => page.getByRole('heading', { level: 1 }).getAttribute('aria-label')
  const go = (path: string) => page.goto(`${app.server.origin}/patient${path}`)
  const slots = () => page.getByRole('button', { name: /^\d\d:\d\d$/ })
  const bookings = () => app.server.db.appointment.findMany({ where: { patient: { phoneNumber: NUMBER } } })
  const ask = async (query: string, variables: object, by: string) => {
    const answer = await app.server.request(query, variables, by)
    expect(answer.errors).toBeUndefined()
    return answer.data
  }
  const open = async (options: { language?: string; worker?: boolean; path?: string } = {}): Promise<Phone> => {
    const opened = await app.open({ phone: true, path: '/patient', ...options })
    opened.page.on('request', (request) => {
      token = request.headers().authorization?.replace('Bearer ', '') || token
    })
    opened.page.on('response', async (response) => {
      if (response.url().endsWith('/graphql')) told.push(await response.text().catch(() => ''))
    })
    return opened
  }

  beforeAll(async () => {
    const made = spawnSync(process.execPath, [build], { encoding: 'utf8' })
    if (made.status !== 0) throw new Error(made.stderr)
    app = await startApp()
    app.server.deps.messaging.sms = demonstrationSms((text) => codes.push(/\b\d{6}\b/.exec(text)?.[0] ?? ''))
    // Whatever the hour of this test: the clinic's day began twelve hours ago, so that what is booked next is today's.
    for (const { id, timeZone } of await app.server.db.clinic.findMany())
      await app.server.db.clinic.update({
        where: { id },
        data: { dayStartsAt: (wallOf(new Date(), timeZone).minute + 720) % 1440 },
      })
    const { id: clinicId } = await app.server.db.clinic.findFirstOrThrow({ where: { name: 'Riverside Clinic' } })
    const where = { clinicId, name: 'General practice' }
    serviceId = (await app.server.db.service.findFirstOrThrow({ where })).id
    desk = await app.server.login('reception')
    phone = await open()
    page = phone.page
  }, 600_000)
  afterAll(() => app?.close())
  afterEach(() => phone.context.setOffline(false))

  it('lets somebody whom the desk knows make an account with a code by SMS, and says what is missing first', async () => {
    const i = { name: 'Nora Quinn', phoneNumber: NUMBER }
    await ask('mutation($i: CreatePatientInput!) { createPatient(input: $i) { id } }', { i }, desk)
    await heading('Log in')
    await isGoodForAll(page)
    await tap('Make an account')
    await tap('Make account')
    await says('The name is missing.')
    await isGoodForAll(page)
    await page.getByLabel('Name').fill('Nora Quinn')
    await page.getByLabel('Mobile number').fill('+1 (202) 555-0177')
    await page.getByLabel('Password').fill(PASSWORD)
    await tap('Make account')
    await heading('We know this number')
    await isGoodForAll(page)
    await page.getByLabel('Code from the SMS').fill('000000' === codes.at(-1) ? '000001' : '000000')
    await tap('Make account')
    await says('This code is not good, or no longer. Ask for a new one.')
    await page.getByLabel('Code from the SMS').fill(codes.at(-1) as string)
    await tap('Make account')
    await heading('Hello, Nora Quinn')
    expect(await app.server.db.patient.count({ where: { phoneNumber: NUMBER } })).toBe(1)
    await says('No appointment. Choose a clinic below to book one.')
    await isGoodForAll(page)
  })

  it('books in at most five touches, each of which Back takes back', async () => {
    taps = 0
    await tap('Riverside Clinic')
    await heading('What for')
    await isGoodForAll(page)
    await tap(/^General practice/)
    await heading('General practice: With whom')
    await isGoodForAll(page)
    await tap('First free')
    await slots().first().waitFor()
    await isGoodForAll(page)
    // The first one may be past before it is booked.
    await slots().nth(1).click()
    taps += 1
    await heading('Is this right?')
    await isGoodForAll(page)
    await page.goBack()
    await slots().first().waitFor()
    await page.goForward()
    await page.getByLabel('Why you come').fill('An old cough')
    await tap('Book')
    expect(taps).toBeLessThanOrEqual(5)
    await heading('Appointment')
    await expect.poll(async () => (await bookings()).map(({ status }) => status)).toEqual(['BOOKED'])
    await isGoodForAll(page)
  })

  it('gives the appointment to a calendar, without why the patient comes', async () => {
    const [download] = await Promise.all([page.waitForEvent('download'), tap('Add to calendar')])
    expect(download.suggestedFilename()).toBe('appointment.ics')
    const file = readFileSync(await download.path(), 'utf8')
    expect(file).toMatch(/^BEGIN:VCALENDAR[\s\S]*SUMMARY:General practice[\s\S]*END:VCALENDAR/)
    expect(file).not.toContain('cough')
  })

  it('moves the appointment to another time, and tells the desk of being late', async () => {
    const [before] = await bookings()
    await tap('Another time')
    await heading('Another time')
    await slots().nth(1).click()
    await heading('Appointment')
    await expect.poll(async () => Number((await bookings())[0]?.startsAt)).toBeGreaterThan(Number(before?.startsAt))
    await tap("I'm running late")
    await tap('10 min')
    await says('You said: 10 min late.')
    expect((await bookings())[0]?.lateMinutes).toBe(10)
    await isGoodForAll(page)
  })

  it("says 'I'm here', shows the place move while a doctor calls, and why somebody passed", async () => {
    await tap("I'm here")
    await says('Live')
    await expect.poll(place).toMatch(/^Your place \d+$/)
    entryId = page.url().split('/').at(-1) as string
    const before = Number((await place())?.replace(/\D/g, ''))
    expect(before).toBeGreaterThan(2)
    const doctor = await app.server.login('doctor')
    await ask('mutation($s: ID!) { callNext(serviceId: $s) { id } }', { s: serviceId }, doctor)
    await expect.poll(place, { timeout: 20_000 }).toBe(`Your place ${before - 1}`)
    await says(`You moved up from ${before} to ${before - 1}.`)
    await isGoodForAll(page)
    const i = { name: 'Oscar Vane', phoneNumber: null }
    const { createPatient } = await ask(
      'mutation($i: CreatePatientInput!) { createPatient(input: $i) { id } }',
      { i },
      desk,
    )
    const walkIn = { patientId: createPatient.id, serviceId, urgency: 'EMERGENCY', reason: 'Chest pain' }
    await ask('mutation($i: AddWalkInInput!) { addWalkIn(input: $i) { id } }', { i: walkIn }, desk)
    await says(`Your place went from ${before - 1} to ${before}. Somebody is more urgent.`)
    expect(await page.content()).not.toMatch(/Oscar|Chest pain/)
    await isGoodForAll(page)
    // Also to whoever comes back to it later: below the place, or with it where the kept place was that of before.
    await page.reload()
    await says('Live')
    await says(/Somebody is more urgent\.$/)
  })

  it('tells when to leave home, by a way that stays on this device', async () => {
    await tap('When to leave home')
    await page.getByLabel('Your way to the clinic, in minutes').fill('25')
    await says(/Leave home at \d\d:\d\d\.|It is time to leave home\.|please stay near/)
    await isGoodForAll(page)
  })

  it('keeps the last place without a network, with its age, also when it is opened anew, and is live again after', async () => {
    await expect
      .poll(() => page.evaluate(() => navigator.serviceWorker.ready.then(({ active }) => active?.state)))
      .toBe('activated')
    // The copy on the device holds the place as soon as it is written, a few seconds after the last change.
    const isKept = async () => (await storedIn(page)).includes(`queuePosition({\\\\\\"entryId\\\\\\":\\\\\\"${entryId}`)
    await expect.poll(isKept, { timeout: 20_000 }).toBe(true)
    await phone.context.setOffline(true)
    await says(/^As of \d\d:\d\d$/)
    await page.reload()
    await says(/^As of \d\d:\d\d$/)
    expect(await page.getByText('Live', { exact: true }).count()).toBe(0)
    expect(await place()).toMatch(/^Your place \d+$/)
    await isGoodForAll(page)
    await phone.context.setOffline(false)
    await says('Live')
  })

  it('books and cancels without a network, says that it waits, and sends it when that is back', async () => {
    await go('')
    await heading(/^Hello/)
    await tap('Riverside Clinic')
    await tap(/^Physiotherapy/)
    await tap('First free')
    await slots().last().waitFor()
    await phone.context.setOffline(true)
    await says(/^No connection\. What you see is as of/)
    await slots().last().click()
    await tap('Book')
    await says('Saved on this device, not sent yet. It is sent as soon as there is a connection.')
    await says('1 change waits here, saved, until it can be sent.')
    await isGoodForAll(page)
    expect(await bookings()).toHaveLength(1)
    await phone.context.setOffline(false)
    await expect.poll(async () => (await bookings()).length, { timeout: 30_000 }).toBe(2)
    await expect.poll(() => page.getByText('Saved on this device').count(), { timeout: 20_000 }).toBe(0)
    await phone.context.setOffline(true)
    await says(/^No connection/)
    await tap('Cancel the appointment')
    await tap('Yes, cancel')
    await says('Cancelled')
    await says('1 change waits here, saved, until it can be sent.')
    await phone.context.setOffline(false)
    await expect
      .poll(async () => (await bookings()).map(({ status }) => status).sort(), { timeout: 30_000 })
      .toEqual(['CANCELLED', 'CHECKED_IN'])
    await expect.poll(() => page.getByText('No connection').count(), { timeout: 20_000 }).toBe(0)
  })

  it('turns the whole screen to the room when called, and keeps to words afterwards', async () => {
    await go(`/turn/${entryId}`)
    await says('Live')
    const act = (mutation: string) => ask(`mutation($e: ID!) { ${mutation} { id } }`, { e: entryId }, desk)
    await act('hold(entryId: $e)')
    await heading('Your place is kept')
    await act('returnToQueue(entryId: $e)')
    await expect.poll(place).toMatch(/^Your place \d+$/)
    await act('callEntry(entryId: $e, room: "7")')
    await heading('Room 7')
    await expect.poll(() => page.title()).toMatch(/Room 7\. Please come in\.$/)
    await isGoodForAll(page)
    await act('markNoShow(entryId: $e)')
    await heading('You were called and not there')
    await isGoodForAll(page)
    await act('returnToQueue(entryId: $e)')
    await expect.poll(place).toMatch(/^Your place \d+$/)
    await tap('Leave the queue')
    await tap('Yes, leave')
    await heading('You are not in the queue any more')
    await expect
      .poll(async () => (await app.server.db.queueEntry.findUniqueOrThrow({ where: { id: entryId } })).status)
      .toBe('LEFT')
    await isGoodForAll(page)
  })

  it('joins a queue from afar, where the clinic lets patients do so', async () => {
    await go('')
    await tap('Riverside Clinic')
    await tap('Join General practice')
    await says('Live')
    await expect.poll(place).toMatch(/^Your place \d+$/)
    entryId = page.url().split('/').at(-1) as string
  })

  it("never shows another patient's data, neither by an address nor to a program with the app's own token", async () => {
    const other = await app.server.db.queueEntry.findFirstOrThrow({
      where: { patient: { name: 'Noah Bennett' } },
      include: { patient: true },
    })
    const { id: noBooking } = await app.server.db.appointment.create({
      data: {
        id: '01940000-0000-7000-8000-00000000beef',
        clinicId: other.clinicId,
        serviceId: other.serviceId,
        doctorId: (await app.server.db.doctor.findFirstOrThrow({ where: { clinicId: other.clinicId } })).id,
        patientId: other.patientId,
        startsAt: new Date(Date.now() + 864_000_000),
        endsAt: new Date(Date.now() + 864_900_000),
        reason: 'A secret of Noah',
      },
    })
    const secrets = [other.patient.name, other.patient.phoneNumber as string, other.patient.code, 'A secret of Noah']
    told.length = 0
    await go(`/turn/${other.id}`)
    await says('This visit cannot be found.')
    await go(`/booking/${noBooking}`)
    await says('This appointment cannot be found.')
    await go(`/move/${noBooking}`)
    await says('This appointment cannot be found.')
    const byProgram = await Promise.all(
      [
        `{ patient(id: "${other.patientId}") { name phoneNumber code appointments { edges { node { reason } } } } }`,
        `{ queueEntry(id: "${other.id}") { ticket reason patient { name } } }`,
        `{ queuePosition(entryId: "${other.id}") { ticket position } }`,
        `{ appointment(id: "${noBooking}") { reason patient { name } } }`,
        `{ queue(serviceId: "${serviceId}") { waiting { ticket patient { name phoneNumber } } } }`,
        '{ patients(search: "Noah", first: 5) { edges { node { name } } } }',
        `mutation { updatePatient(id: "${other.patientId}", input: { name: "Mine" }) { name phoneNumber } }`,
        `mutation { cancelAppointment(id: "${noBooking}") { reason patient { name } } }`,
        `mutation { leaveQueue(entryId: "${other.id}") { ticket patient { name } } }`,
        `mutation { exportMyData(patientId: "${other.patientId}") }`,
        `mutation { renewCode(patientId: "${other.patientId}") { code } }`,
      ].map(async (query) => [query, JSON.stringify(await app.server.request(query, {}, token))] as const),
    )
    for (const [query, answer] of byProgram)
      for (const secret of [...secrets, other.ticket]) expect([query, answer.includes(secret)]).toEqual([query, false])
    const mine = await app.server.request('{ me { ... on Patient { name } } }', {}, token)
    expect(mine.data).toEqual({ me: { name: 'Nora Quinn' } })
    const kept = await storedIn(page)
    const page_ = await page.content()
    expect(told.length).toBeGreaterThan(3)
    for (const secret of secrets)
      expect([secret, kept.includes(secret), page_.includes(secret), told.join().includes(secret)]).toEqual([
        secret,
        false,
        false,
        false,
      ])
  })

  it('draws the code that a desk scans', async () => {
    await go('/code')
    const qr = page.getByRole('img', { name: 'Your code for the desk' })
    await qr.waitFor()
    const { code } = await app.server.db.patient.findUniqueOrThrow({ where: { phoneNumber: NUMBER } })
    const { data, size } = encode(qrOfCode(code), { ecc: 'M', border: 4 })
    const drawn = await qr.evaluate((element, modules) => {
      const { left, top, width } = element.getBoundingClientRect()
      const at = (index: number) => ((index + 0.5) * width) / modules
      return Array.from({ length: modules }, (_row, y) =>
        Array.from({ length: modules }, (_cell, x) => {
          const [seen] = document.elementsFromPoint(left + at(x), top + at(y))
          return seen ? getComputedStyle(seen).backgroundColor : ''
        }),
      )
    }, size)
    expect(drawn).toEqual(data.map((row) => row.map((isDark) => (isDark ? 'rgb(0, 0, 0)' : 'rgb(255, 255, 255)'))))
    await isGoodForAll(page)
  })

  it('keeps the profile, the language and the devices, and gives a copy of all data', async () => {
    await go('/me')
    await page.getByLabel('Date of birth').fill('1990-05-17')
    await tap('Save')
    await says('Saved.')
    await expect
      .poll(async () => (await app.server.db.patient.findUniqueOrThrow({ where: { phoneNumber: NUMBER } })).dateOfBirth)
      .toEqual(new Date('1990-05-17'))
    await says('Browser · this device')
    const [download] = await Promise.all([page.waitForEvent('download'), tap('Save a copy of my data')])
    const copy = JSON.parse(readFileSync(await download.path(), 'utf8'))
    expect([copy.format, JSON.stringify(copy).includes('An old cough')]).toEqual(['anteroom.patient.1', true])
    await isGoodForAll(page)
    await page.getByRole('radio', { name: 'Español' }).click()
    await heading('Usted y este dispositivo')
    await expect
      .poll(async () => (await app.server.db.patient.findUniqueOrThrow({ where: { phoneNumber: NUMBER } })).language)
      .toBe('es')
    await isGoodForAll(page)
    await go('')
    await heading('Hola, Nora Quinn')
    await isGoodForAll(page)
    await go(`/turn/${entryId}`)
    await says('En directo')
    await isGoodForAll(page)
    await go('/me')
    await page.getByRole('radio', { name: 'English' }).click()
    await heading('You and this device')
  })

  it('leaves nothing behind for the next person at the same phone', async () => {
    expect(await storedIn(page)).toContain('Nora Quinn')
    await tap('Log out')
    await heading('Log in')
    await page.getByLabel('Mobile number').fill('+12025550100')
    await page.getByLabel('Password').fill('anteroom-demo')
    told.length = 0
    await tap('Log in')
    await heading('Hello, Grace Miller')
    for (const path of [`/turn/${entryId}`, `/booking/${(await bookings())[0]?.id}`]) {
      await go(path)
      await says(/cannot be found\.$/)
    }
    const seen = `${await page.content()}${await storedIn(page)}${told.join()}`
    expect([seen.includes('Grace Miller'), seen.includes('Nora'), seen.includes(NUMBER)]).toEqual([true, false, false])
  })

  it('sets a forgotten password by a code, and deletes the account', async () => {
    await go('/me')
    await tap('Log out')
    await tap('Password forgotten')
    await heading('Password forgotten')
    await isGoodForAll(page)
    await page.getByLabel('Mobile number').fill(NUMBER)
    const before = codes.length
    await tap('Send code')
    await page.getByLabel('Code from the SMS').waitFor()
    await expect.poll(() => codes.length).toBe(before + 1)
    await page.getByLabel('Code from the SMS').fill(codes.at(-1) as string)
    await page.getByLabel('New password').fill('another long one')
    await tap('Set password and log in')
    await heading('Hello, Nora Quinn')
    await go('/me')
    await tap('Delete my account')
    await page.getByLabel('Password', { exact: true }).fill('another long one')
    await isGoodForAll(page)
    await tap('Delete for good')
    await heading('Log in')
    expect(await app.server.db.patient.count({ where: { phoneNumber: NUMBER } })).toBe(0)
    expect(await storedIn(page)).not.toContain('Nora Quinn')
  })

  it('complains of nothing', () => {
    expect(phone.complaints.filter((text) => !isNetworkTalk(text))).toEqual([])
  })

  it('loads no more than 270 KB at first, packed with brotli, or with gzip where a network without TLS has no brotli', async () => {
    for (const encoding of ['br', 'gzip']) {
      const fresh = await app.open({ phone: true, path: '/healthz', worker: false })
      await fresh.context.setExtraHTTPHeaders({ 'accept-encoding': encoding })
      const session = await fresh.context.newCDPSession(fresh.page)
      await session.send('Network.enable')
      let bytes = 0
      session.on('Network.loadingFinished', ({ encodedDataLength }) => {
        bytes += encodedDataLength
      })
      const packed: (string | undefined)[] = []
      fresh.page.on('response', (response) => {
        if (response.url().endsWith('.js')) packed.push(response.headers()['content-encoding'])
      })
      await fresh.page.goto(`${app.server.origin}/patient`)
      await fresh.page.getByRole('heading', { name: 'Log in' }).waitFor()
      expect(new Set(packed)).toEqual(new Set([encoding]))
      expect(bytes).toBeGreaterThan(100_000)
      expect([encoding, bytes < 270_000 ? 'within' : bytes]).toEqual([encoding, 'within'])
      await fresh.context.close()
    }
  })
})
