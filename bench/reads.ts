import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import type { UserViewer } from '../api/access/viewer.ts'
import { connect } from '../api/database/client.ts'
import { startEmbedded } from '../api/database/embedded.ts'
import { applyMigrations } from '../api/database/migrate.ts'
import { createTestDeps } from '../api/test/context.ts'
import { ask } from '../api/test/scene.ts'
import type { Options } from './main.ts'
import type { Measure } from './measure.ts'
import { askInTurn, requestOf, type Target } from './requests.ts'

const WAITING = 500
const PATIENTS = 1_000_000
/** Readers at once, each with a connection of its own. */
const READERS = 8

type Product = Target & { userId: string; clinicId: string; serviceId: string }
type Question = { query: string; variables: Record<string, unknown> }
type Statement = { name: string; text: string; values: unknown[] }

const ROW = `id version ticket status urgency arrivedAt dueAt calledAt position room estimate { lowMinutes likelyMinutes highMinutes }
  doctor { id name } patient { id name } service { id } appointment { id startsAt }`

const dayIn = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)

/** What is read, and how often by each reader in a turn. */
const reads = (serviceId: string): Record<string, Question & { times: number }> => ({
  board: {
    query: `query($s: ID!) { queue(serviceId: $s) { id version asOf service { id name doctors { id name onDuty } }
      waiting { ${ROW} } serving { ${ROW} } onHold { ${ROW} } ended(last: 20) { ${ROW} } } }`,
    variables: { s: serviceId },
    times: 12,
  },
  slots: {
    query: `query($s: ID!, $from: Date!, $to: Date!) {
      availableSlots(serviceId: $s, from: $from, to: $to) { startsAt endsAt doctor { id name } } }`,
    variables: { s: serviceId, from: dayIn(1), to: dayIn(30) },
    times: 4,
  },
  search: {
    query: 'query($t: String!) { patients(search: $t, first: 20) { edges { node { id name dateOfBirth } } } }',
    variables: { t: 'greta ion' },
    times: 12,
  },
})

/** The free slots of a month as one statement would find them: the product asks for hours and bookings, and works them out. */
const SLOTS_BY_HAND = `
  SELECT s.at AT TIME ZONE 'UTC' AS "startsAt", (s.at + interval '15 min') AT TIME ZONE 'UTC' AS "endsAt", d.id, d.name
  FROM doctors d JOIN doctor_services g ON g.doctor_id = d.id AND g.service_id = $1
    CROSS JOIN generate_series($2::date::timestamp, $3::date::timestamp, interval '1 day') AS day
    JOIN doctor_hours h ON h.doctor_id = d.id AND h.weekday = extract(isodow FROM day)
    CROSS JOIN LATERAL (SELECT at FROM generate_series(day + h.from_minute * interval '1 min',
      day + (h.to_minute - 15) * interval '1 min', interval '15 min') AS at) s
  WHERE d.active
    AND NOT EXISTS (SELECT 1 FROM appointments a WHERE a.doctor_id = d.id AND a.status <> 'CANCELLED'
      AND tstzrange(a.starts_at, a.ends_at) && tstzrange(s.at AT TIME ZONE 'UTC', (s.at + interval '15 min') AT TIME ZONE 'UTC'))
    AND NOT EXISTS (SELECT 1 FROM hours_exceptions e WHERE e.doctor_id = d.id AND e.day = s.at::date AND e.kind = 'LEAVE')
  ORDER BY s.at, d.name, d.id`

/** The statements by which the product answers, as they reach the database, with those of the others left out. */
const statementsOf = async (
  databaseUrl: string,
  product: Product,
  name: string,
  question: Question,
): Promise<Statement[]> => {
  const db = connect(databaseUrl, { queryMs: 600_000 })
  const deps = createTestDeps({ db, url: databaseUrl })
  const { userId, clinicId } = product
  const viewer: UserViewer = {
    ...{ kind: 'user', sessionId: '', userId, clinicId, role: 'RECEPTIONIST' },
    ...{ doctorId: null, serviceIds: [] },
  }
  const seen: Statement[] = []
  const { query } = pg.Client.prototype
  try {
    await ask(deps, viewer, question.query, question.variables)
    pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
      const [asked] = args as [{ text?: string; values?: unknown[] }]
      const { text = '', values = [] } = typeof asked === 'string' ? { text: asked } : asked
      if (/^\s*(SELECT|WITH)/i.test(text) && !/audit_log/.test(text))
        seen.push({ name: `${name} ${seen.length}`, text, values })
      return Reflect.apply(query, this, args)
    } as typeof query
    const { errors } = await ask(deps, viewer, question.query, question.variables)
    if (errors.length > 0) throw new Error(JSON.stringify(errors))
  } finally {
    pg.Client.prototype.query = query
    await deps.close()
    await db.$disconnect()
  }
  return seen
}

const start = async <Told>(file: string, env: Record<string, string>, message?: object) => {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), { env: { ...process.env, ...env } })
  if (message) child.send(message)
  const [told] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => {
      throw new Error(`${file} did not start.`)
    }),
  ])) as [Told]
  return { told, stop: () => child.disconnect() }
}

/** Reads through GraphQL over HTTP against a bare HTTP server that sends the rows of the same statements. */
export const run = async ({ rounds, say }: Options): Promise<Measure[]> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'anteroom-bench-'))
  const embedded = await startEmbedded({ dataDir, log: () => {} })
  const ends: (() => unknown)[] = []
  try {
    await applyMigrations(embedded.url, () => {})
    const env = { DATABASE_URL: embedded.url, WAITING: String(WAITING), PATIENTS: String(PATIENTS) }
    const { told: product, stop } = await start<Product>('reads-anteroom.ts', env)
    ends.push(stop)
    say(`${PATIENTS} patients, ${WAITING} of them waiting`)
    const questions = reads(product.serviceId)
    const statements: Record<string, Statement[]> = {}
    for (const [name, question] of Object.entries(questions)) {
      const { s, from, to } = question.variables
      statements[`/${name}`] =
        name === 'slots'
          ? [{ name, text: SLOTS_BY_HAND, values: [s, from, to] }]
          : await statementsOf(embedded.url, product, name, question)
      say(`${name}: ${statements[`/${name}`]?.length} statements`)
    }
    const bare = await start<{ port: number }>('reads-bare.ts', env, statements)
    ends.push(bare.stop)

    /** Answers a second. */
    const play = async (port: number, request: string, times: number): Promise<number> => {
      const requests = Array.from({ length: times }, () => request)
      const began = performance.now()
      const answers = await Promise.all(Array.from({ length: READERS }, () => askInTurn(port, requests)))
      const wrong = answers.flat().find((body) => body.includes('"errors"') || body.length < 100)
      if (wrong !== undefined) throw new Error(`The answer was ${wrong.slice(0, 300)}`)
      return (READERS * times) / ((performance.now() - began) / 1_000)
    }
    const sides = (name: string, question: Question & { times: number }) => ({
      subject: () => play(product.port, requestOf(product, question), question.times),
      reference: () =>
        play(bare.told.port, `GET /${name} HTTP/1.1\r\nhost: 127.0.0.1:${bare.told.port}\r\n\r\n`, question.times),
    })
    const measures: Measure[] = []
    for (const [name, question] of Object.entries(questions)) {
      const { subject, reference } = sides(name, question)
      for (const side of [subject, reference]) await side()
      const pairs: Measure['rounds'][number][] = []
      for (let round = 1; round <= rounds; round++) {
        const early = round % 2 === 0 ? await reference() : null
        const own = await subject()
        pairs.push({ subject: own, reference: early ?? (await reference()) })
      }
      const [load = 0] = loadavg()
      say(`${name}; the machine's load is ${load.toFixed(1)}`)
      const row = { subject: 'anteroom', reference: 'bare-http', unit: 'answers/s', better: 'higher' } as const
      measures.push({ ...row, name: `reads.${name}`, rounds: pairs })
    }
    return measures
  } finally {
    for (const end of ends) await end()
    await embedded.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}
