import { execFile, fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import { startEmbedded } from '../api/database/embedded.ts'
import { applyMigrations } from '../api/database/migrate.ts'
import type { Options } from './main.ts'
import type { Measure } from './measure.ts'
import { askInTurn, requestOf } from './requests.ts'

const QUEUES = 8
/** Callers at once, each with a connection of its own. */
const CALLERS = 8
/** Calls of each caller in one turn. */
const CALLS = 100

type Product = {
  port: number
  token: string
  userId: string
  clinicId: string
  serviceIds: string[]
  letters: string[]
  ticketDay: string
}

const hasPgbench = spawnSync('pgbench', ['--version']).status === 0

const startProduct = async (databaseUrl: string, turns: number): Promise<Product & { stop: () => void }> => {
  const env = {
    ...process.env,
    DATABASE_URL: databaseUrl,
    QUEUES: String(QUEUES),
    // Enough for all turns, however the queues are shared among the calls.
    WAITING: String(turns * 2 * CALLERS * CALLS * 1.5),
    COMING: String(turns * CALLERS * CALLS),
    CALLS: String(CALLS),
  }
  const child = fork(fileURLToPath(new URL('write-anteroom.ts', import.meta.url)), { env })
  const [product] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => {
      throw new Error('The product did not start.')
    }),
  ])) as [Product]
  return { ...product, stop: () => child.disconnect() }
}

/** The turns of one command in one queue, or in several; its acts are numbered through, so that each patient comes once. */
type Course = { command: Command; services: readonly string[]; group: number }

type Command = {
  name: string
  /** What each act must have made. */
  event: string
  ask: (service: string, id: string) => { query: string; variables: object }
  /** The same by the database's own clients; `service`, `letter` and `id` are expressions. */
  sql: (product: Product, of: { service: string; letter: string; id: string }) => string
}

/** Each caller goes from queue to queue. */
const placeOf = (act: number, { services }: Course): number => (Math.floor(act / CALLS) + act) % services.length

/** A patient who comes without a booking, or the booking of one. */
const idOf = (act: number, { group }: Course): string =>
  `00000000-0000-7${group}00-8000-${act.toString(16).padStart(12, '0')}`

const statementOf = (course: Course, product: Product, act: string): string => {
  const { command, services, group } = course
  const place = `[(${act} / ${CALLS} + ${act}) % ${services.length} + 1]`
  const among = (values: readonly string[], type: string) => `('{${values.join()}}'::${type}[])${place}`
  return command.sql(product, {
    service: among(services, 'uuid'),
    letter: among(product.letters, 'text'),
    id: `('00000000-0000-7${group}00-8000-' || lpad(to_hex(${act}), 12, '0'))::uuid`,
  })
}

const arrivalOf = (
  { clinicId, userId, ticketDay }: Product,
  { service, letter, id }: { service: string; letter: string; id: string },
  { kind, due, booking, version }: { kind: string; due: string; booking: string; version: string },
): string =>
  `SELECT entry, version, jobs FROM queue_arrive(jsonb_build_object('id', gen_random_uuid(), 'clinic_id', '${clinicId}',
      'service_id', ${service}, 'patient_id', ${id}, 'appointment_id', ${booking}, 'ticket_day', '${ticketDay}',
      'urgency', 'ROUTINE', 'rank', 2, 'due_at', ${due}, 'arrived_at', now()),
    '${kind}', ${letter}, NULL, ${version}, now() + interval '1 hour', false, '${userId}'::uuid, NULL, NULL,
    ARRAY[gen_random_uuid(), gen_random_uuid()], 50)`

const commands: Command[] = [
  {
    name: 'call',
    event: 'CALLED',
    ask: (s) => ({
      query: 'mutation($s: ID!) { callNext(serviceId: $s) { id ticket status calledAt } }',
      variables: { s },
    }),
    sql: ({ clinicId, userId }, { service }) =>
      `SELECT outcome, record_id::text, entry, made, jobs FROM queue_call_next(${service}, '${clinicId}'::uuid, NULL, NULL,
        '${userId}'::uuid, NULL, NULL, ARRAY[gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid()], 50)`,
  },
  {
    name: 'walkIn',
    event: 'WALKED_IN',
    ask: (serviceId, patientId) => ({
      query: 'mutation($i: AddWalkInInput!) { addWalkIn(input: $i) { id ticket status arrivedAt } }',
      variables: { i: { serviceId, patientId } },
    }),
    sql: (product, of) => arrivalOf(product, of, { kind: 'WALKED_IN', due: 'now()', booking: 'NULL', version: 'NULL' }),
  },
  {
    name: 'checkIn',
    event: 'CHECKED_IN',
    ask: (_, id) => ({
      query: 'mutation($a: ID!) { checkIn(appointmentId: $a) { id ticket status arrivedAt } }',
      variables: { a: id },
    }),
    sql: (product, of) =>
      arrivalOf(product, of, {
        kind: 'CHECKED_IN',
        due: "now() + interval '1 hour'",
        booking: of.id,
        version: '1',
      }),
  },
]

/** Commands through GraphQL over HTTP against pgbench (or, where that is missing, bare `pg`) calling the same functions. */
export const run = async ({ rounds, say }: Options): Promise<Measure[]> => {
  const reference = hasPgbench ? 'pgbench' : 'bare-pg'
  const dataDir = await mkdtemp(join(tmpdir(), 'anteroom-bench-'))
  const scripts = await mkdtemp(join(tmpdir(), 'anteroom-bench-sql-'))
  const embedded = await startEmbedded({ dataDir, log: () => {} })
  const ends: (() => unknown)[] = []
  try {
    await applyMigrations(embedded.url, () => {})
    const product = await startProduct(embedded.url, (rounds + 1) * 2)
    ends.push(product.stop)
    say(`${QUEUES} queues are filled`)
    const client = new pg.Client(embedded.url)
    await client.connect()
    ends.push(() => client.end())
    const madeSoFar = async (event: string): Promise<number> =>
      Number((await client.query('SELECT count(*) FROM queue_events WHERE kind = $1', [event])).rows[0].count)
    const actsOf = (caller: number, first: number): number[] =>
      Array.from({ length: CALLS }, (_, i) => first + caller * CALLS + i)

    /** Seconds from the first call to the last answer. */
    const viaProduct = async (course: Course, first: number): Promise<number> => {
      const requests = Array.from({ length: CALLERS }, (_, caller) =>
        actsOf(caller, first).map((act) => {
          const asked = course.command.ask(course.services[placeOf(act, course)] ?? '', idOf(act, course))
          return requestOf(product, asked)
        }),
      )
      const began = performance.now()
      const answers = await Promise.all(requests.map((own) => askInTurn(product.port, own)))
      const seconds = (performance.now() - began) / 1_000
      const wrong = answers.flat().find((body) => body.includes('"errors"'))
      if (wrong) throw new Error(`${course.command.name} answered ${wrong}`)
      return seconds
    }
    const viaDatabase = async (course: Course, first: number): Promise<number> => {
      if (!hasPgbench) {
        const clients = Array.from({ length: CALLERS }, () => new pg.Client(embedded.url))
        await Promise.all(clients.map((own) => own.connect()))
        const text = statementOf(course, product, '$1::int')
        const began = performance.now()
        await Promise.all(
          clients.map(async (own, caller) => {
            for (const act of actsOf(caller, first)) await own.query({ name: 'act', text, values: [act] })
          }),
        )
        const seconds = (performance.now() - began) / 1_000
        await Promise.all(clients.map((own) => own.end()))
        return seconds
      }
      const script = join(scripts, 'act.sql')
      const counting = `\\set i :i + 1\n\\set act ${first} + :client_id * ${CALLS} + :i\n`
      await writeFile(script, `${counting}${statementOf(course, product, ':act::int').replaceAll('\n', ' ')};\n`)
      const size = ['-c', String(CALLERS), '-j', '1', '-t', String(CALLS)]
      const args = ['-n', '-M', 'prepared', ...size, '-D', 'i=-1', '-f', script, embedded.url]
      const { stdout } = await promisify(execFile)('pgbench', args)
      return (CALLERS * CALLS) / Number(/tps = ([\d.]+)/.exec(stdout)?.[1])
    }

    const widths = [
      ['one', product.serviceIds.slice(0, 1)],
      ['several', product.serviceIds],
    ] as const
    const courses = commands.flatMap((command, nth) =>
      widths.map(([width, services], wide) => {
        const course: Course = { command, services, group: nth * widths.length + wide }
        let first = 0
        /** Acts a second. Each must have been done, once. */
        const play = async (via: (course: Course, first: number) => Promise<number>) => {
          const before = await madeSoFar(command.event)
          const seconds = await via(course, first)
          first += CALLERS * CALLS
          const made = (await madeSoFar(command.event)) - before
          if (made !== CALLERS * CALLS) throw new Error(`${CALLERS * CALLS} × ${command.name} did ${made}.`)
          return made / seconds
        }
        return { name: `write.${command.name}.${width}`, play, rounds: [] as Measure['rounds'][number][] }
      }),
    )
    for (const { play } of courses) {
      await play(viaProduct)
      await play(viaDatabase)
    }
    for (let round = 1; round <= rounds; round++) {
      for (const { play, rounds: played } of courses) {
        const early = round % 2 === 0 ? await play(viaDatabase) : null
        const subject = await play(viaProduct)
        played.push({ subject, reference: early ?? (await play(viaDatabase)) })
      }
      const [load = 0] = loadavg()
      say(`round ${round} of ${rounds}; the machine's load is ${load.toFixed(1)}`)
    }
    return courses.map(({ name, rounds: played }) => ({
      name,
      subject: 'anteroom',
      reference,
      unit: 'calls/s',
      better: 'higher',
      rounds: played,
    }))
  } finally {
    for (const end of ends) await end()
    await embedded.stop()
    await rm(dataDir, { recursive: true, force: true })
    await rm(scripts, { recursive: true, force: true })
  }
}
