import type { SendOutcome } from './provider.ts'

/** A message as the provider lists it. */
export type ListedMessage = {
  sid: string
  body: string
  direction: string
  status: string
  dateCreated: Date | null
  errorCode: number | null
}

/** The provider tells time in whole seconds, by a clock of its own. */
const CLOCKS_MS = 5_000

const sameText = (listed: string, body: string): boolean => listed.trim().endsWith(body.trim())

/**
 * Which of the listed messages is the one that was sent no earlier than `since`: the earliest with its text that no other row of
 * the ledger holds. Unclear where the provider keeps no texts; null where it is not among them.
 */
export const recogniseMessage = (
  listed: readonly ListedMessage[],
  { body, since, known }: { body: string; since: Date; known: readonly string[] },
): SendOutcome | null => {
  const recent = listed
    .filter(({ direction, sid, dateCreated }) => {
      const at = dateCreated?.getTime()
      return direction !== 'inbound' && !known.includes(sid) && at !== undefined && at >= since.getTime() - CLOCKS_MS
    })
    .sort((a, b) => Number(a.dateCreated) - Number(b.dateCreated) || (a.sid < b.sid ? -1 : 1))
  const ours = recent.find((message) => sameText(message.body, body))
  if (!ours)
    return recent.some((message) => message.body === '')
      ? { kind: 'unclear', error: 'the provider keeps no texts by which to recognise it' }
      : null
  if (ours.status === 'failed' || ours.status === 'undelivered' || ours.status === 'canceled')
    return { kind: 'rejected', error: `Twilio ${ours.errorCode ?? ours.status}` }
  return { kind: 'sent', providerId: ours.sid }
}
