import { codeOfQr } from '@anteroom/api/patient/qr'
import { useEffect, useRef } from 'react'

/** What a patient's phone may show: their code, or the link to a visit. */
export const isCode = (text: string): boolean => codeOfQr(text) !== null || /\/t\/[\w-]{22}$/.test(text)

/** A scanner types much faster than people do. */
const PAUSE_MS = 300

/** What a scanner types into the page, wherever the person is; what people type is left alone. */
export const useScanner = (onCode: (code: string) => void): void => {
  const found = useRef(onCode)
  found.current = onCode
  useEffect(() => {
    let text = ''
    let last = 0
    const listen = (event: KeyboardEvent) => {
      if (event.timeStamp - last > PAUSE_MS) text = ''
      last = event.timeStamp
      if (event.key.length === 1) text = (text + event.key).slice(-300)
      if (event.key !== 'Enter' || !isCode(text)) return
      event.preventDefault()
      event.stopPropagation()
      found.current(text)
      text = ''
    }
    document.addEventListener('keydown', listen, true)
    return () => document.removeEventListener('keydown', listen, true)
  }, [])
}
