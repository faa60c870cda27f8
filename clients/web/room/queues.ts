import { useQueues, type Watched } from '../board/queues.ts'
import { type RoomLineFragment, RoomQueueUpdatedDocument } from '../generated/graphql.ts'

const room: Watched<RoomLineFragment> = {
  document: RoomQueueUpdatedDocument,
  ended: 200,
  make: ({ id, name, doctors }, { waiting, serving, ended }) => ({
    ...{ id, version: 0, asOf: '', service: { id, name, doctors } },
    ...{ waiting, serving, ended },
  }),
}

/** The queues that this doctor serves, live; null until all of them are known. */
export const useRoomLines = (serviceIds: readonly string[]): readonly RoomLineFragment[] | null => {
  const lines = useQueues(serviceIds, room)
  return serviceIds.every((id) => lines.has(id)) ? [...lines.values()] : null
}
