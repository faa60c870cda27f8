import '../locales/later.ts'
import { usePendingMark } from '@anteroom/offline/react'
import { useApolloClient, useQuery } from '@apollo/client/react'
import { memo, useDeferredValue, useEffect, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import {
  EntryDetailsDocument,
  type EntryDetailsQuery,
  type MessageFragment,
  MessageUpdatedDocument,
  ResendMessageDocument,
  type RowFragment,
} from '../generated/graphql.ts'
import { later } from '../locales/en-later.ts'
import { useStaff } from '../session/session.tsx'
import { staySubscribed } from '../stay-subscribed.ts'
import { Button } from '../ui/button.tsx'
import { serverNow } from '../ui/clock.ts'
import { wordsFor } from '../ui/refusal.ts'
import { useSteady } from '../ui/steady.ts'
import { ageOn, dayOf, timeOfDay } from '../ui/times.ts'
import { say } from '../ui/toasts.tsx'
import { UrgencyMark } from '../ui/urgency-mark.tsx'
import { type ActionId, actionKeys, actionsFor } from './actions.ts'
import { nameOfKind } from './events.ts'

/** Messages that are over can go out once more, unless their text is not kept; whether it is too late the server says. */
const canResend = ({ status, body }: MessageFragment): boolean => status !== 'QUEUED' && body !== null

type Props = { entry: RowFragment; onAct: (action: ActionId) => void; onClose: () => void }

/** One visit: who it is, every action with its key, how it came to stand where it stands, and what was sent; drawn after the queue. */
export const Details = ({ entry, onAct, onClose }: Props) => {
  const { t } = useTranslation()
  const { clinic } = useStaff()
  const client = useApolloClient()
  const { data, refetch } = useQuery(EntryDetailsDocument, {
    variables: { id: entry.id },
    fetchPolicy: 'cache-and-network',
  })
  const isPending = usePendingMark(entry.id) !== null
  // biome-ignore lint/correctness/useExhaustiveDependencies: every new version has a longer history, once the server knows of it.
  useEffect(() => {
    if (!isPending) void refetch().catch(() => undefined)
  }, [entry.version, isPending, refetch])
  const patientId = entry.patient?.id
  useEffect(
    () =>
      staySubscribed(client, MessageUpdatedDocument, { clinicId: clinic.id }, ({ notificationUpdated }) => {
        if (notificationUpdated.patient?.id === patientId) void refetch().catch(() => undefined)
      }),
    [client, clinic.id, patientId, refetch],
  )
  const full = data?.queueEntry?.id === entry.id ? data.queueEntry : null
  const shown = useDeferredValue(useMemo(() => ({ entry, full }), [entry, full]))
  const resend = async (id: string) => {
    try {
      await client.mutate({ mutation: ResendMessageDocument, variables: { id } })
      say(t('message.resent'))
      await refetch()
    } catch (error) {
      say(wordsFor(error, t))
    }
  }
  const steady = useSteady({ onAct, onClose, onResend: (id: string) => void resend(id) })
  return <Visit {...shown} {...steady} />
}

type Shown = { entry: RowFragment; full: EntryDetailsQuery['queueEntry'] }
type VisitProps = Shown & Pick<Props, 'onAct' | 'onClose'> & { onResend: (id: string) => void }

const Visit = memo(({ entry, full, onAct, onClose, onResend }: VisitProps) => {
  const { t, i18n } = useTranslation()
  const { clinic } = useStaff()
  const patient = full?.patient
  const at = (instant: string) => timeOfDay(instant, clinic.timeZone, i18n.language)
  const why = (reason: string) =>
    reason in later.message.why ? t(`message.why.${reason as keyof typeof later.message.why}`) : reason
  const facts: [string, string | null | undefined][] = [
    [t('details.arrived'), at(entry.arrivedAt)],
    [t('details.booked'), entry.appointment && at(entry.appointment.startsAt)],
    [t('details.doctor'), entry.doctor?.name],
    [t('details.room'), entry.room],
    [t('details.phone'), patient?.phoneNumber],
    [
      t('details.born'),
      patient?.dateOfBirth &&
        `${patient.dateOfBirth} (${ageOn(patient.dateOfBirth, dayOf(serverNow(), clinic.timeZone))})`,
    ],
  ]
  return (
    <aside className="details" aria-label={t('details.title')}>
      <header className="details-head">
        <div>
          <p className="details-ticket">{entry.ticket}</p>
          <h2>{entry.patient?.name}</h2>
          <p className="quiet">
            {t(`status.${entry.status}`)}
            {entry.position !== null && ` · ${t('details.position', { position: entry.position })}`}{' '}
            <UrgencyMark urgency={entry.urgency} />
          </p>
        </div>
        <Button kind="plain" aria-label={t('close')} onPress={onClose}>
          <span aria-hidden="true">×</span>
        </Button>
      </header>
      <div className="choices">
        {actionsFor(entry.status).map((action, at) => (
          <Button
            key={action}
            isWide
            {...(at === 0 ? { kind: 'main' as const } : {})}
            shortcut={actionKeys[action].toUpperCase()}
            onPress={() => onAct(action)}
          >
            {t(`action.${action}`)}
          </Button>
        ))}
      </div>
      <dl className="facts">
        {facts
          .filter(([, value]) => value)
          .map(([name, value]) => (
            <div key={name}>
              <dt className="quiet">{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
      {full?.history && full.history.length > 0 && (
        <section>
          <h3>{t('details.history')}</h3>
          <ol className="history">
            {full.history.toReversed().map((event) => (
              <li key={`${event.at} ${event.kind} ${event.position}`}>
                <span className="quiet">{at(event.at)}</span>
                <span>
                  {nameOfKind(event.kind, t)}
                  {event.position !== null && ` · ${t('details.position', { position: event.position })}`}
                  {event.reason && <span className="quiet"> – {event.reason}</span>}
                </span>
              </li>
            ))}
          </ol>
        </section>
      )}
      {patient?.notifications && patient.notifications.edges.length > 0 && (
        <section>
          <h3>{t('details.messages')}</h3>
          <ol className="history">
            {patient.notifications.edges.map(({ node }) => (
              <li key={node.id}>
                <span className="quiet">{at(node.createdAt)}</span>
                <span>
                  {t(`message.kind.${node.kind}`)} · {t(`message.status.${node.status}`)}
                  {node.error && <span className="quiet"> – {why(node.error)}</span>}
                </span>
                {canResend(node) && (
                  <Button
                    {...(node.status === 'FAILED' ? {} : { kind: 'plain' as const })}
                    aria-label={`${t('message.resend')}: ${t(`message.kind.${node.kind}`)}, ${at(node.createdAt)}`}
                    onPress={() => onResend(node.id)}
                  >
                    {t('message.resend')}
                  </Button>
                )}
              </li>
            ))}
          </ol>
        </section>
      )}
    </aside>
  )
})
