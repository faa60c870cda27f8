import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type Db } from '../api/database/client.ts'
import { startEmbedded } from '../api/database/embedded.ts'
import { applyMigrations } from '../api/database/migrate.ts'
import { callEntry, returnToQueue } from '../api/queue/commands.ts'
import { createTestClinic } from '../api/test/clinic.ts'
import { createTestDeps } from '../api/test/context.ts'
import type { Options } from './main.ts'
import { type Measure, median } from './measure.ts'

const SMALL = 10
const LARGE = 10_000
/** Changes of each queue in one round. */
const TIMES = 20

/** Fills a queue with walk-ins, in portions that its triggers number quickly. */
const fill = async (db: Db, clinicId: string, serviceId: string, count: number): Promise<string> => {
  for (let from = 1; from <= count; from += 100)
    await db.$executeRaw`
      WITH people AS (
        SELECT uuidv7() AS id, uuidv7() AS entry_id, i, date_trunc('milliseconds', now() - interval '1 hour') + i * interval '1 ms' AS at
        FROM generate_series(${from}::int, ${Math.min(from + 99, count)}::int) i
      ), patients AS (INSERT INTO patients (id, name, code) SELECT id, 'A patient', id::text FROM people)
      INSERT INTO queue (id, clinic_id, service_id, patient_id, ticket_service_id, ticket_day, ticket_number, ticket, rank,
        due_at, own_due_at, sub_rank, arrived_at)
      SELECT entry_id, ${clinicId}::uuid, ${serviceId}::uuid, id, ${serviceId}::uuid, current_date, i, 'A-' || i, 2, at, at,
        lpad(i::text, 11, '0'), at FROM people`
  await db.$executeRaw`ANALYZE queue`
  const first = await db.queueEntry.findFirstOrThrow({ where: { serviceId }, orderBy: { dueAt: 'asc' } })
  return first.id
}

/** What one change costs in a queue of ten thousand, against one in a queue of ten: by itself, and until one watcher is told. */
export const run = async ({ rounds, say }: Options): Promise<Measure[]> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'anteroom-bench-'))
  const embedded = await startEmbedded({ dataDir, log: () => {} })
  await applyMigrations(embedded.url, () => {})
  const db = connect(embedded.url, { queryMs: 60_000, connectMs: 60_000 })
  const deps = createTestDeps({ db, url: embedded.url })
  // What closes down waits for timers that would not keep the process alive.
  const awake = setInterval(() => {}, 1_000)
  try {
    const clinic = await createTestClinic(deps, { services: 2 })
    const [small = '', large = ''] = clinic.serviceIds
    const firsts = {
      small: await fill(db, clinic.clinicId, small, SMALL),
      large: await fill(db, clinic.clinicId, large, LARGE),
    }
    /** Milliseconds of one change: calling the first patient or taking the call back. */
    const play = async (id: string, isWatched: boolean): Promise<number> => {
      const taken: number[] = []
      const entry = await db.queueEntry.findUniqueOrThrow({ where: { id } })
      const slot = isWatched ? deps.live.position(entry) : null
      await slot?.next()
      for (let time = 0; time < TIMES; time++) {
        const began = performance.now()
        const told = slot?.next()
        if (time % 2 === 0) await callEntry(clinic.desk, id, { doctorId: null, room: null })
        else await returnToQueue(clinic.desk, id)
        await told
        taken.push(performance.now() - began)
      }
      await slot?.return?.()
      return median(taken)
    }
    await play(firsts.small, false)
    await play(firsts.large, false)
    const pairs = { change: [] as Measure['rounds'][number][], watched: [] as Measure['rounds'][number][] }
    for (let round = 1; round <= rounds; round++) {
      for (const [name, isWatched] of [
        ['change', false],
        ['watched', true],
      ] as const) {
        const isLargeFirst = round % 2 === 0
        const before = isLargeFirst ? await play(firsts.large, isWatched) : null
        const reference = await play(firsts.small, isWatched)
        pairs[name].push({ reference, subject: before ?? (await play(firsts.large, isWatched)) })
      }
      say(`round ${round} of ${rounds}`)
    }
    return (['change', 'watched'] as const).map((name) => ({
      name: `grow.${name}`,
      subject: '10,000 wait',
      reference: '10 wait',
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
