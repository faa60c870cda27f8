import './shell.css'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useLink } from '../connection.ts'
import { AccountMenu } from '../session/account-menu.tsx'
import { useSession, useStaff } from '../session/session.tsx'
import { useNow } from '../ui/clock.ts'
import { inMinutes, minutesBetween, timeOfDay } from '../ui/times.ts'

const Mark = () => (
  <svg viewBox="0 0 512 512" aria-hidden="true">
    <rect width="512" height="512" fill="#0c5f5b" />
    <path d="M296 112h88v288h-88M112 256h148m-56-56 56 56-56 56" fill="none" stroke="#fff" strokeWidth="36" />
  </svg>
)

/** Live, or since when not; never only a colour. */
const Live = () => {
  const { t } = useTranslation()
  const { isLive } = useLink(useSession().api.connection)
  return (
    <span className={isLive ? 'live' : 'live is-lost'} role="status">
      {isLive ? t('live') : t('notLive')}
    </span>
  )
}

/** Stands under the bar while the server cannot be heard: since when, and how old what is shown is. */
const LostBand = () => {
  const { t, i18n } = useTranslation()
  const { clinic } = useStaff()
  const link = useLink(useSession().api.connection)
  const now = useNow(5)
  if (link.isLive || link.heardAt === 0) return null
  const age = minutesBetween(new Date(link.heardAt).toISOString(), Math.max(now, Date.now()))
  return (
    <div className="band" role="alert">
      {t('lost', {
        time: timeOfDay(link.heardAt, clinic.timeZone, i18n.language),
        age: age === 0 ? t('lessThanAMinute') : inMinutes(age),
      })}
    </div>
  )
}

export const TopBar = ({ children }: { children?: ReactNode }) => {
  const { clinic } = useStaff()
  return (
    <>
      <header className="top-bar">
        <span className="clinic">
          <Mark />
          {clinic.name}
        </span>
        <div className="fill">{children}</div>
        <Live />
        <AccountMenu />
      </header>
      <LostBand />
    </>
  )
}
