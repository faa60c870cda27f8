import '../locales/later.ts'
import { ActRefused } from '@anteroom/offline/engine'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { useDesk } from './session.tsx'

/** Whoever leaves with unsent work says what becomes of it. */
export const LogOutDialog = ({ unsent, onClose }: { unsent: number; onClose: () => void }) => {
  const { t } = useTranslation()
  const { logOut } = useDesk()
  const [problem, setProblem] = useState<string | null>(null)
  const [isSure, setSure] = useState(false)
  const leave = async (what: 'SEAL' | 'KEEP' | 'DISCARD') => {
    try {
      await logOut(what)
    } catch (error) {
      setProblem(t(error instanceof ActRefused ? 'leave.cannotSeal' : 'leave.failed'))
    }
  }
  return (
    <Dialog title={t('leave.title', { count: unsent })} onClose={onClose}>
      <p>{t('leave.text')}</p>
      <p className="problem" role="alert">
        {problem}
      </p>
      <div className="choices">
        <Button kind="main" isWide autoFocus onPress={onClose}>
          {t('leave.stay')}
        </Button>
        <Button isWide onPress={() => void leave('SEAL')}>
          {t('leave.seal')}
        </Button>
        <p className="small quiet">{t('leave.sealText')}</p>
        <Button isWide onPress={() => void leave('KEEP')}>
          {t('leave.keep')}
        </Button>
        <p className="small quiet">{t('leave.keepText')}</p>
        <Button isWide onPress={() => (isSure ? void leave('DISCARD') : setSure(true))}>
          {t(isSure ? 'leave.discardSure' : 'leave.discard', { count: unsent })}
        </Button>
      </div>
    </Dialog>
  )
}
