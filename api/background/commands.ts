import { demand, demandOn } from '../access/demand.ts'
import type { Context } from '../context.ts'
import { transact, type Work } from '../database/transaction.ts'
import { notFound } from '../errors.ts'
import { type DeadLetter, findDeadLetter, takeDeadLetter } from './store.ts'

/** Takes the failed job from the list and does with it what is asked, in one transaction. */
const settle = async (
  ctx: Context,
  id: string,
  action: string,
  then: (work: Work, job: DeadLetter) => Promise<void>,
): Promise<DeadLetter> => {
  demand(ctx.viewer, 'job.manage')
  const job = await findDeadLetter(ctx.db, id)
  demandOn(ctx.viewer, 'job.manage', 'failed job', job, ({ clinicId }) => ({ clinicId }))
  return transact<DeadLetter>(
    ctx,
    async () => job,
    async (work) => {
      if (!(await takeDeadLetter(work.tx, job.id))) throw notFound('failed job')
      await then(work, job)
      await work.audit({ action, entity: 'FailedJob', entityId: job.id, clinicId: job.clinicId, detail: job.name })
      return job
    },
  )
}

/** Puts a job that failed for good back into its queue, with all its tries before it. */
export const retryJob = (ctx: Context, id: string): Promise<DeadLetter> =>
  settle(ctx, id, 'job.retried', ({ tx }, { name, data, singletonKey }) =>
    ctx.jobs.enqueue(tx, name, data, singletonKey ? { singletonKey } : {}),
  )

/** Gives a job up that failed for good. */
export const dropJob = (ctx: Context, id: string): Promise<DeadLetter> => settle(ctx, id, 'job.dropped', async () => {})
