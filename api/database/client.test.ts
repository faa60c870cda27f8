import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../test/database.ts'

let test: TestDatabase

beforeAll(async () => {
  test = await createTestDatabase({ queryMs: 300, max: 2 })
})
afterAll(() => test.drop())

it('reads and writes instants as UTC', async () => {
  const at = new Date('2026-03-29T01:30:00.123Z')
  const [row] = await test.db.$queryRaw<{ at: Date; zone: string }[]>`
    SELECT ${at}::timestamptz AS at, current_setting('TimeZone') AS zone`
  expect(row).toEqual({ at, zone: 'UTC' })
})
