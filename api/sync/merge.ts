/** The descriptive fields of a patient, of which the last write wins one by one. */
export const patientFields = ['name', 'phoneNumber', 'dateOfBirth', 'language'] as const

export type PatientField = (typeof patientFields)[number]

/** Who wrote a field, and when; stamps are microseconds since 1970 by the database's clock. */
export type FieldWrite = {
  /** The operation's id, or the write's own. */
  id: string
  isStaff: boolean
  /** When it was done. */
  stamp: number
  /** Of a patient's write: the stamp of the latest staff write of this field that the patient had seen; 0 without one. */
  seenStamp: number
}

/** What competes for a field: the largest key wins. */
export type WriteKey = readonly [number, number, number, string]

/**
 * The key of a write. A staff write beats every patient's write made without sight of it;
 * a patient who has seen it may change it again.
 */
export const writeKey = ({ id, isStaff, stamp, seenStamp }: FieldWrite): WriteKey =>
  isStaff ? [stamp, 0, 0, id] : [seenStamp, 1, stamp, id]

const compare = <T>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0)

/** Below zero when `b` wins over `a`. No two different writes are equal. */
export const compareWriteKeys = (a: WriteKey, b: WriteKey): number =>
  compare(a[0], b[0]) || compare(a[1], b[1]) || compare(a[2], b[2]) || compare(a[3], b[3])

/** Whether a write takes a field from the one that holds it, if any; the result does not depend on which came first. */
export const winsOver = (write: FieldWrite, holder: FieldWrite | null): boolean =>
  holder === null || compareWriteKeys(writeKey(write), writeKey(holder)) > 0

/** A write by somebody who sees the present state, as at a connected screen, is later than what holds the field. */
export const laterThan = (write: FieldWrite, holder: FieldWrite | null): FieldWrite => {
  if (holder === null) return write
  const [first] = writeKey(holder)
  if (write.isStaff) return { ...write, stamp: Math.max(write.stamp, first + 1) }
  return { ...write, seenStamp: Math.max(write.seenStamp, first), stamp: Math.max(write.stamp, holder.stamp + 1) }
}

/** Divides the fields of a write into those that it wins and those that others hold against it. */
export const mergeFields = <Field extends string>(
  fields: readonly Field[],
  writeOf: (field: Field) => FieldWrite,
  holders: ReadonlyMap<Field, FieldWrite>,
): { won: Field[]; lost: Field[] } => {
  const won = fields.filter((field) => winsOver(writeOf(field), holders.get(field) ?? null))
  return { won, lost: fields.filter((field) => !won.includes(field)) }
}
