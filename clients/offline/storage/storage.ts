/**
 * Where a device keeps things, whatever it is made of. A database belongs to one account on one device; all of a device's
 * state is in it, so that a wipe, a copy or a restored backup takes all of it or nothing.
 */
export const storeNames = ['state', 'operations', 'records', 'answered', 'sealed', 'cache'] as const
export type StoreName = (typeof storeNames)[number]

export type Reading = {
  get: (store: StoreName, key: string) => Promise<unknown>
  /** All values of a store, in order of their keys. */
  all: (store: StoreName) => Promise<unknown[]>
}

/** Values are JSON. Writes are seen by the reads that follow them in the same transaction. */
export type Writing = Reading & {
  put: (store: StoreName, key: string, value: unknown) => void
  delete: (store: StoreName, key: string) => void
  clear: (store: StoreName) => void
}

/**
 * `work` may wait for its own reads only: IndexedDB ends a transaction that waits for anything else.
 * What throws in it undoes everything. Transactions of all tabs happen one after the other.
 */
export type Storage = {
  read: <T>(work: (tx: Reading) => Promise<T>) => Promise<T>
  /** Resolves when everything is on the disk, and survives the power going off. */
  write: <T>(work: (tx: Writing) => Promise<T>) => Promise<T>
  /** Told when the platform takes the database away while it is in use. */
  onLost: (listener: () => void) => void
  /** What was kept outside of the database and is not in it, until the next write takes it over; then nothing. */
  spared?: () => Promise<Spared>
  close: () => Promise<void>
}

/** Unanswered operations, and what a log-out sealed. */
export type Spared = { operations: unknown[]; sealed: unknown[] }

export type StorageOpener = {
  open: (name: string) => Promise<Storage>
}

/** FULL: no room; nothing of the transaction was stored. LOST: the database is gone. FAILED: anything else. */
export type StorageFault = 'FULL' | 'LOST' | 'FAILED'

export class StorageError extends Error {
  readonly fault: StorageFault

  constructor(fault: StorageFault, cause?: unknown) {
    super(
      fault === 'FULL'
        ? 'There is no room left on this device.'
        : fault === 'LOST'
          ? 'The storage of this device is gone.'
          : `The storage failed${cause instanceof Error ? `: ${cause.message}` : '.'}`,
      { cause },
    )
    this.name = 'StorageError'
    this.fault = fault
  }
}
