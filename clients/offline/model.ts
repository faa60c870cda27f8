/**
 * What a device keeps: its operations until the server has answered them, and its copy of what the server confirmed.
 * Shared by storage, engine, optimistic replay and the Apollo side.
 */

import type { SyncCommand } from '@anteroom/api/sync/operation'

/** The commands that can be given without a network, by the names of the API's SyncOperation. */
export type CommandName = SyncCommand

/** One act of a person at this device, in the log until the server has answered its id. */
export type Operation = {
  /** UUIDv7, made at the act; the same in every repeat. */
  id: string
  /** 1, 2, 3 … within one clientId, without a gap. */
  seq: number
  clientId: string
  command: CommandName
  input: Record<string, unknown>
  /** Milliseconds since 1970 by the device's clock at the act; may be wrong. */
  wall: number
  /** Milliseconds of the monotonic clock at the act, within `bootId`. */
  mono: number
  bootId: string
  /** The server's schema did not understand it: it is sent as `dropped`. */
  dropped?: boolean
  /** What the server answered; the operation stays until the records that it made have been pulled too, so that nothing flickers. */
  answer?: OperationResult
}

export type Outcome = 'APPLIED' | 'DUPLICATE' | 'OVERRIDDEN' | 'REJECTED'

export type FieldOverride = { field: string; by: string; at: string; value: string | null }

export type OperationResult = {
  id: string
  outcome: Outcome
  code: string | null
  message: string | null
  overrides: FieldOverride[] | null
}

/** A record as the API gave it: the fields that this viewer may read, with `__typename` where Apollo needs it. */
export type StoredRecord = { id: string; version: number; [field: string]: unknown }

/** Who is logged in at this device. */
export type Person =
  | { kind: 'patient'; patientId: string; name: string; wardIds: readonly string[] }
  | {
      kind: 'user'
      userId: string
      name: string
      role: 'RECEPTIONIST' | 'DOCTOR' | 'ADMIN'
      clinicId: string
      /** Their doctor's record, if any, and the services which it gives. */
      doctorId: string | null
      serviceIds: readonly string[]
    }

type Ref = { __typename: string; id: string }

/**
 * The records as `selections.ts` asks for them (C1: the transport's documents use those texts). Times are ISO 8601 with offset.
 * Fields that the viewer may not read are null or missing.
 */
export type EntryRecord = StoredRecord & {
  __typename: 'QueueEntry'
  ticket: string
  provisionalTicket: string | null
  status: 'WAITING' | 'CALLED' | 'IN_SERVICE' | 'ON_HOLD' | 'SERVED' | 'NO_SHOW' | 'LEFT'
  urgency: 'ROUTINE' | 'URGENT' | 'EMERGENCY'
  room: string | null
  reason?: string | null
  endReason: string | null
  arrivedAt: string
  dueAt: string
  calledAt: string | null
  startedAt: string | null
  finishedAt: string | null
  place: { __typename: 'EntryPlace'; rank: number; subRank: string; arrivalSeq: number; ownDueAt: string }
  boundDoctor: Ref | null
  service: Ref
  doctor: Ref | null
  patient: Ref | null
  appointment: Ref | null
}

export type AppointmentRecord = StoredRecord & {
  __typename: 'Appointment'
  status: 'BOOKED' | 'CHECKED_IN' | 'COMPLETED' | 'CANCELLED' | 'NO_SHOW'
  urgency: EntryRecord['urgency']
  startsAt: string
  endsAt: string
  bound: boolean
  lateMinutes: number | null
  reason?: string | null
  cancelReason?: string | null
  service: Ref
  doctor: Ref
  patient: Ref | null
}

export type PatientRecord = StoredRecord & {
  __typename: 'Patient'
  name: string
  phoneNumber?: string | null
  phoneVerified?: boolean | null
  /** The first 12 bytes of the SHA-256 of the code in the patient's QR, in base64url. */
  codeMark?: string | null
  dateOfBirth?: string | null
  language?: string | null
  guardian?: Ref | null
}

export type Entity = 'patients' | 'appointments' | 'entries'

/** All that the server has confirmed and this device holds, by id. */
export type Records = Record<Entity, ReadonlyMap<string, StoredRecord>>

/** An operation that the server refused or that lost fields, kept until the person has seen it. */
export type Notice = {
  id: string
  /** Null where it was made at another device, or is too old to be still here. */
  operation: Operation | null
  result: OperationResult
  at: number
}

export type Status = {
  isOnline: boolean
  /** Milliseconds since 1970; null while online. */
  offlineSince: number | null
  unsent: number
  /** When the device last knew that it held everything; null before the first load ended. */
  syncedAt: number | null
  isLoading: boolean
  /** How many records a load has brought so far. */
  loaded: number
  notices: readonly Notice[]
  /** What keeps the device from working as it should, in words that a screen can translate. */
  trouble: Trouble | null
}

/**
 * STORAGE_FULL: acts cannot be saved. STORAGE_LOST: the browser wiped the storage; unsent work may be gone; until dismissed.
 * LOGGED_OUT: the session ended. OTHER_USER: another account is logged in here now. TOO_OLD: no contact for 24 hours, acts are
 * refused until then. APP_OUTDATED: the server no longer understands this version of the app.
 */
export type Trouble = 'STORAGE_FULL' | 'STORAGE_LOST' | 'LOGGED_OUT' | 'OTHER_USER' | 'TOO_OLD' | 'APP_OUTDATED'

/** What the engine tells and takes; the Apollo side and the screens stand on this alone. */
export type Engine = {
  /** Makes the act durable in the log, then resolves: from now on it may be shown as saved. */
  act: (command: CommandName, input: Record<string, unknown>) => Promise<Operation>
  /** Resolves when the server has answered the operation; null when it was taken back unsent. */
  outcome: (id: string) => Promise<OperationResult | null>
  /** Takes an operation back that was never sent; false where it may have reached the server. */
  takeBack: (id: string) => Promise<boolean>
  /** Gives a refused or overridden operation again, as a new act, and drops its notice. */
  redo: (id: string) => Promise<Operation>
  /** The person has seen a notice; 'STORAGE_LOST' for that trouble. */
  dismiss: (id: string) => Promise<void>
  records: () => Records
  /** Unanswered operations in order of their acts. */
  pending: () => readonly Operation[]
  status: () => Status
  /** Called after every change of records, pending operations or status; returns the way to stop. */
  subscribe: (listener: () => void) => () => void
  /** The connection came back, or `changesAvailable` told of news: push and pull now. */
  nudge: () => void
  /** Opens the log; resolves when acts can be taken and what is held can be shown. */
  start: () => Promise<void>
  stop: () => Promise<void>
  /**
   * The user has logged in just now: the log may be written again. With the password, what a log-out had sealed is opened;
   * false where something stays sealed, because the password was another one then.
   */
  unlock: (password: string | null) => Promise<boolean>
  /** At log-out: everything confirmed is erased; unsent operations are sealed with the password, kept as they are, or erased. */
  end: (unsent: 'SEAL' | 'KEEP' | 'DISCARD') => Promise<void>
}
