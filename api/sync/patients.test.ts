import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Viewer } from '../access/viewer.ts'
import { uuidv7 } from '../database/uuid.ts'
import { updatePatient, updateProfile } from '../patient/commands.ts'
import { contextOf, createTestClinic, type TestClinic } from '../test/clinic.ts'
import { createTestDeps, type TestDeps } from '../test/context.ts'
import { createTestDatabase, type TestDatabase } from '../test/database.ts'
import { createDevice } from '../test/device.ts'

vi.setConfig({ testTimeout: 90_000 })

let database: TestDatabase
let deps: TestDeps
let clinic: TestClinic
let rita: Viewer
let rudi: Viewer
beforeAll(async () => {
  database = await createTestDatabase()
  deps = createTestDeps(database)
  clinic = await createTestClinic(deps)
  rita = await named('Rita')
  rudi = await named('Rudi')
})
afterAll(async () => {
  await deps.close()
  await database.drop()
})

const named = async (name: string): Promise<Viewer> => {
  const viewer = await clinic.user('RECEPTIONIST')
  await deps.db.user.update({ where: { id: viewer.userId }, data: { name } })
  return viewer
}
const MINUTE = 60_000
const device = (viewer: Viewer) => createDevice(deps, viewer)
const asPatient = (patientId: string): Viewer => ({ kind: 'patient', sessionId: uuidv7(), patientId, wardIds: [] })
const recordOf = (id: string) => deps.db.patient.findUniqueOrThrow({ where: { id } })

/** A record that Rita made an hour ago. */
const newRecord = async (more: object = {}): Promise<string> => {
  const id = randomUUID()
  const made = await device(rita).act('createPatient', { id, name: 'First', language: 'en', ...more }, 60 * MINUTE)
  expect(made.outcome).toBe('APPLIED')
  return id
}
let numbers = 0
const newNumber = () => `+1202555${String(1000 + ++numbers)}`

const permutations = <T>(items: readonly T[]): T[][] =>
  items.length < 2
    ? [[...items]]
    : items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]))

describe('a field that several wrote while apart', () => {
  it('ends the same in every order of arrival: staff over patients, the later of both, each author told', async () => {
    const staff = { rita: device(rita), rudi: device(rudi) }
    for (const one of Object.values(staff)) await one.pull()
    for (const order of permutations(['rita', 'rudi', 'seen', 'unseen'] as const)) {
      const id = await newRecord()
      const devices = { ...staff, seen: device(asPatient(id)), unseen: device(asPatient(id)) }
      for (const one of [devices.seen, devices.unseen]) await one.pull()
      const write = {
        rita: () => devices.rita.act('updatePatient', { id, seen: 1, name: 'By Rita', language: 'de' }, 30 * MINUTE),
        rudi: () => devices.rudi.act('updatePatient', { id, seen: 1, name: 'By Rudi' }, 20 * MINUTE),
        seen: () => devices.seen.act('updatePatient', { id, seen: 1, name: 'By myself', language: 'fr' }, 10 * MINUTE),
        unseen: () => devices.unseen.act('updatePatient', { id, name: 'Blindly', language: 'es' }, MINUTE),
      }
      const outcomes: Record<string, Awaited<ReturnType<typeof write.rita>>> = {}
      for (const who of order) outcomes[who] = await write[who]()
      expect(await recordOf(id), order.join()).toMatchObject({ name: 'By Rudi', language: 'de' })
      for (const one of Object.values(devices)) await one.pull()
      // Whoever lost heard of it: at once, or with the next pull. Only what somebody does over their own last write goes without.
      const heard = (who: keyof typeof devices) => [
        ...(outcomes[who]?.overrides ?? []),
        ...devices[who].overridden
          .filter(({ id }) => id === outcomes[who]?.id)
          .flatMap(({ overrides }) => overrides ?? []),
      ]
      expect(
        heard('rita').map(({ field, by, value }) => [field, by, value]),
        order.join(),
      ).toEqual([['name', 'Rudi', 'By Rudi']])
      expect(heard('rudi')).toEqual([])
      const ownLost = [...heard('seen'), ...heard('unseen')].map(({ field }) => field)
      expect(new Set(ownLost), order.join()).toEqual(new Set(['name', 'language']))
    }
  })

  it('goes to a patient who had seen what staff wrote', async () => {
    const id = await newRecord()
    await device(rudi).act('updatePatient', { id, seen: 1, name: 'By Rudi' }, 20 * MINUTE)
    const outcome = await device(asPatient(id)).act('updatePatient', { id, seen: 2, name: 'By myself' }, 10 * MINUTE)
    expect(outcome.outcome).toBe('APPLIED')
    expect((await recordOf(id)).name).toBe('By myself')
  })

  it('is kept from a patient who had not, while their other fields are applied; they read the clinic, not the name', async () => {
    const id = await newRecord()
    await device(rudi).act('updatePatient', { id, seen: 1, name: 'By Rudi' }, 20 * MINUTE)
    const phoneNumber = newNumber()
    const outcome = await device(asPatient(id)).act('updatePatient', { id, seen: 1, name: 'By myself', phoneNumber })
    expect(outcome).toMatchObject({
      ...{ outcome: 'OVERRIDDEN', code: 'OVERRIDDEN' },
      overrides: [{ field: 'name', by: `Clinic ${clinic.clinicId}`, value: 'By Rudi' }],
    })
    expect(await recordOf(id)).toMatchObject({ name: 'By Rudi', phoneNumber, phoneVerified: true, version: 3 })
    expect(Date.now() - Date.parse(outcome.overrides?.[0]?.at as string)).toBeGreaterThan(19 * MINUTE)
  })

  it('leaves the record alone where all fields lost, and answers the same again', async () => {
    const id = await newRecord()
    await device(rudi).act('updatePatient', { id, seen: 1, name: 'By Rudi' })
    const late = device(rita)
    const operation = late.operation('updatePatient', { id, seen: 1, name: 'By Rita' }, 30 * MINUTE)
    const first = await late.send([operation])
    expect(first.outcomes).toMatchObject([{ outcome: 'OVERRIDDEN', overrides: [{ by: 'Rudi', value: 'By Rudi' }] }])
    expect((await late.send([operation])).outcomes).toEqual(first.outcomes)
    expect((await recordOf(id)).version).toBe(2)
  })

  it('once applied and overridden later reaches its author with the next pull, each until it was pulled', async () => {
    const id = await newRecord()
    const author = device(asPatient(id))
    await author.pull()
    const { id: opId, outcome } = await author.act('updatePatient', { id, seen: 1, name: 'By myself' }, 10 * MINUTE)
    expect(outcome).toBe('APPLIED')
    await device(rudi).act('updatePatient', { id, seen: 1, name: 'By Rudi' }, 20 * MINUTE)
    const { cursor } = author
    for (let pulls = 0; pulls < 2; pulls++) {
      author.cursor = cursor
      author.overridden.length = 0
      await author.pull()
      expect(author.overridden).toMatchObject([
        { id: opId, outcome: 'OVERRIDDEN', overrides: [{ field: 'name', value: 'By Rudi' }] },
      ])
    }
    author.overridden.length = 0
    await author.pull()
    expect(author.overridden).toEqual([])
    const colleague = device(asPatient(await newRecord()))
    await colleague.pull()
    expect(colleague.overridden).toEqual([])
  })

  it('hides none of the other changes of its batch', async () => {
    const id = await newRecord()
    await device(asPatient(id)).act('updatePatient', { id, seen: 1, name: 'By myself' }, 10 * MINUTE)
    const [desk, other] = [device(rudi), device(rita)]
    await other.pull()
    const entry = uuidv7()
    await desk.send([
      desk.operation('updatePatient', { id, seen: 1, name: 'By Rudi' }),
      desk.operation('addWalkIn', { id: entry, patientId: id, serviceId: clinic.serviceIds[0] }),
    ])
    await other.pull()
    expect([...other.held.keys()]).toEqual(expect.arrayContaining([id, entry]))
  })

  it('reaches its author with a load that begins anew as well', async () => {
    const id = await newRecord()
    const author = device(asPatient(id))
    const { id: opId } = await author.act('updatePatient', { id, seen: 1, name: 'By myself' }, 10 * MINUTE)
    await device(rudi).act('updatePatient', { id, seen: 1, name: 'By Rudi' }, 20 * MINUTE)
    await author.pull()
    expect(author.overridden).toMatchObject([{ id: opId, overrides: [{ field: 'name', value: 'By Rudi' }] }])
  })

  it('is not called overridden where somebody who saw it changed it again', async () => {
    const id = await newRecord()
    const author = device(rita)
    await author.pull()
    author.overridden.length = 0
    await author.act('updatePatient', { id, seen: 1, name: 'By Rita' }, MINUTE)
    await device(rudi).act('updatePatient', { id, seen: 2, name: 'By Rudi' })
    await updatePatient(contextOf(deps, rudi), id, { name: 'By Rudi again' })
    await author.pull()
    expect(author.overridden).toEqual([])
  })
})

describe('a write at a connected screen', () => {
  it('counts from now on: an older one that arrives later loses to it', async () => {
    const id = await newRecord()
    await updatePatient(contextOf(deps, rudi), id, { name: 'By Rudi' })
    const outcome = await device(rita).act('updatePatient', { id, seen: 1, name: 'By Rita' }, 10 * MINUTE)
    expect(outcome).toMatchObject({ outcome: 'OVERRIDDEN', overrides: [{ by: 'Rudi' }] })
  })

  it('of a patient changes what staff wrote, since they see it', async () => {
    const id = await newRecord()
    await updateProfile(contextOf(deps, asPatient(id)), { name: 'By myself' })
    expect((await recordOf(id)).name).toBe('By myself')
    await device(rita).act('updatePatient', { id, seen: 1, name: 'Not seen by them' }, 30 * MINUTE)
    expect((await recordOf(id)).name).toBe('Not seen by them')
  })
})

describe('a number', () => {
  it('that somebody has refuses the whole operation, and the next is applied', async () => {
    const taken = newNumber()
    await newRecord({ phoneNumber: taken })
    const id = await newRecord()
    const one = device(rita)
    const { outcomes } = await one.send([
      one.operation('updatePatient', { id, seen: 1, name: 'Never', phoneNumber: taken }),
      one.operation('updatePatient', { id, seen: 1, language: 'de' }),
      one.operation('createPatient', { name: 'Twice', phoneNumber: taken }),
    ])
    expect(outcomes.map(({ outcome, code }) => [outcome, code])).toEqual([
      ['REJECTED', 'PHONE_TAKEN'],
      ['APPLIED', null],
      ['REJECTED', 'PHONE_TAKEN'],
    ])
    expect(await recordOf(id)).toMatchObject({ name: 'First', language: 'de', version: 2 })
  })

  it('that staff changed is not proved any more', async () => {
    const id = await newRecord()
    await device(asPatient(id)).act('updatePatient', { id, seen: 1, phoneNumber: newNumber() })
    expect((await recordOf(id)).phoneVerified).toBe(true)
    await device(rita).act('updatePatient', { id, seen: 2, phoneNumber: newNumber() })
    expect((await recordOf(id)).phoneVerified).toBe(false)
  })
})
