import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Context } from '../context.ts'
import type { Db } from '../database/client.ts'
import { uuidv7 } from '../database/uuid.ts'
import { createTestClinic, type TestClinic } from '../test/clinic.ts'
import { createTestDeps, type TestDeps } from '../test/context.ts'
import { createTestDatabase, type TestDatabase } from '../test/database.ts'
import { ask } from '../test/scene.ts'
import { fillVisits } from '../test/visits.ts'
import { loadReport, visitPage } from './store.ts'

let database: TestDatabase
let deps: TestDeps
let clinic: TestClinic

const REPORT = `query ($c: ID!, $from: Date!, $to: Date!) {
  analytics(clinicId: $c, from: $from, to: $to) {
    arrivals served noShows left
    waitMinutes { count mean p50 p90 max }
    serviceMinutes { count p50 max }
    byHour { hour arrivals served waitMinutes { count p50 } }
    byDoctor { doctor { id } served serviceMinutes { p50 } }
    byUrgency { urgency arrivals waitMinutes { p50 } }
    byDay { day arrivals served noShows left capacity waitMinutes { count p90 } }
    capacityByHour { hour visits }
  }
}`

const report = async (ctx: Context, from: string, to = from, clinicId = clinic.clinicId) =>
  ask(deps, ctx.viewer, REPORT, { c: clinicId, from, to })

let ticket = 0

/** One visit as it would stand after its day; minutes are counted from the arrival. */
const visit = async (
  arrivedAt: string,
  {
    wait,
    service,
    status = 'SERVED',
    urgency = 'ROUTINE',
    doctor,
    endReason = null,
  }: {
    wait?: number
    service?: number
    status?: 'SERVED' | 'NO_SHOW' | 'LEFT'
    urgency?: 'ROUTINE' | 'URGENT'
    doctor?: string
    endReason?: string | null
  },
) => {
  const arrived = new Date(arrivedAt)
  const after = (minutes: number) => new Date(arrived.getTime() + minutes * 60_000)
  const serviceId = clinic.serviceIds[0] as string
  await deps.db.queueEntry.create({
    data: {
      id: uuidv7(),
      clinicId: clinic.clinicId,
      serviceId,
      ticketServiceId: serviceId,
      patientId: await clinic.addPatient(),
      ticketDay: new Date('2026-03-02'),
      ticketNumber: ++ticket,
      ticket: `A-${ticket}`,
      status,
      urgency,
      rank: 2,
      dueAt: arrived,
      ownDueAt: arrived,
      subRank: 'a',
      doctorId: doctor ?? null,
      arrivedAt: arrived,
      calledAt: wait === undefined ? null : after(wait),
      startedAt: wait === undefined || service === undefined ? null : after(wait),
      finishedAt: after((wait ?? 0) + (service ?? 1)),
      endReason,
    },
  })
}

beforeAll(async () => {
  database = await createTestDatabase()
  deps = createTestDeps(database)
  clinic = await createTestClinic(deps, { services: 1, timeZone: 'America/New_York' })
  await deps.db.clinic.update({ where: { id: clinic.clinicId }, data: { dayStartsAt: 240 } })
  const [x, y] = clinic.doctors.map(({ id }) => id) as [string, string]
  // 09:00 in New York is 14:00 UTC; the clinic day of 2 March runs from 09:00 UTC to 09:00 UTC of the 3rd.
  await visit('2026-03-02T14:00:00Z', { wait: 10, service: 5, doctor: x })
  await visit('2026-03-02T14:10:00Z', { wait: 20, service: 15, doctor: x, urgency: 'URGENT' })
  await visit('2026-03-02T15:00:00Z', { wait: 30, service: 25, doctor: y })
  await visit('2026-03-02T15:30:00Z', { wait: 40, status: 'NO_SHOW' })
  await visit('2026-03-02T16:00:00Z', { status: 'LEFT' })
  await visit('2026-03-02T16:05:00Z', { status: 'LEFT', endReason: 'UNDONE' })
  await visit('2026-03-03T08:59:00Z', { wait: 50, service: 600, doctor: y, endReason: 'DAY_END' })
  await visit('2026-03-03T09:00:00Z', { wait: 1, service: 1, doctor: y })
})
afterAll(async () => {
  await deps.close()
  await database.drop()
})

it('counts the visits of the clinic days asked for, in the clinic’s hours, without undone arrivals', async () => {
  const { data } = await report(clinic.admin, '2026-03-02')
  const [x, y] = clinic.doctors.map(({ id }) => id)
  expect(data.analytics).toEqual({
    arrivals: 6,
    served: 4,
    noShows: 1,
    left: 1,
    waitMinutes: { count: 5, mean: 30, p50: 30, p90: 46, max: 50 },
    serviceMinutes: { count: 3, p50: 15, max: 25 },
    byHour: [
      { hour: 3, arrivals: 1, served: 1, waitMinutes: { count: 1, p50: 50 } },
      { hour: 9, arrivals: 2, served: 2, waitMinutes: { count: 2, p50: 15 } },
      { hour: 10, arrivals: 2, served: 1, waitMinutes: { count: 2, p50: 35 } },
      { hour: 11, arrivals: 1, served: 0, waitMinutes: { count: 0, p50: null } },
    ],
    byDoctor: expect.arrayContaining([
      { doctor: { id: x }, served: 2, serviceMinutes: { p50: 10 } },
      { doctor: { id: y }, served: 2, serviceMinutes: { p50: 25 } },
    ]),
    byUrgency: [
      { urgency: 'ROUTINE', arrivals: 5, waitMinutes: { p50: 35 } },
      { urgency: 'URGENT', arrivals: 1, waitMinutes: { p50: 20 } },
    ],
    // Two doctors around the clock, slots of 15 minutes.
    byDay: [
      {
        day: '2026-03-02',
        arrivals: 6,
        served: 4,
        noShows: 1,
        left: 1,
        capacity: 192,
        waitMinutes: { count: 5, p90: 46 },
      },
    ],
    capacityByHour: Array.from({ length: 24 }, (_, hour) => ({ hour, visits: 8 })),
  })
})

it('adds days up, and says nothing of days without visits', async () => {
  expect((await report(clinic.admin, '2026-03-02', '2026-03-03')).data.analytics.arrivals).toBe(7)
  const { data } = await report(clinic.admin, '2026-02-01', '2026-02-28')
  expect(data.analytics).toMatchObject({
    arrivals: 0,
    waitMinutes: { count: 0, mean: null, p50: null },
    byHour: [],
    byDoctor: [],
  })
})

const VISITS = `query ($c: ID!, $from: Date!, $to: Date!, $hour: Int, $doctor: ID, $urgency: Urgency, $status: QueueStatus, $first: Int, $after: String) {
  analyticsVisits(clinicId: $c, from: $from, to: $to, hour: $hour, doctorId: $doctor, urgency: $urgency, status: $status, first: $first, after: $after) {
    edges { node { ticket service doctor { id } urgency status arrivedAt waitMinutes serviceMinutes } }
    pageInfo { hasNextPage endCursor }
  }
}`
const DAY = { from: '2026-03-02', to: '2026-03-02' }
const visits = async (args: object, ctx: Context = clinic.admin) =>
  ask(deps, ctx.viewer, VISITS, { c: clinic.clinicId, ...DAY, ...args })
const tickets = async (args: object) =>
  (await visits(args)).data.analyticsVisits.edges.map((edge: { node: { ticket: string } }) => edge.node.ticket)

it('shows the visits behind each figure, and nothing of whose they were', async () => {
  const [x, y] = clinic.doctors.map(({ id }) => id)
  expect((await visits({ hour: 9, urgency: 'URGENT' })).data.analyticsVisits.edges).toEqual([
    {
      node: {
        ...{ ticket: 'A-2', service: 'Service 0', doctor: { id: x }, urgency: 'URGENT', status: 'SERVED' },
        ...{ arrivedAt: '2026-03-02T14:10:00.000Z', waitMinutes: 20, serviceMinutes: 15 },
      },
    },
  ])
  expect(await tickets({})).toEqual(['A-1', 'A-2', 'A-3', 'A-4', 'A-5', 'A-7'])
  expect(await tickets({ hour: 10 })).toEqual(['A-3', 'A-4'])
  expect(await tickets({ status: 'LEFT' })).toEqual(['A-5'])
  expect(await tickets({ doctor: y })).toEqual(['A-3', 'A-7'])
  expect((await visits({ hour: 24 })).codes).toEqual(['BAD_INPUT'])
  const stranger = await createTestClinic(deps)
  for (const ctx of [stranger.admin, clinic.desk, (clinic.doctors[0] as { ctx: Context }).ctx])
    expect((await visits({}, ctx)).codes).toEqual(['FORBIDDEN'])
  const seen: string[] = []
  for (let after: string | null = null, isMore = true; isMore; ) {
    const {
      edges,
      pageInfo,
    }: { edges: { node: { ticket: string } }[]; pageInfo: { hasNextPage: boolean; endCursor: string } } = (
      await visits({ first: 2, after })
    ).data.analyticsVisits
    seen.push(...edges.map((edge) => edge.node.ticket))
    after = pageInfo.endCursor
    isMore = pageInfo.hasNextPage
  }
  expect(seen).toEqual(['A-1', 'A-2', 'A-3', 'A-4', 'A-5', 'A-7'])
})

/** How often messages and visits were read as a whole and by an index; by the only connection, so that nothing is still to be added. */
const scans = async (db: Db) => {
  await db.$queryRaw`SELECT pg_stat_force_next_flush()::text`
  return db.$queryRaw<{ whole: number; byIndex: number }[]>`
    SELECT seq_scan::int AS whole, idx_scan::int AS "byIndex" FROM pg_stat_user_tables
    WHERE schemaname = 'public' AND relname IN ('queue', 'notifications') ORDER BY relname`
}

it('asks the database as often for a year as for a day, and reads no visit of other days', async () => {
  const statements: string[] = []
  const large = await createTestDatabase({ max: 1, onStatement: (query) => statements.push(query) })
  const there = createTestDeps(large)
  try {
    const busy = await createTestClinic(there, { services: 2, doctors: 3, timeZone: 'America/New_York' })
    const of = { clinicId: busy.clinicId, serviceIds: busy.serviceIds, doctorIds: busy.doctors.map(({ id }) => id) }
    await fillVisits(there.db, { ...of, from: '2025-01-01', days: 200, visitsADay: 50 })
    const range = { clinicId: busy.clinicId, timeZone: 'America/New_York', dayStartsAt: 240 }
    const counted = async (from: string, to: string) => {
      statements.length = 0
      const { total } = await loadReport(there.db, { ...range, from, to })
      return [total.arrivals, statements.length]
    }
    const [ofDay, forDay] = await counted('2025-03-03', '2025-03-03')
    const [ofYear, forYear] = await counted('2025-01-01', '2025-12-31')
    expect([ofDay, ofYear]).toEqual([50, 10_000])
    expect(forYear).toBe(forDay)
    const week = { ...range, from: '2025-03-03', to: '2025-03-09' }
    const before = await scans(there.db)
    await loadReport(there.db, week)
    await visitPage(there.db, week, { hour: 9, doctorId: null, urgency: null, status: null }, null, 51)
    const after = await scans(there.db)
    expect(after.map(({ whole }, at) => whole - (before[at]?.whole ?? 0))).toEqual([0, 0])
    expect(after.map(({ byIndex }, at) => byIndex - (before[at]?.byIndex ?? 0))).toEqual([1, 2])
    // A plan that is kept is one for any days, and reads a year alone and through the index.
    const [kept] = await there.db.$queryRaw<{ any: number; ofVisits: number }[]>`
      SELECT count(*)::int AS any, (count(*) FILTER (WHERE statement ~ 'FROM (queue|notifications)' AND statement !~ 'INSERT'))::int AS "ofVisits"
      FROM pg_prepared_statements`
    expect(kept?.any).toBeGreaterThan(0)
    expect(kept?.ofVisits).toBe(0)
  } finally {
    await there.close()
    await large.drop()
  }
})

it('is for admins of the clinic, and refuses days that make no sense', async () => {
  const code = (answer: { codes: string[] }) => answer.codes[0]
  const stranger = await createTestClinic(deps)
  expect(code(await report(stranger.admin, '2026-03-02'))).toBe('FORBIDDEN')
  expect(code(await report(clinic.desk, '2026-03-02'))).toBe('FORBIDDEN')
  expect(code(await report((clinic.doctors[0] as { ctx: Context }).ctx, '2026-03-02'))).toBe('FORBIDDEN')
  expect(code(await report(clinic.admin, '2026-03-02', '2026-03-01'))).toBe('BAD_INPUT')
  expect(code(await report(clinic.admin, '2020-01-01', '2026-03-01'))).toBe('BAD_INPUT')
})
