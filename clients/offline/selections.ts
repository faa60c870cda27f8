/** What a device asks of each record, everywhere the same, so that records from a pull, a query or a subscription are one. */

/** Who is logged in, as far as it decides what may be asked for. */
export type Reader = { kind: 'patient' } | { kind: 'user'; role: 'RECEPTIONIST' | 'DOCTOR' | 'ADMIN' }

const entryFields = `
  __typename id version ticket provisionalTicket status urgency room endReason
  arrivedAt dueAt calledAt startedAt finishedAt
  place { __typename rank subRank arrivalSeq ownDueAt }
  boundDoctor { __typename id } service { __typename id } doctor { __typename id }
  patient { __typename id } appointment { __typename id }`

const appointmentFields = `
  __typename id version status urgency startsAt endsAt bound lateMinutes
  service { __typename id } doctor { __typename id } patient { __typename id }`

const patientFields = '__typename id version name dateOfBirth language guardian { __typename id }'

/** The reason of a visit is for the patient and the doctor; phone numbers, and what recognises a code, are for the patient and the desk. */
/** Who manages a clinic gets no records, and has nothing to sync. */
export const maySync = (reader: Reader): boolean => reader.kind === 'patient' || reader.role !== 'ADMIN'
const maySeeReasons = (reader: Reader): boolean => reader.kind === 'patient' || reader.role !== 'RECEPTIONIST'
const maySeeContact = (reader: Reader): boolean => reader.kind === 'patient' || reader.role === 'RECEPTIONIST'

export const entrySelection = (reader: Reader): string => `${entryFields}${maySeeReasons(reader) ? ' reason' : ''}`

export const appointmentSelection = (reader: Reader): string =>
  `${appointmentFields}${maySeeReasons(reader) ? ' reason cancelReason' : ''}`

export const patientSelection = (reader: Reader): string =>
  `${patientFields}${maySeeContact(reader) ? ' phoneNumber phoneVerified codeMark' : ''}`

/** The selection of a ChangeSet; a field that is refused for a single record (FORBIDDEN at its path) comes as null. */
export const changeSetSelection = (reader: Reader): string => `
  cursor hasMore
  patients { ${patientSelection(reader)} }
  appointments { ${appointmentSelection(reader)} }
  entries { ${entrySelection(reader)} }
  removed
  overridden { id outcome code message overrides { field by at value } }`
