import type { Role } from '../database/generated/enums.ts'

/** Who asks. Loaded from the session, renewed while a socket is open. */
export type Viewer = PatientViewer | UserViewer

export type PatientViewer = {
  kind: 'patient'
  sessionId: string
  patientId: string
  /** Patients of whom this one is the guardian. */
  wardIds: readonly string[]
  /** Stands at the tablet at the door of this clinic, known there by number and birth date or by their code: without a log-in. */
  atDoorOf?: string
}

export type UserViewer = {
  kind: 'user'
  sessionId: string
  userId: string
  clinicId: string
  role: Role
  /** The user's active doctor record, which gives a doctor's rights beside the role's. */
  doctorId: string | null
  /** The services of that doctor. */
  serviceIds: readonly string[]
}
