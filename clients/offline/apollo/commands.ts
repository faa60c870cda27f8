import type { CommandName, Engine, Operation, Person, StoredRecord } from '../model.ts'
import type { Local } from './local.ts'

type Args = Record<string, unknown>

/** How a mutation of the API is given as an operation, and which record answers it. */
type Translation = {
  command: CommandName
  typename: 'QueueEntry' | 'Appointment' | 'Patient'
  input: (
    args: Args,
    known: { local: Local; newId: () => string; ticket: () => Promise<string | null> },
  ) => Args | Promise<Args>
  /** The id of the record that answers. */
  answer: (operation: Operation) => string
}

const given = (args: Args): Args => (args.input ?? {}) as Args

const seenOf = (local: Local, id: string): number => local.version('Patient', id) ?? 0

const ownId = (person: Person): string => (person.kind === 'patient' ? person.patientId : '')

const byInputId = ({ id, input }: Operation): string => String(input.id ?? id)

const make = (command: CommandName, typename: Translation['typename']): Translation => ({
  command,
  typename,
  input: (args, { newId }) => ({ ...given(args), id: given(args).id ?? newId() }),
  answer: byInputId,
})

const onEntry = (command: CommandName): Translation => ({
  command,
  typename: 'QueueEntry',
  input: ({ entryId, ...rest }) => ({ id: entryId, ...rest }),
  answer: byInputId,
})

/** The mutations that need no network, by the names of their fields. */
export const translations: Readonly<Record<string, Translation>> = {
  createPatient: make('createPatient', 'Patient'),
  updatePatient: {
    command: 'updatePatient',
    typename: 'Patient',
    input: (args, { local }) => ({ ...given(args), id: args.id, seen: seenOf(local, String(args.id)) }),
    answer: byInputId,
  },
  updateProfile: {
    command: 'updatePatient',
    typename: 'Patient',
    input: (args, { local }) => {
      const id = ownId(local.person)
      return { ...given(args), id, seen: seenOf(local, id) }
    },
    answer: byInputId,
  },
  bookAppointment: make('bookAppointment', 'Appointment'),
  rescheduleAppointment: {
    command: 'rescheduleAppointment',
    typename: 'Appointment',
    input: given,
    answer: byInputId,
  },
  cancelAppointment: {
    command: 'cancelAppointment',
    typename: 'Appointment',
    input: (args) => args,
    answer: byInputId,
  },
  checkIn: {
    command: 'checkIn',
    typename: 'QueueEntry',
    input: ({ appointmentId }) => ({ id: appointmentId }),
    answer: ({ id }) => id,
  },
  addWalkIn: {
    ...make('addWalkIn', 'QueueEntry'),
    input: async (args, { newId, local, ticket }) => {
      const input = { ...given(args), id: given(args).id ?? newId() }
      const provisionalTicket = local.isOnline() ? null : await ticket()
      return provisionalTicket === null ? input : { provisionalTicket, ...input }
    },
  },
  setUrgency: onEntry('setUrgency'),
  callEntry: onEntry('callEntry'),
  recall: onEntry('recall'),
  startService: onEntry('startService'),
  markServed: onEntry('markServed'),
  markNoShow: onEntry('markNoShow'),
  hold: onEntry('hold'),
  returnToQueue: onEntry('returnToQueue'),
  transfer: onEntry('transfer'),
  moveEntry: onEntry('moveEntry'),
  leaveQueue: onEntry('leaveQueue'),
}

/** The record that answers an operation, as far as it is confirmed. A check-in of an older server has an entry of another id. */
export const confirmedAnswer = (
  engine: Engine,
  operation: Operation,
  { typename, answer }: Translation,
): StoredRecord | null => {
  const records = engine.records()
  if (typename === 'Patient') return records.patients.get(answer(operation)) ?? null
  if (typename === 'Appointment') return records.appointments.get(answer(operation)) ?? null
  return records.entries.get(answer(operation)) ?? null
}
