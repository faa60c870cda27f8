import { useQuery } from '@apollo/client/react'
import { AdminClinicDocument, type AdminClinicQuery } from '../generated/admin.ts'
import { useStaff } from '../session/session.tsx'
import { serverNow } from '../ui/clock.ts'
import { dayOf } from '../ui/times.ts'

export type ClinicDetails = NonNullable<AdminClinicQuery['clinic']>

/** The clinic with everything that can be set of it. */
export const useClinic = () => {
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
    refetch: () => refetch().catch(() => undefined),
  }
}
