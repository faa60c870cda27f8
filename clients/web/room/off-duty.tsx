import '../locales/later.ts'
import { useTranslation } from 'react-i18next'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import type { Visit } from './queues.ts'

type Props = { entry: Visit; onSure: () => void; onClose: () => void }

/** A doctor who goes while a patient is with them is asked whether they mean it. */
export const OffDuty = ({ entry, onSure, onClose }: Props) => {
  const { t } = useTranslation()
  return (
    <Dialog title={t('roomScreen.offTitle')} onClose={onClose}>
      <p>{t('roomScreen.offText', { ticket: entry.ticket, name: entry.patient?.name ?? '' })}</p>
      <div className="dialog-end">
        <Button onPress={onClose} autoFocus>
          {t('cancel')}
        </Button>
        <Button
          kind="main"
          onPress={() => {
            onSure()
            onClose()
          }}
        >
          {t('roomScreen.offDo')}
        </Button>
      </div>
    </Dialog>
  )
}
