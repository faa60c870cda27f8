import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type App, chromiumPath, noChromium, type Screen, startApp, violationsOf } from '../test/app.ts'

describe.runIf(chromiumPath)(`the doctor's room and the waiting room${noChromium}`, { timeout: 120_000 }, () => {
  let app: App
  let room: Screen
  let display: Screen
  let clinicId: string

  beforeAll(async () => {
    app = await startApp()
    clinicId = (await app.server.db.clinic.findFirstOrThrow({ where: { name: 'Riverside Clinic' } })).id
    display = await app.open({ path: `/display/${clinicId}` })
    room = await app.openAs('doctor')
    await room.page.locator('.next-row', { hasText: 'G-005' }).waitFor()
    await display.page.locator('.waiting-tickets', { hasText: 'G-005' }).waitFor()
  })
  afterAll(() => app?.close())

  const statusOf = async (ticket: string) =>
    (await app.server.db.queueEntry.findFirstOrThrow({ where: { ticket, service: { clinicId } } })).status
  const becomes = (ticket: string, status: string) =>
    expect.poll(() => statusOf(ticket), { timeout: 30_000 }).toBe(status)
  const main = (name: string) =>
    room.page.locator('.present-acts .main:enabled', { hasText: new RegExp(`^${name}`) }).waitFor()

  it('calls, starts and ends with the space bar alone, and the waiting room sees ticket and room', async () => {
    await main('Call next')
    await room.page.keyboard.press('Space')
    await becomes('G-001', 'CALLED')
    await display.page.locator('.tile', { hasText: 'G-001' }).waitFor()
    expect(await display.page.locator('.tile').first().textContent()).toContain('Room 1')
    await main('Start')
    await room.page.keyboard.press('Space')
    await becomes('G-001', 'IN_SERVICE')
    await main('Served, call next')
    await room.page.keyboard.press('Space')
    await becomes('G-001', 'SERVED')
    await becomes('G-002', 'CALLED')
    await expect
      .poll(async () => (await display.page.locator('.tile').allTextContents()).map((text) => text.slice(0, 5)))
      .toEqual(['G-002'])
  })

  it('marks a no-show, and counts the day', async () => {
    await main('Start')
    await room.page.keyboard.press('n')
    await becomes('G-002', 'NO_SHOW')
    await main('Call next')
    await room.page.locator('.day', { hasText: '1 served' }).waitFor()
  })

  it('shows a doctor the reason of the visit, and never a phone number or what the desk may do', async () => {
    const reception = await app.server.login('reception')
    const patient = await app.server.request(
      'mutation { createPatient(input: { name: "Rosa Valdés", phoneNumber: "+12125550199", dateOfBirth: "1980-01-01" }) { id } }',
      {},
      reception,
    )
    const { services } = await app.server.db.clinic.findUniqueOrThrow({
      where: { id: clinicId },
      include: { services: true },
    })
    const general = services.find(({ name }) => name === 'General practice')
    await app.server.request(
      'mutation($i: AddWalkInInput!) { addWalkIn(input: $i) { id } }',
      {
        i: {
          patientId: patient.data.createPatient.id,
          serviceId: general?.id,
          urgency: 'EMERGENCY',
          reason: 'Pain in the left arm',
        },
      },
      reception,
    )
    await room.page.locator('.next-row', { hasText: 'Pain in the left arm' }).waitFor()
    await room.page.keyboard.press('Space')
    await room.page.locator('.present-reason', { hasText: 'Pain in the left arm' }).waitFor()
    const text = await room.page.locator('body').textContent()
    expect(text).not.toContain('+12125550199')
    expect(text).not.toContain('Hold')
    expect(await room.page.locator('.finder').count()).toBe(0)
  })

  it('remembers the room', async () => {
    await room.page.getByLabel('Room', { exact: true }).fill('7')
    await room.page.getByLabel('Room', { exact: true }).blur()
    await expect
      .poll(async () => (await app.server.db.doctor.findFirstOrThrow({ where: { name: 'Dr. Maya Chen' } })).room)
      .toBe('7')
  })

  it('shows no name in the waiting room, and comes back by itself', async () => {
    await display.context.setOffline(true)
    await display.page.getByText('No connection since').waitFor({ timeout: 5_000 })
    expect(await violationsOf(display.page)).toEqual([])
    const before = await display.page.locator('.tile').first().textContent()
    await room.page.keyboard.press('Space')
    await main('Served')
    await room.page.keyboard.press('d')
    await main('Call next')
    await display.context.setOffline(false)
    await display.page.getByText('No connection since').waitFor({ state: 'detached' })
    await expect.poll(() => display.page.locator('.tiles').textContent()).not.toContain(before)
    for (const name of ['Amelia', 'Bennett', 'Zoë', 'Rosa'])
      expect(await display.page.locator('body').textContent()).not.toContain(name)
  })

  it('complains of nothing, to people or to axe', async () => {
    for (const screen of [room, display]) {
      expect(await violationsOf(screen.page)).toEqual([])
      expect(screen.complaints.filter((text) => !/ERR_INTERNET_DISCONNECTED/.test(text))).toEqual([])
    }
  })
})
