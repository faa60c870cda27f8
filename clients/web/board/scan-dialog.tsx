import '../locales/later.ts'
import { useTranslation } from 'react-i18next'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { useCamera } from './camera.ts'

/** The camera of this device reads the code on a patient's phone. */
export const ScanDialog = ({ onCode, onClose }: { onCode: (code: string) => void; onClose: () => void }) => {
  const { t } = useTranslation()
  const { video, hasFailed } = useCamera(onCode, 'environment')
  return (
    <Dialog title={t('scan.title')} onClose={onClose}>
      {hasFailed ? (
        <p className="notice" role="alert">
          {t('scan.noCamera')}
        </p>
      ) : (
        <>
          <p className="quiet">{t('scan.text')}</p>
          <video ref={video} className="scan-picture" aria-label={t('scan.picture')} muted playsInline />
        </>
      )}
      <div className="dialog-end">
        <Button autoFocus onPress={onClose}>
          {t('cancel')}
        </Button>
      </div>
    </Dialog>
  )
}
