import { can } from '../access/can.ts'
import type { Context } from '../context.ts'
import type { NotificationModel } from '../database/generated/models.ts'
import { Refusal } from '../errors.ts'
import { createSlot } from '../queue/slot.ts'

/**
 * The newest message of a clinic, then each change of a message's state, for its desk. Of a message that changes while the reader is slow
 * only the newest state is told; each event is authorised anew.
 */
export async function* messageChanges(ctx: Context, clinicId: string): AsyncGenerator<NotificationModel> {
  let changed = new Set<string>()
  const slot = createSlot<true>(() => stop())
  const stop = ctx.bus.subscribe((message) => {
    if (message.kind !== 'message' || message.clinicId !== clinicId) return
    changed.add(message.id)
    slot.push(true)
  })
  try {
    const newest = await ctx.db.notification.findFirst({
      where: { clinicId },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    })
    if (newest) yield newest
    for await (const _ of slot) {
      if (!can(ctx.viewer, 'notification.send', { clinicId })) throw new Refusal('FORBIDDEN')
      const ids = [...changed]
      changed = new Set()
      yield* await ctx.db.notification.findMany({ where: { id: { in: ids }, clinicId }, orderBy: { createdAt: 'asc' } })
    }
  } finally {
    await slot.return?.()
  }
}
