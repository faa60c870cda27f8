import type { CSSProperties } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../ui/button.tsx'
import { QrCode } from '../ui/qr-code.tsx'
import { timeOfDay } from '../ui/times.ts'
import { Step } from './step.tsx'
import type { DoorClinic } from './use-clinic.ts'
import type { Ticket } from './use-visitor.ts'

const usePlace = ({ status, position, room, estimate }: Ticket['position']): string[] => {
  const { t } = useTranslation()
  if (status === 'CALLED') return [room ? t('door.calledRoom', { room }) : t('door.called')]
  if (status === 'ON_HOLD') return [t('door.held')]
  if (position === null) return []
  const { lowMinutes: low, highMinutes: high } = estimate ?? {}
  return [
    position === 1 ? t('door.next_place') : t('door.place', { place: position }),
    low === undefined || high === undefined
      ? t('door.noEstimate')
      : low === high
        ? t('door.estimateOne', { low })
        : t('door.estimate', { low, high }),
  ]
}

type Props = {
  ticket: Ticket
  clinic: DoorClinic
  isOwnPhone: boolean
  onAnother: (() => void) | null
  onDone: () => void
}

/** The ticket on the screen, and on paper 80 mm wide. */
export const TicketCard = ({ ticket, clinic, isOwnPhone, onAnother, onDone }: Props) => {
  const { t, i18n } = useTranslation()
  const lines = usePlace(ticket.position)
  return (
    <Step title={t(ticket.isNew ? 'door.ticket' : 'door.isThere')}>
      <div className="door-ticket">
        <div className="door-card">
          <p className="door-paper">{clinic.name}</p>
          <p className="door-service">{ticket.service.name}</p>
          <p className="door-number" style={{ '--letters': ticket.position.ticket.length } as CSSProperties}>
            {ticket.position.ticket}
          </p>
          {lines.map((line) => (
            <p key={line} className="door-place">
              {line}
            </p>
          ))}
          <p className="door-paper">
            {t('door.printedAt', { time: timeOfDay(Date.now(), clinic.timeZone, i18n.language) })}
          </p>
        </div>
        {!isOwnPhone && (
          <div className="door-follow">
            <QrCode text={ticket.link} label={t('door.code')} />
            <p>{t('door.follow')}</p>
          </div>
        )}
      </div>
      <p className="door-hint door-seat">{t('door.seat')}</p>
      <div className="door-acts">
        {!isOwnPhone && <Button onPress={() => print()}>{t('door.print')}</Button>}
        {onAnother && <Button onPress={onAnother}>{t('door.another')}</Button>}
        {isOwnPhone ? (
          <Button kind="main" onPress={() => location.assign(ticket.link)}>
            {t('door.open')}
          </Button>
        ) : (
          <Button kind="main" onPress={onDone}>
            {t('door.done')}
          </Button>
        )}
      </div>
    </Step>
  )
}
