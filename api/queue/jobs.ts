import { clinicDay, clinicDayBounds } from '../clinic/day.ts'
import type { Context, Deps } from '../context.ts'
import type { JobDefinition } from '../jobs.ts'
import { createLoaders } from '../loaders.ts'
import { endEntry } from './commands.ts'

const OPEN_HOURS = 12

/** Nobody: what the server does by itself. */
const serverContext = (deps: Deps): Context => ({
  ...deps,
  viewer: null,
  loaders: createLoaders(deps.db),
  idempotency: null,
  ip: '',
  cookies: null,
})

/**
 * The end of the clinic day, for every clinic, at any time after it and as often as one likes: entries that were already 12 hours old
 * when the present day began end, bookings of earlier days that were never checked in become NO_SHOW.
 */
export const endDays = async (deps: Deps): Promise<void> => {
  const { db } = deps
  const [{ now }] = (await db.$queryRaw`SELECT clock_timestamp() AS now`) as [{ now: Date }]
  for (const clinic of await db.clinic.findMany()) {
    const { start } = clinicDayBounds(clinicDay(now, clinic), clinic)
    const oldest = new Date(start.getTime() - OPEN_HOURS * 3_600_000)
    const entries = await db.queueEntry.findMany({
      where: { clinicId: clinic.id, finishedAt: null, arrivedAt: { lt: oldest } },
      select: { id: true },
    })
    for (const { id } of entries) await endEntry(serverContext(deps), id, 'DAY_END')
    await db.$executeRaw`
      WITH missed AS (
        UPDATE appointments SET status = 'NO_SHOW', version = version + 1, updated_at = clock_timestamp()
        WHERE clinic_id = ${clinic.id}::uuid AND status = 'BOOKED' AND starts_at < ${start}
        RETURNING id, clinic_id
      )
      INSERT INTO audit_log (id, clinic_id, at, action, entity, entity_id, detail)
      SELECT gen_random_uuid(), clinic_id, clock_timestamp(), 'appointment.no_show', 'Appointment', id, 'DAY_END' FROM missed`
  }
}

/** Marks called patients NO_SHOW after the minutes that their clinic sets, where it sets any. */
export const missCalled = async (deps: Deps): Promise<void> => {
  const late = await deps.db.$queryRaw<{ id: string }[]>`
    SELECT e.id::text FROM queue e JOIN clinics c ON c.id = e.clinic_id
    WHERE e.status = 'CALLED' AND c.no_show_minutes IS NOT NULL
      AND e.called_at < clock_timestamp() - make_interval(mins => c.no_show_minutes)`
  for (const { id } of late) await endEntry(serverContext(deps), id, 'NO_SHOW')
}

export const queueJobs: JobDefinition[] = [
  { name: 'queue.miss_called', cron: '* * * * *', handle: missCalled },
  { name: 'queue.end_days', cron: '* * * * *', timeoutSeconds: 600, handle: endDays },
]
