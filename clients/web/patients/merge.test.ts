import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type App, chromiumPath, noChromium, type Screen, startApp, violationsOf } from '../test/app.ts'

describe.runIf(chromiumPath)(`two records of one person${noChromium}`, { timeout: 120_000 }, () => {
  let app: App
  let desk: Screen
  let serviceId: string
  let token: string

  beforeAll(async () => {
    app = await startApp()
    const service = await app.server.db.service.findFirstOrThrow({
      where: { name: 'Vaccination', clinic: { name: 'Riverside Clinic' } },
    })
    serviceId = service.id
    token = await app.server.login('reception')
    desk = await app.openAs('reception')
    await desk.page.locator('[data-ticket="G-005"]').waitFor()
  })
  afterAll(() => app?.close())

  const ask = async (query: string, variables: object, as: string | null = token) => {
    const { data, errors } = await app.server.request(query, variables, as ?? undefined)
    expect(errors).toBeUndefined()
    return data
  }
  const make = async (name: string, phoneNumber: string | null) =>
    (await ask('mutation($i: CreatePatientInput!) { createPatient(input: $i) { id } }', { i: { name, phoneNumber } }))
      .createPatient.id as string
  /** A patient with a log-in, who is known to this clinic. */
  const register = async (name: string, phoneNumber: string) => {
    const { registerPatient } = await ask(
      'mutation($i: RegisterPatientInput!) { registerPatient(input: $i) { viewer { ... on Patient { id } } } }',
      { i: { name, phoneNumber, password: 'correct-horse' } },
      null,
    )
    return registerPatient.viewer.id as string
  }
  const wait = async (patientId: string) =>
    (await ask('mutation($i: AddWalkInInput!) { addWalkIn(input: $i) { id } }', { i: { patientId, serviceId } }))
      .addWalkIn.id as string
  const keys = async (...pressed: string[]) => {
    for (const key of pressed) await desk.page.keyboard.press(key)
  }
  const person = async (search: string, name: string) => {
    await keys('/')
    await desk.page.keyboard.type(search)
    await desk.page.getByRole('option', { name }).first().waitFor()
    await keys('Enter')
    await desk.page.getByRole('dialog', { name }).waitFor()
    await keys('m')
    await desk.page.getByRole('dialog', { name: `Which record is ${name} too?` }).waitFor()
  }
  const which = () => desk.page.getByRole('dialog', { name: 'Which record stays?' })
  const record = (id: string) => app.server.db.patient.findUniqueOrThrow({ where: { id } })

  it('become one by keys, with the number of the other where this one has none', async () => {
    const kept = await make('Katarina Wolf', null)
    const dropped = await make('Kata Wolf', '+12125550171')
    await person('katarina', 'Katarina Wolf')
    await desk.page.getByRole('button', { name: /Kata Wolf · \+12125550171/ }).waitFor()
    expect(await violationsOf(desk.page)).toEqual([])
    await keys('Tab', 'Enter')
    await which().getByText('This cannot be taken back.').waitFor()
    expect(await violationsOf(desk.page)).toEqual([])
    await which().getByRole('button', { name: 'Make one of both' }).press('Enter')
    await desk.page.getByRole('dialog', { name: 'Katarina Wolf' }).getByText('+12125550171').waitFor()
    expect(await record(dropped)).toMatchObject({ mergedIntoId: kept, phoneNumber: null })
    expect(await record(kept)).toMatchObject({ mergedIntoId: null, phoneNumber: '+12125550171' })
    await keys('Escape')
  })

  it('stay two while both wait in one queue, and one log-in ends only where it was said', async () => {
    const one = await register('Bruno Keller', '+12125550172')
    const other = await register('Bruno S. Keller', '+12125550173')
    await wait(one)
    const second = await wait(other)
    await person('+12125550172', 'Bruno Keller')
    await desk.page.getByRole('button', { name: /Bruno S. Keller/ }).press('Enter')
    const merge = which().getByRole('button', { name: 'Make one of both', exact: true })
    await merge.press('Enter')
    const end = which().getByRole('button', { name: 'End that log-in and make one of both' })
    await which().getByText('The log-in with +12125550173 ends').waitFor()
    expect(await violationsOf(desk.page)).toEqual([])
    await end.press('Enter')
    await which().getByText('Both records wait in the same queue.').waitFor()
    expect((await record(other)).mergedIntoId).toBeNull()
    await ask('mutation($e: ID!) { leaveQueue(entryId: $e) { id } }', { e: second })

    // The other one is to stay: then the first one's log-in ends, and that is asked anew.
    await which()
      .getByRole('button', { name: /Bruno S. Keller/ })
      .press('Enter')
    await merge.press('Enter')
    await which().getByText('The log-in with +12125550172 ends').waitFor()
    await end.press('Enter')
    await desk.page.getByRole('dialog', { name: 'Bruno S. Keller' }).waitFor()
    expect((await record(one)).mergedIntoId).toBe(other)
    expect(await app.server.db.queueEntry.count({ where: { patientId: other } })).toBe(2)
    await keys('Escape')
    await desk.page.locator('.row', { hasText: 'Bruno S. Keller' }).first().waitFor()
  })

  it('shows no way to it where the role may not, and complains of nothing', async () => {
    const doctor = await app.openAs('doctor')
    await doctor.page.locator('.next-row', { hasText: 'G-005' }).waitFor()
    await keys('Escape')
    expect(await doctor.page.getByText('Same person').count()).toBe(0)
    expect(desk.complaints).toEqual([])
  })
})
