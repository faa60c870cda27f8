import '../locales/later.ts'
import { useTranslation } from 'react-i18next'
import { actionKeys } from '../board/actions.ts'
import { showTour } from '../shell/guide.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'

const actions = ['recall', 'served', 'noShow', 'return', 'transfer'] as const

/** Every key of the doctor's room, on `?`. */
export const RoomHelp = ({ onClose }: { onClose: () => void }) => {
  const { t } = useTranslation()
  return (
    <Dialog title={t('help.title')} onClose={onClose}>
      <dl className="facts">
        <div>
          <dt>
            <kbd className="key">{t('space')}</kbd>
          </dt>
          <dd>{t('help.main')}</dd>
        </div>
        {actions.map((action) => (
          <div key={action}>
            <dt>
              <kbd className="key">{actionKeys[action].toUpperCase()}</kbd>
            </dt>
            <dd>{t(`action.${action}`)}</dd>
          </div>
        ))}
        <div>
          <dt>
            <kbd className="key">Z</kbd>
          </dt>
          <dd>{t('help.undo')}</dd>
        </div>
      </dl>
      <div className="dialog-end">
        <Button
          onPress={() => {
            onClose()
            showTour()
          }}
        >
          {t('tour.again')}
        </Button>
        <Button kind="main" autoFocus onPress={onClose}>
          {t('close')}
        </Button>
      </div>
    </Dialog>
  )
}
