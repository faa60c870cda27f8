import { useTranslation } from 'react-i18next'
import { Button } from '../ui/button.tsx'
import { adminWords } from './words.ts'

/** Says that something is still coming, or why it does not come. */
export const StateLine = ({ error, retry }: { error: unknown; retry: () => void }) => {
  const { t } = useTranslation()
  if (!error)
    return (
      <p className="quiet" role="status">
        {t('admin.loading')}
      </p>
    )
  return (
    <div className="notice choices" role="alert">
      <p>{adminWords(error, t)}</p>
      <div>
        <Button onPress={retry}>{t('admin.retry')}</Button>
      </div>
    </div>
  )
}
