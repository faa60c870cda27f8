import { builder, ever } from '../builder.ts'
import { notFound } from '../errors.ts'
import { authorised } from '../lane/watched.ts'
import { QueuePositionRef } from '../queue/schema.ts'
import { loadSnapshot, type PositionState, positionState } from '../queue/store.ts'
import { stopVisitMessages } from './commands.ts'
import { findVisit } from './store.ts'

const LINK = 'The link as it stands in the message, or its last part.'

builder.queryField('visit', (t) =>
  t.field({
    type: QueuePositionRef,
    nullable: true,
    authScopes: ever('public.read'),
    description:
      'The live position behind the link in a message: no log-in, one visit, ends with it. Null before the check-in, from a minute after SERVED or LEFT on, after NO_SHOW from the end of the clinic day on, and for what is no link.',
    args: { link: t.arg.string({ required: true, description: LINK }) },
    resolve: async (_root, { link }, { db }) => {
      const entry = await findVisit(db, link)
      const queue = entry && (await loadSnapshot(db, entry.serviceId))
      return entry && queue ? positionState(queue.entries.get(entry.id) ?? entry, queue) : null
    },
  }),
)

builder.subscriptionField('visitUpdated', (t) =>
  t.field({
    type: QueuePositionRef,
    authScopes: ever('public.read'),
    description:
      'The current position at once, then each change of it. Completes as positionUpdated does. NOT_FOUND where visit answers null.',
    args: { link: t.arg.string({ required: true, description: LINK }) },
    subscribe: async (_root, { link }, context) => {
      const entry = await findVisit(context.db, link)
      if (!entry) throw notFound('visit')
      return authorised({
        context,
        slot: context.live.position(entry),
        may: () => true,
        next: (live) => live,
        show: ({ state }) => state,
      })
    },
    resolve: (state) => state as PositionState,
  }),
)

builder.mutationField('stopVisitMessages', (t) =>
  t.field({
    type: 'Boolean',
    authScopes: ever('visit.stopMessages'),
    description:
      'Stops all messages about the visit behind a link, for whoever has it; STOP as an answer by SMS stops those of all visits. True, the second time too. Refusals: NOT_FOUND where the visit has ended or it is no link.',
    args: { link: t.arg.string({ required: true, description: LINK }) },
    resolve: (_root, { link }, ctx) => stopVisitMessages(ctx, link),
  }),
)
