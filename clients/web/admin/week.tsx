import { useTranslation } from 'react-i18next'
import { addDays, dayName } from '../ui/times.ts'
import type { DoctorDetails } from './doctor-hours.tsx'
import { hoursShown, minutesOf, type Stretch } from './typed-hours.ts'

type Props = {
  monday: string
  today: string
  hours: readonly (Stretch & { weekday: number })[]
  exceptions: NonNullable<DoctorDetails['exceptions']>
}

/** The week as it will be, drawn; the same stands beside it as text. */
export const Week = ({ monday, today, hours, exceptions }: Props) => {
  const { i18n } = useTranslation()
  const days = [0, 1, 2, 3, 4, 5, 6].map((at) => addDays(monday, at))
  const ofWeek = exceptions.filter(({ day }) => days.includes(day))
  const { first, last } = hoursShown([...hours, ...ofWeek.filter(({ kind }) => kind === 'EXTRA')])
  const place = ({ from, to }: Stretch) => {
    const top = Math.max(minutesOf(from), first * 60)
    const bottom = Math.min(minutesOf(to), last * 60)
    const all = (last - first) * 60
    return {
      insetBlockStart: `${((top - first * 60) / all) * 100}%`,
      blockSize: `${(Math.max(0, bottom - top) / all) * 100}%`,
    }
  }
  return (
    <div className="week" aria-hidden="true">
      <div className="week-hours">
        {Array.from({ length: last - first + 1 }, (_, at) => first + at).map((hour) => (
          <span key={hour} style={{ insetBlockStart: `${((hour - first) / (last - first)) * 100}%` }}>
            {hour}
          </span>
        ))}
      </div>
      {days.map((day, at) => (
        <div key={day} className={day === today ? 'week-day is-today' : 'week-day'}>
          <span className="small">{dayName(day, i18n.language).replace(',', '')}</span>
          <div className="week-column">
            {hours
              .filter(({ weekday }) => weekday === at + 1)
              .map((stretch) => (
                <div key={stretch.from} className="week-block" style={place(stretch)}>
                  <span>
                    {stretch.from}–{stretch.to}
                  </span>
                </div>
              ))}
            {ofWeek
              .filter((exception) => exception.day === day)
              .toSorted((a, b) => (a.kind < b.kind ? -1 : 1))
              .map((exception) => (
                <div
                  key={exception.id}
                  className={exception.kind === 'LEAVE' ? 'week-block is-leave' : 'week-block is-extra'}
                  style={place(exception)}
                />
              ))}
          </div>
        </div>
      ))}
    </div>
  )
}
