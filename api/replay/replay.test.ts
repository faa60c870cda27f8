import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../test/server.ts'
import { chooseDay, parseRecording } from './recording.ts'
import { replayDay } from './replay.ts'
import { tableOf } from './table.ts'

let server: TestServer

beforeAll(async () => {
  server = await startTestServer()
})

afterAll(async () => {
  await server.close()
})

it('the made-up day runs through the public API with nobody called twice or out of order and every screen right', async () => {
  const text = readFileSync(new URL('small-day.csv', import.meta.url), 'utf8')
  const day = chooseDay(parseRecording(text), null)
  const listener = { preparing: () => {}, playing: () => {} }
  const { report, setting } = await replayDay(server.origin, { ...day, speed: null }, listener)
  expect(report.isRight, tableOf(report, setting)).toBe(true)
  expect(report).toMatchObject({ arrivals: 72, calls: 72 })
  const left = await server.db.user.count({ where: { username: { startsWith: 'replay-' }, active: true } })
  expect(left).toBe(0)
}, 120_000)
