import './board.css'
import { lazy, Suspense, useMemo, useRef, useState } from 'react'
import { Button as AriaButton } from 'react-aria-components/Button'
import { useTranslation } from 'react-i18next'
import { useArrivals } from '../booking/bookings.ts'
import { type BookingFragment, CheckInDocument, type RowFragment } from '../generated/graphql.ts'
import type { Person } from '../patients/person-dialog.tsx'
import { useStaff } from '../session/session.tsx'
import { TopBar } from '../shell/top-bar.tsx'
import { useKeys } from '../ui/keys.ts'
import { useSteady } from '../ui/steady.ts'
import { say, undoLast } from '../ui/toasts.tsx'
import { type ActionId, actionOfKey } from './actions.ts'
import { isPlain, useActs } from './acts.ts'
import { Arrivals } from './arrivals.tsx'
import { Column } from './column.tsx'
import { Finder } from './finder.tsx'
import { afterAt, stepIn } from './place.ts'
import type { Question } from './questions.tsx'
import { type QueueLine, useMessages, useQueues } from './queues.ts'

const Details = lazy(() => import('./details.tsx').then(({ Details }) => ({ default: Details })))
const Asked = lazy(() => import('./questions.tsx').then(({ Asked }) => ({ default: Asked })))
const IntakeDialog = lazy(() => import('./intake-dialog.tsx').then(({ IntakeDialog }) => ({ default: IntakeDialog })))
const Help = lazy(() => import('./help.tsx').then(({ Help }) => ({ default: Help })))
const PersonDialog = lazy(() =>
  import('../patients/person-dialog.tsx').then(({ PersonDialog }) => ({ default: PersonDialog })),
)
const RegisterDialog = lazy(() =>
  import('../patients/register-dialog.tsx').then(({ RegisterDialog }) => ({ default: RegisterDialog })),
)
const BookingDialog = lazy(() =>
  import('../booking/booking-dialog.tsx').then(({ BookingDialog }) => ({ default: BookingDialog })),
)
const CancelDialog = lazy(() =>
  import('../booking/cancel-dialog.tsx').then(({ CancelDialog }) => ({ default: CancelDialog })),
)

type Open =
  | { is: 'help' }
  | { is: 'intake'; serviceId: string }
  | { is: 'person'; person: Person }
  | { is: 'register'; text: string }
  | { is: 'book'; subject: { patient: { id: string; name: string } } | { booking: BookingFragment } }
  | { is: 'cancel'; booking: BookingFragment }
  | { is: 'question'; question: Question }

const ARRIVALS = 'arrivals'
const BOARD = { ended: 20, asDoctor: false }

const restOf = (line: QueueLine): RowFragment[] => [...line.onHold, ...line.ended]

/** Where the arrow keys go: the present state of a column from top to bottom. */
const rowsOf = (line: QueueLine | undefined, showsRest: boolean): RowFragment[] =>
  line ? [...line.serving, ...line.waiting, ...(showsRest ? restOf(line) : [])] : []

export const Board = () => {
  const { t } = useTranslation()
  const { clinic } = useStaff()
  const { services } = clinic
  const lines = useQueues(
    services.map(({ id }) => id),
    BOARD,
  )
  const messages = useMessages(clinic.id)
  const acts = useActs()
  const bookings = useArrivals()

  const finder = useRef<HTMLInputElement>(null)
  const [area, setArea] = useState<string>(services[0]?.id ?? ARRIVALS)
  const [entryId, setEntryId] = useState<string | null>(null)
  const [bookingId, setBookingId] = useState<string | null>(null)
  const [rest, setRest] = useState<string | null>(null)
  const [moving, setMoving] = useState<{ entryId: string; index: number } | null>(null)
  const [open, setOpen] = useState<Open | null>(null)
  const close = () => setOpen(null)
  const intake = open?.is === 'intake' ? lines.get(open.serviceId) : undefined

  const everyone = [...lines.values()].flatMap((line) => rowsOf(line, true))
  const selected = everyone.find(({ id }) => id === entryId) ?? null
  const arriving = bookings?.find(({ id }) => id === bookingId) ?? null
  const lineOf = (serviceId: string) => lines.get(serviceId)
  const serviceOf = (serviceId: string) => {
    const service = services.find(({ id }) => id === serviceId)
    // Who is on duty is newest in the queue.
    return service && { ...service, doctors: lineOf(serviceId)?.service.doctors ?? service.doctors }
  }

  const select = (entry: RowFragment | null) => {
    setMoving(null)
    setEntryId(entry?.id ?? null)
    if (!entry) return
    setArea(entry.service.id)
    requestAnimationFrame(() => {
      const list = document.getElementById(`entry-${entry.id}`)?.closest<HTMLElement>('[role="listbox"]')
      list?.focus({ preventScroll: true })
    })
  }

  const act = (action: ActionId, entry: RowFragment) => {
    const service = serviceOf(entry.service.id)
    if (isPlain(action)) void acts.plain(action, entry.id)
    else if (action === 'move') {
      const index = lineOf(entry.service.id)?.waiting.findIndex(({ id }) => id === entry.id) ?? -1
      if (index >= 0) setMoving({ entryId: entry.id, index })
      say(t('moveByKeys'))
    } else if (action === 'call') {
      if (service) setOpen({ is: 'question', question: { kind: 'call', entry, service } })
    } else setOpen({ is: 'question', question: { kind: action, entry } })
  }

  const checkIn = async (id: string) => {
    const next =
      bookings &&
      stepIn(
        bookings.map((booking) => booking.id),
        id,
        1,
      )
    const entry = await acts.change('checkIn', CheckInDocument, { appointmentId: id })
    if (entry) setBookingId(next === id ? null : next)
  }

  const callNext = (serviceId: string) => {
    const service = serviceOf(serviceId)
    if (service && lineOf(serviceId)?.waiting.length)
      setOpen({ is: 'question', question: { kind: 'callNext', service } })
  }

  const askMove = (entry: RowFragment, index: number) => {
    const line = lineOf(entry.service.id)
    if (!line) return
    const after = afterAt(
      line.waiting.map(({ id }) => id),
      entry.id,
      index,
    )
    setOpen({ is: 'question', question: { kind: 'move', entry, after } })
  }

  const step = (by: 1 | -1) => {
    if (moving && selected) {
      const most = (lineOf(selected.service.id)?.waiting.length ?? 1) - 1
      setMoving({ ...moving, index: Math.min(most, Math.max(0, moving.index + by)) })
    } else if (area === ARRIVALS) {
      const ids = bookings?.map(({ id }) => id) ?? []
      setBookingId(stepIn(ids, bookingId, by))
    } else {
      const rows = rowsOf(lineOf(area), rest === area)
      const ids = rows.map(({ id }) => id)
      const next = stepIn(ids, entryId && ids.includes(entryId) ? entryId : null, by)
      select(rows.find(({ id }) => id === next) ?? null)
    }
  }

  const go = (next: string) => {
    setArea(next)
    setMoving(null)
    if (next === ARRIVALS) {
      setEntryId(null)
      setBookingId(bookings?.[0]?.id ?? null)
    } else {
      setBookingId(null)
      select(rowsOf(lineOf(next), false)[0] ?? null)
      setArea(next)
    }
  }

  const sideways = (by: 1 | -1) => {
    const areas = [ARRIVALS, ...services.map(({ id }) => id)]
    const next = stepIn(areas, area, by)
    if (next && next !== area) go(next)
  }

  const isOnButton = (event: KeyboardEvent) =>
    event.target instanceof HTMLElement && event.target.closest('button:not(.arrival-who), a') !== null

  useKeys({
    '/': () => finder.current?.focus(),
    '?': () => setOpen({ is: 'help' }),
    a: () => go(ARRIVALS),
    x: () => area !== ARRIVALS && callNext(area),
    i: () => area !== ARRIVALS && setOpen({ is: 'intake', serviceId: area }),
    o: () => area !== ARRIVALS && setRest(rest === area ? null : area),
    z: undoLast,
    e: () => (arriving ? setOpen({ is: 'book', subject: { booking: arriving } }) : false),
    backspace: () => (arriving ? setOpen({ is: 'cancel', booking: arriving }) : false),
    arrowdown: () => step(1),
    arrowup: () => step(-1),
    arrowright: () => sideways(1),
    arrowleft: () => sideways(-1),
    enter: (event) => {
      if (isOnButton(event)) return false
      if (moving && selected) {
        askMove(selected, moving.index)
        return true
      }
      if (area === ARRIVALS && bookingId) return void checkIn(bookingId)
      return false
    },
    escape: () => {
      if (moving) setMoving(null)
      else if (entryId) select(null)
      else setBookingId(null)
    },
    ...Object.fromEntries(services.slice(0, 9).map(({ id }, at) => [String(at + 1), () => go(id)])),
    ...Object.fromEntries(
      [...'crsdnbumhtl'].map((key) => [
        key,
        () => {
          const action = selected && actionOfKey(selected.status, key)
          if (!selected || !action) return false
          act(action, selected)
          return true
        },
      ]),
    ),
  })

  const ofArrivals = useSteady({
    onSelect: (id: string) => {
      setArea(ARRIVALS)
      setEntryId(null)
      setBookingId(id)
    },
    onCheckIn: (id: string) => void checkIn(id),
    onReschedule: (booking: BookingFragment) => setOpen({ is: 'book', subject: { booking } }),
    onCancel: (booking: BookingFragment) => setOpen({ is: 'cancel', booking }),
  })
  const ofColumns = useSteady({
    onSelect: (entry: RowFragment) => {
      setBookingId(null)
      select(entry)
    },
    onCallNext: callNext,
    onIntake: (serviceId: string) => setOpen({ is: 'intake', serviceId }),
    onToggleRest: (serviceId: string) => {
      setArea(serviceId)
      setRest(rest === serviceId ? null : serviceId)
    },
    onDrop: (serviceId: string, id: string, to: number) => {
      const entry = lineOf(serviceId)?.waiting.find((waiting) => waiting.id === id)
      if (entry) askMove(entry, to)
    },
  })

  // One change of one queue draws that column anew, and nothing else of the board.
  const bar = useMemo(
    () => (
      <TopBar>
        <Finder
          ref={finder}
          onFound={(found) =>
            setOpen(
              found.kind === 'new' ? { is: 'register', text: found.text } : { is: 'person', person: found.person },
            )
          }
        />
      </TopBar>
    ),
    [],
  )
  const isAtArrivals = area === ARRIVALS
  const arrivals = useMemo(
    () => <Arrivals bookings={bookings} isFocused={isAtArrivals} selectedId={bookingId} {...ofArrivals} />,
    [bookings, isAtArrivals, bookingId, ofArrivals],
  )

  return (
    <div className="shell">
      {bar}
      <nav className="areas" aria-label={t('areas')}>
        {[{ id: ARRIVALS, name: t('arrivals.short'), count: bookings?.length ?? 0 }]
          .concat(services.map(({ id, name }) => ({ id, name, count: lineOf(id)?.waiting.length ?? 0 })))
          .map(({ id, name, count }) => (
            <AriaButton
              key={id}
              className="area"
              aria-pressed={area === id}
              onPress={() => {
                go(id)
                // Whoever chooses with a finger looks at the list first.
                select(null)
              }}
            >
              {name} <span className="quiet">{count}</span>
            </AriaButton>
          ))}
      </nav>
      <main className={selected ? 'board has-details' : 'board'}>
        <h1 className="only-read">{t('screen.board')}</h1>
        {arrivals}
        <div className="columns">
          {services.map((service, index) => {
            const line = lineOf(service.id)
            if (!line)
              return (
                <section
                  key={service.id}
                  className={area === service.id ? 'column is-focused' : 'column'}
                  aria-busy="true"
                  aria-label={service.name}
                />
              )
            return (
              <Column
                key={service.id}
                line={line}
                index={index}
                isFocused={area === service.id}
                selectedId={selected?.service.id === service.id ? selected.id : null}
                showsRest={rest === service.id}
                movingTo={moving && selected?.service.id === service.id ? moving : null}
                messages={messages}
                {...ofColumns}
              />
            )
          })}
        </div>
        {selected && (
          <Suspense fallback={<aside className="details" aria-busy="true" />}>
            <Details entry={selected} onAct={(action) => act(action, selected)} onClose={() => select(null)} />
          </Suspense>
        )}
      </main>
      <Suspense>
        {open?.is === 'help' && <Help onClose={close} />}
        {intake && <IntakeDialog line={intake} onClose={close} />}
        {open?.is === 'question' && (
          <Asked
            question={open.question}
            acts={acts}
            onClose={() => {
              setMoving(null)
              close()
            }}
          />
        )}
        {open?.is === 'person' && (
          <PersonDialog
            person={open.person}
            acts={acts}
            onAdded={(entry) => {
              setEntryId(entry.id)
              setArea(entry.service.id)
            }}
            onBook={(patient) => setOpen({ is: 'book', subject: { patient } })}
            onClose={close}
          />
        )}
        {open?.is === 'register' && (
          <RegisterDialog text={open.text} onKnown={(person) => setOpen({ is: 'person', person })} onClose={close} />
        )}
        {open?.is === 'book' && <BookingDialog subject={open.subject} onClose={close} />}
        {open?.is === 'cancel' && <CancelDialog booking={open.booking} onClose={close} />}
      </Suspense>
    </div>
  )
}
