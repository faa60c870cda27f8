import type { UserViewer } from '../access/viewer.ts'

export type Caller = Pick<UserViewer, 'role' | 'doctorId' | 'serviceIds'>

/**
 * In whose name a call is made: a doctor's in their own; the desk's in that of the doctor it names, or nobody's (null).
 * FORBIDDEN where a doctor names another one.
 */
export const callerFor = (
  caller: Caller,
  serviceId: string,
  named: string | null,
): { doctorId: string | null } | 'FORBIDDEN' => {
  if (!caller.doctorId) return { doctorId: named }
  if (caller.role === 'RECEPTIONIST')
    return { doctorId: named ?? (caller.serviceIds.includes(serviceId) ? caller.doctorId : null) }
  return named && named !== caller.doctorId ? 'FORBIDDEN' : { doctorId: caller.doctorId }
}
