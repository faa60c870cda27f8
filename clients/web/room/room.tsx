import '../locales/later.ts'
import './room.css'
import { useApolloClient } from '@apollo/client/react'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type ActionId, actionKeys } from '../board/actions.ts'
import { isPlain, useActs } from '../board/acts.ts'
import type { Question } from '../board/questions.tsx'
import { SetDutyDocument } from '../generated/later.ts'
import { useStaff } from '../session/session.tsx'
import { TopBar } from '../shell/top-bar.tsx'
import { Button } from '../ui/button.tsx'
import { useNow } from '../ui/clock.ts'
import { Field } from '../ui/field.tsx'
import { useKeys } from '../ui/keys.ts'
import { wordsFor } from '../ui/refusal.ts'
import { ageOn, dayOf, inMinutes, minutesBetween } from '../ui/times.ts'
import { say, undoLast } from '../ui/toasts.tsx'
import { UrgencyMark } from '../ui/urgency-mark.tsx'
import { mainAct, median, nextOf } from './next.ts'
import { useRoomLines, type Visit } from './queues.ts'

const Asked = lazy(() => import('../board/questions.tsx').then(({ Asked }) => ({ default: Asked })))
const OffDuty = lazy(() => import('./off-duty.tsx').then(({ OffDuty }) => ({ default: OffDuty })))
const RoomHelp = lazy(() => import('./room-help.tsx').then(({ RoomHelp }) => ({ default: RoomHelp })))

/** This device shows such an act at once: only a key that was pressed twice is not heard, nobody waits for the server. */
const atOnce = (act: Promise<unknown>): Promise<unknown> =>
  Promise.race([act, new Promise((resolve) => setTimeout(resolve, 300))])

/** What a doctor can do besides the main thing. */
const others: Record<'CALLED' | 'IN_SERVICE', readonly ActionId[]> = {
  CALLED: ['recall', 'noShow', 'served', 'return', 'transfer'],
  IN_SERVICE: ['served', 'transfer'],
}

export const Room = () => {
  const { t } = useTranslation()
  const client = useApolloClient()
  const { clinic, doctor } = useStaff()
  if (!doctor) throw new Error('This screen is for doctors.')
  const acts = useActs()
  const lines = useRoomLines(doctor.services.map(({ id }) => id))
  const now = useNow(10)
  const [room, setRoom] = useState(doctor.room ?? '')
  const [isGoing, setGoing] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const [question, setQuestion] = useState<Question | null>(null)
  const [isHelping, setHelping] = useState(false)

  const present = lines?.flatMap(({ serving }) => serving).find((entry) => entry.doctor?.id === doctor.id) ?? null
  // The desk can say it too, and every queue of this doctor then tells it.
  const isOnDuty =
    lines?.flatMap(({ service }) => service.doctors).find(({ id }) => id === doctor.id)?.onDuty ?? doctor.onDuty
  const next = nextOf(lines?.map(({ waiting }) => waiting) ?? [], doctor.id, 5)
  const main = mainAct(present, next.length > 0)
  const today = dayOf(now, clinic.timeZone)
  const served = (lines ?? [])
    .flatMap(({ ended }) => ended)
    .filter(
      (entry) =>
        entry.status === 'SERVED' &&
        entry.doctor?.id === doctor.id &&
        entry.finishedAt &&
        dayOf(Date.parse(entry.finishedAt), clinic.timeZone) === today,
    )
  const serviceMinutes = median(
    served.map(({ startedAt, calledAt, finishedAt }) =>
      minutesBetween(startedAt ?? calledAt ?? '', Date.parse(finishedAt ?? '')),
    ),
  )

  const duty = async (onDuty: boolean) => {
    try {
      await client.mutate({
        mutation: SetDutyDocument,
        variables: { doctorId: doctor.id, onDuty, room: room.trim() || null },
      })
    } catch (error) {
      say(wordsFor(error, t))
    }
  }

  const alone = async (act: () => Promise<unknown>) => {
    if (isBusy) return
    setBusy(true)
    await act().finally(() => setBusy(false))
  }

  const doMain = () =>
    alone(async () => {
      const first = next[0]
      if (main === 'start' && present) await atOnce(acts.plain('start', present.id))
      else if (main === 'served' && present) await atOnce(acts.plain('served', present.id))
      else if (first) await acts.callNext(first.service.id, null, room.trim() || null)
    })

  const doOther = (action: ActionId) => {
    if (!present) return
    if (isPlain(action)) void alone(() => atOnce(acts.plain(action, present.id)))
    else if (action === 'transfer') setQuestion({ kind: 'transfer', entry: present })
  }

  const possible = present ? others[present.status === 'CALLED' ? 'CALLED' : 'IN_SERVICE'] : []
  useKeys({
    ' ': () => main && void doMain(),
    z: undoLast,
    '?': () => setHelping(true),
    ...Object.fromEntries(possible.map((action) => [actionKeys[action], () => doOther(action)])),
  })

  const age = (entry: Visit) =>
    entry.patient?.dateOfBirth ? t('years', { count: ageOn(entry.patient.dateOfBirth, today) }) : null

  return (
    <div className="shell">
      <TopBar>
        <div className="room-bar">
          <Field
            label={t('roomScreen.room')}
            value={room}
            onChange={setRoom}
            onBlur={() => void duty(isOnDuty)}
            maxLength={40}
          />
          <Button aria-pressed={isOnDuty} onPress={() => (isOnDuty && present ? setGoing(true) : void duty(!isOnDuty))}>
            {isOnDuty ? t('roomScreen.onDuty') : t('roomScreen.offDuty')}
          </Button>
        </div>
      </TopBar>
      <main className="room" aria-busy={lines === null}>
        <h1 className="only-read">{t('screen.room')}</h1>
        <section className="present" aria-live="polite">
          {present ? (
            <>
              <p className="present-ticket">{present.ticket}</p>
              <h2 className="present-name">{present.patient?.name}</h2>
              <p className="present-facts">
                {[
                  t(`status.${present.status}`),
                  age(present),
                  t('roomScreen.waited', {
                    wait: inMinutes(
                      minutesBetween(present.arrivedAt, Date.parse(present.calledAt ?? present.arrivedAt)),
                    ),
                  }),
                ]
                  .filter(Boolean)
                  .join(' · ')}{' '}
                <UrgencyMark urgency={present.urgency} />
              </p>
              <p className="present-reason">
                {present.reason ?? <span className="quiet">{t('roomScreen.noReason')}</span>}
              </p>
            </>
          ) : (
            <>
              <h2 className="present-name">{t('roomScreen.nobody')}</h2>
              <p className="quiet">{next.length > 0 ? t('roomScreen.ready') : t('roomScreen.empty')}</p>
            </>
          )}
          <div className="present-acts">
            <Button kind="main" shortcut={t('space')} isDisabled={!main || isBusy} onPress={() => void doMain()}>
              {t(`main.${main ?? 'callNext'}`)}
            </Button>
            {possible.map((action) => (
              <Button key={action} shortcut={actionKeys[action].toUpperCase()} onPress={() => doOther(action)}>
                {t(`action.${action}`)}
              </Button>
            ))}
          </div>
        </section>
        <section className="next" aria-labelledby="next">
          <h2 id="next">{t('roomScreen.next')}</h2>
          {next.length === 0 && <p className="quiet">{t('roomScreen.nobodyWaits')}</p>}
          <ol>
            {next.map((entry) => (
              <li key={entry.id} className="next-row">
                <span className="row-ticket">{entry.ticket}</span>
                <span className="next-who">
                  <span>
                    {entry.patient?.name}
                    {age(entry) && <span className="quiet"> · {age(entry)}</span>}
                  </span>
                  <span className="small quiet">
                    <UrgencyMark urgency={entry.urgency} /> {entry.reason}
                  </span>
                </span>
                <span className="quiet">{inMinutes(minutesBetween(entry.arrivedAt, now))}</span>
              </li>
            ))}
          </ol>
        </section>
        <p className="day quiet">
          {t('roomScreen.day', {
            served: served.length,
            waiting: (lines ?? []).reduce((sum, { waiting }) => sum + waiting.length, 0),
          })}
          {serviceMinutes !== null && ` · ${t('roomScreen.median', { minutes: serviceMinutes })}`}
        </p>
      </main>
      <Suspense>
        {question && <Asked question={question} acts={acts} onClose={() => setQuestion(null)} />}
        {isGoing && present && (
          <OffDuty entry={present} onSure={() => void duty(false)} onClose={() => setGoing(false)} />
        )}
        {isHelping && <RoomHelp onClose={() => setHelping(false)} />}
      </Suspense>
    </div>
  )
}
