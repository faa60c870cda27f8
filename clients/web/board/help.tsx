import '../locales/later.ts'
import { useTranslation } from 'react-i18next'
import { showTour } from '../shell/guide.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { type ActionId, actionKeys } from './actions.ts'

const general = ['search', 'arrivals', 'columns', 'rows', 'callNext', 'intake', 'rest', 'undo', 'close'] as const
const keysOf: Record<(typeof general)[number], string> = {
  search: '/',
  arrivals: 'A',
  columns: '1–9 ← →',
  rows: '↑ ↓',
  callNext: 'X',
  intake: 'I',
  rest: 'O',
  undo: 'Z',
  close: 'Esc',
}

/** Every key of the board, on `?`. */
export const Help = ({ onClose }: { onClose: () => void }) => {
  const { t } = useTranslation()
  return (
    <Dialog title={t('help.title')} isBroad onClose={onClose}>
      <div className="help">
        <dl>
          {general.map((name) => (
            <div key={name}>
              <dt>
                <kbd className="key">{keysOf[name]}</kbd>
              </dt>
              <dd>{t(`help.${name}`)}</dd>
            </div>
          ))}
        </dl>
        <dl>
          {Object.entries(actionKeys).map(([action, key]) => (
            <div key={action}>
              <dt>
                <kbd className="key">{key.toUpperCase()}</kbd>
              </dt>
              <dd>{t(`action.${action as ActionId}`)}</dd>
            </div>
          ))}
        </dl>
      </div>
      <div className="dialog-end">
        <Button
          onPress={() => {
            onClose()
            showTour()
          }}
        >
          {t('tour.again')}
        </Button>
        <Button kind="main" onPress={onClose} autoFocus>
          {t('close')}
        </Button>
      </div>
    </Dialog>
  )
}
