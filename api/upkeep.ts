import { sweepAccess } from './access/jobs.ts'
import type { Deps } from './context.ts'
import { endDays, missCalled } from './queue/jobs.ts'

const EVERY_MS = 60_000

const sweepIdempotency = async ({ db }: Deps): Promise<void> => {
  await db.$executeRaw`DELETE FROM idempotent_answers WHERE created_at < now() - interval '24 hours'`
  await db.$executeRaw`DELETE FROM idempotent_steps WHERE created_at < now() - interval '24 hours'`
}

/** Every part may run at any time, as often as one likes, and on several instances at once: each asks again under its lock. */
const parts = [missCalled, endDays, ({ db }: Deps) => sweepAccess(db), sweepIdempotency]

/** What time brings: the end of the clinic day, missed calls, expired rows. Now and once a minute; returns the way to stop. */
export const startUpkeep = (deps: Deps): (() => Promise<void>) => {
  let running: Promise<void> | null = null
  const run = async (): Promise<void> => {
    for (const part of parts)
      await part(deps).catch((error: unknown) =>
        deps.log.warn({ err: error }, 'a part of the upkeep failed; it is tried again'),
      )
  }
  const tick = () => {
    running ??= run().finally(() => {
      running = null
    })
  }
  tick()
  const timer = setInterval(tick, EVERY_MS)
  return async () => {
    clearInterval(timer)
    await running
  }
}
