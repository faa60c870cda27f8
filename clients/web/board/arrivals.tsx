import { Button as AriaButton } from 'react-aria-components/Button'
import { useTranslation } from 'react-i18next'
import type { BookingFragment } from '../generated/graphql.ts'
import { useStaff } from '../session/session.tsx'
import { Button } from '../ui/button.tsx'
import { useNow } from '../ui/clock.ts'
import { minutesBetween, timeOfDay } from '../ui/times.ts'
import { UrgencyMark } from '../ui/urgency-mark.tsx'

type Props = {
  bookings: readonly BookingFragment[] | null
  isFocused: boolean
  selectedId: string | null
  onSelect: (id: string) => void
  onCheckIn: (id: string) => void
  onReschedule: (booking: BookingFragment) => void
  onCancel: (booking: BookingFragment) => void
}

/** Who has booked today and is still to come, by time. */
export const Arrivals = ({ bookings, isFocused, selectedId, onSelect, onCheckIn, onReschedule, onCancel }: Props) => {
  const { t, i18n } = useTranslation()
  const { clinic } = useStaff()
  const now = useNow(15)
  return (
    <section className={isFocused ? 'arrivals is-focused' : 'arrivals'} aria-labelledby="arrivals">
      <header className="column-head">
        <h2 id="arrivals">
          <span className="key" aria-hidden="true">
            A
          </span>{' '}
          {t('arrivals.title')}
        </h2>
        <p className="quiet small">{bookings ? t('arrivals.count', { count: bookings.length }) : ' '}</p>
      </header>
      {bookings?.length === 0 && <p className="empty quiet">{t('arrivals.empty')}</p>}
      <ul className="arrival-list">
        {bookings?.map((booking) => {
          const late = minutesBetween(booking.startsAt, now)
          const isSelected = booking.id === selectedId
          return (
            <li
              key={booking.id}
              id={`booking-${booking.id}`}
              className={isSelected ? 'arrival is-selected' : 'arrival'}
              aria-current={isSelected ? 'true' : undefined}
            >
              <AriaButton className="arrival-who" onPress={() => onSelect(booking.id)}>
                <span className="row-ticket">{timeOfDay(booking.startsAt, clinic.timeZone, i18n.language)}</span>
                <span className="row-who">
                  <span className="row-name">{booking.patient?.name}</span>
                  <span className="row-second small quiet">
                    <UrgencyMark urgency={booking.urgency} />
                    <span>{booking.service.name}</span>
                    <span>{booking.doctor.name}</span>
                    {late > 0 && <span>{t('arrivals.late', { minutes: late })}</span>}
                    {booking.lateMinutes !== null && (
                      <span>{t('arrivals.saidLate', { minutes: booking.lateMinutes })}</span>
                    )}
                  </span>
                </span>
              </AriaButton>
              {isSelected && (
                <div className="arrival-acts">
                  <Button kind="main" shortcut="↵" onPress={() => onCheckIn(booking.id)}>
                    {t('checkIn')}
                  </Button>
                  <Button shortcut="E" onPress={() => onReschedule(booking)}>
                    {t('reschedule')}
                  </Button>
                  <Button shortcut="⌫" onPress={() => onCancel(booking)}>
                    {t('cancelBooking')}
                  </Button>
                </div>
              )}
            </li>
          )
        })}
      </ul>
    </section>
  )
}
