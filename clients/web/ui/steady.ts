import { useRef, useState } from 'react'

/**
 * The same functions all the time, each doing what the newest one of its name does: what is given them need not be drawn anew
 * because they were made anew.
 */
export const useSteady = <Acts extends Record<string, (...given: never[]) => void>>(acts: Acts): Acts => {
  const latest = useRef(acts)
  latest.current = acts
  const [steady] = useState(() => {
    const call =
      (name: string) =>
      (...given: never[]) =>
        latest.current[name]?.(...given)
    return Object.fromEntries(Object.keys(acts).map((name) => [name, call(name)])) as Acts
  })
  return steady
}
