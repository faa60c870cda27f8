import type { Role } from '../database/generated/enums.ts'

export type DoctorRecord = {
  active: boolean
  /** The services it is to have; null where they stay as they are. */
  serviceIds: readonly string[] | null
}

type Asked = {
  /** The user as they will be. */
  role: Role
  active: boolean
  /** The services named in the input; null where none were. */
  serviceIds: readonly string[] | null
}

/**
 * What becomes of a user's doctor record; null where it stays as it is, or where there is to be none.
 * Naming services makes or revives it, naming an empty list puts it to rest; the role DOCTOR alone makes or revives it too,
 * and an inactive user's rests in any case.
 */
export const doctorRecordOf = (
  existing: { active: boolean } | null,
  { role, active, serviceIds }: Asked,
): DoctorRecord | null => {
  if (!active) return existing ? { active: false, serviceIds } : null
  if (serviceIds && serviceIds.length > 0) return { active: true, serviceIds }
  if (serviceIds && existing) return { active: false, serviceIds }
  if (role === 'DOCTOR' && !existing?.active) return { active: true, serviceIds }
  return null
}
