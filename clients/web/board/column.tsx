import { useVirtualizer } from '@tanstack/react-virtual'
import { type DragEvent, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { LineFragment, MessageFragment, RowFragment } from '../generated/graphql.ts'
import { Button } from '../ui/button.tsx'
import { useNow } from '../ui/clock.ts'
import { inMinutes, minutesBetween } from '../ui/times.ts'
import { LineRow } from './line-row.tsx'

const ROW = 44

type Props = {
  line: LineFragment
  index: number
  isFocused: boolean
  selectedId: string | null
  showsRest: boolean
  /** Where the selected patient would stand, while keys move them. */
  movingTo: { entryId: string; index: number } | null
  messages: ReadonlyMap<string, MessageFragment>
  onSelect: (entry: RowFragment) => void
  onCallNext: () => void
  onToggleRest: () => void
  onDrop: (entryId: string, index: number) => void
}

/** The longest wait of those who wait now. */
const longestWait = (waiting: readonly RowFragment[], now: number): number =>
  waiting.reduce((longest, { arrivedAt }) => Math.max(longest, minutesBetween(arrivedAt, now)), 0)

export const Column = (props: Props) => {
  const { line, isFocused, selectedId, showsRest, movingTo, messages, onSelect, onDrop } = props
  const { t } = useTranslation()
  const now = useNow(10)
  const scroller = useRef<HTMLDivElement>(null)
  const [dragged, setDragged] = useState<string | null>(null)
  const [over, setOver] = useState<number | null>(null)

  // Keys show the line as it would be: the one who moves stands at the place they would get.
  const waiting = (() => {
    if (!movingTo) return line.waiting
    const moving = line.waiting.find(({ id }) => id === movingTo.entryId)
    if (!moving) return line.waiting
    const others = line.waiting.filter(({ id }) => id !== movingTo.entryId)
    return [...others.slice(0, movingTo.index), moving, ...others.slice(movingTo.index)]
  })()

  const virtual = useVirtualizer({
    count: waiting.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 8,
    getItemKey: (at) => waiting[at]?.id ?? at,
    initialRect: { width: 300, height: 800 },
  })
  const selectedAt = selectedId ? waiting.findIndex(({ id }) => id === selectedId) : -1
  useEffect(() => {
    if (selectedAt >= 0) virtual.scrollToIndex(selectedAt)
  }, [selectedAt, virtual])

  const { service } = line
  const onDuty = service.doctors.filter((doctor) => doctor.onDuty)
  const row = (entry: RowFragment) => (
    <LineRow
      key={entry.id}
      entry={entry}
      isSelected={entry.id === selectedId}
      isMoving={false}
      now={now}
      message={entry.patient ? messages.get(entry.patient.id) : undefined}
      onSelect={() => onSelect(entry)}
    />
  )
  const active = selectedId ? `entry-${selectedId}` : undefined
  const list = (label: string, className: string) => ({
    role: 'listbox' as const,
    'aria-label': `${service.name}: ${label}`,
    'aria-activedescendant': active,
    tabIndex: 0,
    className,
  })

  const dragOf = (entry: RowFragment, at: number) => ({
    onStart: (event: DragEvent) => {
      event.dataTransfer.effectAllowed = 'move'
      event.dataTransfer.setData('text/plain', entry.ticket)
      setDragged(entry.id)
    },
    onOver: (event: DragEvent) => {
      if (!dragged) return
      event.preventDefault()
      const box = event.currentTarget.getBoundingClientRect()
      setOver(event.clientY > box.top + box.height / 2 ? at + 1 : at)
    },
    onDrop: (event: DragEvent) => {
      event.preventDefault()
      if (dragged && over !== null) {
        const from = waiting.findIndex(({ id }) => id === dragged)
        const to = over > from ? over - 1 : over
        if (to !== from) onDrop(dragged, to)
      }
      setDragged(null)
      setOver(null)
    },
    onEnd: () => {
      setDragged(null)
      setOver(null)
    },
  })

  return (
    <section className={isFocused ? 'column is-focused' : 'column'} aria-labelledby={`service-${service.id}`}>
      <header className="column-head">
        <h2 id={`service-${service.id}`}>
          <span className="key" aria-hidden="true">
            {props.index + 1}
          </span>{' '}
          {service.name}
          {!service.open && <span className="tag">{t('closed')}</span>}
        </h2>
        <p className="quiet small">
          {t('column.waiting', { count: waiting.length })}
          {waiting.length > 0 && ` · ${t('column.longest', { wait: inMinutes(longestWait(waiting, now)) })}`}
        </p>
        <p className="quiet small cut">
          {onDuty.length > 0 ? onDuty.map(({ name }) => name).join(', ') : t('column.nobodyOnDuty')}
        </p>
        <Button shortcut={isFocused ? 'X' : ''} onPress={props.onCallNext} isDisabled={waiting.length === 0}>
          {t('callNext')}
        </Button>
      </header>
      <div {...list(t('column.now'), 'now')}>
        {line.serving.length === 0 ? (
          // biome-ignore lint/a11y/useFocusableInteractive: says that the list is empty.
          <div className="empty quiet" role="option" aria-selected={false} aria-disabled="true">
            {t('column.nobodyNow')}
          </div>
        ) : (
          line.serving.map(row)
        )}
      </div>
      {waiting.length === 0 ? (
        <p className="empty quiet">{t('column.empty')}</p>
      ) : (
        <div className="scroller" ref={scroller}>
          <div {...list(t('column.line'), 'waiting')} style={{ height: virtual.getTotalSize() }}>
            {virtual.getVirtualItems().map((item) => {
              const entry = waiting[item.index]
              if (!entry) return null
              return (
                <LineRow
                  key={entry.id}
                  entry={entry}
                  isSelected={entry.id === selectedId}
                  isMoving={movingTo?.entryId === entry.id || dragged === entry.id}
                  now={now}
                  message={entry.patient ? messages.get(entry.patient.id) : undefined}
                  onSelect={() => onSelect(entry)}
                  style={{ position: 'absolute', insetInline: 0, transform: `translateY(${item.start}px)` }}
                  dropEdge={over === item.index}
                  drag={dragOf(entry, item.index)}
                />
              )
            })}
          </div>
        </div>
      )}
      <footer className="column-end">
        <Button
          kind="plain"
          shortcut={isFocused ? 'O' : ''}
          isWide
          aria-expanded={showsRest}
          onPress={props.onToggleRest}
        >
          {t('column.rest', { held: line.onHold.length, ended: line.ended.length })}
        </Button>
        {showsRest && (
          <div className="rest">
            {[...line.onHold, ...line.ended].length === 0 ? (
              <p className="empty quiet">{t('column.noRest')}</p>
            ) : (
              <div {...list(t('column.restName'), 'rest-list')}>{[...line.onHold, ...line.ended].map(row)}</div>
            )}
          </div>
        )}
      </footer>
    </section>
  )
}
