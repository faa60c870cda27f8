import { getNamedType, isObjectType } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addDays, wallOf } from '../clinic/day.ts'
import { schema } from '../schema.ts'
import { type CommandCase, commandCases, type Target } from '../test/rights-commands.ts'
import {
  type Asker,
  type Column,
  columns,
  createRightsScene,
  PASSWORD,
  type Relation,
  type RightsScene,
  relationOf,
} from '../test/rights-scene.ts'
import { type Answer, documentOf, Findings, letterOf, noteAnswer, rootFields, selectionOf } from '../test/rights-walk.ts'
import { startTestServer, type TestServer } from '../test/server.ts'
import { meetings, rightsTable } from './rights-table.ts'

const relations: readonly Relation[] = ['own', 'clinic', 'foreign']

/** `Type.field` → the letters of each column. For nobody everything is foreign. */
const readTable = (): Map<string, Record<Column, string>> => {
  const rows = new Map<string, Record<Column, string>>()
  let type = ''
  for (const line of rightsTable.split('\n').slice(2)) {
    const words = line.trim().split(/\s+/)
    if (words[0] === '') continue
    if (!line.startsWith(' ')) type = words[0] as string
    else {
      const [nobody, ...cells] = words.splice(-columns.length) as [string, ...string[]]
      const row = Object.fromEntries(columns.map((name, i) => [name, i === 0 ? `..${nobody}` : cells[i - 1]]))
      for (const field of words) {
        if (rows.has(`${type}.${field}`)) throw new Error(`${type}.${field} has two rows`)
        rows.set(`${type}.${field}`, row as Record<Column, string>)
      }
    }
  }
  return rows
}

const table = readTable()
const cellsOf = (field: string, column: Column): [Relation, string][] =>
  relations.map((relation, i) => [relation, table.get(field)?.[column][i] ?? '?'])

const fields = Object.values(schema.getTypeMap())
  .filter((type) => isObjectType(type) && !type.name.startsWith('__'))
  .flatMap((type) => (isObjectType(type) ? Object.keys(type.getFields()).map((name) => `${type.name}.${name}`) : []))
const isCommand = (field: string) => field.startsWith('Mutation.')

let server: TestServer
let scene: RightsScene

beforeAll(async () => {
  server = await startTestServer({ demo: false })
  scene = await createRightsScene(server.deps)
})
afterAll(() => server.close())

test('every field of the schema has its row in the reviewed table, and every row its field', () => {
  expect([...table.keys()].toSorted()).toEqual(fields.toSorted())
  for (const [field, row] of table)
    for (const column of columns) expect(row[column], `${field}, ${column}`).toMatch(/^[rFUN0C.-]{3}$/)
})

/** Whose record each root field is asked for, and how; null where it is about no record. */
type Ask = { of: string; args: (id: string) => object | object[] } | null

const today = wallOf(new Date(), 'UTC').day
const days = { from: addDays(today, -2), to: addDays(today, 2) }
const inClinic = (more: object = {}): Ask => ({ of: 'Clinic', args: (clinicId) => ({ clinicId, ...more }) })
const byId = (of: string): Ask => ({ of, args: (id) => ({ id }) })

const asks: Record<string, Ask> = {
  'Query.me': null,
  'Query.clinics': null,
  'Query.clinic': byId('Clinic'),
  'Query.availableSlots': { of: 'Service', args: (serviceId) => ({ serviceId, from: addDays(today, 1), to: addDays(today, 1) }) },
  'Query.patient': byId('Patient'),
  'Query.patients': null,
  'Query.findPatient': { of: 'PatientMatch', args: (id) => codesOf(id) },
  'Query.appointment': byId('Appointment'),
  'Query.appointments': inClinic(days),
  'Query.queue': { of: 'Queue', args: (serviceId) => ({ serviceId }) },
  'Query.queueEntry': byId('QueueEntry'),
  'Query.queuePosition': { of: 'QueueEntry', args: (entryId) => ({ entryId }) },
  'Query.display': inClinic(),
  'Query.users': inClinic(),
  'Query.analytics': inClinic(days),
  'Query.notifications': inClinic(),
  'Query.auditLog': inClinic({ first: 200 }),
  'Subscription.queueUpdated': { of: 'Queue', args: (serviceId) => ({ serviceId }) },
  'Subscription.positionUpdated': { of: 'QueueEntry', args: (entryId) => ({ entryId }) },
  'Subscription.displayUpdated': inClinic(),
}

const secrets = new Map<string, { code: string; phoneNumber: string | null }>()
/** The desk finds a patient by either. */
const codesOf = (id: string): object[] => {
  const { code, phoneNumber } = secrets.get(id) as { code: string; phoneNumber: string }
  return [{ code }, { phoneNumber }]
}

/** The arguments of a root field for every record of the scene, with how the record stands to who asks. */
const variantsOf = (ask: Ask, asker: Asker): { args: object; relation: Relation }[] => {
  if (!ask) return [{ args: {}, relation: asker.token ? 'own' : 'foreign' }]
  return [...(scene.records.get(ask.of) ?? [])].flatMap(([id, owned]) =>
    [ask.args(id)].flat().map((args) => ({ args, relation: relationOf(asker, owned) })),
  )
}

const STEPS = 3

const firstEvent = async (query: string, args: object, token: string | null): Promise<Answer> => {
  const watch = server.watch(query, args as Record<string, unknown>, token)
  const refused = await Promise.race([watch.done, watch.until(() => true).then(() => null)])
  const answer = watch.events[0] ?? { data: null, errors: refused as Answer['errors'] }
  watch.stop()
  return answer as Answer
}

/** Asks every root field for every record, and reads all that comes back. */
const walk = async (findings: Findings, viewer: string): Promise<void> => {
  const asker = scene.askers[viewer] as Asker
  for (const [name, ask] of Object.entries(asks)) {
    const [root, field] = name.split('.') as ['Query' | 'Subscription', string]
    const definition = rootFields(root)[field] as ReturnType<typeof rootFields>[string]
    const selection = selectionOf(getNamedType(definition.type), STEPS)
    for (const { args, relation } of variantsOf(ask, asker)) {
      const operation = root === 'Query' ? 'query' : 'subscription'
      const document = documentOf(operation, definition, args, selection)
      const answer =
        root === 'Query'
          ? await server.request(document, args, asker.token)
          : await firstEvent(document, args, asker.token)
      noteAnswer(findings, { viewer, asker, records: scene.records }, { root, field, relation }, answer)
    }
  }
}

/** What a log-in answers, noted as the viewer's own who logs in. */
const noteSession = async (findings: Findings, viewer: string): Promise<void> => {
  const asker = scene.askers[viewer] as Asker
  if (!asker.token) return
  const field = asker.userId ? 'loginStaff' : 'loginPatient'
  const definition = rootFields('Mutation')[field] as ReturnType<typeof rootFields>[string]
  const args = { input: await credentialsOf(asker) }
  const document = documentOf('mutation', definition, args, selectionOf(getNamedType(definition.type), 1))
  const answer = await server.request(document, args, asker.token)
  noteAnswer(findings, { viewer, asker, records: scene.records }, { root: 'Mutation', field, relation: 'own' }, answer)
}

const credentialsOf = async ({ userId, patientIds }: Asker): Promise<object> => {
  const { db } = server.deps
  if (userId) return { username: (await db.user.findUniqueOrThrow({ where: { id: userId } })).username, password: PASSWORD }
  const { phoneNumber } = await db.patient.findUniqueOrThrow({ where: { id: patientIds[0] as string } })
  return { phoneNumber, password: PASSWORD }
}

/** What was seen against what the table says; one line for each cell that differs. */
const differences = (findings: Findings, rows: readonly string[]): string[] =>
  rows.flatMap((field) =>
    columns.flatMap((column) =>
      cellsOf(field, column).flatMap(([relation, letter]) => {
        const found = findings.lettersOf(field, column, relation)
        const allowed = letter === 'r' ? ['r', '0'] : [letter]
        const isNone = letter === '.' || letter === '-'
        const wrong = [...found].filter(([seen]) => isNone || !allowed.includes(seen))
        if (wrong.length === 0 && (isNone || found.has(letter))) return []
        const seen = [...found].map(([seen, where]) => `${seen} at ${where}`).join('; ') || 'never seen'
        return [`${field}, ${column}, ${relation}: ${letter} in the table, but ${seen}`]
      }),
    ),
  )

describe('reading', () => {
  const findings = new Findings()

  beforeAll(async () => {
    for (const { id, code, phoneNumber } of await server.deps.db.patient.findMany()) secrets.set(id, { code, phoneNumber })
    for (const viewer of Object.keys(scene.askers)) {
      await walk(findings, viewer)
      await noteSession(findings, viewer)
    }
  }, 60_000)

  test('every field reached by every path, and every subscription, is for whom the table says', () => {
    expect(differences(findings, fields.filter((field) => !isCommand(field)))).toEqual([])
  })

  test('nobody meets a record that is not theirs to see, by whatever path', () => {
    const expected: Record<string, Record<string, string>> = {}
    let type = ''
    for (const line of meetings.split('\n').filter((line) => line !== '')) {
      const [first, ...names] = line.trim().split(/\s+/) as [string, ...string[]]
      if (line.startsWith(' ')) (expected[type] as Record<string, string>)[first] = names.toSorted().join(' ')
      else expected[(type = first)] = {}
    }
    const met = Object.fromEntries(
      Object.keys(expected).map((type) => [
        type,
        Object.fromEntries(
          [...(findings.met.get(type) ?? [])].map(([viewer, names]) => [viewer, [...names].toSorted().join(' ')]),
        ),
      ]),
    )
    expect(met).toEqual(expected)
  })
})

describe('commands', () => {
  test('every command is tried', () => {
    expect(Object.keys(commandCases).toSorted()).toEqual(Object.keys(rootFields('Mutation')).toSorted())
  })

  test.each(Object.keys(rootFields('Mutation')))('%s is done or refused as the table says', async (name) => {
    const definition = rootFields('Mutation')[name] as ReturnType<typeof rootFields>[string]
    const command = commandCases[name] as CommandCase
    const isLeaf = !isObjectType(getNamedType(definition.type))
    const wrong: string[] = []
    for (const column of columns)
      for (const [relation, letter] of cellsOf(`Mutation.${name}`, column)) {
        if (letter === '.') continue
        const target: Target = await command.prepare(server, scene, column, relation)
        const document = documentOf('mutation', definition, target.args, isLeaf ? '' : '{ __typename }')
        const { data, errors } = await server.request(document, target.args, target.token)
        const seen = errors?.[0] ? letterOf(errors[0]) : data?.[name] === null ? '0' : 'r'
        if (seen !== letter) wrong.push(`${column}, ${relation}: ${letter} in the table, but ${seen}`)
      }
    expect(wrong).toEqual([])
  })
})
