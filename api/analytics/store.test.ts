import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { clinicDay, wallOf } from '../clinic/day.ts'
import { uuidv7 } from '../database/uuid.ts'
import { createTestClinic, type TestClinic } from '../test/clinic.ts'
import { createTestDeps, type TestDeps } from '../test/context.ts'
import { createTestDatabase, type TestDatabase } from '../test/database.ts'
import type { Distribution } from './figures.ts'
import { loadReport } from './store.ts'

let database: TestDatabase
let deps: TestDeps
let clinic: TestClinic

// The clocks are put back on 1 November; the clinic's day begins at an odd minute.
const RULE = { timeZone: 'America/New_York', dayStartsAt: 4 * 60 + 10 }
const FIRST = Date.parse('2026-10-28T00:00:00Z')
const DAYS = 7
const DAY_MS = 86_400_000

beforeAll(async () => {
  database = await createTestDatabase()
  deps = createTestDeps(database)
  clinic = await createTestClinic(deps, { services: 1, doctors: 3, timeZone: RULE.timeZone })
  await deps.db.clinic.update({ where: { id: clinic.clinicId }, data: { dayStartsAt: RULE.dayStartsAt } })
})
afterAll(async () => {
  await deps.close()
  await database.drop()
})

const minutes = fc.option(fc.oneof(fc.integer({ min: 0, max: 7_200_000 }), fc.constant(3 * 86_400_000)), {
  freq: 4,
  nil: undefined,
})
const visit = fc.record({
  // Many at the very edges of hours and of the clinic's day.
  arrived: fc.oneof(
    fc.integer({ min: 0, max: DAYS * DAY_MS - 1 }),
    fc
      .tuple(fc.integer({ min: 1, max: DAYS * 24 - 1 }), fc.constantFrom(0, 10), fc.constantFrom(-1, 0, 1, 999, -400))
      .map(([hour, minute, off]) => hour * 3_600_000 + minute * 60_000 + off),
  ),
  wait: minutes,
  service: minutes,
  doctor: fc.integer({ min: -1, max: 2 }),
  urgency: fc.constantFrom('ROUTINE' as const, 'URGENT' as const, 'EMERGENCY' as const),
  status: fc.constantFrom('SERVED' as const, 'NO_SHOW' as const, 'LEFT' as const),
  endReason: fc.constantFrom(null, null, null, 'DAY_END', 'UNDONE'),
})

const distribution = (values: (number | null)[]): Distribution => {
  // As far as a rounded tenth goes: half of one goes to the even.
  const rounded = values.flatMap((value) => {
    if (value === null) return []
    const tenths = value / 6_000
    const down = Math.floor(tenths)
    const rest = tenths - down
    return [rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down]
  })
  const sorted = rounded.toSorted((a, b) => a - b)
  const percentile = (share: number): number => {
    const rank = share * (sorted.length - 1)
    const [low, high] = [sorted[Math.floor(rank)] as number, sorted[Math.ceil(rank)] as number]
    return (low + (rank - Math.floor(rank)) * (high - low)) / 10
  }
  const count = sorted.length
  if (count === 0) return { count, mean: null, p50: null, p90: null, max: null }
  const sum = sorted.reduce((all, value) => all + value, 0)
  return { count, mean: sum / count / 10, p50: percentile(0.5), p90: percentile(0.9), max: (sorted.at(-1) ?? 0) / 10 }
}

it('tells exactly what counting one visit after the other tells', async () => {
  const serviceId = clinic.serviceIds[0] as string
  const patientId = await clinic.addPatient()
  const { clinicId } = clinic
  await fc.assert(
    fc.asyncProperty(
      fc.array(visit, { minLength: 1, maxLength: 120 }),
      fc.integer({ min: 0, max: 3 }),
      fc.integer({ min: 0, max: 3 }),
      async (visits, skipped, more) => {
        await deps.db.queueEntry.deleteMany({ where: { clinicId } })
        const rows = visits.map((row, at) => {
          const arrivedAt = new Date(FIRST + row.arrived)
          const wait = row.wait ?? (row.status === 'LEFT' ? null : 0)
          const calledAt = wait === null ? null : new Date(arrivedAt.getTime() + wait)
          const startedAt =
            calledAt && row.doctor === 1 && row.status !== 'NO_SHOW' ? new Date(calledAt.getTime() + 61_003) : null
          const from = startedAt ?? calledAt ?? arrivedAt
          return {
            ...{ id: uuidv7(), clinicId, serviceId, ticketServiceId: serviceId, patientId },
            ...{ ticketDay: new Date('2026-10-28'), ticketNumber: at + 1, ticket: `A-${at + 1}` },
            ...{ status: row.status, urgency: row.urgency, endReason: row.endReason, rank: 2, subRank: 'a' },
            ...{ dueAt: arrivedAt, ownDueAt: arrivedAt, arrivedAt, calledAt, startedAt },
            doctorId: clinic.doctors[row.doctor]?.id ?? null,
            finishedAt: new Date(from.getTime() + (row.service ?? 1)),
          }
        })
        await deps.db.queueEntry.createMany({ data: rows })
        const day = (at: number) => new Date(FIRST + at * DAY_MS).toISOString().slice(0, 10)
        const [from, to] = [day(skipped), day(skipped + more)]
        const counted = rows
          .map((row) => ({
            ...row,
            day: clinicDay(row.arrivedAt, RULE),
            hour: Math.floor(wallOf(row.arrivedAt, RULE.timeZone).minute / 60),
          }))
          .filter((row) => row.endReason !== 'UNDONE' && row.day >= from && row.day <= to)
        const figures = (some: typeof counted) => ({
          arrivals: some.length,
          served: some.filter(({ status }) => status === 'SERVED').length,
          noShows: some.filter(({ status }) => status === 'NO_SHOW').length,
          left: some.filter(({ status }) => status === 'LEFT').length,
          wait: distribution(some.map((row) => row.calledAt && row.calledAt.getTime() - row.arrivedAt.getTime())),
          service: distribution(
            some.map(({ status, endReason, startedAt, calledAt, finishedAt }) => {
              const begun = startedAt ?? calledAt
              return status === 'SERVED' && endReason === null && begun ? finishedAt.getTime() - begun.getTime() : null
            }),
          ),
        })
        const by = <Key extends string | number>(keyOf: (row: (typeof counted)[number]) => Key | null) =>
          [...Map.groupBy(counted, keyOf)].flatMap(([key, some]) => (key === null ? [] : [{ key, ...figures(some) }]))
        const report = await loadReport(deps.db, { clinicId, from, to, ...RULE })
        const byKey = (a: { key: string | number }, b: { key: string | number }) => (a.key < b.key ? -1 : 1)
        expect(report.total).toEqual(figures(counted))
        expect(
          report.byDay
            .filter(({ arrivals }) => arrivals > 0)
            .map(({ day: key, capacity: _, ...row }) => ({ key, ...row })),
        ).toEqual(by((row) => row.day).toSorted(byKey))
        expect(report.byHour.map(({ hour: key, ...row }) => ({ key, ...row }))).toEqual(
          by((row) => row.hour).toSorted(byKey),
        )
        expect(report.byDoctor.map(({ doctorId: key, ...row }) => ({ key, ...row })).toSorted(byKey)).toEqual(
          by((row) => row.doctorId).toSorted(byKey),
        )
        expect(report.byUrgency.map(({ urgency: key, ...row }) => ({ key, ...row })).toSorted(byKey)).toEqual(
          by((row) => row.urgency).toSorted(byKey),
        )
      },
    ),
    { numRuns: 25 },
  )
})
