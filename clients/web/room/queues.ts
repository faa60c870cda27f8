import { type QueueLine, useQueues } from '../board/queues.ts'

/** A patient as a doctor sees them. */
export type Visit = QueueLine['waiting'][number]

/** The queues that this doctor serves, live; null until all of them are known. */
export const useRoomLines = (serviceIds: readonly string[]): readonly QueueLine[] | null => {
  const lines = useQueues(serviceIds, { ended: 200, asDoctor: true })
  return serviceIds.every((id) => lines.has(id)) ? [...lines.values()] : null
}
