import { lazy, Suspense, useEffect, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { useStaff } from '../session/session.tsx'
import { say } from '../ui/toasts.tsx'
import { canInstall, watchInstall } from './install.ts'
import { useScreen } from './screens.ts'

const Tour = lazy(() => import('./tour.tsx').then(({ Tour }) => ({ default: Tour })))

const SEEN = 'anteroom.tour'
const HINTED = 'anteroom.install'

/** Who has seen the first steps on this device. */
const seenBy = (): string[] => (localStorage.getItem(SEEN) ?? '').split(' ')

/** Whether somebody asked for it, and which showing this is. */
let showing = { isAsked: false, count: 0 }
const listeners = new Set<() => void>()
const show = (isAsked: boolean) => {
  showing = { isAsked, count: showing.count + 1 }
  for (const listener of listeners) listener()
}
const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Shows the first steps again. */
export const showTour = (): void => show(true)

const useInstallHint = (isDue: boolean) => {
  const { t } = useTranslation()
  const isPossible = useSyncExternalStore(watchInstall, canInstall)
  useEffect(() => {
    if (!isDue || !isPossible || localStorage.getItem(HINTED)) return
    localStorage.setItem(HINTED, 'hinted')
    say(t('install.hint'), { seconds: 12 })
  }, [isDue, isPossible, t])
}

/** What a newcomer is told once, on each device: the first steps, then that it can be installed. */
export const Guide = () => {
  const staff = useStaff()
  const [screen] = useScreen(staff)
  const { isAsked, count } = useSyncExternalStore(subscribe, () => showing)
  const isShown = screen !== 'manager' && (isAsked || !seenBy().includes(staff.id))
  useInstallHint(!isShown)
  if (!isShown) return null
  const end = () => {
    localStorage.setItem(SEEN, [...new Set([...seenBy(), staff.id])].join(' ').trim())
    show(false)
  }
  return (
    <Suspense>
      <Tour key={count} screen={screen} isAsked={isAsked} onEnd={end} />
    </Suspense>
  )
}
