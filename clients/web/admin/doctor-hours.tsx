import { useApolloClient, useQuery } from '@apollo/client/react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { BookingsOutsideDocument, SetDoctorHoursDocument } from '../generated/admin.ts'
import { Button } from '../ui/button.tsx'
import { Field } from '../ui/field.tsx'
import { addDays, dayName } from '../ui/times.ts'
import { say } from '../ui/toasts.tsx'
import { BookingList, Outside } from './outside.tsx'
import { SingleDays } from './single-days.tsx'
import { hoursText, typedHours } from './typed-hours.ts'
import type { ClinicDetails } from './use-clinic.ts'
import { useSettled } from './use-settled.ts'
import { Week } from './week.tsx'
import { adminWords } from './words.ts'

export type DoctorDetails = ClinicDetails['doctors'][number]

type Props = { doctor: DoctorDetails; timeZone: string; today: string; onSaved: () => Promise<unknown> }

const weekdays = [1, 2, 3, 4, 5, 6, 7] as const

/** 1 is Monday, 7 is Sunday. */
const weekdayOf = (day: string): number => new Date(`${day}T12:00:00Z`).getUTCDay() || 7

export const weekdayName = (weekday: number, language: string, length: 'long' | 'short' = 'long'): string =>
  new Intl.DateTimeFormat(language, { weekday: length, timeZone: 'UTC' }).format(Date.UTC(2026, 0, 4 + weekday))

/** One doctor's week as it is typed and drawn, single days, and which bookings a change would touch. */
export const DoctorHours = ({ doctor, timeZone, today, onSaved }: Props) => {
  const { t, i18n } = useTranslation()
  const client = useApolloClient()
  const saved = weekdays.map((weekday) => hoursText((doctor.hours ?? []).filter((row) => row.weekday === weekday)))
  const [lines, setLines] = useState(saved)
  const [monday, setMonday] = useState(addDays(today, 1 - weekdayOf(today)))
  const [isSaving, setSaving] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)

  const typed = lines.map(typedHours)
  const isReadable = typed.every((day) => day !== null)
  const hours = typed.flatMap((day, at) => (day ?? []).map((stretch) => ({ weekday: at + 1, ...stretch })))
  const isChanged = weekdays.some((_, at) => (typed[at] ? hoursText(typed[at]) : lines[at]) !== saved[at])
  const settled = useSettled(JSON.stringify(hours))
  const isPlan = isChanged && isReadable

  const present = useQuery(BookingsOutsideDocument, {
    variables: { plan: { doctorId: doctor.id } },
    fetchPolicy: 'no-cache',
  })
  const plan = useQuery(BookingsOutsideDocument, {
    variables: { plan: { doctorId: doctor.id, hours: JSON.parse(settled) as typeof hours } },
    skip: !isPlan,
    fetchPolicy: 'no-cache',
  })
  const isJudged = settled === JSON.stringify(hours) && !plan.loading && Boolean(plan.data)
  const touched = plan.data?.bookingsOutside ?? []
  const outside = (present.data ?? present.previousData)?.bookingsOutside ?? []
  const again = async () => {
    await onSaved()
    await present.refetch().catch(() => undefined)
  }

  const save = async () => {
    setSaving(true)
    setProblem(null)
    try {
      await client.mutate({ mutation: SetDoctorHoursDocument, variables: { input: { doctorId: doctor.id, hours } } })
      setLines(typed.map((day) => hoursText(day ?? [])))
      await again()
      say(t('admin.saved'))
    } catch (error) {
      setProblem(adminWords(error, t))
    } finally {
      setSaving(false)
    }
  }

  return (
    <>
      {outside.length > 0 && !isChanged && (
        <Outside doctorId={doctor.id} bookings={outside} timeZone={timeZone} onDone={() => void again()} />
      )}
      <div className="week-bar">
        <h2>{t('admin.hours.week', { day: dayName(monday, i18n.language) })}</h2>
        <Button aria-label={t('admin.hours.before')} onPress={() => setMonday(addDays(monday, -7))}>
          <span aria-hidden="true">←</span>
        </Button>
        <Button aria-label={t('admin.hours.after')} onPress={() => setMonday(addDays(monday, 7))}>
          <span aria-hidden="true">→</span>
        </Button>
      </div>
      <Week monday={monday} today={today} hours={hours} exceptions={doctor.exceptions ?? []} />
      <form
        className="choices"
        onSubmit={(event) => {
          event.preventDefault()
          if (isPlan && isJudged && !isSaving) void save()
        }}
      >
        <h2>{t('admin.hours.weekly')}</h2>
        <p className="small quiet">{t('admin.hours.weeklyHint')}</p>
        <div className="typed-week">
          {weekdays.map((weekday, at) => (
            <Field
              key={weekday}
              label={weekdayName(weekday, i18n.language)}
              value={lines[at] ?? ''}
              onChange={(line) => setLines(lines.map((before, other) => (other === at ? line : before)))}
              problem={typed[at] === null ? t('admin.hours.form') : undefined}
              autoComplete="off"
            />
          ))}
        </div>
        <div role="status" className="choices">
          {isPlan && !isJudged && !plan.error && <p className="quiet">{t('admin.hours.checking')}</p>}
          {isPlan && isJudged && touched.length === 0 && <p className="quiet">{t('admin.hours.touchesNone')}</p>}
          {isPlan && isJudged && touched.length > 0 && (
            <div className="notice">
              <p className="strong">{t('admin.hours.touches', { count: touched.length })}</p>
              <BookingList bookings={touched} timeZone={timeZone} />
            </div>
          )}
        </div>
        <p className="problem" role="alert">
          {problem ?? (isPlan && plan.error ? adminWords(plan.error, t) : null)}
        </p>
        <div>
          <Button kind="main" type="submit" isDisabled={!isPlan || !isJudged || isSaving}>
            {t('admin.hours.save')}
          </Button>
        </div>
      </form>
      <SingleDays doctor={doctor} timeZone={timeZone} onChanged={again} />
    </>
  )
}
