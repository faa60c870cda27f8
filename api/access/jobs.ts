import type { Db } from '../database/client.ts'
import type { JobDefinition } from '../jobs.ts'

/** Removes what nobody asks for any more: sessions that cannot be refreshed, old counts of failures, old setup links and codes. */
export const sweepAccess = async (db: Db): Promise<void> => {
  await db.$executeRaw`DELETE FROM sessions WHERE expires_at < now()`
  await db.$executeRaw`DELETE FROM login_attempts WHERE window_ends_at < now()`
  await db.$executeRaw`DELETE FROM setup_links WHERE expires_at < now() - interval '30 days'`
  await db.$executeRaw`
    UPDATE notifications n SET body = NULL FROM phone_codes c
    WHERE n.id = c.id AND n.body IS NOT NULL AND c.expires_at < now()`
  await db.$executeRaw`DELETE FROM phone_codes WHERE expires_at < now() - interval '1 day'`
}

export const accessJobs: JobDefinition[] = [
  { name: 'access.sweep', cron: '* * * * *', handle: ({ db }) => sweepAccess(db) },
]
