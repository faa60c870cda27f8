import type { Role } from '../database/generated/enums.ts'

type Standing = { role: Role; active: boolean }

const governs = ({ role, active }: Standing): boolean => active && role === 'ADMIN'

/** A clinic keeps at least one active admin: nobody else could make another. */
export const leavesNoAdmin = (before: Standing, after: Standing, otherAdmins: number): boolean =>
  governs(before) && !governs(after) && otherAdmins === 0
