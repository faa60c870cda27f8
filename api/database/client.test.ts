import { createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../test/database.ts'
import { connect } from './client.ts'
import { isUnavailable } from './transaction.ts'

let test: TestDatabase
const lost: Error[] = []

beforeAll(async () => {
  test = await createTestDatabase({ queryMs: 400, max: 1, onLostConnection: (error) => lost.push(error) })
})
afterAll(() => test.drop())

it('reads and writes instants as UTC', async () => {
  const at = new Date('2026-03-29T01:30:00.123Z')
  const [row] = await test.db.$queryRaw<{ at: Date; zone: string }[]>`
    SELECT ${at}::timestamptz AS at, current_setting('TimeZone') AS zone`
  expect(row).toEqual({ at, zone: 'UTC' })
})

it('gives up a statement that is not answered, and its connection with it', async () => {
  const { db } = test
  const backend = async () => (await db.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`)[0]?.pid
  const before = await backend()
  await expect(db.$queryRaw`SELECT pg_sleep(5)`).rejects.toThrow('Query read timeout')
  expect(await backend()).not.toBe(before)
})

it('never hands on the open transaction of a statement that was given up', async () => {
  const { db } = test
  await db.$executeRaw`CREATE TABLE written (by text)`
  const stuck = db.$transaction(async (tx) => {
    await tx.$executeRaw`INSERT INTO written VALUES ('the one given up')`
    await tx.$queryRaw`SELECT pg_sleep(5)`
  })
  await expect(stuck).rejects.toThrow()
  await db.$executeRaw`INSERT INTO written VALUES ('the next')`
  await db.$disconnect()
  expect(await db.$queryRaw`SELECT by FROM written`).toEqual([{ by: 'the next' }])
})

it('outlives the loss of an idle connection', async () => {
  const { db, url } = test
  const [row] = await db.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`
  const other = connect(url)
  lost.length = 0
  onTestFinished(() => other.$disconnect())
  await other.$queryRaw`SELECT pg_terminate_backend(${row?.pid}::int)`
  await expect.poll(() => lost.length).toBeGreaterThan(0)
  expect(await db.$queryRaw`SELECT 1 AS one`).toEqual([{ one: 1 }])
})

it('gives up connecting to a database that takes the call and says nothing', async () => {
  const sockets: Socket[] = []
  const silent = createServer((socket) => sockets.push(socket))
  await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    silent.close()
  })
  const address = silent.address()
  const port = typeof address === 'object' ? address?.port : 0
  const db = connect(`postgresql://anteroom:x@127.0.0.1:${port}/anteroom`, { connectMs: 300 })
  onTestFinished(() => db.$disconnect())
  await expect(db.clinic.findMany()).rejects.toThrow(/timeout/)
})

it('is known as unavailable, whatever was asked, where nobody listens at its port', async () => {
  const vacant = createServer()
  await new Promise<void>((done) => vacant.listen(0, '127.0.0.1', done))
  const address = vacant.address()
  const port = typeof address === 'object' ? address?.port : 0
  await new Promise((done) => vacant.close(done))
  const db = connect(`postgresql://anteroom:x@127.0.0.1:${port}/anteroom`)
  onTestFinished(() => db.$disconnect())
  const asked = [
    () => db.clinic.findMany(),
    () => db.$queryRaw`SELECT 1`,
    () => db.$executeRaw`SELECT 1`,
    () => db.$transaction((tx) => tx.$queryRaw`SELECT 1`),
  ]
  for (const ask of asked)
    expect(
      isUnavailable(
        await ask().then(
          () => null,
          (error: unknown) => error,
        ),
      ),
    ).toBe(true)
})
