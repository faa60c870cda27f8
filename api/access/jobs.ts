import type { Db } from '../database/client.ts'

/** Days that an ended session and a used refresh token are kept, so that their reuse is still recognised. */
const KEPT_DAYS = 30

/** Removes what nobody asks for any more: ended sessions, used tokens, old counts of failures, old setup links. */
export const sweepAccess = async (db: Db): Promise<void> => {
  await db.$executeRaw`
    DELETE FROM sessions WHERE coalesce(ended_at, expires_at) < now() - make_interval(days => ${KEPT_DAYS}::int)`
  await db.$executeRaw`DELETE FROM refresh_tokens WHERE used_at < now() - make_interval(days => ${KEPT_DAYS}::int)`
  await db.$executeRaw`DELETE FROM login_attempts WHERE window_ends_at < now()`
  await db.$executeRaw`DELETE FROM setup_links WHERE expires_at < now() - make_interval(days => ${KEPT_DAYS}::int)`
}
