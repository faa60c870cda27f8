import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../ui/button.tsx'
import { useStaff } from './session.tsx'

const AccountDialog = lazy(() =>
  import('./account-dialog.tsx').then(({ AccountDialog }) => ({ default: AccountDialog })),
)

/** Me: opens what concerns only this person and this device. */
export const AccountMenu = () => {
  const { t } = useTranslation()
  const { name } = useStaff()
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <Button kind="plain" aria-label={t('openAccount', { name })} onPress={() => setOpen(true)}>
        {name} <span aria-hidden="true">▾</span>
      </Button>
      <Suspense>{isOpen && <AccountDialog onClose={() => setOpen(false)} />}</Suspense>
    </>
  )
}
