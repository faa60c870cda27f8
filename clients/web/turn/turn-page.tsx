import type { Shown } from '@anteroom/api/visit/shown'
import { useEffect, useState } from 'react'
import { allowSound } from '../display/sound.ts'
import { LeaveHome } from './leave-home.tsx'
import { screenOf, spoken } from './news.ts'
import { Place } from './place.tsx'
import { StopMessages } from './stop-messages.tsx'
import { timeOf } from './time-of.ts'
import { useSpoken } from './use-spoken.ts'
import { type Freshness, useVisit } from './use-visit.ts'
import { type Words, wordsIn } from './words.ts'

const FreshnessMark = ({ kind, heardAt, words }: Freshness & { words: Words }) => (
  <p className={`freshness is-${kind}`}>
    {kind === 'stale' ? words.asOf(timeOf(heardAt, words.language)) : kind === 'live' ? words.live : words.connecting}
  </p>
)

/** Browsers play and shake only after a touch, so there is a button for it; it vanishes where it cannot work. */
const Sound = ({ words }: { words: Words }) => {
  const [state, setState] = useState<'impossible' | 'off' | 'on'>('impossible')
  useEffect(() => setState('AudioContext' in window ? 'off' : 'impossible'), [])
  if (state === 'impossible') return null
  if (state === 'on') return <p>{words.sound.isOn}</p>
  return (
    <button type="button" onClick={() => void allowSound().then((isOn) => setState(isOn ? 'on' : 'off'))}>
      {words.sound.on}
    </button>
  )
}

const Message = ({ title, text, clinic }: { title: string; text: string; clinic: Shown['clinic'] }) => (
  <section className="message">
    <h1>{title}</h1>
    <p>{text}</p>
    {clinic && (
      <address>
        <strong>{clinic.name}</strong>
        {clinic.address && <span>{clinic.address}</span>}
      </address>
    )}
  </section>
)

/** Clinics name their rooms as they like. */
const isLong = (room: string | null): boolean => (room?.split(' ') ?? []).some((word) => word.length > 7)

type CalledProps = { room: string | null; directions: string | null; words: Words }

const Called = ({ room, directions, words }: CalledProps) => (
  <section className="called">
    <h1>
      <span className={isLong(room) ? 'room is-long' : 'room'}>
        {room === null ? words.yourTurn : words.room(room)}
      </span>{' '}
      <span className="come">{room === null ? words.comeToDesk : words.comeIn}</span>
    </h1>
    <svg viewBox="0 0 48 24" aria-hidden="true">
      <path d="M2 12h40m-9-9 9 9-9 9" fill="none" stroke="currentColor" strokeWidth="3" />
    </svg>
    {directions && <p className="directions">{directions}</p>}
  </section>
)

/** One visit, for whoever has its link: "My turn". */
export const TurnPage = ({ link, first }: { link: string; first: Shown }) => {
  const { shown, change, freshness, visitAt, stopped } = useVisit(link, first)
  const words = wordsIn(first.language)
  const { state, visit } = shown
  const isCalled = visit?.status === 'CALLED'
  const isWaiting = visit?.status === 'WAITING'
  const isOpen = isCalled || isWaiting || visit?.status === 'ON_HOLD'
  const isStale = isOpen && freshness.kind === 'stale'
  const name = visit ? screenOf(visit) : state === 'visit' ? null : state
  const text = visit ? spoken(visit, words) : name ? words.screens[name].title : ''
  const said = useSpoken(isStale ? `${words.lost} ${text}` : text, isCalled)
  useEffect(() => {
    document.title = titleOf(shown)
  }, [shown])
  return (
    <main className={`turn${isCalled ? ' is-called' : ''}${isStale ? ' is-stale' : ''}`}>
      <header>
        {visit && (
          <p className="ticket">
            <span className="label">{words.ticket}</span> <strong>{visit.ticket}</strong>
          </p>
        )}
        {isOpen && <FreshnessMark {...freshness} words={words} />}
      </header>
      {isCalled && <Called room={visit.room} directions={shown.clinic?.directions ?? null} words={words} />}
      {isWaiting && <Place visit={visit} change={change} passed={shown.passed} words={words} />}
      {isWaiting && <LeaveHome estimate={visit.estimate} visitAt={visitAt} words={words} />}
      {name && <Message {...words.screens[name]} clinic={state === 'early' ? shown.clinic : null} />}
      {isStale && <p className="lost">{words.lost}</p>}
      <p role="status" className="spoken">
        {said}
      </p>
      <footer>
        {(isWaiting || visit?.status === 'ON_HOLD') && <Sound words={words} />}
        {((isOpen && !isCalled) || state === 'early') && (
          <StopMessages link={link} isStopped={shown.isStopped} onStopped={stopped} words={words} />
        )}
        {((isOpen && !isCalled) || state === 'early') && <a href="/patient">{words.account}</a>}
        <a href={`?lang=${words.other.tag}`} lang={words.other.tag} hrefLang={words.other.tag}>
          {words.other.name}
        </a>
      </footer>
    </main>
  )
}

/** The state in the name of the tab. */
export const titleOf = ({ state, visit, language }: Shown): string => {
  const words = wordsIn(language)
  if (visit) return `${visit.ticket} · ${spoken(visit, words)}`
  return state === 'visit' ? 'Anteroom' : words.screens[state].title
}
