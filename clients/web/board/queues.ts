import { OUT_OF_CACHE } from '@anteroom/offline/apollo/client'
import { createLines, type Line, type Placed } from '@anteroom/offline/apollo/lines'
import { useOffline } from '@anteroom/offline/react'
import { useApolloClient, useQuery } from '@apollo/client/react'
import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react'
import {
  type MessageFragment,
  MessagesDocument,
  MessageUpdatedDocument,
  QueueChangedDocument,
  type QueueChangedSubscription,
} from '../generated/graphql.ts'
import { useStaff } from '../session/session.tsx'
import { staySubscribed } from '../stay-subscribed.ts'
import { noteServerTime } from '../ui/clock.ts'

type Told = QueueChangedSubscription['queueChanged']

export type QueueLine = Line<Told['entries'][number] & Placed, Told['service']>

type Wish = {
  /** How many of the ended are shown. */
  ended: number
  /** With what doctors may see. */
  asDoctor: boolean
}

/** The queues of these services, live, by service; one that is not known yet is missing. */
export const useQueues = (serviceIds: readonly string[], { ended, asDoctor }: Wish): ReadonlyMap<string, QueueLine> => {
  const client = useApolloClient()
  const { local } = useOffline()
  if (!local) throw new Error('Nobody is logged in.')
  const { clinic } = useStaff()
  const services = useRef(clinic.services)
  services.current = clinic.services
  const key = serviceIds.join()
  const lines = useMemo(() => {
    const nameless = (id: string) => ({ id, name: '', color: null, open: true, closedReason: null, doctors: [] })
    return createLines<Told['entries'][number], Told['service']>(local, key.split(',').filter(Boolean), {
      serviceOf: (id) => services.current.find((service) => service.id === id) ?? nameless(id),
      ended,
    })
  }, [local, key, ended])
  useEffect(() => {
    const options = { fetchPolicy: 'no-cache', context: OUT_OF_CACHE } as const
    const stops = key
      .split(',')
      .filter(Boolean)
      .map((serviceId) =>
        staySubscribed(
          client,
          QueueChangedDocument,
          { serviceId, ended: Math.min(200, 2 * ended), asDoctor },
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
  }, [client, key, lines, ended, asDoctor])
  return useSyncExternalStore(lines.subscribe, lines.read)
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
