import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { addDays, instantOf, wallOf, weekdayOf } from '../clinic/day.ts'
import type { Context } from '../context.ts'
import { createTestClinic, type TestClinic } from '../test/clinic.ts'
import { createTestDeps, type TestDeps } from '../test/context.ts'
import { createTestDatabase, type TestDatabase } from '../test/database.ts'
import { ask } from '../test/scene.ts'

let database: TestDatabase
let deps: TestDeps
let clinic: TestClinic
let doctorId: string

const ZONE = 'America/New_York'
const day = addDays(wallOf(new Date(), ZONE).day, 3)

beforeAll(async () => {
  database = await createTestDatabase()
  deps = createTestDeps(database)
})
afterAll(async () => {
  await deps.close()
  await database.drop()
})
beforeEach(async () => {
  clinic = await createTestClinic(deps, { timeZone: ZONE })
  doctorId = (clinic.doctors[0] as { id: string }).id
})

const OUTSIDE = 'query ($plan: HoursPlan!) { bookingsOutside(plan: $plan) { id startsAt service { id } } }'
const CANCEL = `mutation ($d: ID!, $ids: [ID!]!, $reason: String) {
  cancelBookingsOutside(doctorId: $d, appointmentIds: $ids, reason: $reason) { id } }`

const outside = async (plan: object = {}, ctx: Context = clinic.admin) =>
  ask(deps, ctx.viewer, OUTSIDE, { plan: { doctorId, ...plan } })
const idsOutside = async (plan: object = {}) =>
  ((await outside(plan)).data.bookingsOutside as { id: string }[]).map(({ id }) => id)
const book = async (minute: number, onDay = day) =>
  clinic.book(await clinic.addPatient(), instantOf(onDay, minute, ZONE), { doctorId })
const statusOf = async (id: string) => (await deps.db.appointment.findUniqueOrThrow({ where: { id } })).status

it('names the bookings for which planned hours have no room, by start, and none of the past, of others or cancelled', async () => {
  const late = await book(960)
  const early = await book(480)
  await book(600)
  await book(480, addDays(day, -10))
  const cancelled = await book(500)
  await deps.db.appointment.update({ where: { id: cancelled }, data: { status: 'CANCELLED' } })
  const other = (clinic.doctors[1] as { id: string }).id
  await clinic.book(await clinic.addPatient(), instantOf(day, 480, ZONE), { doctorId: other })
  const hours = [{ weekday: weekdayOf(day), from: '09:00', to: '12:00' }]
  expect(await idsOutside({ hours })).toEqual([early, late])
  expect(await idsOutside()).toEqual([])
})

it('judges leave and the loss of extra hours that are only planned, and changes nothing', async () => {
  const booked = await book(600)
  expect(await idsOutside({ leave: { day } })).toEqual([booked])
  expect(await idsOutside({ leave: { day, from: '11:00', to: '12:00' } })).toEqual([])
  await deps.db.doctorHours.deleteMany({ where: { doctorId } })
  const { id } = await deps.db.hoursException.create({
    data: { id: randomUUID(), doctorId, day: new Date(day), kind: 'EXTRA', fromMinute: 540, toMinute: 720 },
  })
  expect(await idsOutside()).toEqual([])
  expect(await idsOutside({ withoutException: id })).toEqual([booked])
  expect(await deps.db.hoursException.count({ where: { doctorId } })).toBe(1)
})

it('refuses a plan that makes no sense, naming what would be right', async () => {
  expect((await outside({ hours: [{ weekday: 8, from: '09:00', to: '12:00' }] })).codes).toEqual(['BAD_INPUT'])
  expect((await outside({ leave: { day, from: '09:00' } })).codes).toEqual(['BAD_INPUT'])
  expect((await outside({ leave: { day, from: '12:00', to: '09:00' } })).codes).toEqual(['BAD_INPUT'])
})

it('is for admins of the clinic; another clinic’s doctor is as if there were none', async () => {
  const stranger = await createTestClinic(deps)
  const own = clinic.doctors[0] as { ctx: Context }
  for (const ctx of [clinic.desk, own.ctx, clinic.asPatient(await clinic.addPatient())]) {
    expect((await outside({}, ctx)).codes).toEqual(['FORBIDDEN'])
    expect((await ask(deps, ctx.viewer, CANCEL, { d: doctorId, ids: [] })).codes).toEqual(['FORBIDDEN'])
  }
  expect((await outside({}, stranger.admin)).data).toEqual({ bookingsOutside: null })
  expect((await ask(deps, stranger.admin.viewer, CANCEL, { d: doctorId, ids: [] })).codes).toEqual(['NOT_FOUND'])
})

it('cancels only what the hours have no room for, audits each, and puts a message to the patient on its way', async () => {
  const gone = await book(480)
  const kept = await book(600)
  const unnamed = await book(490)
  await deps.db.doctorHours.deleteMany({ where: { doctorId } })
  await deps.db.doctorHours.create({
    data: { id: randomUUID(), doctorId, weekday: weekdayOf(day), fromMinute: 540, toMinute: 720 },
  })
  const { codes } = await ask(deps, clinic.admin.viewer, CANCEL, {
    d: doctorId,
    ids: [gone, kept],
    reason: 'The doctor is away',
  })
  expect(codes ?? []).toEqual([])
  expect(await Promise.all([gone, kept, unnamed].map(statusOf))).toEqual(['CANCELLED', 'BOOKED', 'BOOKED'])
  expect(await deps.db.appointment.findUniqueOrThrow({ where: { id: gone } })).toMatchObject({
    cancelReason: 'The doctor is away',
    version: 2,
  })
  const audited = await deps.db.auditEvent.findMany({ where: { action: 'appointment.cancelled', entityId: gone } })
  expect(audited).toMatchObject([{ clinicId: clinic.clinicId }])
  const jobs = await deps.db.$queryRaw<{ data: object }[]>`
    SELECT data FROM pgboss.job WHERE data->>'appointmentId' = ${gone}`
  expect(jobs.map(({ data }) => data)).toMatchObject([{ kind: 'CANCELLED', version: 2, clinicId: clinic.clinicId }])
})
