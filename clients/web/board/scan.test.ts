import { qrOfCode } from '@anteroom/api/patient/qr'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type App, chromiumPath, noChromium, type Screen, startApp, violationsOf } from '../test/app.ts'

describe.runIf(chromiumPath)(`a patient's code${noChromium}`, { timeout: 120_000 }, () => {
  let app: App
  let desk: Screen
  let token: string
  let clinicId: string
  let serviceId: string

  beforeAll(async () => {
    app = await startApp()
    clinicId = (await app.server.db.clinic.findFirstOrThrow({ where: { name: 'Riverside Clinic' } })).id
    serviceId = (await app.server.db.service.findFirstOrThrow({ where: { clinicId, name: 'General practice' } })).id
    token = await app.server.login('reception')
    desk = await app.openAs('reception')
    await desk.page.locator('[data-ticket="G-005"]').waitFor()
  })
  afterAll(() => app?.close())

  const ask = async (query: string, variables: object) => {
    const { data, errors } = await app.server.request(query, variables, token)
    expect(errors).toBeUndefined()
    return data
  }
  const make = async (name: string) => {
    const i = { name, dateOfBirth: '1990-05-05' }
    const { createPatient } = await ask('mutation($i: CreatePatientInput!) { createPatient(input: $i) { id } }', { i })
    return app.server.db.patient.findUniqueOrThrow({ where: { id: createPatient.id } })
  }
  /** The last slot of the clinic's present day. */
  const book = async (patientId: string) => {
    const day = new Intl.DateTimeFormat('en-CA', { timeZone: 'America/New_York' }).format(new Date())
    const { availableSlots } = await ask(
      'query($s: ID!, $d: Date!) { availableSlots(serviceId: $s, from: $d, to: $d) { startsAt } }',
      { s: serviceId, d: day },
    )
    const i = { patientId, serviceId, startsAt: availableSlots.at(-1).startsAt }
    await ask('mutation($i: BookAppointmentInput!) { bookAppointment(input: $i) { id } }', { i })
  }
  /** The device's own records have this patient. */
  const known = ({ page }: Screen, patientId: string) =>
    expect
      .poll(() =>
        page.evaluate(`(async () => {
          const { name } = (await indexedDB.databases()).find(({ name }) => /^anteroom-[0-9a-f]{8}-/.test(name))
          const open = indexedDB.open(name)
          const database = await new Promise((resolve) => (open.onsuccess = () => resolve(open.result)))
          const get = database.transaction('records').objectStore('records').get('patients/${patientId}')
          const held = await new Promise((resolve) => (get.onsuccess = () => resolve(get.result)))
          database.close()
          return typeof held?.record.codeMark
        })()`),
      )
      .toBe('string')
  const scanInto = async ({ page }: Screen, code: string) => {
    await page.keyboard.press('/')
    // As a scanner types it: at once, with Enter at its end.
    await page.keyboard.type(code)
    await page.keyboard.press('Enter')
  }

  it('that a scanner types finds the patient, and Enter checks their booking of today in', async () => {
    const patient = await make('Petra Lang')
    await book(patient.id)
    await desk.page.locator('.arrival', { hasText: 'Petra Lang' }).waitFor()
    await scanInto(desk, patient.code)
    const dialog = desk.page.getByRole('dialog', { name: 'Petra Lang' })
    await dialog.getByText('1990-05-05').waitFor()
    await dialog.getByRole('button', { name: /^Check in: .*General practice/ }).waitFor()
    expect(await violationsOf(desk.page)).toEqual([])
    await desk.page.keyboard.press('Enter')
    await desk.page.locator('.toast', { hasText: 'Petra Lang is checked in' }).waitFor()
    await desk.page.locator('.arrival', { hasText: 'Petra Lang' }).waitFor({ state: 'detached' })
    await desk.page.locator('.details', { hasText: 'Petra Lang' }).waitFor()
    expect(await app.server.db.queueEntry.count({ where: { patientId: patient.id, status: 'WAITING' } })).toBe(1)
  })

  it('of somebody without a booking asks for the queue, and one that nobody has says so', async () => {
    const patient = await make('Paul Ebner')
    await scanInto(desk, patient.code)
    const dialog = desk.page.getByRole('dialog', { name: 'Paul Ebner' })
    await dialog.waitFor()
    expect(await dialog.getByRole('button', { name: /Check in/ }).count()).toBe(0)
    await desk.page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await scanInto(desk, 'A1b2C3d4E5f6G7h8I9j0-_')
    await desk.page.getByText('Nobody has this code.').waitFor()
    await desk.page.keyboard.press('Escape')
  })

  it('in a QR begins with the key that leads to the find box, so that a scanner needs no click before', async () => {
    const patient = await make('Pia Holm')
    await desk.page.locator('[data-ticket="G-005"]').first().click()
    await desk.page.keyboard.type(qrOfCode(patient.code))
    await desk.page.keyboard.press('Enter')
    await desk.page.getByRole('dialog', { name: 'Pia Holm' }).waitFor()
    await desk.page.keyboard.press('Escape')
    // Once more while the box is being typed in.
    await scanInto(desk, qrOfCode(patient.code))
    await desk.page.getByRole('dialog', { name: 'Pia Holm' }).waitFor()
    await desk.page.keyboard.press('Escape')
  })

  it('of somebody of this clinic is recognised without a connection, any other is said to need one', async () => {
    const patient = await make('Otto Brandt')
    await desk.page.locator('.live', { hasText: /^Live$/ }).waitFor()
    await known(desk, patient.id)
    await desk.context.setOffline(true)
    await desk.page.locator('.band', { hasText: 'No connection' }).first().waitFor()
    await scanInto(desk, qrOfCode(patient.code))
    const dialog = desk.page.getByRole('dialog', { name: 'Otto Brandt' })
    await dialog.getByText('1990-05-05').waitFor()
    await desk.page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await scanInto(desk, 'A1b2C3d4E5f6G7h8I9j0-z')
    await desk.page.getByText('This device does not know the code').waitFor()
    await desk.page.keyboard.press('Escape')
    await desk.context.setOffline(false)
    await desk.page.locator('.band', { hasText: 'No connection' }).first().waitFor({ state: 'detached' })
  })

  it('is read by the camera where the browser can do that, and there is no such button where it cannot', async () => {
    expect(await desk.page.getByRole('button', { name: 'Scan a code with the camera' }).count()).toBe(0)
    const patient = await make('Quirin Maier')
    const phone = await app.openAs('reception2', {
      phone: true,
      // This Chromium has neither a camera nor a reader of codes.
      prepare: (context) =>
        context.addInitScript((code) => {
          const looks = { count: 0 }
          Object.assign(globalThis, {
            BarcodeDetector: class {
              async detect() {
                looks.count++
                return looks.count > 3 ? [{ rawValue: code }] : []
              }
            },
          })
          const canvas = document.createElement('canvas')
          canvas.getContext('2d')?.fillRect(0, 0, 10, 10)
          const camera = { getUserMedia: async () => canvas.captureStream(5) }
          Object.defineProperty(navigator, 'mediaDevices', { value: camera })
        }, patient.code),
    })
    await phone.page.getByRole('button', { name: 'Scan a code with the camera' }).click()
    await phone.page.getByRole('dialog', { name: 'Scan the patient’s code' }).waitFor()
    await phone.page.getByRole('dialog', { name: 'Quirin Maier' }).waitFor()
    expect(await violationsOf(phone.page)).toEqual([])
    expect(phone.complaints).toEqual([])
  })
})
