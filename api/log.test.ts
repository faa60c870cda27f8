import { expect, it } from 'vitest'
import { createLog } from './log.ts'
import { createTestDatabase } from './test/database.ts'

it('errors of the database are logged without the data that they quote', async () => {
  const database = await createTestDatabase()
  const lines: string[] = []
  const log = createLog('info', { write: (line) => lines.push(line) })
  const canary = 'canary-4711'
  const id = '01a20488-77f1-76aa-9760-55c3c14bb39f'
  const attempts = [
    () => database.db.patient.create({ data: { id, name: canary, phoneNumber: canary, code: canary } }),
    () =>
      database.db
        .$executeRaw`INSERT INTO patients (id, name, phone_number, code) VALUES (${id}::uuid, ${canary}, ${canary}, ${canary})`,
    () => database.db.$queryRaw`SELECT ${canary}::uuid`,
    () => database.db.patient.findMany({ where: { id: canary } }),
  ]
  for (const attempt of attempts) {
    const error = await attempt().then(
      () => null,
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(Error)
    log.error({ err: error }, 'an unexpected error')
  }
  await database.drop()
  expect(lines.length).toBe(attempts.length)
  expect(lines.join('')).not.toContain(canary)
  expect(lines.join('')).toContain('log.test.ts')
})

it('errors of our own keep their words and their cause', () => {
  const lines: string[] = []
  const log = createLog('info', { write: (line) => lines.push(line) })
  log.error({ err: new Error('the outer', { cause: new Error('the inner') }) }, 'x')
  expect(JSON.parse(lines[0] as string).err).toMatchObject({ message: 'the outer', cause: { message: 'the inner' } })
})
