import { demand } from '../access/demand.ts'
import type { Context } from '../context.ts'
import { transact } from '../database/transaction.ts'
import { notFound } from '../errors.ts'
import { areMessagesStopped, findOpenLink } from './store.ts'

/**
 * Stops all messages about the visit behind a link, those that are still to be sent too; once is enough.
 * The row is the link's own: other visits of the patient go on.
 */
export const stopVisitMessages = async (ctx: Context, link: string): Promise<true> => {
  demand(ctx.viewer, 'visit.stopMessages')
  const open = await findOpenLink(ctx.db, link)
  if (!open) throw notFound('visit')
  const { row, entry, clinicId } = open
  const id = (entry?.id ?? row.appointmentId) as string
  await transact(
    ctx,
    async () => ({ id }),
    async ({ tx, audit }) => {
      // Twice at once, by whichever link, is still one change.
      await tx.$queryRaw`
        SELECT hash FROM visit_links
        WHERE appointment_id = ${row.appointmentId}::uuid OR entry_id = ${row.entryId}::uuid ORDER BY hash FOR UPDATE`
      if (await areMessagesStopped(tx, row)) return { id }
      await tx.$executeRaw`
        UPDATE visit_links SET messages_stopped_at = clock_timestamp() WHERE hash = ${row.hash}`
      await audit({
        action: 'visit.messagesStopped',
        entity: entry ? 'QueueEntry' : 'Appointment',
        entityId: id,
        clinicId,
      })
      return { id }
    },
  )
  return true
}
