import type { NotificationKind, NotificationStatus } from '../database/generated/enums.ts'

/** What a correction tells: not your turn yet; come after all; your visit stands after all; the ticket is withdrawn. */
export type Correction = 'NOT_YET' | 'COME' | 'STILL_WAITING' | 'NO_TICKET'

/** The messages that an undone move had caused, and what is to be said instead. Other moves say nothing that could be taken back. */
type TakenBack = { messages: readonly NotificationKind[]; says: Correction }

const takenBack: Record<string, TakenBack> = {
  CALLED: { messages: ['YOUR_TURN'], says: 'NOT_YET' },
  NO_SHOW: { messages: ['MISSED'], says: 'COME' },
  LEFT: { messages: ['CANCELLED'], says: 'STILL_WAITING' },
  CHECKED_IN: { messages: ['ALMOST_YOUR_TURN'], says: 'NO_TICKET' },
  WALKED_IN: { messages: ['ALMOST_YOUR_TURN'], says: 'NO_TICKET' },
}

/**
 * What the undo of a move of this kind takes back; null where no message said anything of it. After an undone recall the
 * patient is still called: "it is your turn" stays true.
 */
export const takenBackBy = (undone: string): TakenBack | null => takenBack[undone] ?? null

/** A message in the ledger that an undo makes untrue. */
export type Spoken = { id: string; kind: NotificationKind; status: NotificationStatus; tried: boolean }

/**
 * What an undo does about the messages of the undone move: those that nobody can have seen are suppressed;
 * if any other may have been seen, a correction follows.
 */
export const correctionAfter = (
  undone: string,
  messages: readonly Spoken[],
): { suppress: string[]; says: Correction | null } => {
  const rule = takenBackBy(undone)
  const concerned = messages.filter(({ kind }) => rule?.messages.includes(kind))
  const isUnseen = ({ status, tried }: Spoken) => status === 'QUEUED' && !tried
  const isSeen = (message: Spoken) =>
    !isUnseen(message) && message.status !== 'SUPPRESSED' && message.status !== 'FAILED'
  return {
    suppress: concerned.filter(isUnseen).map(({ id }) => id),
    says: rule && concerned.some(isSeen) ? rule.says : null,
  }
}
