import type { TFunction } from 'i18next'
import { codeOf, wordsFor } from '../ui/refusal.ts'

const own = ['USERNAME_TAKEN', 'LETTER_TAKEN', 'NAME_TAKEN', 'CONFLICT'] as const

/** What went wrong, in words of the person's language, with what only happens on these screens. */
export const adminWords = (error: unknown, t: TFunction): string => {
  const code = own.find((name) => name === codeOf(error))
  return code ? t(`admin.refusal.${code}`) : wordsFor(error, t)
}
