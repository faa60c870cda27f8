/**
 * What a device keeps: its operations until the server has answered them, and its copy of what the server confirmed.
 * Shared by storage, engine, optimistic replay and the Apollo side.
 */

/** The commands that can be given without a network, by the names of the API's SyncOperation. */
export const commands = [
  'createPatient',
  'updatePatient',
  'bookAppointment',
  'rescheduleAppointment',
  'cancelAppointment',
  'checkIn',
  'addWalkIn',
  'setUrgency',
  'callEntry',
  'recall',
  'startService',
  'markServed',
  'markNoShow',
  'hold',
  'returnToQueue',
  'transfer',
  'moveEntry',
  'leaveQueue',
] as const

export type CommandName = (typeof commands)[number]

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

export type Entity = 'patients' | 'appointments' | 'entries'

/** All that the server has confirmed and this device holds, by id. */
export type Records = Record<Entity, ReadonlyMap<string, StoredRecord>>

/** An operation that the server refused or that lost fields, kept until the person has seen it. */
export type Notice = { operation: Operation; result: OperationResult; at: number }

export type Status = {
  isOnline: boolean
  /** Milliseconds since 1970; null while online. */
  offlineSince: number | null
  unsent: number
  /** When the device last knew that it held everything; null before the first load ended. */
  syncedAt: number | null
  isLoading: boolean
  notices: readonly Notice[]
  /** What keeps the device from working as it should, in words that a screen can translate. */
  trouble: 'STORAGE_FULL' | 'STORAGE_LOST' | 'LOGGED_OUT' | 'OTHER_USER' | 'TOO_OLD' | null
}

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
  dismiss: (id: string) => Promise<void>
  records: () => Records
  /** Unanswered operations in order of their acts. */
  pending: () => readonly Operation[]
  status: () => Status
  /** Called after every change of records, pending operations or status; returns the way to stop. */
  subscribe: (listener: () => void) => () => void
  /** The connection came back, or `changesAvailable` told of news: push and pull now. */
  nudge: () => void
  start: () => Promise<void>
  stop: () => Promise<void>
}
