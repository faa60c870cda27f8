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
import {
  type Answer,
  documentOf,
  Findings,
  letterOf,
  noteAnswer,
  rootFields,
  selectionOf,
} from '../test/rights-walk.ts'
import { startTestServer, type TestServer } from '../test/server.ts'
import { createVisitLink } from '../visit/store.ts'
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
  'Query.availableSlots': {
    of: 'Service',
    args: (serviceId) => ({ serviceId, from: addDays(today, 1), to: addDays(today, 1) }),
  },
  'Query.patient': byId('Patient'),
  'Query.patients': null,
  'Query.findPatient': { of: 'PatientMatch', args: (id) => codesOf(id) },
  'Query.appointment': byId('Appointment'),
  'Query.appointments': inClinic(days),
  'Query.queue': { of: 'Queue', args: (serviceId) => ({ serviceId }) },
  'Query.queueEntry': byId('QueueEntry'),
  'Query.queuePosition': { of: 'QueueEntry', args: (entryId) => ({ entryId }) },
  'Query.visit': { of: 'QueueEntry', args: (entryId) => linkTo(entryId) },
  'Query.display': inClinic(),
  'Query.users': inClinic(),
  'Query.analytics': inClinic(days),
  'Query.analyticsVisits': inClinic(days),
  'Query.messagePreview': inClinic({ language: 'en', kind: 'BOOKED' }),
  'Query.notifications': inClinic(),
  'Query.auditLog': inClinic({ first: 200 }),
  'Query.failedJobs': inClinic(),
  // Without hours there is no room for any of the doctor's bookings.
  'Query.bookingsOutside': { of: 'Doctor', args: (doctorId) => ({ plan: { doctorId, hours: [] } }) },
  'Query.changes': null,
  'Query.devices': null,
  'Subscription.queueUpdated': { of: 'Queue', args: (serviceId) => ({ serviceId }) },
  'Subscription.queueChanged': { of: 'Queue', args: (serviceId) => ({ serviceId }) },
  'Subscription.positionUpdated': { of: 'QueueEntry', args: (entryId) => ({ entryId }) },
  'Subscription.visitUpdated': { of: 'QueueEntry', args: (entryId) => linkTo(entryId) },
  'Subscription.displayUpdated': inClinic(),
  'Subscription.notificationUpdated': inClinic(),
  'Subscription.changesAvailable': null,
}

/** The links to some visits, by entry. */
const links = new Map<string, string>()
const linkTo = (entryId: string): object[] => [links.get(entryId) ?? []].flat().map((link) => ({ link }))

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

/** How far to follow what an answer leads to; a day has hundreds of slots, and each leads to the same few doctors. */
const stepsOf = (field: string): number => (field === 'availableSlots' ? 0 : 3)

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
    const selection = selectionOf(getNamedType(definition.type), stepsOf(field))
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
  if (userId)
    return { username: (await db.user.findUniqueOrThrow({ where: { id: userId } })).username, password: PASSWORD }
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

  test('every query and subscription is asked', () => {
    const roots = fields.filter((field) => /^(Query|Subscription)\./.test(field))
    expect(Object.keys(asks).toSorted()).toEqual(roots.toSorted())
  })

  beforeAll(async () => {
    for (const { id, code, phoneNumber } of await server.deps.db.patient.findMany())
      secrets.set(id, { code, phoneNumber })
    const { db, config } = server.deps
    for (const [id, { name, patientId }] of scene.records.get('QueueEntry') ?? [])
      if (patientId && (name === 'ann-waits' || name === 'ben-inside'))
        links.set(id, await db.$transaction((tx) => createVisitLink(config, tx, { patientId, entryId: id })))
    for (const viewer of Object.keys(scene.askers)) {
      await walk(findings, viewer)
      await noteSession(findings, viewer)
    }
  }, 180_000)

  test('every field reached by every path, and every subscription, is for whom the table says', () => {
    expect(
      differences(
        findings,
        fields.filter((field) => !isCommand(field)),
      ),
    ).toEqual([])
  })

  test('nobody meets a record that is not theirs to see, by whatever path', () => {
    const expected: Record<string, Record<string, string>> = {}
    let type = ''
    for (const line of meetings.split('\n').filter((line) => line !== '')) {
      const [first, ...names] = line.trim().split(/\s+/) as [string, ...string[]]
      if (!line.startsWith(' ')) type = first
      else expected[type] = { ...expected[type], [first]: names.toSorted().join(' ') }
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

describe('an answer with a field that is forbidden', () => {
  const ENTRY = '{ ticket patient { name phoneNumber dateOfBirth } reason }'

  test('has the error at its path and all the rest, in queries, commands and events alike', async () => {
    const { here, askers } = scene
    const doctor = askers.doctor?.token
    const args = { s: here.first }
    const rest = { ticket: expect.any(String), reason: 'Chest pain' }
    const person = { name: 'Ben', phoneNumber: null, dateOfBirth: '1980-02-29' }
    const query = await server.request(
      `query($s: ID!) { queue(serviceId: $s) { version serving ${ENTRY} } }`,
      args,
      doctor,
    )
    expect(query.data.queue).toEqual({ version: expect.any(Number), serving: [{ ...rest, patient: person }] })
    const path = ['queue', 'serving', 0, 'patient', 'phoneNumber']
    expect(query.errors).toMatchObject([{ path, extensions: { code: 'FORBIDDEN' } }])

    const event = await firstEvent(
      `subscription($s: ID!) { queueUpdated(serviceId: $s) { serving ${ENTRY} } }`,
      args,
      doctor ?? null,
    )
    expect(event.data.queueUpdated.serving).toEqual([{ ...rest, patient: person }])
    expect(event.errors).toMatchObject([
      { path: ['queueUpdated', ...path.slice(1)], extensions: { code: 'FORBIDDEN' } },
    ])

    const id = (await here.walkIn(await here.addPatient('Ida'), here.mine)).id
    const command = await server.request(
      `mutation($id: ID!) { transfer(entryId: $id, doctorId: "${here.doctors.dana.id}") ${ENTRY} }`,
      { id },
      doctor,
    )
    expect(command.data.transfer).toEqual({ ...rest, patient: { ...person, name: 'Ida' } })
    expect(command.errors).toMatchObject([
      { path: ['transfer', 'patient', 'phoneNumber'], extensions: { code: 'FORBIDDEN' } },
    ])
  })
})

/** A command on a record that the viewer may change, naming one that they may not. */
describe('what a command names beside its record', () => {
  const desk = () => scene.askers.desk as Asker
  const send = async (asker: Asker, name: string, args: object): Promise<string> => {
    const definition = rootFields('Mutation')[name] as ReturnType<typeof rootFields>[string]
    const document = documentOf('mutation', definition, args, '{ __typename }')
    const { errors } = await server.request(document, args, asker.token)
    return String(errors?.[0]?.extensions.code ?? 'done')
  }
  const waiting = async () => (await scene.here.walkIn(await scene.here.addPatient('Ida'), scene.here.mine)).id
  const booked = async () =>
    scene.here.book(await scene.here.addPatient('Ida'), scene.here.doctors.dana.id, scene.here.mine)
  const recordOf = (type: string, name: string) =>
    [...(scene.records.get(type) ?? [])].find(([, owned]) => owned.name === name)?.[0]
  const tomorrow = `${addDays(today, 1)}T12:00:00Z`

  test.each<[string, string, string, () => object | Promise<object>]>([
    [
      'a walk-in bound to a foreign doctor',
      'addWalkIn',
      'NOT_FOUND',
      async () => ({
        input: {
          patientId: await scene.here.addPatient('Ida'),
          serviceId: scene.here.mine,
          doctorId: scene.there.doctors.dana.id,
        },
      }),
    ],
    [
      'a walk-in under the id of a foreign entry',
      'addWalkIn',
      'ID_TAKEN',
      async () => ({
        input: {
          patientId: await scene.here.addPatient('Ida'),
          serviceId: scene.here.mine,
          id: recordOf('QueueEntry', 'fay-called'),
        },
      }),
    ],
    [
      'a call for a foreign doctor',
      'callEntry',
      'NOT_FOUND',
      async () => ({ entryId: await waiting(), doctorId: scene.there.doctors.dana.id }),
    ],
    [
      'a transfer to a foreign service',
      'transfer',
      'NOT_FOUND',
      async () => ({ entryId: await waiting(), serviceId: scene.there.mine }),
    ],
    [
      'a transfer to a foreign doctor',
      'transfer',
      'NOT_FOUND',
      async () => ({ entryId: await waiting(), doctorId: scene.there.doctors.dana.id }),
    ],
    [
      'a place behind a foreign entry',
      'moveEntry',
      'NOT_WAITING',
      async () => ({
        ...{ entryId: await waiting(), after: recordOf('QueueEntry', 'ann-elsewhere'), reason: 'Cannot stand' },
      }),
    ],
    [
      'a booking with a foreign doctor',
      'bookAppointment',
      'NOT_FOUND',
      async () => ({
        input: {
          ...{ patientId: await scene.here.addPatient('Ida'), serviceId: scene.here.mine },
          ...{ startsAt: tomorrow, doctorId: scene.there.doctors.dana.id },
        },
      }),
    ],
    [
      'a booking under the id of a foreign one',
      'bookAppointment',
      'ID_TAKEN',
      async () => ({
        input: {
          ...{ patientId: await scene.here.addPatient('Ida'), serviceId: scene.here.mine },
          ...{ startsAt: tomorrow, id: recordOf('Appointment', 'fay-booked') },
        },
      }),
    ],
    [
      'a booking moved to a foreign doctor',
      'rescheduleAppointment',
      'NOT_FOUND',
      async () => ({
        input: { id: await booked(), startsAt: tomorrow, doctorId: scene.there.doctors.dana.id },
      }),
    ],
    [
      'a patient under the id of a foreign one',
      'createPatient',
      'ID_TAKEN',
      () => ({ input: { name: 'Eve', id: recordOf('Patient', 'fay') } }),
    ],
    [
      'a foreign record to keep when merging',
      'mergePatients',
      'NOT_FOUND',
      async () => ({
        ...{ keep: recordOf('Patient', 'fay'), drop: await scene.here.addPatient('Ida'), endLogin: true },
      }),
    ],
  ])('the desk: %s', async (_what, name, code, args) => {
    expect(await send(desk(), name, await args())).toBe(code)
  })

  test('an admin gives a doctor no foreign service', async () => {
    const { here, there, askers } = scene
    const [admin, serviceIds] = [askers.admin as Asker, [there.mine]]
    const user = {
      clinicId: here.clinic.clinicId,
      username: 'ida.new',
      name: 'Ida',
      password: PASSWORD,
      role: 'DOCTOR',
    }
    expect(await send(admin, 'createUser', { input: { ...user, serviceIds } })).toBe('BAD_INPUT')
    expect(await send(admin, 'updateUser', { id: here.doctors.dirk.userId, input: { serviceIds } })).toBe('BAD_INPUT')
  })

  test('a doctor calls in no other name', async () => {
    const { here, askers } = scene
    for (const asker of [askers.doctor as Asker, askers.solo as Asker])
      for (const [name, args] of [
        ['callNext', { serviceId: here.mine }],
        ['callEntry', { entryId: await waiting() }],
      ] as const)
        expect(await send(asker, name, { ...args, doctorId: here.doctors.dirk.id })).toBe('FORBIDDEN')
  })

  test('a patient is no more urgent than others by their own word', async () => {
    const { here, askers } = scene
    const input = { serviceId: here.mine, startsAt: tomorrow, urgency: 'EMERGENCY' }
    expect(await send(askers.patient as Asker, 'bookAppointment', { input })).toBe('FORBIDDEN')
  })

  test('a patient asks for no other patient’s messages', async () => {
    const { here, askers } = scene
    const query = 'query($c: ID!, $p: ID) { notifications(clinicId: $c, patientId: $p) { edges { node { id } } } }'
    const args = { c: here.clinic.clinicId, p: recordOf('Patient', 'cleo') }
    const { data, errors } = await server.request(query, args, askers.patient?.token)
    expect([data, errors]).toEqual([{ notifications: null }, undefined])
  })

  test('who was found by number and booked is known to the clinic from then on, but not what another clinic has of them', async () => {
    const { there, askers } = scene
    const SEE =
      'query($id: ID!) { patient(id: $id) { name guardian { id } wards { id } activeEntries { id } appointments { edges { node { id } } } notifications { edges { node { id } } } } }'
    const id = recordOf('Patient', 'ben') as string
    const look = () => server.request(SEE, { id }, askers.desk2?.token)
    expect((await look()).data).toEqual({ patient: null })
    const input = { patientId: id, serviceId: there.mine, startsAt: tomorrow }
    const booked = await server.request(
      'mutation($input: BookAppointmentInput!) { bookAppointment(input: $input) { id } }',
      { input },
      askers.desk2?.token,
    )
    const own = { edges: [{ node: booked.data.bookAppointment }] }
    const none = { edges: [] }
    // Ann is known there, too, so Ben's guardian is seen.
    const guardian = { id: recordOf('Patient', 'ann') }
    expect((await look()).data.patient).toEqual({
      name: 'Ben',
      guardian,
      wards: [],
      activeEntries: [],
      appointments: own,
      notifications: none,
    })
    const { data } = await server.request(SEE, { id }, askers.desk?.token)
    expect(data.patient.appointments.edges.map(({ node }: { node: { id: string } }) => node.id)).toEqual([
      recordOf('Appointment', 'ben-past'),
    ])
  })
})
