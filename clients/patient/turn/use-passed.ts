import { useQuery } from '@apollo/client/react'
import { useEffect, useRef, useState } from 'react'
import { PassedDocument, type PassedQuery } from '../generated/graphql.ts'

export type Passing = NonNullable<NonNullable<PassedQuery['queueEntry']>['history']>[number]

const MOST = 3

/**
 * Who came before the reader, never by name: `last` explains the step back that the reader has just seen, the others are older.
 * Asked anew when the place went back, and not at each step of the queue.
 */
export const usePassed = (entryId: string, position: number | null): { last: Passing | null; others: Passing[] } => {
  const { data, refetch } = useQuery(PassedDocument, { variables: { id: entryId }, fetchPolicy: 'cache-and-network' })
  const [explained, setExplained] = useState<number | null>(null)
  const before = useRef(position)
  useEffect(() => {
    const hasGoneBack = position !== null && before.current !== null && position > before.current
    before.current = position
    if (hasGoneBack)
      void refetch()
        .then(() => setExplained(position))
        .catch(() => undefined)
  }, [position, refetch])
  const passed = (data?.queueEntry?.history ?? []).filter(({ kind }) => kind === 'PASSED')
  const last = explained !== null && explained === position ? (passed.at(-1) ?? null) : null
  return { last, others: (last ? passed.slice(0, -1) : passed).slice(-MOST) }
}
