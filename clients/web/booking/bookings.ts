import { useQuery } from '@apollo/client/react'
import { useMemo } from 'react'
import { type BookingFragment, BookingsDocument } from '../generated/graphql.ts'
import { useStaff } from '../session/session.tsx'
import { serverNow, useNow } from '../ui/clock.ts'
import { clinicDayOf, dayOf } from '../ui/times.ts'

/** Who has booked for this clinic day and is still to come, by time; null until it is known. It follows the device's own records. */
export const useArrivals = (): BookingFragment[] | null => {
  const { clinic } = useStaff()
  useNow(60)
  const from = clinicDayOf(serverNow(), clinic.timeZone, clinic.dayStartsAt)
  const to = dayOf(serverNow(), clinic.timeZone)
  const { data } = useQuery(BookingsDocument, {
    variables: { clinicId: clinic.id, from, to },
    fetchPolicy: 'cache-and-network',
  })
  return useMemo(
    () => data?.appointments?.edges.map(({ node }) => node).filter(({ status }) => status === 'BOOKED') ?? null,
    [data],
  )
}
