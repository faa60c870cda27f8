import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type App, chromiumPath, noChromium, type Screen, startApp, violationsOf } from '../test/app.ts'

describe.runIf(chromiumPath)(`intake and duty${noChromium}`, { timeout: 120_000 }, () => {
  let app: App
  let desk: Screen
  let room: Screen
  let clinicId: string
  const patience = { timeout: 30_000 }

  beforeAll(async () => {
    app = await startApp()
    clinicId = (await app.server.db.clinic.findFirstOrThrow({ where: { name: 'Riverside Clinic' } })).id
    desk = await app.openAs('reception')
    await desk.page.locator('[data-ticket="G-005"]').waitFor()
    room = await app.openAs('doctor')
    await room.page.locator('.next-row', { hasText: 'G-005' }).waitFor()
  })
  afterAll(() => app?.close())

  const keys = async (screen: Screen, ...pressed: string[]) => {
    for (const key of pressed) await screen.page.keyboard.press(key)
  }
  const service = () => app.server.db.service.findFirstOrThrow({ where: { clinicId, name: 'General practice' } })
  const isOnDuty = async () =>
    (await app.server.db.doctor.findFirstOrThrow({ where: { clinicId, name: 'Dr. Maya Chen' } })).onDuty
  const dialog = () => desk.page.getByRole('dialog', { name: 'General practice: intake and doctors' })
  const tag = () => desk.page.locator('.column').first().locator('.tag', { hasText: 'Closed' })

  it('closes a service to walk-ins with a usual reason by two keys, says so on the board, and takes it back', async () => {
    await keys(desk, '1', 'i')
    await dialog().waitFor()
    expect(await violationsOf(desk.page)).toEqual([])
    await keys(desk, '1')
    await tag().waitFor()
    expect(await service()).toMatchObject({ open: false, closedReason: 'Full for today' })
    await keys(desk, 'z')
    await tag().waitFor({ state: 'detached' })
    expect(await service()).toMatchObject({ open: true, closedReason: null })
  })

  it('offers no walk-in to a closed service, and opens it again', async () => {
    await keys(desk, 'i')
    await dialog().getByLabel('Another reason').fill('The heating is broken')
    await keys(desk, 'Enter')
    await tag().waitFor()
    await keys(desk, '/')
    await desk.page.keyboard.type('Olga Novak')
    await desk.page.getByRole('option', { name: /Register “Olga Novak”/ }).waitFor()
    await keys(desk, 'Enter')
    await desk.page.getByRole('dialog', { name: 'Register a patient' }).waitFor()
    await keys(desk, 'Enter')
    const person = desk.page.getByRole('dialog', { name: 'Olga Novak' })
    await person.getByRole('button', { name: /The heating is broken/ }).waitFor()
    expect(await person.getByRole('button', { name: /The heating is broken/ }).isDisabled()).toBe(true)
    await keys(desk, 'Escape')
    await person.waitFor({ state: 'detached' })
    await keys(desk, '1', 'i')
    await dialog().getByText('Takes no new walk-ins. The heating is broken').waitFor()
    expect(await violationsOf(desk.page)).toEqual([])
    await keys(desk, '1')
    await tag().waitFor({ state: 'detached' })
  })

  it('lets the desk say who is at work, and the doctor sees it', async () => {
    await keys(desk, 'i')
    const duty = dialog().locator('.duty li', { hasText: 'Dr. Maya Chen' }).getByRole('button')
    await duty.focus()
    await keys(desk, 'Space')
    await expect.poll(isOnDuty, patience).toBe(false)
    await dialog()
      .locator('.duty li', { hasText: 'Dr. Maya Chen' })
      .getByRole('button', { name: 'Not on duty' })
      .waitFor()
    await room.page.getByRole('button', { name: 'Not on duty' }).waitFor()
    await keys(desk, 'Escape')
    await room.page.getByRole('button', { name: 'Not on duty' }).press('Enter')
    await expect.poll(isOnDuty, patience).toBe(true)
    await room.page.getByRole('button', { name: 'On duty', exact: true }).waitFor()
  })

  it('asks a doctor who goes while a patient is with them', async () => {
    await keys(room, 'Space')
    await room.page.locator('.present-ticket', { hasText: 'G-001' }).waitFor()
    await room.page.getByRole('button', { name: 'On duty', exact: true }).press('Enter')
    const question = room.page.getByRole('dialog', { name: 'Go off duty?' })
    await question.getByText('G-001 Amelia Hart is still with you').waitFor()
    expect(await violationsOf(room.page)).toEqual([])
    await keys(room, 'Enter')
    await question.waitFor({ state: 'detached' })
    expect(await isOnDuty()).toBe(true)
    await room.page.getByRole('button', { name: 'On duty', exact: true }).press('Enter')
    await question.getByRole('button', { name: 'Go off duty' }).press('Enter')
    await expect.poll(isOnDuty, patience).toBe(false)
  })

  it('shows a doctor no switch of the intake', async () => {
    await keys(room, 'i')
    expect(await room.page.getByRole('dialog').count()).toBe(0)
    expect(await room.page.getByText('Intake').count()).toBe(0)
    expect([...desk.complaints, ...room.complaints]).toEqual([])
  })
})
