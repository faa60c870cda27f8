import { SessionRefused } from '@anteroom/offline/session'
import { CombinedGraphQLErrors } from '@apollo/client/errors'
import type { TFunction } from 'i18next'
import { en } from '../locales/en.ts'

/** The API's code of a refusal; null where there was no answer. */
export const codeOf = (error: unknown): string | null =>
  CombinedGraphQLErrors.is(error)
    ? String(error.errors[0]?.extensions?.code ?? 'INTERNAL')
    : error instanceof SessionRefused
      ? error.code
      : null

/** What went wrong, in words of the person's language. */
export const wordsFor = (error: unknown, t: TFunction): string => {
  const code = codeOf(error)
  if (code === null) return t('refusal.OFFLINE')
  if (code === 'BAD_INPUT') {
    const message = CombinedGraphQLErrors.is(error) ? error.errors[0]?.message : ''
    return t('refusal.BAD_INPUT', { message })
  }
  return code in en.refusal ? t(`refusal.${code as keyof typeof en.refusal}`) : t('refusal.INTERNAL')
}
