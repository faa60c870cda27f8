import { useTranslation } from 'react-i18next'
import type { Urgency } from '../generated/graphql.ts'

/** Shape, colour and word; ROUTINE is the normal case and stays quiet. */
export const UrgencyMark = ({ urgency }: { urgency: Urgency }) => {
  const { t } = useTranslation()
  if (urgency === 'ROUTINE') return null
  return (
    <span className={`urgency ${urgency.toLowerCase()}`}>
      <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
        <path d={urgency === 'EMERGENCY' ? 'M6 0 12 6 6 12 0 6Z' : 'M6 1 12 11H0Z'} fill="currentColor" />
      </svg>
      {t(`urgency.${urgency}`)}
    </span>
  )
}
