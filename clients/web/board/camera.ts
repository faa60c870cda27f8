import { type RefObject, useEffect, useRef, useState } from 'react'

/** Not in the languages' own types yet: browsers that read codes. */
type Detector = { detect: (source: HTMLVideoElement) => Promise<{ rawValue: string }[]> }
declare const BarcodeDetector: new (options: { formats: string[] }) => Detector

const LOOK_EVERY_MS = 200

/** Whether this device can read codes by itself. */
export const canRead = (): boolean => 'BarcodeDetector' in globalThis && navigator.mediaDevices !== undefined

/** The camera of this device reads a code, from whichever side is asked for; nothing of the picture is kept. */
export const useCamera = (
  onCode: (code: string) => void,
  facingMode: 'environment' | 'user',
): { video: RefObject<HTMLVideoElement | null>; hasFailed: boolean } => {
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
        camera = await navigator.mediaDevices.getUserMedia({ video: { facingMode } })
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
  }, [facingMode])
  return { video, hasFailed }
}
