import { useApolloClient } from '@apollo/client/react'
import { useEffect, useState } from 'react'
import { type RoomLineFragment, RoomLineFragmentDoc, RoomQueueUpdatedDocument } from '../generated/graphql.ts'
import { staySubscribed } from '../stay-subscribed.ts'
import { noteServerTime } from '../ui/clock.ts'

/** The queues that this doctor serves, live; null until all of them are known. */
export const useRoomLines = (serviceIds: readonly string[]): readonly RoomLineFragment[] | null => {
  const client = useApolloClient()
  const [lines, setLines] = useState<ReadonlyMap<string, RoomLineFragment>>(new Map())
  const key = serviceIds.join()
  useEffect(() => {
    const stops = key
      .split(',')
      .filter(Boolean)
      .map((serviceId) => {
        const from = { __typename: 'Queue', id: serviceId } as const
        const seen = client
          .watchFragment({ fragment: RoomLineFragmentDoc, fragmentName: 'RoomLine', from })
          .subscribe(({ data, complete }) => {
            if (complete) setLines((before) => new Map(before).set(serviceId, data as RoomLineFragment))
          })
        const stop = staySubscribed(client, RoomQueueUpdatedDocument, { serviceId }, ({ queueUpdated }) =>
          noteServerTime(queueUpdated.asOf),
        )
        return () => {
          seen.unsubscribe()
          stop()
        }
      })
    return () => {
      for (const stop of stops) stop()
    }
  }, [client, key])
  return serviceIds.every((id) => lines.has(id)) ? [...lines.values()] : null
}
