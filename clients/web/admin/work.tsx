import { useApolloClient } from '@apollo/client/react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { AdminFailedJobsDocument, DropJobDocument, RetryJobDocument } from '../generated/admin.ts'
import { useStaff } from '../session/session.tsx'
import { Button } from '../ui/button.tsx'
import { dayName, dayOf, timeOfDay } from '../ui/times.ts'
import { say } from '../ui/toasts.tsx'
import { usePages } from './pages.ts'
import { StateLine } from './state-line.tsx'
import { adminWords } from './words.ts'

const known = ['message', 'announce.move', 'announce.almost', 'announce.booking', 'announce.reminder'] as const

/** Background work that failed for good, with its reason: tried again or given up. */
export const Work = () => {
  const { t, i18n } = useTranslation()
  const client = useApolloClient()
  const { clinic } = useStaff()
  const [isBusy, setBusy] = useState(false)
  const { rows, next, isLoading, error, more, reload } = usePages(clinic.id, async (after) => {
    const variables = { clinicId: clinic.id, after }
    return (await client.query({ query: AdminFailedJobsDocument, variables, fetchPolicy: 'no-cache' })).data?.failedJobs
  })
  const nameOf = (name: string): string => {
    const job = known.find((one) => one === name)
    return job ? t(`admin.work.jobs.${job.replace('.', '_') as 'message'}`) : name
  }
  const settle = async (mutation: typeof RetryJobDocument | typeof DropJobDocument, id: string, said: string) => {
    setBusy(true)
    try {
      await client.mutate({ mutation: mutation as typeof RetryJobDocument, variables: { id } })
      say(said)
      await reload()
    } catch (failure) {
      say(adminWords(failure, t))
      await reload()
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <p className="quiet">{t('admin.work.text')}</p>
      {(error || !rows) && <StateLine error={error} retry={() => void reload()} />}
      {rows?.length === 0 && !error && <p>{t('admin.work.none')}</p>}
      <ul className="admin-list" aria-busy={isLoading}>
        {rows?.map(({ id, name, attempts, error: reason, failedAt }) => (
          <li key={id} className="admin-row">
            <div>
              <p className="strong">{nameOf(name)}</p>
              <p className="small quiet">
                {dayName(dayOf(Date.parse(failedAt), clinic.timeZone), i18n.language)},{' '}
                {timeOfDay(failedAt, clinic.timeZone, i18n.language)} · {t('admin.work.attempts', { count: attempts })}
              </p>
              <p className="small">{reason ?? t('admin.work.noReason')}</p>
            </div>
            <Button
              isDisabled={isBusy}
              aria-label={t('admin.work.retryOf', { name: nameOf(name) })}
              onPress={() => void settle(RetryJobDocument, id, t('admin.work.retried'))}
            >
              {t('admin.retry')}
            </Button>
            <Button
              isDisabled={isBusy}
              aria-label={t('admin.work.dropOf', { name: nameOf(name) })}
              onPress={() => void settle(DropJobDocument, id, t('admin.work.dropped'))}
            >
              {t('admin.work.drop')}
            </Button>
          </li>
        ))}
      </ul>
      {next && (
        <div>
          <Button onPress={() => void more()} isDisabled={isLoading}>
            {t('admin.more')}
          </Button>
        </div>
      )}
    </>
  )
}
