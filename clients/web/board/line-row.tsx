import { usePendingMark } from '@anteroom/offline/react'
import type { TFunction } from 'i18next'
import { type CSSProperties, type DragEvent, memo } from 'react'
import { useTranslation } from 'react-i18next'
import type { MessageFragment, RowFragment } from '../generated/graphql.ts'
import { useStaff } from '../session/session.tsx'
import { inMinutes, minutesBetween, timeOfDay } from '../ui/times.ts'
import { UrgencyMark } from '../ui/urgency-mark.tsx'

type Props = {
  entry: RowFragment
  isSelected: boolean
  isMoving: boolean
  now: number
  message: MessageFragment | undefined
  onSelect: (entry: RowFragment) => void
  /** Pixels from the top of its list, where a list places its rows itself. */
  top?: number
  dropEdge?: boolean
  /** The same for all rows of a list, so that a row is drawn anew only for news of its own. */
  drag?: Drag
}

export type Drag = {
  onStart: (event: DragEvent, entry: RowFragment) => void
  onOver: (event: DragEvent, entry: RowFragment) => void
  onDrop: (event: DragEvent) => void
  onEnd: () => void
}

const placed = (top: number): CSSProperties => ({
  position: 'absolute',
  insetInline: 0,
  transform: `translateY(${top}px)`,
})

/** What stands at the end of a row's two lines: where the patient is, or how long they have waited and how long it will take. */
const endsOf = ({ status, room, startedAt, calledAt, arrivedAt, estimate }: RowFragment, now: number, t: TFunction) => {
  const since = (time: string) => inMinutes(minutesBetween(time, now))
  if (status === 'CALLED' || status === 'IN_SERVICE')
    return [
      <span key="room" className="strong">
        {room ? t('room', { room }) : t('calledNoRoom')}
      </span>,
      `${t(`status.${status}`)} ${since(startedAt ?? calledAt ?? arrivedAt)}`,
    ]
  if (status !== 'WAITING')
    return [
      <span key="status" className="small">
        {t(`status.${status}`)}
      </span>,
      null,
    ]
  return [since(arrivedAt), estimate && t('estimate', { low: estimate.lowMinutes, high: estimate.highMinutes })]
}

const Row = ({ entry, isSelected, isMoving, now, message, onSelect, top, dropEdge, drag }: Props) => {
  const { t, i18n } = useTranslation()
  const { clinic } = useStaff()
  const mark = usePendingMark(entry.id)
  const at = (time: string) => timeOfDay(time, clinic.timeZone, i18n.language)
  const [firstEnd, secondEnd] = endsOf(entry, now, t)
  const flags = [
    mark && t(mark.mayBeRefused ? 'flag.doubtful' : 'flag.pending'),
    entry.appointment
      ? t('flag.booked', { time: at(entry.appointment.startsAt) })
      : t('flag.since', { time: at(entry.arrivedAt) }),
    entry.doctor && (entry.status === 'WAITING' ? t('flag.bound', { doctor: entry.doctor.name }) : entry.doctor.name),
    message?.status === 'FAILED' && t('flag.messageFailed'),
  ].filter(Boolean)
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys of the whole line are the list's.
    // biome-ignore lint/a11y/useFocusableInteractive: the list holds the focus and names its active row.
    <div
      id={`entry-${entry.id}`}
      role="option"
      aria-selected={isSelected}
      className={[
        'row',
        isSelected && 'is-selected',
        isMoving && 'is-moving',
        mark && 'is-pending',
        dropEdge && 'is-drop',
      ]
        .filter(Boolean)
        .join(' ')}
      {...(top === undefined ? {} : { style: placed(top) })}
      onClick={() => onSelect(entry)}
      draggable={drag !== undefined}
      onDragStart={drag && ((event) => drag.onStart(event, entry))}
      onDragOver={drag && ((event) => drag.onOver(event, entry))}
      onDrop={drag?.onDrop}
      onDragEnd={drag?.onEnd}
      data-ticket={entry.ticket}
    >
      <span className="row-position">{entry.position ?? ''}</span>
      <span className="row-who">
        <span className="row-first">
          <span className="row-ticket">{entry.ticket}</span>
          <span className="row-name">{entry.patient?.name}</span>
          <span className="row-end">{firstEnd}</span>
        </span>
        <span className="row-second small quiet">
          <span className="row-flags">
            <UrgencyMark urgency={entry.urgency} />
            {entry.provisionalTicket && entry.provisionalTicket !== entry.ticket && (
              <span>{entry.provisionalTicket}</span>
            )}
            {flags.map((flag) => (
              <span key={String(flag)}>{flag}</span>
            ))}
          </span>
          {secondEnd && <span className="row-end">{secondEnd}</span>}
        </span>
      </span>
    </div>
  )
}

/** One visit in a line. */
export const LineRow = memo(Row)
