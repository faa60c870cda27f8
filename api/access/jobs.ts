import type { Db } from '../database/client.ts'

/** Removes what nobody asks for any more: sessions that cannot be refreshed, old counts of failures, old setup links. */
export const sweepAccess = async (db: Db): Promise<void> => {
  await db.$executeRaw`DELETE FROM sessions WHERE expires_at < now()`
  await db.$executeRaw`DELETE FROM login_attempts WHERE window_ends_at < now()`
  await db.$executeRaw`DELETE FROM setup_links WHERE expires_at < now() - interval '30 days'`
}
