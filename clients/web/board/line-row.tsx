import { usePendingMark } from '@anteroom/offline/react'
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

/** What stands at the right of a row: where the patient is, or how long they have waited and how long it will take. */
const Times = ({ entry, now }: { entry: RowFragment; now: number }) => {
  const { t } = useTranslation()
  const { status, estimate } = entry
  if (status === 'CALLED' || status === 'IN_SERVICE')
    return (
      <span className="row-times">
        <span className="strong">{entry.room ? t('room', { room: entry.room }) : t('calledNoRoom')}</span>
        <span className="quiet small">
          {t(`status.${status}`)} {inMinutes(minutesBetween(entry.startedAt ?? entry.calledAt ?? entry.arrivedAt, now))}
        </span>
      </span>
    )
  if (status !== 'WAITING')
    return (
      <span className="row-times">
        <span className="small">{t(`status.${status}`)}</span>
      </span>
    )
  return (
    <span className="row-times">
      <span>{inMinutes(minutesBetween(entry.arrivedAt, now))}</span>
      {estimate && (
        <span className="quiet small">{t('estimate', { low: estimate.lowMinutes, high: estimate.highMinutes })}</span>
      )}
    </span>
  )
}

const Row = ({ entry, isSelected, isMoving, now, message, onSelect, top, dropEdge, drag }: Props) => {
  const { t, i18n } = useTranslation()
  const { clinic } = useStaff()
  const mark = usePendingMark(entry.id)
  const flags = [
    mark && t(mark.mayBeRefused ? 'flag.doubtful' : 'flag.pending'),
    entry.appointment &&
      t('flag.booked', { time: timeOfDay(entry.appointment.startsAt, clinic.timeZone, i18n.language) }),
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
        </span>
        <span className="row-second small quiet">
          <UrgencyMark urgency={entry.urgency} />
          {entry.provisionalTicket && entry.provisionalTicket !== entry.ticket && (
            <span>{entry.provisionalTicket}</span>
          )}
          {flags.map((flag) => (
            <span key={String(flag)}>{flag}</span>
          ))}
        </span>
      </span>
      <Times entry={entry} now={now} />
    </div>
  )
}

/** One visit in a line. */
export const LineRow = memo(Row)
