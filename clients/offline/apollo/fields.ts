/**
 * What the API's schema says about fields, as far as the cache has to know; tests hold it against schema.graphql.
 */

/** Types whose objects carry a version: an older one never overwrites a newer one. */
export const versionedTypes = ['QueueEntry', 'Appointment', 'Patient', 'Queue'] as const
export type VersionedType = (typeof versionedTypes)[number]

/** Fields that answer such an object or a list of them, wherever they stand, but for those of a display. */
export const versionedFields: ReadonlySet<string> = new Set([
  ...['queue', 'queueEntry', 'appointment', 'patient'],
  ...['queueUpdated', 'waiting', 'serving', 'onHold', 'ended'],
  ...['activeEntries', 'entry', 'entries', 'guardian', 'wards'],
  ...['updateProfile', 'updatePatient', 'createPatient', 'mergePatients', 'confirmPhoneNumber', 'renewCode'],
  ...['bookAppointment', 'rescheduleAppointment', 'cancelAppointment', 'sayLate'],
  ...['checkIn', 'addWalkIn', 'setUrgency', 'callNext', 'callEntry', 'recall', 'startService', 'markServed'],
  ...['markNoShow', 'hold', 'returnToQueue', 'transfer', 'moveEntry', 'leaveQueue', 'undo'],
])

/** Connections of such objects: the version belongs to their nodes. */
export const versionedConnections: ReadonlySet<string> = new Set(['appointments', 'patients'])

/** Fields under which the same names mean something else. */
export const unversionedParents: ReadonlySet<string> = new Set(['display', 'displayUpdated'])

/** Fields that may be null: on a record that only this device knows, or without a network, a missing one is null. */
export const nullableFields = {
  QueueEntry: [
    ...['provisionalTicket', 'position', 'estimate', 'room', 'reason', 'endReason', 'calledAt', 'startedAt'],
    ...['finishedAt', 'doctor', 'boundDoctor', 'patient', 'appointment', 'history'],
  ],
  Appointment: ['reason', 'cancelReason', 'lateMinutes', 'patient', 'createdBy', 'queueEntry'],
  Patient: [
    ...['phoneNumber', 'phoneVerified', 'dateOfBirth', 'language', 'code', 'codeMark', 'guardian'],
    ...['wards'],
    ...['appointments', 'activeEntries', 'notifications'],
  ],
} as const
