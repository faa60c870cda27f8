import { memo, useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { MessageFragment, RowFragment } from '../generated/graphql.ts'
import { Button } from '../ui/button.tsx'
import { useNow } from '../ui/clock.ts'
import { useRows } from '../ui/rows.ts'
import { inMinutes, minutesBetween } from '../ui/times.ts'
import { type Drag, LineRow } from './line-row.tsx'
import type { QueueLine } from './queues.ts'

const ROW = 44

type Props = {
  line: QueueLine
  index: number
  isFocused: boolean
  selectedId: string | null
  showsRest: boolean
  /** Where the selected patient would stand, while keys move them. */
  movingTo: { entryId: string; index: number } | null
  messages: ReadonlyMap<string, MessageFragment>
  onSelect: (entry: RowFragment) => void
  onCallNext: (serviceId: string) => void
  onIntake: (serviceId: string) => void
  onToggleRest: (serviceId: string) => void
  onDrop: (serviceId: string, entryId: string, index: number) => void
}

/** The longest wait of those who wait now. */
const longestWait = (waiting: readonly RowFragment[], now: number): number =>
  waiting.reduce((longest, { arrivedAt }) => Math.max(longest, minutesBetween(arrivedAt, now)), 0)

type HeadProps = Pick<Props, 'index' | 'isFocused' | 'onCallNext' | 'onIntake'> & {
  serviceId: string
  name: string
  color: string | null
  isOpen: boolean
  waiting: number
  /** Minutes. */
  longest: number
  /** The doctors' names; empty: nobody. */
  onDuty: string
}

const Head = memo((props: HeadProps) => {
  const { serviceId, name, color, isOpen, index, isFocused, waiting, longest, onDuty, onCallNext, onIntake } = props
  const { t } = useTranslation()
  return (
    <header className="column-head">
      <h2 id={`service-${serviceId}`}>
        <span className="key" aria-hidden="true">
          {index + 1}
        </span>{' '}
        {color && <span className="service-mark" data-color={color} aria-hidden="true" />}
        {name}
        {!isOpen && <span className="tag">{t('closed')}</span>}
      </h2>
      <p className="quiet small">
        {t('column.waiting', { count: waiting })}
        {waiting > 0 && ` · ${t('column.longest', { wait: inMinutes(longest) })}`}
      </p>
      <p className="quiet small cut">{onDuty || t('column.nobodyOnDuty')}</p>
      <div className="head-acts">
        <Button shortcut={isFocused ? 'X' : ''} onPress={() => onCallNext(serviceId)} isDisabled={waiting === 0}>
          {t('callNext')}
        </Button>
        <Button kind="plain" shortcut={isFocused ? 'I' : ''} onPress={() => onIntake(serviceId)}>
          {t('openIntake')}
        </Button>
      </div>
    </header>
  )
})

const ColumnOf = (props: Props) => {
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

  const serviceId = line.service.id
  const latest = useRef({ waiting, dragged, over })
  latest.current = { waiting, dragged, over }
  const drag = useMemo<Drag>(() => {
    const end = () => {
      setDragged(null)
      setOver(null)
    }
    return {
      onStart: (event, entry) => {
        event.dataTransfer.effectAllowed = 'move'
        event.dataTransfer.setData('text/plain', entry.ticket)
        setDragged(entry.id)
      },
      onOver: (event, entry) => {
        if (!latest.current.dragged) return
        event.preventDefault()
        const at = latest.current.waiting.findIndex(({ id }) => id === entry.id)
        const box = event.currentTarget.getBoundingClientRect()
        setOver(event.clientY > box.top + box.height / 2 ? at + 1 : at)
      },
      onDrop: (event) => {
        event.preventDefault()
        const { waiting, dragged, over } = latest.current
        if (dragged && over !== null) {
          const from = waiting.findIndex(({ id }) => id === dragged)
          const to = over > from ? over - 1 : over
          if (to !== from) onDrop(serviceId, dragged, to)
        }
        end()
      },
      onEnd: end,
    }
  }, [serviceId, onDrop])

  const { first, end, show } = useRows(scroller, waiting.length, ROW)
  const selectedAt = selectedId ? waiting.findIndex(({ id }) => id === selectedId) : -1
  useEffect(() => {
    if (selectedAt >= 0) show(selectedAt)
  }, [selectedAt, show])

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
      onSelect={onSelect}
    />
  )
  /** The list that draws the selected row says so, and no other. */
  const list = (label: string, className: string, drawn: readonly RowFragment[]) => ({
    role: 'listbox' as const,
    'aria-label': `${service.name}: ${label}`,
    'aria-activedescendant': drawn.some(({ id }) => id === selectedId) ? `entry-${selectedId}` : undefined,
    tabIndex: 0,
    className,
  })

  const rest = [...line.onHold, ...line.ended]

  return (
    <section className={isFocused ? 'column is-focused' : 'column'} aria-labelledby={`service-${service.id}`}>
      <Head
        serviceId={serviceId}
        name={service.name}
        color={service.color}
        isOpen={service.open}
        index={props.index}
        isFocused={isFocused}
        waiting={waiting.length}
        longest={longestWait(waiting, now)}
        onDuty={onDuty.map(({ name }) => name).join(', ')}
        onCallNext={props.onCallNext}
        onIntake={props.onIntake}
      />
      <div {...list(t('column.now'), 'now', line.serving)}>
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
          <div
            {...list(t('column.line'), 'waiting', waiting.slice(first, end))}
            style={{ height: waiting.length * ROW }}
          >
            {waiting.slice(first, end).map((entry, index) => {
              const at = first + index
              return (
                <LineRow
                  key={entry.id}
                  entry={entry}
                  isSelected={entry.id === selectedId}
                  isMoving={movingTo?.entryId === entry.id || dragged === entry.id}
                  now={now}
                  message={entry.patient ? messages.get(entry.patient.id) : undefined}
                  onSelect={onSelect}
                  top={at * ROW}
                  dropEdge={over === at}
                  drag={drag}
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
          onPress={() => props.onToggleRest(serviceId)}
        >
          {t('column.rest', { held: line.onHold.length, ended: line.ended.length })}
        </Button>
        {showsRest && (
          <div className="rest">
            {rest.length === 0 ? (
              <p className="empty quiet">{t('column.noRest')}</p>
            ) : (
              <div {...list(t('column.restName'), 'rest-list', rest)}>{rest.map(row)}</div>
            )}
          </div>
        )}
      </footer>
    </section>
  )
}

/** One queue; drawn anew only for news of its own. */
export const Column = memo(ColumnOf)
