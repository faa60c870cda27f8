/** The commands that a device can give without a network, by their names in SyncOperation. */
export const syncCommands = [
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

export type SyncCommand = (typeof syncCommands)[number]

/** An operation as it came: its envelope, and what was set of its commands. */
export type SyncedOperation<Inputs extends Partial<Record<SyncCommand, object | null | undefined>>> = Inputs & {
  id: string
  seq: number
  ageMs: number
  dropped?: boolean | null | undefined
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** The one command of an operation, or what is wrong with the operation. */
export const commandOf = (
  operation: SyncedOperation<Partial<Record<SyncCommand, object | null | undefined>>>,
): { command: SyncCommand } | { wrong: string } => {
  const [command, ...more] = syncCommands.filter((name) => operation[name] != null)
  if (!UUID.test(operation.id)) return { wrong: 'id must be a UUID.' }
  if (operation.seq < 1) return { wrong: 'seq must be at least 1.' }
  if (operation.dropped) return { wrong: 'The device could not send this operation and dropped it.' }
  if (!command) return { wrong: 'The operation must have one command.' }
  if (more.length > 0)
    return { wrong: `The operation must have only one command, not ${[command, ...more].join(', ')}.` }
  return { command }
}

const idFields = ['id', 'patientId', 'serviceId', 'doctorId', 'guardianId', 'after']

/** The first field of a command's input that should be a UUID and is none; null where all are. */
export const wrongId = (input: object): string | null =>
  idFields.find((field) => {
    const value = (input as Record<string, unknown>)[field]
    return value != null && !UUID.test(String(value))
  }) ?? null

/** A client's log stands from 1 without a gap: what is to be done with an operation of this seq. */
export type Place = 'SEEN' | 'NEXT' | 'GAP' | 'NONE'

export const placeOf = (seq: number, nextSeq: number): Place => {
  if (seq < 1) return 'NONE'
  if (seq < nextSeq) return 'SEEN'
  return seq === nextSeq ? 'NEXT' : 'GAP'
}

/** Two different operations at one place of the log: the device came back from a copy. */
export const hasClash = (
  operations: readonly { id: string; seq: number }[],
  storedIds: ReadonlyMap<number, string>,
): boolean => {
  const ids = new Map(storedIds)
  return operations.some(({ id, seq }) => {
    if (seq < 1) return false
    const known = ids.get(seq)
    ids.set(seq, id.toLowerCase())
    return known !== undefined && known !== id.toLowerCase()
  })
}
