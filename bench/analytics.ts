import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type Db } from '../api/database/client.ts'
import { startEmbedded } from '../api/database/embedded.ts'
import { applyMigrations } from '../api/database/migrate.ts'
import { createTestClinic } from '../api/test/clinic.ts'
import { createTestDeps } from '../api/test/context.ts'
import { ask } from '../api/test/scene.ts'
import { fillVisits } from '../api/test/visits.ts'
import type { Options } from './main.ts'
import type { Measure } from './measure.ts'

const DAYS = 365
const VISITS_A_DAY = 1_370
const ZONE = 'America/New_York'
const LIMIT_MS = 1_000
const YEAR = { from: '2025-11-01', to: '2026-10-31' }
const WEEKS = { from: '2026-10-04', to: '2026-10-31' }

const FIGURES = `query ($c: ID!, $from: Date!, $to: Date!) {
  analytics(clinicId: $c, from: $from, to: $to) {
    arrivals served noShows left waitMinutes { p50 p90 } serviceMinutes { p50 p90 }
    byDay { day arrivals noShows left capacity waitMinutes { p50 p90 } }
    byHour { hour arrivals noShows left waitMinutes { p50 p90 } } capacityByHour { hour visits }
    byDoctor { doctor { id name } served serviceMinutes { p50 p90 } }
    byUrgency { urgency arrivals waitMinutes { p50 p90 } serviceMinutes { p50 p90 } }
    messages { kind channel sent delivered failed }
  }
}`

const byHand = async (db: Db, clinicId: string): Promise<void> => {
  await db.$queryRaw`
    WITH visit AS (
      SELECT extract(hour FROM arrived_at AT TIME ZONE ${ZONE}) AS hour, doctor_id, urgency, status,
        (arrived_at AT TIME ZONE ${ZONE} - interval '4 hours')::date AS day, extract(epoch FROM called_at - arrived_at)::float8 / 60 AS wait,
        CASE WHEN status = 'SERVED' AND end_reason IS NULL
          THEN extract(epoch FROM finished_at - coalesce(started_at, called_at))::float8 / 60 END AS service
      FROM queue
      WHERE clinic_id = ${clinicId}::uuid AND end_reason IS DISTINCT FROM 'UNDONE'
        AND arrived_at >= (${YEAR.from}::date + interval '4 hours') AT TIME ZONE ${ZONE}
        AND arrived_at < (${YEAR.to}::date + interval '28 hours') AT TIME ZONE ${ZONE}
    )
    SELECT hour::int, day, doctor_id::text, urgency::text, count(*)::int, (count(*) FILTER (WHERE status = 'NO_SHOW'))::int,
      (count(*) FILTER (WHERE status = 'LEFT'))::int, percentile_cont(0.5) WITHIN GROUP (ORDER BY wait),
      percentile_cont(0.9) WITHIN GROUP (ORDER BY wait), percentile_cont(0.5) WITHIN GROUP (ORDER BY service),
      percentile_cont(0.9) WITHIN GROUP (ORDER BY service)
    FROM visit GROUP BY GROUPING SETS ((), (hour), (day), (doctor_id), (urgency))`
  await db.$queryRaw`
    SELECT kind::text, channel::text, status::text, count(*)::int FROM notifications
    WHERE clinic_id = ${clinicId}::uuid GROUP BY kind, channel, status`
}

/** How long the figures of a year and of four weeks take, against those of a year by hand and against a second. */
export const run = async ({ rounds, say }: Options): Promise<Measure[]> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'anteroom-bench-'))
  const embedded = await startEmbedded({ dataDir, log: () => {} })
  await applyMigrations(embedded.url, () => {})
  const db = connect(embedded.url, { queryMs: 600_000, connectMs: 60_000 })
  const deps = createTestDeps({ db, url: embedded.url })
  // What closes down waits for timers that would not keep the process alive.
  const awake = setInterval(() => {}, 1_000)
  try {
    const { clinicId, serviceIds, doctors, admin } = await createTestClinic(deps, {
      services: 4,
      doctors: 12,
      timeZone: ZONE,
    })
    const doctorIds = doctors.map(({ id }) => id)
    await fillVisits(db, { clinicId, serviceIds, doctorIds, from: YEAR.from, days: DAYS, visitsADay: VISITS_A_DAY })
    say(`${DAYS * VISITS_A_DAY} visits`)
    const figures = async (range: typeof YEAR): Promise<void> => {
      const { errors } = await ask(deps, admin.viewer, FIGURES, { c: clinicId, ...range })
      if (errors.length > 0) throw new Error(JSON.stringify(errors))
    }
    const timed = async (work: () => Promise<void>): Promise<number> => {
      const began = performance.now()
      await work()
      return performance.now() - began
    }
    const year = () => timed(() => figures(YEAR))
    const hand = () => timed(() => byHand(db, clinicId))
    await year()
    await hand()
    const pairs: Record<'hand' | 'year' | 'weeks', Measure['rounds'][number][]> = { hand: [], year: [], weeks: [] }
    for (let round = 1; round <= rounds; round++) {
      const before = round % 2 === 0 ? await hand() : null
      const subject = await year()
      const reference = before ?? (await hand())
      pairs.hand.push({ subject, reference })
      pairs.year.push({ subject, reference: LIMIT_MS })
      pairs.weeks.push({ subject: await timed(() => figures(WEEKS)), reference: LIMIT_MS })
      say(`round ${round} of ${rounds}: ${Math.round(subject)} ms, by hand ${Math.round(reference)} ms`)
    }
    return (['hand', 'year', 'weeks'] as const).map((name) => ({
      name: `analytics.${name}`,
      subject: 'figures',
      reference: name === 'hand' ? 'by hand' : 'limit',
      unit: 'ms',
      better: 'lower',
      rounds: pairs[name],
    }))
  } finally {
    await deps.close()
    await db.$disconnect()
    await embedded.stop()
    clearInterval(awake)
    await rm(dataDir, { recursive: true, force: true })
  }
}
