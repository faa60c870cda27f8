import { afterAll, beforeAll, expect, test } from 'vitest'
import { uuidv7 } from '../database/uuid.ts'
import { createTestDeps, type TestDeps } from '../test/context.ts'
import { createTestDatabase, type TestDatabase } from '../test/database.ts'
import { addClinic, ask, type SceneClinic } from '../test/scene.ts'
import { forgetBodies, forgetInbound, sweepCounts } from './jobs.ts'

let database: TestDatabase
let deps: TestDeps
let clinic: SceneClinic

beforeAll(async () => {
  database = await createTestDatabase()
  deps = createTestDeps(database)
  clinic = await addClinic(database.db)
})
afterAll(async () => {
  await deps.close()
  await database.drop()
})

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000)

const message = async (days: number): Promise<string> => {
  const id = uuidv7()
  await database.db.notification.create({
    data: {
      ...{ id, key: id, clinicId: clinic.id, kind: 'BOOKED', channel: 'PUSH', status: 'SENT' },
      ...{ title: 'Booked', body: 'See you soon', link: 'https://example.org/t/abc', createdAt: daysAgo(days) },
    },
  })
  return id
}

test('after 90 days what a message said and its link are forgotten; its row and key stay, and it is not sent again', async () => {
  const [old, young] = [await message(91), await message(89)]
  await forgetBodies(deps)
  await forgetBodies(deps)
  const row = (id: string) => database.db.notification.findUniqueOrThrow({ where: { id } })
  expect(await row(old)).toMatchObject({ key: old, status: 'SENT', body: null, link: null })
  expect(await row(young)).toMatchObject({ body: 'See you soon', link: 'https://example.org/t/abc' })
  const RESEND = 'mutation ($id: ID!) { resendMessage(id: $id) { id } }'
  expect((await ask(deps, clinic.receptionist, RESEND, { id: old })).codes).toEqual(['MESSAGE_STALE'])
})

test('counts against caps are forgotten after a week, answers by SMS after 30 days', async () => {
  await database.db.messageCount.createMany({
    data: [8, 6].map((days) => ({ scope: `of ${days} days`, day: daysAgo(days), count: 1 })),
  })
  await database.db.inboundMessage.createMany({
    data: [31, 29].map((days) => ({
      providerId: `SM${days}`,
      phoneNumber: '+12025550100',
      receivedAt: daysAgo(days),
    })),
  })
  await sweepCounts(deps)
  await forgetInbound(deps)
  expect((await database.db.messageCount.findMany()).map(({ scope }) => scope)).toEqual(['of 6 days'])
  expect((await database.db.inboundMessage.findMany()).map(({ providerId }) => providerId)).toEqual(['SM29'])
})
