import { GraphQLError } from 'graphql'
import type { Logger } from 'pino'
import { isUnavailable } from '../database/transaction.ts'
import { uuidv7 } from '../database/uuid.ts'
import { Refusal, refusals } from '../errors.ts'

const causeOf = (error: unknown): unknown => {
  let cause = error
  while (cause instanceof GraphQLError && cause.originalError) cause = cause.originalError
  return cause
}

const place = (error: unknown) =>
  error instanceof GraphQLError
    ? { nodes: error.nodes, source: error.source, positions: error.positions, path: error.path }
    : {}

const make = (error: unknown, message: string, extensions: Record<string, unknown>): GraphQLError => {
  const { nodes, source, positions, path } = place(error) as Partial<GraphQLError>
  return new GraphQLError(message, { nodes, source, positions, path, extensions })
}

/** What a client gets to see of an error: refusals with their code, everything unexpected masked under an id that the log knows. */
export const presentError = (error: unknown, log: Logger): GraphQLError => {
  const cause = causeOf(error)
  if (cause instanceof Refusal) return make(error, cause.message, { code: cause.code, ...cause.details })
  if (isInputIssues(cause)) return make(error, issueText(cause), { code: 'BAD_INPUT', field: fieldOf(cause) })
  if (isUnavailable(cause)) return make(error, refusals.UNAVAILABLE, { code: 'UNAVAILABLE' })
  // Errors of the request itself: syntax, validation, coercion of variables. Codes that only Yoga knows become ours.
  if (cause instanceof GraphQLError) {
    if (String(cause.extensions.code) in refusals) return cause
    return make(cause, cause.message, { ...cause.extensions, code: 'BAD_INPUT' })
  }
  const id = uuidv7()
  log.error({ err: cause, id, path: (place(error) as Partial<GraphQLError>).path }, 'an unexpected error')
  return make(error, `${refusals.INTERNAL} (${id})`, { code: 'INTERNAL', id })
}

type InputIssues = { issues: readonly { message: string; path?: readonly unknown[] }[] }

/** What the validation plugin throws. */
const isInputIssues = (cause: unknown): cause is InputIssues =>
  cause instanceof Error &&
  cause.name === 'InputValidationError' &&
  Array.isArray((cause as Partial<InputIssues>).issues)

const issueText = ({ issues }: InputIssues): string => issues.map((issue) => issue.message).join('; ')

const fieldOf = ({ issues }: InputIssues): string | undefined => issues[0]?.path?.join('.')
