import type { Deps } from '../context.ts'
import { uuidOf } from '../database/uuid.ts'

/** The person stopped us by a word that only Twilio saw. */
const STOPPED_ERROR = '21610'

type Told = { id: string | null; providerId: string; status: string; errorCode: string | null; to: string | null }

/** What a word of Twilio's means for the ledger; null for those that say nothing new. */
const meaningOf = (status: string): 'SENT' | 'DELIVERED' | 'FAILED' | null => {
  if (status === 'delivered' || status === 'read') return 'DELIVERED'
  if (status === 'undelivered' || status === 'failed' || status === 'canceled') return 'FAILED'
  return ['accepted', 'scheduled', 'queued', 'sending', 'sent'].includes(status) ? 'SENT' : null
}

/**
 * Moves the ledger as Twilio tells, forwards only: reports come late, twice and in any order.
 * A report on a message whose reply was lost proves that it was accepted. Delivered is the last word, even after a failure.
 */
export const noteDelivery = async ({ db, bus, log }: Pick<Deps, 'db' | 'bus' | 'log'>, told: Told): Promise<void> => {
  const { providerId, errorCode } = told
  const id = uuidOf(told.id ?? '')
  const meaning = meaningOf(told.status)
  if (!meaning) return
  const error = meaning === 'FAILED' ? `Twilio ${errorCode ?? told.status}` : null
  const moved = await db.$queryRaw<{ id: string; clinicId: string | null }[]>`
    UPDATE notifications SET
      status = ${meaning}::"NotificationStatus",
      provider_id = ${providerId},
      sent_at = coalesce(sent_at, clock_timestamp()),
      delivered_at = CASE WHEN ${meaning} = 'DELIVERED' THEN clock_timestamp() ELSE delivered_at END,
      error = ${error},
      -- A code is worth nothing once it is sent, and nobody may read it here.
      body = CASE WHEN kind = 'VERIFICATION' THEN NULL ELSE body END
    WHERE channel = 'SMS'
      AND (provider_id = ${providerId} OR (id = ${id}::uuid AND provider_id IS NULL))
      AND (status = 'QUEUED'
        OR (status = 'SENT' AND ${meaning} IN ('DELIVERED', 'FAILED'))
        OR (status = 'FAILED' AND ${meaning} = 'DELIVERED'))
      AND NOT EXISTS (SELECT FROM notifications o WHERE o.provider_id = ${providerId} AND o.id <> notifications.id)
    RETURNING id, clinic_id AS "clinicId"`
  for (const { id, clinicId } of moved) if (clinicId) bus.publish({ kind: 'message', clinicId, id })
  if (errorCode === STOPPED_ERROR && told.to)
    await db.$executeRaw`INSERT INTO stopped_numbers (phone_number) VALUES (${told.to}) ON CONFLICT DO NOTHING`
  if (moved.length === 0) await warnOfStranger({ db, log }, id, providerId)
}

/** A message of ours that goes by another id than the ledger knows went out twice: that must be seen. */
const warnOfStranger = async (
  { db, log }: Pick<Deps, 'db' | 'log'>,
  id: string | null,
  providerId: string,
): Promise<void> => {
  const row = id && (await db.notification.findUnique({ where: { id }, select: { providerId: true } }))
  if (row && row.providerId !== null && row.providerId !== providerId)
    log.error({ notificationId: id, providerId }, 'Twilio reports on a second copy of a message')
}
