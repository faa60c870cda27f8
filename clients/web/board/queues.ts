import { OUT_OF_CACHE } from '@anteroom/offline/apollo/client'
import { createLines, type Line, type Placed, type ToldChange, type ToldRow } from '@anteroom/offline/apollo/lines'
import { useOffline } from '@anteroom/offline/react'
import type { TypedDocumentNode } from '@apollo/client'
import { useApolloClient, useQuery } from '@apollo/client/react'
import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react'
import {
  BoardQueueChangedDocument,
  type BoardQueueChangedSubscription,
  type MessageFragment,
  MessagesDocument,
  MessageUpdatedDocument,
  type StaffFragment,
} from '../generated/graphql.ts'
import { useStaff } from '../session/session.tsx'
import { staySubscribed } from '../stay-subscribed.ts'
import { noteServerTime } from '../ui/clock.ts'

/** What a screen watches of queues; the same object all the time. */
export type Watched<Row, Service> = {
  document: TypedDocumentNode<{ queueChanged: ToldChange<Row, Service> }, { serviceId: string | number }>
  /** How many of the ended it shows. */
  ended: number
  /** A service as the document brings it, out of what the device itself knows. */
  serviceOf: (service: StaffFragment['clinic']['services'][number]) => Service
}

/** A queue as such a document brings it. */
export type LineOf<Data extends { queueChanged: { entries: unknown[]; service: unknown } }> = Line<
  Data['queueChanged']['entries'][number] & Placed,
  Data['queueChanged']['service']
>

/** The queues of these services, live, by service; one that is not known yet is missing. */
export const useQueues = <Row extends ToldRow, Service extends { id: string }>(
  serviceIds: readonly string[],
  { document, ended, serviceOf }: Watched<Row, Service>,
): ReadonlyMap<string, Line<Row & Placed, Service>> => {
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
      doctors: [],
    })
    return createLines<Row, Service>(local, key.split(',').filter(Boolean), {
      serviceOf: (id) => serviceOf(services.current.find((service) => service.id === id) ?? nameless(id)),
      ended,
    })
  }, [local, key, serviceOf, ended])
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
          ({ queueChanged }) => {
            noteServerTime(queueChanged.asOf)
            return lines.tell(queueChanged)
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

export type BoardLine = LineOf<BoardQueueChangedSubscription>

const board: Watched<BoardQueueChangedSubscription['queueChanged']['entries'][number], BoardLine['service']> = {
  document: BoardQueueChangedDocument,
  ended: 20,
  serviceOf: ({ id, name, color, open, closedReason, doctors }) => ({ id, name, color, open, closedReason, doctors }),
}

export const useLines = (serviceIds: readonly string[]): ReadonlyMap<string, BoardLine> => useQueues(serviceIds, board)

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
