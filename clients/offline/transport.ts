import type { CommandName, OperationResult, StoredRecord } from './model.ts'

/** An operation as `SyncOperation` of the API takes it: one of the commands, or `dropped` in place of it. */
export type WireOperation = { id: string; seq: number; ageMs: number; dropped?: true } & {
  [command in CommandName]?: Record<string, unknown>
}

export type SyncInput = {
  clientId: string
  operations: readonly WireOperation[]
  /** The device holds more than these: what it did later is not known yet. */
  more: boolean
  /** Null: no changes are wanted in the answer. */
  cursor: string | null
}

export type ChangeSet = {
  cursor: string
  hasMore: boolean
  patients: readonly StoredRecord[]
  appointments: readonly StoredRecord[]
  entries: readonly StoredRecord[]
  removed: readonly string[]
  overridden: readonly OperationResult[]
}

export type SyncResult = {
  outcomes: readonly OperationResult[]
  nextSeq: number
  /** CURSOR_EXPIRED where the operations were taken, but the changes have to be loaded anew. */
  changes: ChangeSet | 'CURSOR_EXPIRED' | null
}

/** How the engine speaks to the server. Whatever goes wrong is thrown as a TransportError. */
export type Transport = {
  sync: (input: SyncInput) => Promise<SyncResult>
  changes: (cursor: string | null) => Promise<ChangeSet>
  /** The account whose session is used now; null while nobody is logged in. Another one than the log's sends nothing. */
  account: () => string | null
}

/**
 * NETWORK: no answer; it may have arrived or not. UNAUTHENTICATED: the session has ended.
 * MALFORMED: the server did not understand the request as a whole, and did nothing. REFUSED: it answered with a code.
 */
export type TransportFault = 'NETWORK' | 'UNAUTHENTICATED' | 'MALFORMED' | 'REFUSED'

export class TransportError extends Error {
  readonly fault: TransportFault
  readonly code: string | null

  constructor(fault: TransportFault, code: string | null = null, cause?: unknown) {
    super(code ? `${fault}: ${code}` : fault, { cause })
    this.name = 'TransportError'
    this.fault = fault
    this.code = code
  }
}
