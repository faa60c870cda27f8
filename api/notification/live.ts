import { can } from '../access/can.ts'
import type { Context } from '../context.ts'
import type { Prisma } from '../database/generated/client.ts'
import type { NotificationModel } from '../database/generated/models.ts'
import { Refusal } from '../errors.ts'
import { createSlot } from '../queue/slot.ts'

const NEWEST_FIRST: Prisma.NotificationOrderByWithRelationInput[] = [{ createdAt: 'desc' }, { id: 'desc' }]
/** So many of the latest are told again where it was not heard for a while which of them changed. */
const MOST_MISSED = 100
const RETRY_MS = 250

/**
 * The newest message of a clinic, then each change of a message's state, for its desk. Of a message that changes while the reader is slow
 * only the newest state is told; each event is authorised anew.
 */
export async function* messageChanges(ctx: Context, clinicId: string): AsyncGenerator<NotificationModel> {
  let changed = new Set<string>()
  let isMissing = false
  const slot = createSlot<true>(() => stop())
  const stop = ctx.bus.subscribe((message) => {
    if (message.kind === 'missed') isMissing = true
    else if (message.kind === 'message' && message.clinicId === clinicId) changed.add(message.id)
    else return
    slot.push(true)
  })
  try {
    const newest = await ctx.db.notification.findFirst({ where: { clinicId }, orderBy: NEWEST_FIRST })
    if (newest) yield newest
    for await (const _ of slot) {
      if (!can(ctx.viewer, 'notification.send', { clinicId })) throw new Refusal('FORBIDDEN')
      const ids = [...changed]
      const wasMissing: boolean = isMissing
      changed = new Set()
      isMissing = false
      let rows: NotificationModel[] = []
      try {
        rows = await ctx.db.notification.findMany({
          where: { clinicId, ...(wasMissing ? {} : { id: { in: ids } }) },
          orderBy: NEWEST_FIRST,
          take: wasMissing ? MOST_MISSED : ids.length,
        })
      } catch (error) {
        ctx.log.warn({ err: error }, 'changed messages could not be read; it is tried again')
        for (const id of ids) changed.add(id)
        isMissing ||= wasMissing
        setTimeout(() => slot.push(true), RETRY_MS).unref()
      }
      yield* rows.toReversed()
    }
  } finally {
    await slot.return?.()
  }
}
