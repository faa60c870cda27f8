import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type App, chromiumPath, noChromium, type Screen, startApp, violationsOf } from '../test/app.ts'

describe.runIf(chromiumPath)(`messages at a patient${noChromium}`, { timeout: 120_000 }, () => {
  let app: App
  let desk: Screen
  const patience = { timeout: 30_000 }

  beforeAll(async () => {
    app = await startApp()
    desk = await app.openAs('reception')
    await desk.page.locator('[data-ticket="G-002"]').click()
    await desk.page.locator('.details', { hasText: 'Noah Bennett' }).waitFor()
  })
  afterAll(() => app?.close())

  const messages = () => app.server.db.notification.findMany({ where: { patient: { name: 'Noah Bennett' } } })
  const rows = () => desk.page.locator('.details section', { hasText: 'Messages' }).locator('li')
  const calls = () => rows().filter({ hasText: 'Your turn ·' })
  const resend = () => calls().getByRole('button', { name: /^Send again: Your turn/ })
  const select = async () => {
    await desk.page.keyboard.press('Escape')
    await desk.page.locator('.details').waitFor({ state: 'detached' })
    await desk.page.locator('[data-ticket="G-002"]').click()
    await desk.page.locator('.details', { hasText: 'Noah Bennett' }).waitFor()
  }

  it('that failed say why, and go out again by one key', async () => {
    await desk.page.keyboard.press('c')
    await desk.page.getByRole('dialog', { name: /Call G-002/ }).waitFor()
    await desk.page.keyboard.press('1')
    const entryNow = () =>
      app.server.db.queueEntry.findFirstOrThrow({ where: { ticket: 'G-002', patient: { name: 'Noah Bennett' } } })
    await expect.poll(async () => (await entryNow()).status, patience).toBe('CALLED')
    const entry = await entryNow()
    await app.server.db.notification.create({
      data: {
        ...{
          id: randomUUID(),
          key: `${entry.id} YOUR_TURN SMS v${entry.version}`,
          clinicId: entry.clinicId,
          patientId: entry.patientId,
        },
        ...{ entryId: entry.id, kind: 'YOUR_TURN', channel: 'SMS', status: 'FAILED', error: 'NO_DEVICE' },
        ...{ phoneNumber: '+12125550141', language: 'en', body: 'Please come to room 1.' },
      },
    })
    await select()
    await calls().filter({ hasText: 'failed – no phone is registered' }).first().waitFor()
    expect(await violationsOf(desk.page)).toEqual([])
    const before = (await messages()).length
    await resend().first().press('Enter')
    await desk.page.locator('.toast', { hasText: 'The message is on its way again.' }).waitFor()
    await expect.poll(async () => (await messages()).length, patience).toBe(before + 1)
    await expect.poll(() => calls().count(), patience).toBe(2)
  })

  it('show what another desk sends, without a reload', async () => {
    const [failed] = (await messages()).filter(({ kind, status }) => kind === 'YOUR_TURN' && status === 'FAILED')
    const { errors } = await app.server.request(
      'mutation($id: ID!) { resendMessage(id: $id) { id } }',
      { id: failed?.id },
      await app.server.login('reception'),
    )
    expect(errors).toBeUndefined()
    await expect.poll(() => calls().count(), patience).toBe(3)
  })

  it('are refused in words to a number that wants none, and complain of nothing', async () => {
    await app.server.db.stoppedNumber.create({ data: { phoneNumber: '+12125550141' } })
    await resend().last().press('Enter')
    await desk.page.locator('.toast', { hasText: 'This number wants no messages.' }).waitFor()
    expect(desk.complaints).toEqual([])
  })
})
