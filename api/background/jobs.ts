import type { Deps } from '../context.ts'
import type { JobDefinition } from '../jobs.ts'

/** An Idempotency-Key holds for 24 hours. */
export const sweepIdempotency = async ({ db }: Deps): Promise<void> => {
  await db.$executeRaw`DELETE FROM idempotent_answers WHERE created_at < now() - interval '24 hours'`
  await db.$executeRaw`DELETE FROM idempotent_steps WHERE created_at < now() - interval '24 hours'`
}

/** After 90 days nobody needs to read what a message said, nor its link; its row stays, for its key is what keeps it from being sent again. */
export const forgetBodies = async ({ db }: Deps): Promise<void> => {
  await db.$executeRaw`
    UPDATE notifications SET body = NULL, link = NULL
    WHERE (body IS NOT NULL OR link IS NOT NULL) AND created_at < now() - interval '90 days'`
}

/** Caps look a day back at most. */
export const sweepCounts = async ({ db }: Deps): Promise<void> => {
  await db.$executeRaw`DELETE FROM message_counts WHERE day < now() - interval '7 days'`
}

/** What was answered by SMS is kept while a late repeat may come or somebody may ask about it. */
export const forgetInbound = async ({ db }: Deps): Promise<void> => {
  await db.$executeRaw`DELETE FROM inbound_messages WHERE received_at < now() - interval '30 days'`
}

/** How long things are kept. The audit log is kept for ever. */
export const retentionJobs: JobDefinition[] = [
  { name: 'retention.idempotency', cron: '*/5 * * * *', handle: sweepIdempotency },
  { name: 'retention.message_bodies', cron: '17 * * * *', timeoutSeconds: 600, handle: forgetBodies },
  { name: 'retention.inbound_messages', cron: '27 * * * *', handle: forgetInbound },
  { name: 'retention.message_counts', cron: '37 3 * * *', handle: sweepCounts },
]
