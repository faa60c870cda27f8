import { useSyncStatus } from '@anteroom/offline/react'
import { useLink } from '@anteroom/web/connection'
import { staySubscribed } from '@anteroom/web/stay-subscribed'
import { type Change, changeOf, isCall } from '@anteroom/web/turn/news'
import { useApolloClient, useQuery } from '@apollo/client/react'
import { useEffect, useRef, useState } from 'react'
import { type PositionFragment, WatchDocument, WhereDocument } from '../generated/graphql.ts'
import { usePlace } from '../session/session.tsx'

export type Position = {
  position: PositionFragment | null
  /** The last change that is worth a line. */
  change: Change | null
  isLive: boolean
  /** Neither live nor about to be. */
  isLost: boolean
  isAsking: boolean
  error: unknown
}

/** Where a visit stands, kept true by a subscription; what the device knew last stands there at once, and without a network. */
export const usePosition = (entryId: string, onCall?: (position: PositionFragment) => void): Position => {
  const client = useApolloClient()
  const { connection } = usePlace()
  const link = useLink(connection)
  // A line that never stood was not lost either; then the device knows whether it reaches the server.
  const { isOnline } = useSyncStatus()
  // Not yet heard, but nothing says that it cannot be.
  const isLive = link.isLive && link.heardAt > 0
  const { data, loading, error } = useQuery(WhereDocument, {
    variables: { id: entryId },
    fetchPolicy: 'cache-and-network',
  })
  const position = data?.queuePosition ?? null
  const [change, setChange] = useState<Change | null>(null)
  const before = useRef<PositionFragment | null>(null)
  const called = useRef(onCall)
  called.current = onCall

  useEffect(() => staySubscribed(client, WatchDocument, { id: entryId }, () => {}), [client, entryId])

  useEffect(() => {
    if (!position) return
    const last = before.current?.entryId === position.entryId ? before.current : null
    before.current = position
    if (!last) return
    const news = changeOf(last, position)
    if (news || last.status !== position.status) setChange(news)
    if (isCall(last, position)) called.current?.(position)
  }, [position])

  return { position, change, isLive, isLost: !isLive && (!link.isLive || !isOnline), isAsking: loading, error }
}
