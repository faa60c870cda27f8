import type { PassedCause } from '@anteroom/api/queue/history'
import type { ShownVisit } from '@anteroom/api/visit/shown'
import { type Change, changeText } from './news.ts'
import type { Words } from './words.ts'

const MOST_MARKS = 8

/** The line of people moving towards the door; the last mark is the reader. */
const Line = ({ ahead }: { ahead: number }) => (
  <div className="line" aria-hidden="true">
    <i className="door" />
    {Array.from({ length: Math.min(ahead, MOST_MARKS) }, (_, place) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: a place in the line is its index
      <i key={place} className={ahead > MOST_MARKS && place === MOST_MARKS - 1 ? 'person is-more' : 'person'} />
    ))}
    <i className="person is-me" />
  </div>
)

type Props = { visit: ShownVisit; change: Change | null; passed: PassedCause | null; words: Words }

/** The place of somebody who waits: the position as the largest thing on the screen. */
export const Place = ({ visit, change, passed, words }: Props) => {
  const { position, ahead, estimate } = visit
  const isMoved = change !== null && change.kind !== 'returned'
  return (
    <section className="place">
      <h1>
        <span className="label">{words.place}</span>{' '}
        <span key={position} className={isMoved ? `figure is-moved-${change.kind}` : 'figure'}>
          {position}
        </span>
      </h1>
      {estimate && <p className="range">{words.range(estimate.lowMinutes, estimate.highMinutes)}</p>}
      <p className="quiet">{estimate ? words.rangeMeans : words.noRange}</p>
      <Line ahead={ahead ?? 0} />
      <p className="ahead">{position === 1 ? words.next : words.ahead(ahead ?? 0)}</p>
      <p className="change">{change && changeText(change, words, passed)}</p>
      {!change && passed && (
        <p className="quiet">
          {words.wasPassed} {words.passed[passed]}
        </p>
      )}
    </section>
  )
}
