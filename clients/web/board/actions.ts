import type { QueueStatus } from '../generated/graphql.ts'

export type ActionId =
  | 'call'
  | 'recall'
  | 'start'
  | 'served'
  | 'noShow'
  | 'return'
  | 'urgency'
  | 'move'
  | 'hold'
  | 'transfer'
  | 'leave'

/** The key of each action, the same on every screen. */
export const actionKeys: Record<ActionId, string> = {
  call: 'c',
  recall: 'r',
  start: 's',
  served: 'd',
  noShow: 'n',
  return: 'b',
  urgency: 'u',
  move: 'm',
  hold: 'h',
  transfer: 't',
  leave: 'l',
}

const byStatus: Record<QueueStatus, readonly ActionId[]> = {
  WAITING: ['call', 'urgency', 'move', 'hold', 'transfer', 'leave'],
  CALLED: ['start', 'served', 'recall', 'noShow', 'return', 'transfer', 'leave'],
  IN_SERVICE: ['served', 'transfer'],
  ON_HOLD: ['return', 'leave'],
  NO_SHOW: ['return'],
  SERVED: [],
  LEFT: [],
}

/** What the desk can do with a patient in this state, the most likely first. */
export const actionsFor = (status: QueueStatus): readonly ActionId[] => byStatus[status]

/** The action that a key stands for here, or null. */
export const actionOfKey = (status: QueueStatus, key: string): ActionId | null =>
  actionsFor(status).find((action) => actionKeys[action] === key) ?? null
