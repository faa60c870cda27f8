import { useApolloClient, useQuery } from '@apollo/client/react'
import { AdminClinicDocument, type AdminClinicQuery } from '../generated/admin.ts'
import { MeDocument } from '../generated/graphql.ts'
import { useStaff } from '../session/session.tsx'
import { serverNow } from '../ui/clock.ts'
import { dayOf } from '../ui/times.ts'

export type ClinicDetails = NonNullable<AdminClinicQuery['clinic']>

/** The clinic with everything that can be set of it. */
export const useClinic = () => {
  const client = useApolloClient()
  const { clinic } = useStaff()
  const today = dayOf(serverNow(), clinic.timeZone)
  const { data, previousData, error, refetch } = useQuery(AdminClinicDocument, {
    variables: { clinicId: clinic.id, today },
    fetchPolicy: 'no-cache',
  })
  // While it is asked anew, what was known stays.
  return {
    clinic: (data ?? previousData)?.clinic ?? null,
    today,
    error,
    /** After a change; what the other screens know of the clinic follows, too. */
    refetch: () =>
      Promise.all([refetch(), client.query({ query: MeDocument, fetchPolicy: 'network-only' })]).catch(() => undefined),
  }
}
