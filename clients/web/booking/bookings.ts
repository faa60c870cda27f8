import { useQuery } from '@apollo/client/react'
import { useEffect } from 'react'
import { type BookingFragment, BookingsDocument } from '../generated/graphql.ts'
import { useStaff } from '../session/session.tsx'
import { serverNow, useNow } from '../ui/clock.ts'
import { clinicDayOf, dayOf } from '../ui/times.ts'

const EVERY_MS = 20_000

/** Who has booked for this clinic day and is still to come, by time; null until it is known. `news` changes when it should be asked anew. */
export const useArrivals = (news: unknown): { bookings: BookingFragment[] | null; refetch: () => void } => {
  const { clinic } = useStaff()
  useNow(60)
  const from = clinicDayOf(serverNow(), clinic.timeZone, clinic.dayStartsAt)
  const to = dayOf(serverNow(), clinic.timeZone)
  const { data, refetch } = useQuery(BookingsDocument, {
    variables: { clinicId: clinic.id, from, to },
    fetchPolicy: 'cache-and-network',
    pollInterval: EVERY_MS,
  })
  const again = () => void refetch().catch(() => undefined)
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked anew with each news.
  useEffect(() => {
    const timer = setTimeout(again, 150)
    return () => clearTimeout(timer)
  }, [news])
  const bookings = data?.appointments?.edges.map(({ node }) => node).filter(({ status }) => status === 'BOOKED') ?? null
  return { bookings, refetch: again }
}
