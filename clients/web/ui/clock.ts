import { useEffect, useState } from 'react'

let offset = 0

/** Devices' clocks are wrong: what the server said last corrects this one. */
export const noteServerTime = (asOf: string): void => {
  offset = Date.parse(asOf) - Date.now()
}

export const serverNow = (): number => Date.now() + offset

/** The present moment, renewed every so many seconds. */
export const useNow = (seconds: number): number => {
  const [now, setNow] = useState(serverNow)
  useEffect(() => {
    const timer = setInterval(() => setNow(serverNow()), seconds * 1000)
    return () => clearInterval(timer)
  }, [seconds])
  return now
}
