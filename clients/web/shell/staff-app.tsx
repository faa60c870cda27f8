import { lazy, Suspense, useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { Board } from '../board/board.tsx'
import type { Desk } from '../session/desk.ts'
import { DeskProvider, StaffProvider, useDeskState, useStaff } from '../session/session.tsx'
import { Button } from '../ui/button.tsx'
import { Toasts } from '../ui/toasts.tsx'
import { useScreen } from './screens.ts'

const Room = lazy(() => import('../room/room.tsx').then(({ Room }) => ({ default: Room })))
const LogIn = lazy(() => import('../session/log-in.tsx').then(({ LogIn }) => ({ default: LogIn })))
const Admin = lazy(() => import('../admin/admin.tsx').then(({ Admin }) => ({ default: Admin })))

const Screen = () => {
  const staff = useStaff()
  const [screen] = useScreen(staff)
  return screen === 'board' ? <Board /> : screen === 'room' ? <Room /> : <Admin />
}

const Unreachable = ({ retry }: { retry: () => void }) => {
  const { t } = useTranslation()
  useEffect(() => {
    const timer = setInterval(retry, 5_000)
    return () => clearInterval(timer)
  }, [retry])
  return (
    <main className="centre">
      <div className="card" role="alert">
        <h1>{t('unreachable.title')}</h1>
        <p>{t('unreachable.text')}</p>
        <Button kind="main" onPress={retry}>
          {t('unreachable.retry')}
        </Button>
      </div>
    </main>
  )
}

const Staff = () => {
  const state = useDeskState()
  if (state.at === 'starting') return null
  if (state.at === 'out') return <LogIn />
  return (
    <StaffProvider place={state.place} otherwise={(retry) => <Unreachable retry={retry} />}>
      <Screen />
    </StaffProvider>
  )
}

/** Everything that staff see behind their log-in. */
export const StaffApp = ({ desk }: { desk: Desk }) => (
  <DeskProvider desk={desk}>
    <Suspense>
      <Staff />
    </Suspense>
    <Toasts />
  </DeskProvider>
)
