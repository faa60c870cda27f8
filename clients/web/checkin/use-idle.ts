import { useEffect, useRef, useState } from 'react'

const signs = ['pointerdown', 'keydown', 'wheel', 'touchmove'] as const

/** Counts the seconds down until somebody counts as gone; any touch begins anew. Null: nobody is there to go. */
export const useIdle = (seconds: number | null, onGone: () => void): number | null => {
  const [left, setLeft] = useState(seconds)
  const gone = useRef(onGone)
  gone.current = onGone
  useEffect(() => {
    setLeft(seconds)
    if (seconds === null) return
    let until = Date.now() + seconds * 1000
    const stay = () => {
      until = Date.now() + seconds * 1000
      setLeft(seconds)
    }
    const timer = setInterval(() => {
      const rest = Math.ceil((until - Date.now()) / 1000)
      if (rest <= 0) gone.current()
      else setLeft(rest)
    }, 500)
    for (const sign of signs) document.addEventListener(sign, stay, { capture: true, passive: true })
    return () => {
      clearInterval(timer)
      for (const sign of signs) document.removeEventListener(sign, stay, { capture: true })
    }
  }, [seconds])
  return left
}
