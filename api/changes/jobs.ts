import type { Deps } from '../context.ts'
import type { JobDefinition } from '../jobs.ts'

const SOME = 20_000

/** A device that did not pull for 30 days loads anew. The newest change of each stream stays: cursors at it are good for ever. */
export const sweepChanges = async ({ db }: Pick<Deps, 'db'>): Promise<void> => {
  for (;;) {
    const swept = await db.$executeRaw`
      DELETE FROM changes WHERE (stream_id, number) IN (
        SELECT c.stream_id, c.number FROM changes c JOIN streams s ON s.id = c.stream_id
        WHERE c.at < clock_timestamp() - interval '30 days' AND c.number < s.last ORDER BY c.at LIMIT ${SOME})`
    if (swept < SOME) return
  }
}

export const changeJobs: JobDefinition[] = [
  { name: 'retention.changes', cron: '47 3 * * *', timeoutSeconds: 600, handle: sweepChanges },
]
