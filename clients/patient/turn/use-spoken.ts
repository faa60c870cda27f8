import { useEffect, useRef, useState } from 'react'

/** Whoever listens is told where they stand, not each step of a quick queue. */
const BETWEEN_MS = 10_000

/** What a screen reader is told: the newest text, at most every few seconds unless it cannot wait. Nothing at first. */
export const useSpoken = (text: string, cannotWait: boolean): string => {
  const [said, setSaid] = useState('')
  const last = useRef<{ text: string | null; at: number }>({ text: null, at: 0 })
  useEffect(() => {
    if (text === last.current.text || text === '') return
    // What stands there when the screen opens is read with it.
    if (last.current.text === null) {
      last.current = { text, at: 0 }
      return
    }
    const say = () => {
      last.current = { text, at: Date.now() }
      setSaid(text)
    }
    const wait = cannotWait ? 0 : last.current.at + BETWEEN_MS - Date.now()
    const timer = setTimeout(say, Math.max(0, wait))
    return () => clearTimeout(timer)
  }, [text, cannotWait])
  return said
}
