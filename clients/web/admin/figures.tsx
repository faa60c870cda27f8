import { useQuery } from '@apollo/client/react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { AdminFiguresDocument, type FiguresFragment } from '../generated/admin.ts'
import { useStaff } from '../session/session.tsx'
import { Button } from '../ui/button.tsx'
import { serverNow } from '../ui/clock.ts'
import { Field } from '../ui/field.tsx'
import { addDays, clinicDayOf, dayName } from '../ui/times.ts'
import { shownAs } from './cell.ts'
import { Chart } from './chart.tsx'
import { daysOf, rangeBefore } from './range.ts'
import { StateLine } from './state-line.tsx'
import { tellingApart } from './telling-apart.ts'
import { type Behind, Visits } from './visits.tsx'

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
  const now = useQuery(AdminFiguresDocument, {
    variables: { clinicId: clinic.id, from, to },
    skip: !isRange,
    fetchPolicy: 'no-cache',
  })
  const shown = isRange ? now.data?.analytics : null
  // What it is compared with may be another half million visits: it comes after what was asked for, not at once with it.
  const earlier = useQuery(AdminFiguresDocument, {
    variables: { clinicId: clinic.id, ...before },
    skip: !shown,
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
      {isRange && !shown && <StateLine error={now.error} retry={() => void now.refetch().catch(() => undefined)} />}
      {shown && earlier.error && (
        <StateLine error={earlier.error} retry={() => void earlier.refetch().catch(() => undefined)} />
      )}
      {shown && <Shown now={shown} before={earlier.data?.analytics ?? null} range={{ from, to }} earlier={before} />}
    </>
  )
}

type Range = { from: string; to: string }
type ShownProps = { now: FiguresFragment; before: FiguresFragment | null; range: Range; earlier: Range }

const MOST_HOURS = 24

const Shown = ({ now, before, range, earlier }: ShownProps) => {
  const { t, i18n } = useTranslation()
  const [behind, setBehind] = useState<Behind | null>(null)
  const files = `${range.from}_${range.to}`
  const show = (what: string, search: Partial<Behind['search']>) =>
    setBehind({ title: t('admin.figures.visitsOf', { what }), search: { ...range, ...search } })
  const earlierOf = (name: string) => t('admin.figures.earlier', { name })
  const names = {
    p50: t('admin.figures.p50'),
    p90: t('admin.figures.p90'),
    arrivals: t('admin.figures.total.arrivals'),
    noShows: t('admin.figures.total.noShows'),
    left: t('admin.figures.total.left'),
    capacity: t('admin.figures.capacity'),
  }
  const totals = [
    ['arrivals', now.arrivals, before?.arrivals],
    ['served', now.served, before?.served],
    ['noShows', now.noShows, before?.noShows],
    ['left', now.left, before?.left],
    ['waitP50', now.waitMinutes.p50, before?.waitMinutes.p50],
    ['waitP90', now.waitMinutes.p90, before?.waitMinutes.p90],
    ['serviceP50', now.serviceMinutes.p50, before?.serviceMinutes.p50],
  ] as const

  const hours = Array.from({ length: MOST_HOURS }, (_, hour) => ({
    hour,
    label: `${String(hour).padStart(2, '0')}:00`,
    now: now.byHour.find((row) => row.hour === hour),
    before: before?.byHour.find((row) => row.hour === hour),
    room: now.capacityByHour.find((row) => row.hour === hour)?.visits ?? 0,
  })).filter((row) => row.now || row.before || row.room > 0)
  const back = Math.round((Date.parse(range.from) - Date.parse(earlier.from)) / 86_400_000)
  const nowByDay = new Map(now.byDay.map((row) => [row.day, row]))
  const beforeByDay = new Map(before?.byDay.map((row) => [row.day, row]))
  const days = Array.from({ length: daysOf(range) ?? 0 }, (_, at) => {
    const day = addDays(range.from, at)
    return {
      day,
      label: dayName(day, i18n.language),
      now: nowByDay.get(day),
      before: beforeByDay.get(addDays(day, -back)),
    }
  }).filter((row) => row.now || row.before)
  const isOverYears = range.from.slice(0, 4) !== range.to.slice(0, 4)
  const dayLabels = days.map(({ day, label }) => (isOverYears ? day : label))
  const tick = new Intl.DateTimeFormat(i18n.language, { day: 'numeric', month: 'short', timeZone: 'UTC' })
  const dayTicks = days.map(({ day }) => tick.format(new Date(day)))
  const waits = hours.filter((row) => row.now || row.before)
  const pickHour = (rows: typeof hours) => (at: number) => {
    const row = rows[at]
    if (row) show(row.label, { hour: row.hour })
  }
  const pickDay = (at: number) => {
    const row = days[at]
    if (row) show(row.label, { from: row.day, to: row.day })
  }
  const doctors = [
    ...new Map([...now.byDoctor, ...(before?.byDoctor ?? [])].map(({ doctor }) => [doctor.id, doctor])).values(),
  ]
  const doctorRows = doctors.map((doctor) => ({
    doctor,
    now: now.byDoctor.find((row) => row.doctor.id === doctor.id),
    before: before?.byDoctor.find((row) => row.doctor.id === doctor.id),
  }))
  const doctorNames = tellingApart(doctors)
  const urgencyRows = (['ROUTINE', 'URGENT', 'EMERGENCY'] as const)
    .map((urgency) => ({
      urgency,
      now: now.byUrgency.find((row) => row.urgency === urgency),
      before: before?.byUrgency.find((row) => row.urgency === urgency),
    }))
    .filter((row) => row.now || row.before)
  const messageRows = now.messages.map((row) => ({
    ...row,
    before: before?.messages.find(({ kind, channel }) => kind === row.kind && channel === row.channel),
  }))

  return (
    <>
      <dl className="totals">
        {totals.map(([name, value, earlierValue]) => (
          <div key={name}>
            <dt className="small quiet">{t(`admin.figures.total.${name}`)}</dt>
            <dd>
              <span className="total">{shownAs(value)}</span>
              <span className="small quiet">{t('admin.figures.before', { value: shownAs(earlierValue ?? null) })}</span>
            </dd>
          </div>
        ))}
      </dl>
      <p className="small quiet">
        {t('admin.figures.compared', {
          range: `${dayName(earlier.from, i18n.language)} – ${dayName(earlier.to, i18n.language)}`,
        })}
      </p>
      <Chart
        title={t('admin.figures.byHour')}
        head={t('admin.figures.hour')}
        labels={waits.map(({ label }) => label)}
        fileName={`waits_by_hour_${files}`}
        onPick={pickHour(waits)}
        columns={[
          { name: names.p50, look: 'bar', values: waits.map((row) => row.now?.waitMinutes.p50 ?? null) },
          { name: names.p90, look: 'light', values: waits.map((row) => row.now?.waitMinutes.p90 ?? null) },
          {
            name: earlierOf(names.p50),
            look: 'before',
            values: waits.map((row) => row.before?.waitMinutes.p50 ?? null),
          },
          { name: earlierOf(names.p90), values: waits.map((row) => row.before?.waitMinutes.p90 ?? null) },
        ]}
      />
      <Chart
        title={t('admin.figures.byDay')}
        head={t('admin.figures.day')}
        labels={dayLabels}
        ticks={dayTicks}
        fileName={`waits_by_day_${files}`}
        onPick={pickDay}
        columns={[
          { name: names.p50, look: 'bar', values: days.map((row) => row.now?.waitMinutes.p50 ?? null) },
          { name: names.p90, look: 'light', values: days.map((row) => row.now?.waitMinutes.p90 ?? null) },
          {
            name: earlierOf(names.p50),
            look: 'before',
            values: days.map((row) => row.before?.waitMinutes.p50 ?? null),
          },
          { name: earlierOf(names.p90), values: days.map((row) => row.before?.waitMinutes.p90 ?? null) },
        ]}
      />
      <Chart
        title={t('admin.figures.arrivalsByHour')}
        head={t('admin.figures.hour')}
        labels={hours.map(({ label }) => label)}
        fileName={`arrivals_by_hour_${files}`}
        onPick={pickHour(hours)}
        columns={[
          { name: names.arrivals, look: 'bar', values: hours.map((row) => row.now?.arrivals ?? 0) },
          { name: names.capacity, look: 'light', values: hours.map((row) => row.room) },
          { name: earlierOf(names.arrivals), look: 'before', values: hours.map((row) => row.before?.arrivals ?? 0) },
        ]}
      />
      <Chart
        title={t('admin.figures.arrivalsByDay')}
        head={t('admin.figures.day')}
        labels={dayLabels}
        ticks={dayTicks}
        fileName={`arrivals_by_day_${files}`}
        onPick={pickDay}
        columns={[
          { name: names.arrivals, look: 'bar', values: days.map((row) => row.now?.arrivals ?? 0) },
          { name: names.capacity, look: 'light', values: days.map((row) => row.now?.capacity ?? 0) },
          { name: earlierOf(names.arrivals), look: 'before', values: days.map((row) => row.before?.arrivals ?? 0) },
        ]}
      />
      <Chart
        title={t('admin.figures.lost')}
        head={t('admin.figures.day')}
        labels={dayLabels}
        ticks={dayTicks}
        fileName={`unseen_by_day_${files}`}
        onPick={pickDay}
        columns={[
          { name: names.noShows, look: 'bar', values: days.map((row) => row.now?.noShows ?? 0) },
          { name: names.left, look: 'stacked', values: days.map((row) => row.now?.left ?? 0) },
          {
            name: t('admin.figures.bothEarlier'),
            look: 'before',
            values: days.map((row) => (row.before?.noShows ?? 0) + (row.before?.left ?? 0)),
          },
          { name: earlierOf(names.noShows), values: days.map((row) => row.before?.noShows ?? 0) },
          { name: earlierOf(names.left), values: days.map((row) => row.before?.left ?? 0) },
        ]}
      />
      <p className="admin-choose">
        {(['NO_SHOW', 'LEFT'] as const).map((status) => (
          <Button key={status} onPress={() => show(t(`admin.figures.states.${status}`), { status })}>
            {t('admin.figures.visitsOf', { what: t(`admin.figures.states.${status}`) })}
          </Button>
        ))}
      </p>
      <Chart
        title={t('admin.figures.byDoctor')}
        head={t('admin.figures.doctor')}
        labels={doctorNames}
        ticks={doctorRows.map(({ doctor }) => doctor.name.split(' ').at(-1) ?? doctor.name)}
        fileName={`doctors_${files}`}
        onPick={(at) => {
          const row = doctorRows[at]
          if (row) show(doctorNames[at] ?? row.doctor.name, { doctorId: row.doctor.id })
        }}
        columns={[
          { name: t('admin.figures.total.served'), values: doctorRows.map((row) => row.now?.served ?? 0) },
          { name: names.p50, look: 'bar', values: doctorRows.map((row) => row.now?.serviceMinutes.p50 ?? null) },
          { name: names.p90, look: 'light', values: doctorRows.map((row) => row.now?.serviceMinutes.p90 ?? null) },
          {
            name: earlierOf(names.p50),
            look: 'before',
            values: doctorRows.map((row) => row.before?.serviceMinutes.p50 ?? null),
          },
          {
            name: earlierOf(names.p90),
            values: doctorRows.map((row) => row.before?.serviceMinutes.p90 ?? null),
          },
          {
            name: earlierOf(t('admin.figures.total.served')),
            values: doctorRows.map((row) => row.before?.served ?? 0),
          },
        ]}
      />
      {(['waitMinutes', 'serviceMinutes'] as const).map((what) => (
        <Chart
          key={what}
          title={t(what === 'waitMinutes' ? 'admin.figures.byUrgency' : 'admin.figures.serviceByUrgency')}
          head={t('urgency.label')}
          labels={urgencyRows.map(({ urgency }) => t(`urgency.${urgency}`))}
          fileName={`${what === 'waitMinutes' ? 'waits' : 'service'}_by_urgency_${files}`}
          onPick={(at) => {
            const row = urgencyRows[at]
            if (row) show(t(`urgency.${row.urgency}`), { urgency: row.urgency })
          }}
          columns={[
            { name: names.arrivals, values: urgencyRows.map((row) => row.now?.arrivals ?? 0) },
            { name: names.p50, look: 'bar', values: urgencyRows.map((row) => row.now?.[what].p50 ?? null) },
            { name: names.p90, look: 'light', values: urgencyRows.map((row) => row.now?.[what].p90 ?? null) },
            {
              name: earlierOf(names.p50),
              look: 'before',
              values: urgencyRows.map((row) => row.before?.[what].p50 ?? null),
            },
            { name: earlierOf(names.p90), values: urgencyRows.map((row) => row.before?.[what].p90 ?? null) },
            { name: earlierOf(names.arrivals), values: urgencyRows.map((row) => row.before?.arrivals ?? 0) },
          ]}
        />
      ))}
      <Chart
        title={t('admin.figures.messages')}
        head={t('admin.figures.message')}
        labels={messageRows.map(({ kind, channel }) => `${t(`admin.figures.kinds.${kind}`)}, ${channel}`)}
        fileName={`messages_${files}`}
        columns={[
          { name: t('admin.figures.delivered'), look: 'bar', values: messageRows.map((row) => row.delivered) },
          { name: t('admin.figures.sent'), look: 'light', values: messageRows.map((row) => row.sent) },
          {
            name: earlierOf(t('admin.figures.delivered')),
            look: 'before',
            values: messageRows.map((row) => row.before?.delivered ?? 0),
          },
          { name: earlierOf(t('admin.figures.sent')), values: messageRows.map((row) => row.before?.sent ?? 0) },
          { name: t('admin.figures.failed'), values: messageRows.map((row) => row.failed) },
          { name: earlierOf(t('admin.figures.failed')), values: messageRows.map((row) => row.before?.failed ?? 0) },
          { name: t('admin.figures.suppressed'), values: messageRows.map((row) => row.suppressed) },
          { name: t('admin.figures.queued'), values: messageRows.map((row) => row.queued) },
        ]}
      />
      {behind && <Visits {...behind} onClose={() => setBehind(null)} />}
    </>
  )
}
