import { useState } from 'react'
import { stopMessages } from './line.ts'
import type { Words } from './words.ts'

type Props = { link: string; isStopped: boolean; onStopped: () => void; words: Words }

/** Says first what it means, so that nobody misses a call by a slip of the thumb. */
export const StopMessages = ({ link, isStopped, onStopped, words: { stop } }: Props) => {
  const [state, setState] = useState<'idle' | 'asking' | 'failed'>('idle')
  const act = async () => {
    setState('asking')
    if (await stopMessages(link)) onStopped()
    else setState('failed')
  }
  return (
    <div className="stop">
      {!isStopped && (
        <details>
          <summary>{stop.open}</summary>
          <p>{stop.text}</p>
          <button type="button" disabled={state === 'asking'} onClick={() => void act()}>
            {stop.act}
          </button>
        </details>
      )}
      <p role="status">{isStopped ? stop.done : state === 'failed' ? stop.failed : ''}</p>
    </div>
  )
}
