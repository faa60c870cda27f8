import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import {
  GraphQLError,
  type GraphQLObjectType,
  getNamedType,
  isLeafType,
  isObjectType,
  isRequiredArgument,
  parse,
  subscribe,
  validate,
} from 'graphql'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import WebSocket, { WebSocketServer } from 'ws'
import type { Context } from '../context.ts'
import { presentError } from '../http/errors.ts'
import { addWalkIn, callEntry } from '../queue/commands.ts'
import { createSlot } from '../queue/slot.ts'
import type { PositionState } from '../queue/store.ts'
import { schema } from '../schema.ts'
import { contextOf, createTestClinic, type TestClinic } from '../test/clinic.ts'
import { createTestDeps, type TestDeps } from '../test/context.ts'
import { createTestDatabase, type TestDatabase } from '../test/database.ts'
import { createLane, type Lane } from './lane.ts'
import type { Outlet } from './outlets.ts'

const log = pino({ level: 'silent' })
const seed = Number(process.env.FC_SEED) || Math.trunc(Math.random() * 2 ** 31)

let database: TestDatabase
let deps: TestDeps
let clinic: TestClinic
let lane: Lane
let server: Server
let outlet: Outlet
let client: WebSocket

beforeAll(async () => {
  database = await createTestDatabase()
  deps = createTestDeps(database)
  clinic = await createTestClinic(deps)
  lane = createLane(log)
  server = createServer().listen(0)
  const sockets = new WebSocketServer({ server, perMessageDeflate: false })
  const opened = new Promise<Outlet>((resolve) =>
    sockets.on('connection', (socket, request) => resolve(lane.outlets.of(socket, request.socket))),
  )
  client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  outlet = await opened
  if (client.readyState !== WebSocket.OPEN) await once(client, 'open')
})
afterAll(async () => {
  client.terminate()
  lane.outlets.close()
  server.close()
  await deps.close()
  await database.drop()
})

type Asked = { query: string; variables: Record<string, unknown> }

/** Any document that asks this subscription for something: aliases, fragments within fragments, directives, variables, __typename. */
const documentOf = (field: string, argument: string, depth: number): fc.Arbitrary<Asked> =>
  fc.gen().map((pick) => {
    const fragments: string[] = []
    const used = new Map<string, boolean>()
    const chance = (percent: number) => pick(fc.integer, { min: 0, max: 99 }) < percent
    const among = <T>(items: readonly T[]): T => items[pick(fc.nat, { max: items.length - 1 })] as T
    const directive = (): string => {
      if (!chance(15)) return ''
      const name = among(['yes', 'no'])
      const condition = chance(50) ? `$${name}` : String(name === 'yes')
      if (condition.startsWith('$')) used.set(name, name === 'yes')
      return among([` @include(if: ${condition})`, ` @skip(if: ${condition})`])
    }
    const selections = (type: GraphQLObjectType, left: number, within: number): string => {
      const fields = Object.values(type.getFields()).filter(
        (each) =>
          !each.args.some(isRequiredArgument) &&
          (isLeafType(getNamedType(each.type)) || (left > 0 && isObjectType(getNamedType(each.type)))),
      )
      const parts = Array.from({ length: pick(fc.integer, { min: 1, max: 6 }) }, () => {
        if (within < 3 && chance(12))
          return `...${chance(50) ? ` on ${type.name}` : ''}${directive()} ${selections(type, left, within + 1)}`
        if (within < 3 && chance(12)) {
          const name = `F${fragments.length}`
          fragments.push('')
          fragments[Number(name.slice(1))] = `fragment ${name} on ${type.name} ${selections(type, left, within + 1)}`
          return `...${name}${directive()}`
        }
        if (chance(8)) return `${chance(30) ? 'kind: ' : ''}__typename${directive()}`
        if (fields.length === 0) return '__typename'
        const each = among(fields)
        const inner = getNamedType(each.type)
        const alias = chance(25) ? `${among(['a', 'b', 'c', '__proto__', 'toString'])}: ` : ''
        return `${alias}${each.name}${directive()}${isObjectType(inner) ? ` ${selections(inner, left - 1, within)}` : ''}`
      })
      return `{ ${parts.join(' ')} }`
    }
    const root = schema.getSubscriptionType()?.getFields()[field]
    const type = getNamedType(root?.type) as GraphQLObjectType
    const body = `{ ${chance(30) ? 'root: ' : ''}${field}(${argument}: $it) ${selections(type, depth, 0)} }`
    const declared = ['$it: ID!', ...[...used.keys()].map((name) => `$${name}: Boolean!`)].join(', ')
    const query = `subscription Watch(${declared}) ${body} ${fragments.join(' ')}`
    return { query, variables: Object.fromEntries(used) }
  })

let operations = 0

/** What graphql-js and graphql-ws answer to the first event, and what arrives at the client by the lane. */
const bothWays = async (asked: Asked, context: () => Context): Promise<[string, string]> => {
  const document = parse(asked.query)
  const ask = { schema, document, variableValues: asked.variables, operationName: 'Watch' }
  const id = `op "${++operations}" é`
  const stream = (await subscribe({ ...ask, contextValue: context() })) as AsyncGenerator<any>
  const { value: result } = await stream.next()
  await stream.return(undefined)
  const errors = result.errors?.map((error: unknown) =>
    error instanceof GraphQLError ? presentError(error, log) : error,
  )
  const expected = JSON.stringify({ id, type: 'next', payload: errors ? { ...result, errors } : result })

  const arrival = once(client, 'message')
  const own = Object.assign(context(), { extra: { outlet }, operationId: id })
  const operation = (await lane.subscribe({ ...ask, contextValue: own })) as AsyncGenerator
  const ended = operation.next()
  const [sent] = await arrival
  await operation.return(undefined)
  expect(await ended).toEqual({ value: undefined, done: true })
  return [unnumbered(expected), unnumbered(String(sent))]
}

/** Each unexpected error has an id of its own. */
const unnumbered = (text: string): string =>
  text.replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}(?=\)|")/g, 'id')

const forbiddenToBoth = `subscription Watch($it: ID!) { queueUpdated(serviceId: $it) {
  version waiting { ticket reason patient { name phoneNumber code } } } }`

const boards = ['queueUpdated', 'queueChanged']

const fits = ({ query }: Asked): boolean => validate(schema, parse(query)).length === 0

describe(`an event sent by the lane is byte for byte what graphql-js answers (FC_SEED=${seed})`, () => {
  const wait = fc.option(
    fc.record({ lowMinutes: fc.nat(), likelyMinutes: fc.integer(), highMinutes: fc.constantFrom(0, -0, 2 ** 31 - 1) }),
  )
  const state: fc.Arbitrary<PositionState> = fc.record({
    entryId: fc.uuid(),
    ticket: fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary', maxLength: 300 })),
    status: fc.constantFrom('WAITING', 'CALLED', 'SERVED', 'NO_SHOW'),
    position: fc.option(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
    ahead: fc.option(fc.oneof(fc.nat(), fc.constantFrom(2 ** 31, 0.5, Number.NaN))),
    estimate: wait,
    room: fc.option(
      fc.oneof(fc.string(), fc.constant('x'.repeat(70_000)), fc.string({ minLength: 120, maxLength: 130 })),
      {
        freq: 4,
      },
    ),
    version: fc.nat(),
    asOf: fc.oneof(fc.date({ noInvalidDate: true }), fc.constant(new Date(Number.NaN))),
  })

  it('for a place in a queue, whatever the document and the place', async () => {
    const entry = await addWalkIn(clinic.desk, {
      id: null,
      patientId: await clinic.addPatient(),
      serviceId: clinic.serviceIds[0] as string,
      doctorId: null,
      urgency: null,
      reason: null,
      provisionalTicket: null,
    })
    const watching = (place: PositionState) => () => {
      const slot = createSlot<unknown>(() => {})
      slot.push({ entry, state: place })
      return { ...clinic.desk, live: { ...deps.live, known: () => entry, position: () => slot } } as never
    }
    await fc.assert(
      fc.asyncProperty(documentOf('positionUpdated', 'entryId', 2), state, async (asked, place) => {
        fc.pre(fits(asked))
        const variables = { ...asked.variables, it: entry.id }
        const [expected, sent] = await bothWays({ query: asked.query, variables }, watching(place))
        expect(sent).toBe(expected)
      }),
      { seed, numRuns: 300 },
    )
  }, 120_000)

  it.each(['desk', 'doctor'] as const)(
    'for a board, with what the %s may not see',
    async (who) => {
      const serviceId = clinic.serviceIds[1] as string
      const doctor = clinic.doctors[0] as TestClinic['doctors'][number]
      for (let i = 0; i < 4; i++) {
        const entry = await addWalkIn(clinic.desk, {
          id: null,
          patientId: await clinic.addPatient(),
          serviceId,
          doctorId: i === 2 ? doctor.id : null,
          urgency: null,
          reason: 'A cough',
          provisionalTicket: null,
        })
        if (i === 3 && who === 'desk') await callEntry(clinic.desk, entry.id, { doctorId: null, room: 'Ä1' })
      }
      const viewer = who === 'desk' ? clinic.desk.viewer : doctor.viewer
      const kept = deps.live.queue(serviceId)
      await kept.next()
      let forbidden = 0
      await fc.assert(
        fc.asyncProperty(fc.oneof(...boards.map((field) => documentOf(field, 'serviceId', 3))), async (asked) => {
          fc.pre(fits(asked))
          const variables = { ...asked.variables, it: serviceId }
          const [expected, sent] = await bothWays({ query: asked.query, variables }, () => contextOf(deps, viewer))
          if (expected.includes('FORBIDDEN')) forbidden++
          expect(sent).toBe(expected)
        }),
        { seed, numRuns: 70, examples: [[{ query: forbiddenToBoth, variables: {} }]] },
      )
      await kept.return?.()
      expect(forbidden).toBeGreaterThan(0)
    },
    120_000,
  )
})
