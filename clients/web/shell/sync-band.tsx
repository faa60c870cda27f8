import { useOffline, useSyncStatus } from '@anteroom/offline/react'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useLink } from '../connection.ts'
import { useDeskState, usePlace, useStaff } from '../session/session.tsx'
import { Button } from '../ui/button.tsx'
import { useNow } from '../ui/clock.ts'
import { inMinutes, minutesBetween, timeOfDay } from '../ui/times.ts'

const NoticesDialog = lazy(() =>
  import('./notices-dialog.tsx').then(({ NoticesDialog }) => ({ default: NoticesDialog })),
)

/** Lost as soon as the line is silent or the server did not answer, whichever is known first. */
const useIsLive = (): boolean => {
  const { isLive } = useLink(usePlace().connection)
  const { isOnline } = useSyncStatus()
  return isLive && isOnline
}

/** Live, or not, and what is on its way; never only a colour. */
export const Live = () => {
  const { t } = useTranslation()
  const isLive = useIsLive()
  const { unsent } = useSyncStatus()
  return (
    <span className={isLive ? 'live' : 'live is-lost'} role="status">
      {!isLive ? t('notLive') : unsent > 0 ? t('sending', { count: unsent }) : t('live')}
    </span>
  )
}

/** Under the bar while the server cannot be heard: since when, what is unsent, how old what is shown is. */
const Lost = () => {
  const { t, i18n } = useTranslation()
  const { clinic } = useStaff()
  const link = useLink(usePlace().connection)
  const { unsent, syncedAt, offlineSince } = useSyncStatus()
  const now = useNow(5)
  const heardAt = Math.max(link.heardAt, syncedAt ?? 0)
  const since = link.isLive ? (offlineSince ?? link.since) : link.since
  if (heardAt === 0)
    return (
      <div className="band" role="alert">
        {t('lostAtStart')}
      </div>
    )
  const age = minutesBetween(new Date(heardAt).toISOString(), Math.max(now, Date.now()))
  const at = (time: number) => timeOfDay(time, clinic.timeZone, i18n.language)
  return (
    <div className="band" role="alert">
      <span>
        {t('lost', { time: at(heardAt), age: age === 0 ? t('lessThanAMinute') : inMinutes(age) })}{' '}
        {t('lostSince', { time: at(Math.max(since, heardAt)) })}
      </span>
      <span className="strong">{unsent > 0 ? t('unsent', { count: unsent }) : t('nothingUnsent')}</span>
    </div>
  )
}

/** What keeps this device from working as it should, in words. */
const Troubled = () => {
  const { t } = useTranslation()
  const { engine } = useOffline()
  const { trouble } = useSyncStatus()
  const state = useDeskState()
  return (
    <>
      {trouble && (
        <div className="band is-trouble" role="alert">
          <span>{t(`trouble.${trouble}`)}</span>
          {trouble === 'STORAGE_LOST' && (
            <Button onPress={() => void engine?.dismiss('STORAGE_LOST')}>{t('trouble.seen')}</Button>
          )}
          {(trouble === 'APP_OUTDATED' || trouble === 'LOGGED_OUT') && (
            <Button onPress={() => location.reload()}>{t('broken.reload')}</Button>
          )}
        </div>
      )}
      {state.at === 'in' && state.isSealed && (
        <div className="band" role="status">
          {t('stillSealed')}
        </div>
      )}
    </>
  )
}

/** Acts that came to nothing or were changed by others, until they have been seen. */
const Refused = () => {
  const { t } = useTranslation()
  const { notices } = useSyncStatus()
  const [isOpen, setOpen] = useState(false)
  if (notices.length === 0 && !isOpen) return null
  return (
    <>
      <div className="band is-trouble" role="alert">
        <span>{t('notices.some', { count: notices.length })}</span>
        <Button onPress={() => setOpen(true)}>{t('notices.look')}</Button>
      </div>
      <Suspense>{isOpen && <NoticesDialog onClose={() => setOpen(false)} />}</Suspense>
    </>
  )
}

/** Everything that the screens have to say about connection, sending and keeping. */
export const SyncBand = () => {
  const isLive = useIsLive()
  return (
    <>
      {!isLive && <Lost />}
      <Troubled />
      <Refused />
    </>
  )
}
