import '../locales/later.ts'
import { useApolloClient } from '@apollo/client/react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { SetIntakeDocument, SetOnDutyDocument } from '../generated/later.ts'
import { useStaff } from '../session/session.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'
import { useKeys } from '../ui/keys.ts'
import { wordsFor } from '../ui/refusal.ts'
import { say } from '../ui/toasts.tsx'
import type { QueueLine } from './queues.ts'

type Doctor = QueueLine['service']['doctors'][number]

/** Whether a service takes new walk-ins, and who of its doctors is at work: each change can be taken back for a while. */
export const IntakeDialog = ({ line, onClose }: { line: QueueLine; onClose: () => void }) => {
  const { t } = useTranslation()
  const client = useApolloClient()
  const { clinic } = useStaff()
  const { service } = line
  const [reason, setReason] = useState('')
  const usual = t('usual.intake', { returnObjects: true })

  const attempt = async (change: () => Promise<unknown>, said: string, back: () => Promise<unknown>) => {
    try {
      await change()
      say(said, { seconds: clinic.undoSeconds || 6, undo: () => void attempt(back, t('intake.undone'), change) })
    } catch (error) {
      say(wordsFor(error, t), { seconds: 10 })
    }
  }
  const setIntake = (open: boolean, why: string | null) => () =>
    client.mutate({ mutation: SetIntakeDocument, variables: { serviceId: service.id, open, reason: why } })
  const close = (why: string | null) => {
    void attempt(setIntake(false, why), t('intake.isClosed', { service: service.name }), setIntake(true, null))
    onClose()
  }
  const open = () => {
    const back = setIntake(false, service.closedReason)
    void attempt(setIntake(true, null), t('intake.isOpen', { service: service.name }), back)
    onClose()
  }
  const setDuty = (doctor: Doctor, onDuty: boolean) => () =>
    client.mutate({ mutation: SetOnDutyDocument, variables: { doctorId: doctor.id, onDuty } })
  const toggle = (doctor: Doctor) => {
    const next = !doctor.onDuty
    const isLast = !next && service.doctors.every(({ id, onDuty }) => id === doctor.id || !onDuty)
    const said = t(next ? 'intake.comes' : 'intake.goes', { doctor: doctor.name })
    const left = isLast && line.waiting.length > 0 ? ` ${t('intake.nobodyLeft', { count: line.waiting.length })}` : ''
    void attempt(setDuty(doctor, next), said + left, setDuty(doctor, doctor.onDuty))
  }
  useKeys(service.open ? Object.fromEntries(usual.map((why, at) => [String(at + 1), () => close(why)])) : { 1: open }, {
    inDialog: true,
  })

  return (
    <Dialog title={t('intake.title', { service: service.name })} onClose={onClose}>
      {service.open ? (
        <section className="choices">
          <h3>{t('intake.close')}</h3>
          <p className="small quiet">{t('intake.closeText')}</p>
          {usual.map((why, at) => (
            <Button key={why} shortcut={String(at + 1)} autoFocus={at === 0} onPress={() => close(why)}>
              {why}
            </Button>
          ))}
          <form
            className="choices"
            onSubmit={(event) => {
              event.preventDefault()
              close(reason.trim() || null)
            }}
          >
            <Field label={t('reason.other')} value={reason} onChange={setReason} maxLength={200} />
            <Button type="submit">{t(reason.trim() ? 'intake.closeSo' : 'intake.closeWithout')}</Button>
          </form>
        </section>
      ) : (
        <section className="choices">
          <p>{[t('intake.nowClosed'), service.closedReason].filter(Boolean).join(' ')}</p>
          <Button kind="main" shortcut="1" autoFocus onPress={open}>
            {t('intake.reopen')}
          </Button>
        </section>
      )}
      <section>
        <h3>{t('intake.duty')}</h3>
        <ul className="duty">
          {service.doctors.map((doctor) => (
            <li key={doctor.id}>
              <span id={`duty-${doctor.id}`}>{doctor.name}</span>
              <Button
                aria-pressed={doctor.onDuty}
                aria-describedby={`duty-${doctor.id}`}
                onPress={() => toggle(doctor)}
              >
                {t(doctor.onDuty ? 'roomScreen.onDuty' : 'roomScreen.offDuty')}
              </Button>
            </li>
          ))}
        </ul>
      </section>
      <div className="dialog-end">
        <Button onPress={onClose}>{t('close')}</Button>
      </div>
    </Dialog>
  )
}
