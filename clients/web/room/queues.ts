import { type LineOf, useQueues, type Watched } from '../board/queues.ts'
import { RoomQueueChangedDocument, type RoomQueueChangedSubscription } from '../generated/graphql.ts'

type RoomLine = LineOf<RoomQueueChangedSubscription>

/** A patient as a doctor sees them. */
export type Visit = RoomLine['waiting'][number]

const room: Watched<RoomQueueChangedSubscription['queueChanged']['entries'][number], RoomLine['service']> = {
  document: RoomQueueChangedDocument,
  ended: 200,
  serviceOf: ({ id, name, doctors }) => ({ id, name, doctors }),
}

/** The queues that this doctor serves, live; null until all of them are known. */
export const useRoomLines = (serviceIds: readonly string[]): readonly RoomLine[] | null => {
  const lines = useQueues(serviceIds, room)
  return serviceIds.every((id) => lines.has(id)) ? [...lines.values()] : null
}
