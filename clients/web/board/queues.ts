import { OUT_OF_CACHE } from '@anteroom/offline/apollo/client'
import { createLines, type Lists, type ToldLine } from '@anteroom/offline/apollo/lines'
import { useOffline } from '@anteroom/offline/react'
import type { TypedDocumentNode } from '@apollo/client'
import { useApolloClient, useQuery } from '@apollo/client/react'
import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react'
import {
  BoardQueueUpdatedDocument,
  type LineFragment,
  type MessageFragment,
  MessagesDocument,
  MessageUpdatedDocument,
  type StaffFragment,
} from '../generated/graphql.ts'
import { useStaff } from '../session/session.tsx'
import { staySubscribed } from '../stay-subscribed.ts'
import { noteServerTime } from '../ui/clock.ts'

type Told = ToldLine & { asOf: string; service: { id: string } }

/** What a screen watches of queues; the same object all the time. */
export type Watched<Line extends Told> = {
  document: TypedDocumentNode<{ queueUpdated: Line }, { serviceId: string | number }>
  /** How many of the ended the document asks for. */
  ended: number
  /** The queue out of what the device itself knows. */
  make: (service: StaffFragment['clinic']['services'][number], lists: Lists) => Line
}

/** The queues of these services, live, by service; one that is not known yet is missing. */
export const useQueues = <Line extends Told>(
  serviceIds: readonly string[],
  { document, ended, make }: Watched<Line>,
): ReadonlyMap<string, Line> => {
  const client = useApolloClient()
  const { local } = useOffline()
  if (!local) throw new Error('Nobody is logged in.')
  const { clinic } = useStaff()
  const services = useRef(clinic.services)
  services.current = clinic.services
  const key = serviceIds.join()
  const lines = useMemo(() => {
    const nameless = (id: string) => ({
      id,
      name: '',
      ticketLetter: '',
      color: null,
      slotMinutes: 0,
      open: true,
      closedReason: null,
    })
    const serviceOf = (id: string) =>
      services.current.find((service) => service.id === id) ?? { ...nameless(id), doctors: [] }
    return createLines<Line>(local, key.split(',').filter(Boolean), {
      make: (serviceId, lists) => make(serviceOf(serviceId), lists),
      ended,
    })
  }, [local, key, make, ended])
  useEffect(() => {
    const options = { fetchPolicy: 'no-cache', context: OUT_OF_CACHE } as const
    const stops = key
      .split(',')
      .filter(Boolean)
      .map((serviceId) =>
        staySubscribed(
          client,
          document,
          { serviceId },
          ({ queueUpdated }) => {
            noteServerTime(queueUpdated.asOf)
            lines.tell(queueUpdated)
          },
          options,
        ),
      )
    return () => {
      for (const stop of stops) stop()
    }
  }, [client, document, key, lines])
  return useSyncExternalStore(lines.subscribe, lines.read)
}

const board: Watched<LineFragment> = {
  document: BoardQueueUpdatedDocument,
  ended: 20,
  make: ({ id, name, color, open, closedReason, doctors }, lists) => ({
    ...{ id, version: 0, asOf: '', service: { id, name, color, open, closedReason, doctors } },
    ...lists,
  }),
}

export const useLines = (serviceIds: readonly string[]): ReadonlyMap<string, LineFragment> =>
  useQueues(serviceIds, board)

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
