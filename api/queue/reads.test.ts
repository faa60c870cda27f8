import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestClinic } from '../test/clinic.ts'
import { createTestDeps, type TestDeps } from '../test/context.ts'
import { createTestDatabase, type TestDatabase } from '../test/database.ts'
import { ask } from '../test/scene.ts'
import { addWalkIn } from './commands.ts'

let statements: string[] = []
let database: TestDatabase
let deps: TestDeps
beforeAll(async () => {
  // One connection, so that what it keeps can be looked at.
  database = await createTestDatabase({ onStatement: (sql) => statements.push(sql), max: 1 })
  deps = createTestDeps(database)
})
afterAll(async () => {
  await deps.close()
  await database.drop()
})

const ROW = `id ticket status position estimate { lowMinutes } doctor { id name } boundDoctor { name } patient { id name }
  service { id name } appointment { id startsAt }`
const BOARD = `query($s: ID!) { queue(serviceId: $s) { version service { name doctors { name } }
  waiting { ${ROW} } serving { ${ROW} } onHold { ${ROW} } ended { ${ROW} } } }`

it('a board costs as many statements for hundreds of entries as for five', async () => {
  const clinic = await createTestClinic(deps, { services: 1, doctors: 3 })
  const [serviceId = ''] = clinic.serviceIds
  const fill = async (count: number) => {
    for (let i = 0; i < count; i++)
      await addWalkIn(clinic.desk, {
        ...{ id: null, serviceId, patientId: await clinic.addPatient(), doctorId: clinic.doctors[i % 3]?.id ?? null },
        ...{ urgency: null, reason: null, provisionalTicket: null },
      })
  }
  const read = async () => {
    statements = []
    const { data, errors } = await ask(deps, clinic.desk.viewer, BOARD, { s: serviceId })
    expect(errors).toEqual([])
    const { waiting } = (data as { queue: { waiting: { patient: object; doctor: object; position: number }[] } }).queue
    expect(waiting.every(({ patient, doctor }) => patient && doctor)).toBe(true)
    expect(waiting.every(({ position }) => position > 0)).toBe(true)
    return { entries: waiting.length, statements: statements.length }
  }
  await fill(5)
  const few = await read()
  expect(few.entries).toBe(5)
  await fill(295)
  expect(await read()).toEqual({ entries: 300, statements: few.statements })
})

it('a search of patients keeps no plan that was made for other words', async () => {
  const clinic = await createTestClinic(deps)
  const search = 'query($t: String!) { patients(search: $t) { edges { node { id } } } }'
  for (const typed of ['a', 'an', 'ann', 'anna', '0123', 'anna b', 'zz'])
    expect((await ask(deps, clinic.desk.viewer, search, { t: typed })).errors).toEqual([])
  const kept = await database.db.$queryRaw<{ statement: string }[]>`
    SELECT statement FROM pg_prepared_statements WHERE statement LIKE ${'%search_name%'}`
  expect(kept).toEqual([])
})
