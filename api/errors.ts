/**
 * Every refusal a client can meet, with a sentence for people. The code stands in `extensions.code` and never changes its meaning.
 * docs/errors.md is printed from this table.
 */
export const refusals = {
  BAD_INPUT: 'A value is missing or wrong; extensions.field names it and the message says what would be right.',
  UNAUTHENTICATED: 'No log-in, or one that has ended or expired. Log in or refresh the session.',
  FORBIDDEN: 'The viewer has no right to this field or command.',
  NOT_FOUND: 'The record does not exist or is not visible to the viewer.',
  WRONG_CREDENTIALS: 'The name or number and the password do not belong together.',
  TOO_MANY_ATTEMPTS: 'Too many wrong log-ins for this account; extensions.retryAfterSeconds says when to try again.',
  TOO_OFTEN: 'This can be done a few times a day only; extensions.retryAfterSeconds says when to try again.',
  PHONE_NEEDS_CODE: 'The phone number is already on a record; taking that record over needs a code sent to the number.',
  WRONG_CODE:
    'The code is not the last one sent to this number, or no longer good: after 10 minutes, 5 tries or its use. Ask for a new one.',
  PHONE_TAKEN: 'Another patient has this phone number.',
  USERNAME_TAKEN: 'Another user has this username.',
  NAME_TAKEN: 'Another record of the clinic has this name.',
  LETTER_TAKEN: 'Another service of the clinic has this ticket letter.',
  ID_TAKEN: 'Another record has this id.',
  IN_THE_PAST: 'The slot has already begun.',
  OUTSIDE_HOURS: 'The doctor does not work at that time, or no slot starts then.',
  SLOT_TAKEN: 'Somebody else has the slot.',
  PATIENT_BUSY: 'The patient has another appointment at that time.',
  NOT_BOOKED: 'The appointment is not BOOKED any more.',
  NOT_TODAY: "Checking in is for the slot's own clinic day.",
  CLOSED: 'The service takes no new walk-ins at present.',
  NOT_REMOTE: 'The service takes patients into its queue at the desk only.',
  NOT_SELF: 'Nobody checks in by themself here at present: please go to the desk.',
  ALREADY_WAITING: 'The patient already has an active entry for this service.',
  NOT_WAITING: 'The entry is not WAITING.',
  NOT_CALLED: 'The entry is not CALLED (or, to be marked served, IN_SERVICE).',

  NOT_RETURNABLE: 'Only an entry that is ON_HOLD, CALLED or NO_SHOW can return to the queue.',
  NOT_ACTIVE: 'The entry or appointment has ended.',
  ALREADY_CALLED: 'Somebody has already called this entry.',
  IN_SERVICE: 'The patient is with the doctor.',
  BOUND_ELSEWHERE: 'The entry is bound to another doctor.',
  DOCTOR_BUSY: 'The doctor already has a called patient or one in the room.',
  NOT_THEIR_SERVICE: 'The doctor does not give this service.',
  UNDO_GONE: 'There is nothing to undo: too late, somebody moved the entry since, or the move was not yours.',
  MESSAGE_STALE: 'The message is not worth reading any more, or no longer true, or its text is no longer kept.',
  NUMBER_STOPPED: 'The number answered STOP; nothing is sent to it until it answers START.',
  RESET:
    'The device came back from a copy, or its log belongs to another account: take a new clientId, number the operations anew and send them again. Nothing was applied.',
  MALFORMED: 'The synced operation is not exactly one command with an id that is a UUID and a seq of at least 1.',
  CURSOR_EXPIRED: 'The cursor is unknown, too old or not of this viewer: load anew, without a cursor.',
  CONFLICT: 'Another change came first; read again and repeat.',
  IDEMPOTENCY_KEY_REUSED: 'The same Idempotency-Key came with a different request.',
  TOO_COMPLEX: 'The document is too deep, too long or asks for too much at once.',
  PAYLOAD_TOO_LARGE: 'The request body is larger than the server accepts.',
  UNAVAILABLE: 'The database cannot be reached at present; nothing was changed. Try again.',
  GRAPHQL_PARSE_FAILED: 'The document is not GraphQL.',
  GRAPHQL_VALIDATION_FAILED: 'The document does not fit the schema.',
  INTERNAL: 'An unexpected error; extensions.id names its entry in the log.',
} as const

export type RefusalCode = keyof typeof refusals

/** A refusal is an expected answer: it says what is wrong and what would be right, and changes nothing. */
export class Refusal extends Error {
  readonly code: RefusalCode
  readonly details: Record<string, unknown>

  constructor(code: RefusalCode, message: string = refusals[code], details: Record<string, unknown> = {}) {
    super(message)
    this.name = 'Refusal'
    this.code = code
    this.details = details
  }
}

/** A refusal of one input field: `field` is its path in the input, as in `input.phoneNumber`. */
export const badInput = (field: string, message: string): Refusal => new Refusal('BAD_INPUT', message, { field })

export const notFound = (what: string): Refusal =>
  new Refusal('NOT_FOUND', `There is no such ${what}, or you may not see it.`)
