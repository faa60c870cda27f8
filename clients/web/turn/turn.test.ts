import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  addWalkIn,
  callEntry,
  callNext,
  checkIn,
  hold,
  leaveQueue,
  markNoShow,
  markServed,
  moveEntry,
  returnToQueue,
  setUrgency,
  startService,
} from '../../../api/queue/commands.ts'
import { createServer } from '../../../api/server.ts'
import { launchBrowser } from '../../../api/test/browser.ts'
import { createTestClinic, type TestClinic } from '../../../api/test/clinic.ts'
import { startTestServer, type TestServer } from '../../../api/test/server.ts'
import { createVisitLink, type Visit } from '../../../api/visit/store.ts'
import { chromiumPath, noChromium, violationsOf } from '../test/app.ts'

const dist = fileURLToPath(new URL('../dist', import.meta.url))

let server: TestServer
let clinic: TestClinic
let browser: Browser

beforeAll(async () => {
  if (!chromiumPath) return
  server = await startTestServer({ demo: false })
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
})

const pathTo = async (visit: Visit): Promise<string> => {
  const link = await server.db.$transaction((tx) => createVisitLink(server.deps.config, tx, visit))
  return link.slice(link.indexOf('/t/'))
}

const walkIn = async () => {
  const patientId = await clinic.addPatient()
  const input = { patientId, serviceId: clinic.serviceIds[0] as string }
  const rest = { id: null, doctorId: null, urgency: null, reason: 'Chest pain', provisionalTicket: null }
  const entry = await addWalkIn(clinic.desk, { ...input, ...rest })
  return { entry, path: await pathTo({ patientId, entryId: entry.id }) }
}

type Options = { dark?: boolean; language?: string; script?: boolean; port?: number }
type Phone = { page: Page; context: BrowserContext; complaints: string[]; status: number }

/** A phone of its own at the page behind a link. */
const open = async (
  path: string,
  { dark = false, language = 'en-US', script = true, port = server.port }: Options = {},
): Promise<Phone> => {
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 },
    colorScheme: dark ? 'dark' : 'light',
    locale: language,
    hasTouch: true,
    isMobile: true,
    reducedMotion: 'reduce',
    javaScriptEnabled: script,
  })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  const answer = await page.goto(`http://127.0.0.1:${port}${path}`)
  return { page, context, complaints, status: answer?.status() ?? 0 }
}

const isLive = ({ page }: Phone) => page.locator('.freshness.is-live').waitFor()
const figure = ({ page }: Phone) => page.locator('.figure')
const reads = (phone: Phone, text: string) => phone.page.getByText(text).first().waitFor()
const headline = async ({ page }: Phone) => ((await page.locator('h1').textContent()) ?? '').replace(/\s+/g, ' ')
/** The words of a place, as in "Your place 4". */
const shows = (phone: Phone, text: string) => expect.poll(() => headline(phone), { timeout: 20_000 }).toBe(text)

const sideways = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth - innerWidth)

describe.skipIf(!chromiumPath)(`the page behind a link${noChromium}`, { timeout: 120_000 }, () => {
  beforeAll(async () => {
    clinic = await createTestClinic(server.deps)
  })

  test('shows the place with the first bytes, then follows each change while a doctor calls', async () => {
    const [doctor] = clinic.doctors
    const before = [await walkIn(), await walkIn()]
    const { entry, path } = await walkIn()
    const phone = await open(path)
    await shows(phone, 'Your place 3')
    await isLive(phone)
    await reads(phone, '2 people are before you')
    expect(await phone.page.locator('.ticket').textContent()).toContain(entry.ticket)
    const next = { serviceId: clinic.serviceIds[0] as string, doctorId: null, room: '7' }
    const first = await callNext(doctor?.ctx as never, next)
    expect(first?.id).toBe(before[0]?.entry.id)
    await shows(phone, 'Your place 2')
    await reads(phone, 'You moved up from 3 to 2.')
    expect(await figure(phone).evaluate((element) => getComputedStyle(element).animationDuration)).toBe('0s')
    await expect
      .poll(() => phone.page.locator('.spoken').textContent(), { timeout: 20_000 })
      .toContain('Your place: 2.')
    await startService(doctor?.ctx as never, first?.id as string)
    await callNext(doctor?.ctx as never, next)
    await shows(phone, 'Your place 1')
    await reads(phone, 'You are next')

    const late = await walkIn()
    await setUrgency(clinic.desk, late.entry.id, 'URGENT', 'Strong pain')
    await shows(phone, 'Your place 2')
    await reads(phone, 'Your place went from 1 to 2. Somebody is more urgent.')
    expect(await phone.page.content()).not.toMatch(/Strong pain|Chest pain|A patient/)
    await leaveQueue(clinic.desk, late.entry.id)

    await callEntry(clinic.desk, entry.id, { doctorId: null, room: '3' })
    await shows(phone, 'Room 3 Please come in')
    expect(await phone.page.title()).toBe(`${entry.ticket} · Room 3. Please come in.`)
    await expect.poll(() => phone.page.locator('.spoken').textContent()).toBe('Room 3. Please come in.')
    expect(await violationsOf(phone.page)).toEqual([])
    await markServed(clinic.desk, entry.id)
    await shows(phone, 'Your visit has ended')
    expect(phone.complaints).toEqual([])
    await phone.context.close()
  })

  test('says how old it is without a network, and is right again by itself when that is back', async () => {
    const ahead = await walkIn()
    const { entry, path } = await walkIn()
    const phone = await open(path)
    await isLive(phone)
    const before = await headline(phone)
    await phone.context.setOffline(true)
    await phone.page.getByText(/^As of \d\d:\d\d$/).waitFor()
    await reads(phone, 'No connection. This page tries again by itself.')
    expect(await headline(phone)).toBe(before)
    expect(await violationsOf(phone.page)).toEqual([])
    await leaveQueue(clinic.desk, ahead.entry.id)
    await hold(clinic.desk, entry.id)
    await phone.context.setOffline(false)
    await shows(phone, 'Your place is kept')
    await isLive(phone)
    expect(await violationsOf(phone.page)).toEqual([])
    await returnToQueue(clinic.desk, entry.id)
    await reads(phone, 'You are back in the queue.')
    await phone.context.close()
    await leaveQueue(clinic.desk, entry.id)
  })

  test('says plainly that a visit has ended, and of a no-show what to do', async () => {
    const [left, missed] = [await walkIn(), await walkIn()]
    const phones = [await open(left.path), await open(missed.path)] as const
    for (const phone of phones) await isLive(phone)
    await leaveQueue(clinic.desk, left.entry.id)
    await callEntry(clinic.desk, missed.entry.id, { doctorId: null, room: null })
    await shows(phones[1], 'Your turn Please come to the desk')
    await markNoShow(clinic.desk, missed.entry.id)
    await shows(phones[0], 'You are not in the queue any more')
    await shows(phones[1], 'You were called and not there')
    for (const { page } of phones) expect(await violationsOf(page)).toEqual([])
    await server.db.$executeRaw`
      UPDATE queue SET arrived_at = arrived_at - interval '1 hour', finished_at = finished_at - interval '1 hour'
      WHERE id = ${left.entry.id}::uuid`
    const again = await open(left.path)
    await shows(again, 'This visit has ended')
    expect([again.status, await violationsOf(again.page), again.complaints]).toEqual([200, [], []])
    for (const { context } of [...phones, again]) await context.close()
  })

  test('to a booking waits for the check-in', async () => {
    const patientId = await clinic.addPatient()
    const appointmentId = await clinic.book(patientId, new Date())
    const phone = await open(await pathTo({ patientId, appointmentId }))
    await shows(phone, 'You are not checked in yet')
    expect(await violationsOf(phone.page)).toEqual([])
    const entry = await checkIn(clinic.desk, appointmentId)
    // As when the reader looks at the phone again; it asks by itself every half minute too.
    await phone.page.evaluate(() => dispatchEvent(new Event('online')))
    await isLive(phone)
    expect(await headline(phone)).toMatch(/^Your place \d+$/)
    await leaveQueue(clinic.desk, entry.id)
    await shows(phone, 'You are not in the queue any more')
    await phone.context.close()
  })

  test('says when to leave home by the shortest wait and the reader’s own way, which stays on the phone', async () => {
    const quiet = await createTestClinic(server.deps, { doctors: 1 })
    const [doctor] = quiet.doctors
    const serviceId = quiet.serviceIds[0] as string
    await server.db.doctor.update({ where: { id: doctor?.id as string }, data: { onDuty: true } })
    const enter = async () => {
      const rest = { id: null, doctorId: null, urgency: null, reason: null, provisionalTicket: null }
      return addWalkIn(quiet.desk, { patientId: await quiet.addPatient(), serviceId, ...rest })
    }
    for (let patient = 0; patient < 5; patient++) {
      await enter()
      const called = await callNext(doctor?.ctx as never, { serviceId, doctorId: null, room: null })
      await markServed(doctor?.ctx as never, called?.id as string)
    }
    // As if each had taken forty minutes: the third in line waits from 41 to 79.
    await server.db.$executeRaw`
      UPDATE queue SET arrived_at = arrived_at - interval '1 hour', called_at = finished_at - interval '40 minutes',
        started_at = finished_at - interval '40 minutes' WHERE service_id = ${serviceId}::uuid`
    await enter()
    await enter()
    const { id, patientId } = await enter()
    const path = await pathTo({ patientId, entryId: id })
    const phone = await open(path)
    await isLive(phone)
    await reads(phone, 'about 41–79 min')
    await phone.page.getByText('When to leave home').click()
    const way = phone.page.getByRole('spinbutton', { name: 'My way to the clinic takes' })
    await way.fill('20')
    const at = await phone.page.locator('p.leave-at').first().textContent()
    const [, hours, minutes] = /^Leave home at (\d\d):(\d\d)\.$/.exec(at ?? '') ?? []
    const shown = Number(hours) * 60 + Number(minutes)
    const now = await phone.page.evaluate(() => new Date().getHours() * 60 + new Date().getMinutes())
    expect((shown - now + 1440) % 1440).toBeGreaterThanOrEqual(17)
    expect((shown - now + 1440) % 1440).toBeLessThanOrEqual(21)
    expect(await violationsOf(phone.page)).toEqual([])
    await phone.page.reload()
    await phone.page.getByText(/^Leave home at \d\d:\d\d\.$/).waitFor()
    await phone.page.getByText('When to leave home').click()
    await way.fill('60')
    await reads(phone, 'It is time to leave home.')
    await way.fill('')
    expect(await phone.page.getByText('It is time to leave home.').count()).toBe(0)
    expect(phone.complaints).toEqual([])
    await phone.context.close()
  })

  test('says where the clinic is before the check-in, and how to find the room when it is time', async () => {
    const address = '1 Quay Street\n2nd floor'
    const directions = 'Rooms 1–4: left of the lift'
    await server.db.clinic.update({ where: { id: clinic.clinicId }, data: { address, directions } })
    const patientId = await clinic.addPatient()
    const appointmentId = await clinic.book(patientId, new Date(Date.now() + 7_200_000))
    const path = await pathTo({ patientId, appointmentId })
    const early = await open(path)
    expect(await early.page.locator('address').textContent()).toContain(address)
    expect(await early.page.getByRole('link', { name: /open my account$/ }).getAttribute('href')).toBe('/patient')
    expect(await violationsOf(early.page)).toEqual([])
    const entry = await checkIn(clinic.desk, appointmentId)
    const phone = await open(path)
    await isLive(phone)
    expect(await phone.page.getByText(directions).count()).toBe(0)
    await callEntry(clinic.desk, entry.id, { doctorId: null, room: '3' })
    await shows(phone, 'Room 3 Please come in')
    await reads(phone, directions)
    expect(await violationsOf(phone.page)).toEqual([])
    await markNoShow(clinic.desk, entry.id)
    for (const { context } of [early, phone]) await context.close()
  })

  test('says to who opens it later, too, that and why somebody went before; never who or in whose words', async () => {
    const { entry, path } = await walkIn()
    const late = await walkIn()
    await moveEntry(clinic.desk, late.entry.id, null, 'Mrs. Canary cannot stand')
    const phone = await open(path)
    await reads(phone, 'Somebody has gone before you. The desk let somebody go first.')
    expect(await phone.page.content()).not.toContain('Canary')
    await phone.context.close()
    for (const { id } of [entry, late.entry]) await leaveQueue(clinic.desk, id)
  })

  test('that is none of ours says so in plain words and asks for no log-in', async () => {
    for (const path of ['/t/AAAAAAAAAAAAAAAAAAAAAA', '/t/x', '/t/%3Cscript%3E']) {
      const phone = await open(path)
      await shows(phone, 'This link does not work')
      expect(phone.status).toBe(404)
      expect(await phone.page.locator('input, form').count()).toBe(0)
      expect(await violationsOf(phone.page)).toEqual([])
      await phone.context.close()
    }
  })

  test("speaks the language of the message, or the other one, or without a visit the browser's", async () => {
    const { entry, path } = await walkIn()
    await server.db.patient.update({ where: { id: entry.patientId }, data: { language: 'es-MX' } })
    const phone = await open(path, { dark: true })
    expect(await headline(phone)).toMatch(/^Su puesto \d+$/)
    await isLive(phone)
    expect(await phone.page.locator('html').getAttribute('lang')).toBe('es')
    expect(await violationsOf(phone.page)).toEqual([])
    await phone.page.getByRole('link', { name: 'English' }).click()
    await shows(phone, (await headline(phone)).replace('Su puesto', 'Your place'))
    await callEntry(clinic.desk, entry.id, { doctorId: null, room: 'Rehabilitation 12' })
    await shows(phone, 'Room Rehabilitation 12 Please come in')
    expect(await violationsOf(phone.page)).toEqual([])
    expect(await sideways(phone.page)).toBeLessThanOrEqual(0)
    const lost = await open('/t/nothing', { language: 'es-ES' })
    await shows(lost, 'Este enlace no funciona')
    for (const { context } of [phone, lost]) await context.close()
    await markNoShow(clinic.desk, entry.id)
  })

  test('chimes and shakes when the call comes, once somebody has turned sound on', async () => {
    const { entry, path } = await walkIn()
    const phone = await open('/t/nothing')
    await phone.page.addInitScript(() => {
      const heard: string[] = []
      Object.assign(window, { heard })
      navigator.vibrate = () => heard.push('shake') > 0
      const { start } = OscillatorNode.prototype
      OscillatorNode.prototype.start = function (...at) {
        heard.push('tone')
        start.apply(this, at)
      }
    })
    await phone.page.goto(`${server.origin}${path}`)
    await isLive(phone)
    await phone.page.getByRole('button', { name: 'Turn sound on' }).click()
    await reads(phone, 'Sound is on while this page is open.')
    await callEntry(clinic.desk, entry.id, { doctorId: null, room: '3' })
    await shows(phone, 'Room 3 Please come in')
    const heard = () => phone.page.evaluate(() => (window as unknown as { heard: string[] }).heard.toSorted())
    await expect.poll(heard).toEqual(['shake', 'tone', 'tone'])
    await markServed(clinic.desk, entry.id)
    await shows(phone, 'Your visit has ended')
    expect(await heard()).toEqual(['shake', 'tone', 'tone'])
    await phone.context.close()
  })

  test('comes back by itself after the server was away, with what happened meanwhile', async () => {
    const { entry, path } = await walkIn()
    const config = { ...server.deps.config, port: 0 }
    const first = await createServer({ ...server.deps, config })
    const phone = await open(path, { port: first.port })
    await isLive(phone)
    await first.close()
    await phone.page.getByText(/^As of /).waitFor()
    await hold(clinic.desk, entry.id)
    const second = await createServer({ ...server.deps, config: { ...config, port: first.port } })
    await shows(phone, 'Your place is kept')
    await isLive(phone)
    await phone.context.close()
    await second.close()
    await leaveQueue(clinic.desk, entry.id)
  })

  test('can be read at twice the size of text, and without scripts', async () => {
    const { entry, path } = await walkIn()
    const [phone, plain] = [await open(path), await open(path, { script: false })]
    await isLive(phone)
    for (const summary of await phone.page.locator('summary').all()) await summary.click()
    await phone.page.evaluate(() => {
      document.documentElement.style.fontSize = '200%'
    })
    expect(await sideways(phone.page)).toBeLessThanOrEqual(0)
    const cut = await phone.page
      .locator('main *:not(.spoken)')
      .evaluateAll((elements) =>
        elements
          .filter(
            (element) =>
              element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== 'inline',
          )
          .map((element) => element.outerHTML.slice(0, 80)),
      )
    expect(cut).toEqual([])
    expect(await headline(plain)).toBe(await headline(phone))
    for (const { context } of [phone, plain]) await context.close()
    await leaveQueue(clinic.desk, entry.id)
  })

  test('stops the messages about its visit, after saying what that means', async () => {
    const { entry, path } = await walkIn()
    const phone = await open(path)
    await isLive(phone)
    await phone.page.locator('.stop summary').click()
    await reads(phone, 'To stop messages about all visits, reply STOP to one of them.')
    expect(await violationsOf(phone.page)).toEqual([])
    await phone.context.setOffline(true)
    await phone.page.getByRole('button', { name: 'Stop messages about this visit' }).click()
    await reads(phone, 'It did not work, and nothing was changed.')
    await phone.context.setOffline(false)
    await phone.page.getByRole('button', { name: 'Stop messages about this visit' }).click()
    await reads(phone, 'Messages about this visit are stopped.')
    await phone.page.reload()
    await reads(phone, 'Messages about this visit are stopped.')
    expect(await phone.page.locator('.stop summary').count()).toBe(0)
    await phone.context.close()
    await leaveQueue(clinic.desk, entry.id)
  })
})

test('the first load of the page weighs at most 90 KB, and shares nothing with the screens of the staff', async () => {
  const { renderPage } = await import(`${dist}/turn-page.mjs`)
  const estimate = { lowMinutes: 20, highMinutes: 35 }
  const visit = { ticket: 'G-014', status: 'WAITING', position: 12, ahead: 11, room: null, estimate }
  const template = readFileSync(`${dist}/turn.html`, 'utf8')
  const page: string = renderPage(template, {
    ...{ state: 'visit', visit, language: 'es', isStopped: false, passed: null },
    clinic: { name: 'Centro', address: null, directions: null },
  })
  expect(page).toContain('Su puesto')
  expect(page).toContain('unos 20–35 min')
  // What shows the place is all in the page itself, and that fits into the first flight of a connection: ten segments.
  expect(gzipSync(page).length).toBeLessThanOrEqual(10 * 1400)
  const files = [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => path as string)
  expect(files).toHaveLength(1)
  const bytes = files.map((path) => readFileSync(`${dist}${path}.gz`).length)
  expect(bytes.reduce((sum, size) => sum + size, gzipSync(page).length)).toBeLessThanOrEqual(90 * 1024)
  expect(readFileSync(`${dist}${files[0]}`, 'utf8')).not.toMatch(/apollo|react-aria|i18next/i)
})
