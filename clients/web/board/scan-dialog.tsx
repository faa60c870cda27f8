import '../locales/later.ts'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'

/** Not in the languages' own types yet: browsers that read codes. */
type Detector = { detect: (source: HTMLVideoElement) => Promise<{ rawValue: string }[]> }
declare const BarcodeDetector: new (options: { formats: string[] }) => Detector

const LOOK_EVERY_MS = 200

/** The camera of this device reads the code on a patient's phone; nothing of the picture is kept. */
export const ScanDialog = ({ onCode, onClose }: { onCode: (code: string) => void; onClose: () => void }) => {
  const { t } = useTranslation()
  const video = useRef<HTMLVideoElement>(null)
  const [hasFailed, setFailed] = useState(false)
  const found = useRef(onCode)
  found.current = onCode
  useEffect(() => {
    let camera: MediaStream | null = null
    let timer: ReturnType<typeof setTimeout> | undefined
    let isOver = false
    const look = async (detector: Detector, picture: HTMLVideoElement) => {
      const [code] = await detector.detect(picture).catch(() => [])
      if (isOver) return
      if (code) found.current(code.rawValue.trim())
      else timer = setTimeout(() => void look(detector, picture), LOOK_EVERY_MS)
    }
    const begin = async () => {
      try {
        camera = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } })
        const picture = video.current
        if (isOver || !picture) return end()
        picture.srcObject = camera
        void picture.play().catch(() => undefined)
        await look(new BarcodeDetector({ formats: ['qr_code'] }), picture)
      } catch {
        if (!isOver) setFailed(true)
      }
    }
    const end = () => {
      isOver = true
      clearTimeout(timer)
      for (const track of camera?.getTracks() ?? []) track.stop()
    }
    void begin()
    return end
  }, [])
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
