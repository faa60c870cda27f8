import { can } from '../access/can.ts'
import { asObject, builder, ever } from '../builder.ts'
import { connectionOf, instantKey, page } from '../connection.ts'
import { dropJob, retryJob } from './commands.ts'
import { type DeadLetter, deadLettersOf } from './store.ts'

const FailedJobRef = builder.objectRef<DeadLetter>('FailedJob').implement({
  description: 'Background work that failed for good, after all its tries.',
  fields: (t) => ({
    id: t.exposeID('id', { authScopes: asObject }),
    name: t.exposeString('name', { authScopes: asObject, description: 'What it was to do, as in message.send.' }),
    attempts: t.exposeInt('attempts', { authScopes: asObject, description: 'How often it was tried.' }),
    error: t.exposeString('error', {
      nullable: true,
      authScopes: asObject,
      description: 'Why the last try failed, without phone numbers.',
    }),
    enqueuedAt: t.expose('enqueuedAt', { type: 'DateTime', authScopes: asObject }),
    failedAt: t.expose('failedAt', { type: 'DateTime', authScopes: asObject }),
  }),
})

const FailedJobConnection = connectionOf('FailedJob', FailedJobRef)

builder.queryField('failedJobs', (t) =>
  t.field({
    type: FailedJobConnection,
    nullable: true,
    description: 'Background work of a clinic that failed for good, newest first, kept for 90 days. For its admins.',
    args: { clinicId: t.arg.id({ required: true }), first: t.arg.int(), after: t.arg.string() },
    authScopes: (_root, { clinicId }, ctx) => can(ctx.viewer, 'job.manage', { clinicId }),
    resolve: (_root, { clinicId, first, after }, ctx) =>
      page(
        { first, after },
        (job: DeadLetter) => [job.failedAt.toISOString(), job.id],
        2,
        (keys, take) =>
          deadLettersOf(ctx.db, clinicId, keys && { failedAt: instantKey(keys[0]), id: keys[1] as string }, take),
      ),
  }),
)

builder.mutationFields((t) => ({
  retryJob: t.field({
    type: FailedJobRef,
    description: 'Puts a failed job back to be tried again from the start; it leaves the list.',
    authScopes: ever('job.manage'),
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, ctx) => retryJob(ctx, id),
  }),
  dropJob: t.field({
    type: FailedJobRef,
    description: 'Gives a failed job up; it leaves the list.',
    authScopes: ever('job.manage'),
    args: { id: t.arg.id({ required: true }) },
    resolve: (_root, { id }, ctx) => dropJob(ctx, id),
  }),
}))
