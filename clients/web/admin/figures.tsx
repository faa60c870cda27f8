import { useQuery } from '@apollo/client/react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { AdminFiguresDocument, type FiguresFragment } from '../generated/admin.ts'
import { useStaff } from '../session/session.tsx'
import { serverNow } from '../ui/clock.ts'
import { Field } from '../ui/field.tsx'
import { addDays, clinicDayOf } from '../ui/times.ts'
import { Chart, shownAs } from './chart.tsx'
import { daysOf, rangeBefore } from './range.ts'
import { StateLine } from './state-line.tsx'

const MOST_DAYS = 400

/** How long people waited and who was served: some days, beside as many just before them. */
export const Figures = () => {
  const { t } = useTranslation()
  const { clinic } = useStaff()
  const today = clinicDayOf(serverNow(), clinic.timeZone, clinic.dayStartsAt)
  const [from, setFrom] = useState(addDays(today, -27))
  const [to, setTo] = useState(today)
  const days = daysOf({ from, to })
  const isRange = days !== null && days >= 1 && days <= MOST_DAYS
  const before = isRange ? rangeBefore({ from, to }) : { from, to }
  const { data, error, refetch } = useQuery(AdminFiguresDocument, {
    variables: { clinicId: clinic.id, from, to, beforeFrom: before.from, beforeTo: before.to },
    skip: !isRange,
    fetchPolicy: 'no-cache',
  })
  return (
    <>
      <p className="quiet">{t('admin.figures.text')}</p>
      <div className="admin-search">
        <Field label={t('admin.figures.from')} type="date" value={from} onChange={setFrom} />
        <Field
          label={t('admin.figures.to')}
          type="date"
          value={to}
          onChange={setTo}
          problem={isRange ? undefined : t('admin.figures.rangeForm', { most: MOST_DAYS })}
        />
      </div>
      {isRange && !data?.now && <StateLine error={error} retry={() => void refetch().catch(() => undefined)} />}
      {isRange && data?.now && (
        <Shown now={data.now} before={data.before} files={`${from}_${to}`} compared={`${before.from} – ${before.to}`} />
      )}
    </>
  )
}

type ShownProps = { now: FiguresFragment; before: FiguresFragment | null; files: string; compared: string }

const Shown = ({ now, before, files, compared }: ShownProps) => {
  const { t } = useTranslation()
  const minutes = [t('admin.figures.p50'), t('admin.figures.p90')]
  const totals = [
    ['arrivals', now.arrivals, before?.arrivals],
    ['served', now.served, before?.served],
    ['noShows', now.noShows, before?.noShows],
    ['left', now.left, before?.left],
    ['waitP50', now.waitMinutes.p50, before?.waitMinutes.p50],
    ['waitP90', now.waitMinutes.p90, before?.waitMinutes.p90],
    ['serviceP50', now.serviceMinutes.p50, before?.serviceMinutes.p50],
  ] as const
  return (
    <>
      <dl className="totals">
        {totals.map(([name, value, earlier]) => (
          <div key={name}>
            <dt className="small quiet">{t(`admin.figures.total.${name}`)}</dt>
            <dd>
              <span className="total">{shownAs(value)}</span>
              <span className="small quiet">{t('admin.figures.before', { value: shownAs(earlier ?? null) })}</span>
            </dd>
          </div>
        ))}
      </dl>
      <p className="small quiet">{t('admin.figures.compared', { range: compared })}</p>
      <Chart
        title={t('admin.figures.byHour')}
        note={t('admin.figures.waitNote')}
        fileName={`hours_${files}`}
        heads={[
          t('admin.figures.hour'),
          t('admin.figures.total.arrivals'),
          t('admin.figures.total.served'),
          ...minutes,
        ]}
        lines={now.byHour.map(({ hour, arrivals, served, waitMinutes: { p50, p90 } }) => ({
          key: String(hour),
          cells: [`${String(hour).padStart(2, '0')}:00`, arrivals, served, p50, p90],
          bar: p50,
          behind: p90,
        }))}
      />
      <Chart
        title={t('admin.figures.byDoctor')}
        note={t('admin.figures.serviceNote')}
        fileName={`doctors_${files}`}
        heads={[t('admin.figures.doctor'), t('admin.figures.total.served'), ...minutes]}
        lines={now.byDoctor.map(({ doctor, served, serviceMinutes: { p50, p90 } }) => ({
          key: doctor.id,
          cells: [doctor.name, served, p50, p90],
          bar: p50,
          behind: p90,
        }))}
      />
      <Chart
        title={t('admin.figures.byUrgency')}
        note={t('admin.figures.waitNote')}
        fileName={`urgency_${files}`}
        heads={[t('urgency.label'), t('admin.figures.total.arrivals'), ...minutes]}
        lines={now.byUrgency.map(({ urgency, arrivals, waitMinutes: { p50, p90 } }) => ({
          key: urgency,
          cells: [t(`urgency.${urgency}`), arrivals, p50, p90],
          bar: p50,
          behind: p90,
        }))}
      />
      <Chart
        title={t('admin.figures.messages')}
        note={t('admin.figures.messageNote')}
        fileName={`messages_${files}`}
        heads={[
          t('admin.figures.message'),
          t('admin.figures.sent'),
          t('admin.figures.delivered'),
          t('admin.figures.failed'),
          t('admin.figures.suppressed'),
          t('admin.figures.queued'),
        ]}
        lines={now.messages.map(({ kind, channel, sent, delivered, failed, suppressed, queued }) => ({
          key: `${kind} ${channel}`,
          cells: [`${t(`admin.figures.kinds.${kind}`)}, ${channel}`, sent, delivered, failed, suppressed, queued],
          bar: delivered,
          behind: sent,
        }))}
      />
    </>
  )
}
