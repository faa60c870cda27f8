import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addDays, wallOf } from '../../../api/clinic/day.ts'
import { uuidv7 } from '../../../api/database/uuid.ts'
import { fillVisits } from '../../../api/test/visits.ts'
import { type App, chromiumPath, noChromium, type Screen, startApp, violationsOf } from '../test/app.ts'

const ZONE = 'America/New_York'
const today = wallOf(new Date(), ZONE).day

describe.runIf(chromiumPath)(`what the practice is told of its days${noChromium}`, { timeout: 180_000 }, () => {
  let app: App
  let admin: Screen
  let clinicId: string

  beforeAll(async () => {
    app = await startApp()
    const { db } = app.server
    clinicId = (await db.clinic.findFirstOrThrow({ where: { name: 'Riverside Clinic' } })).id
    const serviceIds = (await db.service.findMany({ where: { clinicId } })).map(({ id }) => id)
    const doctorIds = (await db.doctor.findMany({ where: { clinicId } })).map(({ id }) => id)
    await fillVisits(db, { clinicId, serviceIds, doctorIds, from: addDays(today, -70), days: 68, visitsADay: 60 })
    await db.doctor.updateMany({
      where: { clinicId, name: 'Dr. Sara Lindqvist' },
      data: { name: 'Dr. Ben Okafor' },
    })
    await db.auditEvent.createMany({
      data: Array.from({ length: 500 }, (_, at) => ({
        ...{ id: uuidv7(), clinicId, action: 'queue.called', entity: 'QueueEntry', entityId: uuidv7() },
        at: new Date(Date.now() - at * 60_000),
      })),
    })
    admin = await app.openAs('admin')
  })
  afterAll(() => app?.close())

  const go = async (section: string, { page }: Screen = admin) => {
    await page.evaluate((hash) => {
      location.hash = hash
    }, `manager/${section}`)
    await page.locator(`.admin-nav a[href="#manager/${section}"][aria-current="page"]`).waitFor()
  }
  const isRight = async ({ page }: Screen, what: string, schemes: readonly ('light' | 'dark')[] = ['light']) => {
    for (const colorScheme of schemes) {
      await page.emulateMedia({ colorScheme })
      expect(await violationsOf(page), `${what} ${colorScheme}`).toEqual([])
    }
    expect(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), what).toBe(false)
  }
  const chart = (name: string, { page }: Screen = admin) => page.getByRole('region', { name, exact: true })

  it('draws waits by hour with the weeks before, says the same in a table and a file, and shows the visits behind', async () => {
    await go('figures')
    const waits = chart('Waiting by hour of arrival')
    await waits.locator('.recharts-bar-rectangle path').first().waitFor()
    expect(await waits.locator('.recharts-line-curve').count()).toBe(1)
    await isRight(admin, 'figures', ['dark', 'light'])
    const heads = await waits.locator('thead th').allTextContents()
    expect(heads).toEqual([
      'Hour',
      'Half under, min',
      'Nine in ten under, min',
      'Half under, min, weeks before',
      'Nine in ten under, min, weeks before',
    ])
    const file = admin.page.waitForEvent('download')
    await waits.getByRole('button', { name: 'Download as CSV: Waiting by hour of arrival' }).click()
    const text = await readFile(await (await file).path(), 'utf8')
    expect(text.split('\r\n')[0]).toContain('Hour,"Half under, min"')
    expect(text.split('\r\n')).toHaveLength((await waits.locator('tbody tr').count()) + 2)

    await waits.locator('.recharts-bar-rectangle path').first().click()
    const visits = admin.page.getByRole('dialog', { name: /^Visits: \d\d:00$/ })
    await visits.locator('tbody tr').first().waitFor()
    await isRight(admin, 'visits')
    const before = await visits.locator('tbody tr').count()
    expect(before).toBe(50)
    await visits.getByRole('button', { name: 'Show more' }).click()
    await expect.poll(() => visits.locator('tbody tr').count(), { timeout: 30_000 }).toBeGreaterThan(50)
    expect(await visits.locator('tbody tr').first().textContent()).not.toContain('A patient')
    await visits.getByRole('button', { name: 'Close' }).click()

    // The same without a mouse.
    await chart('Time with the doctor')
      .getByRole('button', { name: /^Visits: Dr\. Maya Chen/ })
      .press('Enter')
    const hers = admin.page.getByRole('dialog', { name: 'Visits: Dr. Maya Chen' })
    await hers.locator('tbody tr').first().waitFor()
    expect(new Set(await hers.locator('tbody td:nth-child(4)').allTextContents())).toEqual(new Set(['Dr. Maya Chen']))
    await admin.page.keyboard.press('Escape')
  })

  it('tells doctors of one name apart', async () => {
    const rows = chart('Time with the doctor').locator('tbody th')
    const names = await rows.allTextContents()
    expect(new Set(names).size).toBe(names.length)
    expect(names.filter((name) => name.startsWith('Dr. Ben Okafor'))).toHaveLength(2)
    await rows.getByText('Dr. Ben Okafor').nth(1).click()
    const visits = admin.page.getByRole('dialog', { name: /^Visits: Dr\. Ben Okafor.+/ })
    await visits.locator('tbody tr').first().waitFor()
    await admin.page.keyboard.press('Escape')
  })

  it('shows every figure over a year of days, and a time in which nothing was', async () => {
    const { page } = admin
    await page.getByLabel('From', { exact: true }).fill(addDays(today, -365))
    await chart('Waiting by day').locator('.recharts-line-curve').nth(1).waitFor()
    await isRight(admin, 'a year')
    await page.getByLabel('From', { exact: true }).fill('2020-01-06')
    await page.getByLabel('To', { exact: true }).fill('2020-01-12')
    await chart('Messages').getByText('Nothing in this time.').waitFor()
    await isRight(admin, 'empty')
    await page.getByLabel('To', { exact: true }).fill('2020-01-01')
    await page.getByText(/Choose two days/).waitFor()
  })

  it('pages through five hundred entries of the log, and narrows them', async () => {
    const { page } = admin
    const { db } = app.server
    const phoneNumber = '+13035550177'
    const { id: entityId } = await db.patient.create({
      data: { id: uuidv7(), name: 'A patient', code: uuidv7(), phoneNumber, clinics: { create: { clinicId } } },
    })
    await db.auditEvent.create({
      data: { id: uuidv7(), clinicId, action: 'patient.updated', entity: 'Patient', entityId, at: new Date() },
    })
    await go('audit')
    await expect.poll(() => page.locator('.admin-row').count(), { timeout: 30_000 }).toBe(50)
    await isRight(admin, 'audit')
    for (let count = 100; count <= 500; count += 50) {
      await page.getByRole('button', { name: 'Show more' }).click()
      await expect.poll(() => page.locator('.admin-row').count(), { timeout: 30_000 }).toBe(count)
    }
    const choose = async (label: string, option: string) => {
      await page.locator('.field', { hasText: label }).getByRole('button').click()
      await page.getByRole('option', { name: option, exact: true }).click()
    }
    await choose('What', 'Log-ins')
    await choose('Exactly', '… logged in.')
    await expect.poll(() => page.locator('.admin-row').count(), { timeout: 30_000 }).toBeLessThan(5)
    expect(await page.locator('.admin-row').first().textContent()).toContain('logged in.')
    await choose('What', 'Anything')
    await page.getByLabel('Patient', { exact: true }).fill('Amelia')
    await page.getByText('A phone number with + and the country code, or the code of a patient.').waitFor()
    await isRight(admin, 'audit of nobody')
    await page.getByLabel('Patient', { exact: true }).fill(phoneNumber)
    await expect.poll(() => page.locator('.admin-row').allTextContents(), { timeout: 30_000 }).toHaveLength(1)
    expect(await page.locator('.admin-row').textContent()).toContain('changed a patient’s record.')
    await page.getByLabel('Patient', { exact: true }).fill('')
    await page.getByLabel(/^To$/).fill('2020-01-01')
    await page.getByLabel(/^From$/).fill('2020-01-01')
    await expect.poll(() => page.locator('.admin-row').count(), { timeout: 30_000 }).toBe(0)
    await isRight(admin, 'audit, empty')
  })

  it('is not for others, by screen or by address', async () => {
    for (const username of ['reception', 'doctor']) {
      const other = await app.openAs(username, { path: '/#manager/figures' })
      for (const section of ['figures', 'audit', 'work']) {
        await other.page.evaluate((hash) => {
          location.hash = hash
        }, `manager/${section}`)
        expect(await other.page.locator('.admin, .chart, .admin-list').count(), `${username} ${section}`).toBe(0)
      }
      await other.context.close()
      const token = await app.server.login(username)
      const asked = `query($c: ID!) { analytics(clinicId: $c, from: "${today}", to: "${today}") { arrivals }
        analyticsVisits(clinicId: $c, from: "${today}", to: "${today}") { edges { node { ticket } } }
        auditLog(clinicId: $c) { edges { node { id } } } failedJobs(clinicId: $c) { edges { node { id } } } }`
      const { data, errors } = await app.server.request(asked, { c: clinicId }, token)
      expect(data).toEqual({ analytics: null, analyticsVisits: null, auditLog: null, failedJobs: null })
      expect(errors?.map(({ extensions }: { extensions?: { code?: unknown } }) => extensions?.code)).toEqual(
        Array(4).fill('FORBIDDEN'),
      )
    }
  })

  it('fits a phone in Spanish, and says so where the server does not answer', async () => {
    const phone = await app.open({ phone: true, dark: true, language: 'es-ES' })
    await phone.page.getByLabel('Nombre de usuario').fill('admin')
    await phone.page.getByLabel('Contraseña').fill('anteroom-demo')
    await phone.page.getByRole('button', { name: 'Entrar' }).click()
    await phone.page.locator('.admin-nav').waitFor()
    await go('figures', phone)
    await chart('Espera por hora de llegada', phone).locator('.recharts-bar-rectangle path').first().waitFor()
    await isRight(phone, 'figures on a phone', ['dark'])
    for (const section of ['audit', 'work']) {
      await go(section, phone)
      await phone.page.locator('.admin-row, .admin-page > p').nth(1).waitFor()
      await isRight(phone, section, ['dark'])
    }
    await phone.context.setOffline(true)
    for (const section of ['figures', 'audit', 'work']) {
      await go(section, phone)
      await phone.page.getByRole('alert').getByText('El servidor no contesta').waitFor()
      await isRight(phone, `${section} offline`, ['dark'])
    }
    await phone.context.setOffline(false)
    await phone.page.getByRole('button', { name: 'Intentarlo otra vez' }).click()
    await phone.page.getByRole('alert').waitFor({ state: 'detached' })
    await phone.context.close()
    expect(admin.complaints).toEqual([])
  })
})
