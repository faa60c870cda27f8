import { useApolloClient, useQuery } from '@apollo/client/react'
import { useEffect, useMemo, useState } from 'react'
import {
  BoardQueueUpdatedDocument,
  type LineFragment,
  LineFragmentDoc,
  type MessageFragment,
  MessagesDocument,
  MessageUpdatedDocument,
} from '../generated/graphql.ts'
import { staySubscribed } from '../stay-subscribed.ts'
import { noteServerTime } from '../ui/clock.ts'

/** The queues of these services, live, by service; one that is not known yet is missing. */
export const useLines = (serviceIds: readonly string[]): ReadonlyMap<string, LineFragment> => {
  const client = useApolloClient()
  const [lines, setLines] = useState<ReadonlyMap<string, LineFragment>>(new Map())
  const key = serviceIds.join()
  useEffect(() => {
    const stops = key.split(',').map((serviceId) => {
      const seen = client
        .watchFragment({
          fragment: LineFragmentDoc,
          fragmentName: 'Line',
          from: { __typename: 'Queue', id: serviceId },
        })
        .subscribe(({ data, complete }) => {
          if (complete) setLines((before) => new Map(before).set(serviceId, data as LineFragment))
        })
      const stop = staySubscribed(client, BoardQueueUpdatedDocument, { serviceId }, ({ queueUpdated }) =>
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
  return lines
}

/** The newest message of each patient, by the patient's id. */
export const useMessages = (clinicId: string): ReadonlyMap<string, MessageFragment> => {
  const client = useApolloClient()
  const { data, refetch } = useQuery(MessagesDocument, { variables: { clinicId } })
  useEffect(
    () => staySubscribed(client, MessageUpdatedDocument, { clinicId }, () => void refetch().catch(() => undefined)),
    [client, clinicId, refetch],
  )
  return useMemo(() => {
    const byPatient = new Map<string, MessageFragment>()
    for (const { node } of data?.notifications?.edges ?? [])
      if (node.patient && !byPatient.has(node.patient.id)) byPatient.set(node.patient.id, node)
    return byPatient
  }, [data])
}
