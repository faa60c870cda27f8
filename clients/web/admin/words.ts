import { CombinedGraphQLErrors } from '@apollo/client/errors'
import type { TFunction } from 'i18next'
import { codeOf, wordsFor } from '../ui/refusal.ts'

const own = ['USERNAME_TAKEN', 'LETTER_TAKEN', 'NAME_TAKEN', 'CONFLICT'] as const

/** What went wrong, in words of the person's language, with what only happens on these screens. */
export const adminWords = (error: unknown, t: TFunction): string => {
  const code = own.find((name) => name === codeOf(error))
  return code ? t(`admin.refusal.${code}`) : wordsFor(error, t)
}

/** The field of the input that a refusal names, as in input.allowedCountries.0. */
export const fieldOf = (error: unknown): string | null => {
  const field = CombinedGraphQLErrors.is(error) ? error.errors[0]?.extensions?.field : null
  return typeof field === 'string' ? field : null
}
