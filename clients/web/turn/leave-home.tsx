import { leaveHome } from '@anteroom/api/visit/leave-home'
import type { ShownVisit } from '@anteroom/api/visit/shown'
import { useEffect, useState } from 'react'
import { timeOf } from './time-of.ts'
import type { Words } from './words.ts'

const KEY = 'anteroom.travelMinutes'
const MOST_MINUTES = 240
const TICK_MS = 15_000

/** What was typed as minutes; null where it is none. */
const minutesOf = (text: string): number | null => {
  const minutes = Number(text)
  return text.trim() !== '' && Number.isInteger(minutes) && minutes >= 0 && minutes <= MOST_MINUTES ? minutes : null
}

const remembered = (): string => {
  try {
    return localStorage.getItem(KEY) ?? ''
  } catch {
    return ''
  }
}

const remember = (text: string): void => {
  try {
    localStorage.setItem(KEY, text)
  } catch {
    // A private window keeps nothing; the reader types it again.
  }
}

type Props = { estimate: ShownVisit['estimate']; visitAt: number; words: Words }

/** When to leave home, for whoever says how long their way takes; it stays on the device. */
export const LeaveHome = ({ estimate, visitAt, words: { leave, language } }: Props) => {
  const [typed, setTyped] = useState('')
  const [now, setNow] = useState(0)
  useEffect(() => {
    setTyped(remembered())
    const tick = () => setNow(Date.now())
    tick()
    const timer = setInterval(tick, TICK_MS)
    document.addEventListener('visibilitychange', tick)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', tick)
    }
  }, [])
  const travelMinutes = minutesOf(typed)
  const left =
    travelMinutes === null || !estimate || visitAt === 0
      ? null
      : leaveHome({ asOf: new Date(visitAt), lowMinutes: estimate.lowMinutes, travelMinutes }, new Date(now))
  const isNow = left?.inMinutes === 0
  return (
    <section className="leave">
      {left && !isNow && <p className="leave-at">{leave.at(timeOf(left.at.getTime(), language))}</p>}
      <p role="status" className="leave-at">
        {isNow ? leave.now : ''}
      </p>
      <details>
        <summary>{leave.open}</summary>
        <label>
          {leave.way}{' '}
          <input
            type="number"
            inputMode="numeric"
            min={0}
            max={MOST_MINUTES}
            value={typed}
            onChange={({ target }) => {
              setTyped(target.value)
              remember(target.value)
            }}
          />{' '}
          {leave.minutes}
        </label>
        <p className="quiet">{estimate ? leave.means : leave.unknown}</p>
      </details>
    </section>
  )
}
