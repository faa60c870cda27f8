import type { DragEvent } from 'react'
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
  onSelect: () => void
  style?: React.CSSProperties
  dropEdge?: boolean
  drag?: {
    onStart: (event: DragEvent) => void
    onOver: (event: DragEvent) => void
    onDrop: (event: DragEvent) => void
    onEnd: () => void
  }
}

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

export const LineRow = ({ entry, isSelected, isMoving, now, message, onSelect, style, dropEdge, drag }: Props) => {
  const { t, i18n } = useTranslation()
  const { clinic } = useStaff()
  const flags = [
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
      className={['row', isSelected && 'is-selected', isMoving && 'is-moving', dropEdge && 'is-drop']
        .filter(Boolean)
        .join(' ')}
      style={style}
      onClick={onSelect}
      draggable={drag !== undefined}
      onDragStart={drag?.onStart}
      onDragOver={drag?.onOver}
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
          {entry.provisionalTicket && <span>{entry.provisionalTicket}</span>}
          {flags.map((flag) => (
            <span key={String(flag)}>{flag}</span>
          ))}
        </span>
      </span>
      <Times entry={entry} now={now} />
    </div>
  )
}
