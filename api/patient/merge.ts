/** What merging looks at in a record. */
export type Mergeable = {
  id: string
  phoneNumber: string | null
  phoneVerified: boolean
  passwordHash: string | null
  dateOfBirth: Date | null
  guardianId: string | null
}

/** A patient logs in with a proved number and a password. */
export const canLogIn = (patient: Mergeable): boolean =>
  patient.phoneNumber !== null && patient.phoneVerified && patient.passwordHash !== null

const guardianOf = (keep: Mergeable, drop: Mergeable): string | null => {
  const others = [keep.guardianId, drop.guardianId].filter((id) => id !== null && id !== keep.id && id !== drop.id)
  return others[0] ?? null
}

/**
 * What the kept record becomes when two records of one person are merged. The number goes with the log-in:
 * it is that of the record that can log in, else the kept record's own, else the other's. Gaps are filled from the other.
 */
export const mergedDetails = (
  keep: Mergeable,
  drop: Mergeable,
): Pick<Mergeable, 'phoneNumber' | 'phoneVerified' | 'passwordHash' | 'dateOfBirth' | 'guardianId'> => {
  const dropWins = !canLogIn(keep) && (canLogIn(drop) || keep.phoneNumber === null)
  const { phoneNumber, phoneVerified, passwordHash } = dropWins ? drop : keep
  return {
    phoneNumber,
    phoneVerified,
    passwordHash,
    dateOfBirth: keep.dateOfBirth ?? drop.dateOfBirth,
    guardianId: guardianOf(keep, drop),
  }
}
