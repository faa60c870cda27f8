import { SessionRefused } from '@anteroom/offline/session'
import { CombinedGraphQLErrors } from '@apollo/client/errors'
import type { Texts } from './en.ts'

/** The API's code of a refusal; null where there was no answer. */
export const codeOf = (error: unknown): string | null =>
  CombinedGraphQLErrors.is(error)
    ? String(error.errors[0]?.extensions?.code ?? 'INTERNAL')
    : error instanceof SessionRefused
      ? error.code
      : null

/** What went wrong, in words of the reader's language. */
export const refusalText = (error: unknown, texts: Texts): string => {
  const code = codeOf(error)
  if (code === null) return texts.refusal.OFFLINE ?? ''
  // The server names the field and what would be right; a form should not have let it come to that.
  if (code === 'BAD_INPUT' && error instanceof Error) return error.message
  return texts.refusal[code] ?? texts.refusal.INTERNAL ?? ''
}
