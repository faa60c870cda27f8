import '../locales/later.ts'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { RowFragment, StaffFragment, Urgency } from '../generated/graphql.ts'
import { useStaff } from '../session/session.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'
import { useKeys } from '../ui/keys.ts'
import { UrgencyMark } from '../ui/urgency-mark.tsx'
import type { Acts } from './acts.ts'

type Service = StaffFragment['clinic']['services'][number]

export type Question =
  | { kind: 'urgency'; entry: RowFragment }
  | { kind: 'move'; entry: RowFragment; after: string | null }
  | { kind: 'transfer'; entry: RowFragment }
  | { kind: 'call'; entry: RowFragment; service: Service }
  | { kind: 'callNext'; service: Service }

type Props<Kind extends Question['kind']> = {
  question: Extract<Question, { kind: Kind }>
  acts: Acts
  onClose: () => void
}

/** The first nine of a list answer to the digits. */
const useDigits = (choices: readonly (() => void)[]): void =>
  useKeys(Object.fromEntries(choices.slice(0, 9).map((choose, at) => [String(at + 1), choose])), { inDialog: true })

const nameOf = ({ ticket, patient }: RowFragment): string => [ticket, patient?.name].filter(Boolean).join(' ')

/** A reason: the usual ones one tap or digit away, any other typed. */
const Reasons = ({
  usual,
  isOptional,
  onReason,
  onClose,
}: {
  usual: readonly string[]
  isOptional?: boolean
  onReason: (reason: string | null) => void
  onClose: () => void
}) => {
  const { t } = useTranslation()
  const [text, setText] = useState('')
  useDigits(usual.map((reason) => () => onReason(reason)))
  const given = text.trim()
  return (
    <>
      <div className="choices">
        {usual.map((reason, at) => (
          <Button key={reason} shortcut={String(at + 1)} autoFocus={at === 0} onPress={() => onReason(reason)}>
            {reason}
          </Button>
        ))}
      </div>
      <form
        className="choices"
        onSubmit={(event) => {
          event.preventDefault()
          if (given || isOptional) onReason(given || null)
        }}
      >
        <Field label={t('reason.other')} value={text} onChange={setText} maxLength={200} />
        <div className="dialog-end">
          <Button onPress={onClose}>{t('cancel')}</Button>
          <Button kind="main" type="submit" isDisabled={!given && !isOptional}>
            {given || !isOptional ? t('reason.give') : t('reason.none')}
          </Button>
        </div>
      </form>
    </>
  )
}

const UrgencyQuestion = ({ question: { entry }, acts, onClose }: Props<'urgency'>) => {
  const { t } = useTranslation()
  const [urgency, setUrgency] = useState<Urgency | null>(null)
  const levels = (['EMERGENCY', 'URGENT', 'ROUTINE'] as const).filter((level) => level !== entry.urgency)
  const choose = (level: Urgency) => () => {
    // Back to the normal case needs no story.
    if (level === 'ROUTINE') {
      void acts.setUrgency(entry.id, level, null)
      onClose()
    } else setUrgency(level)
  }
  if (urgency)
    return (
      <Dialog title={t('ask.urgencyReason', { name: nameOf(entry) })} onClose={onClose}>
        <Reasons
          key={urgency}
          usual={t(`usual.${urgency === 'EMERGENCY' ? 'emergency' : 'urgent'}`, { returnObjects: true })}
          isOptional
          onReason={(reason) => {
            void acts.setUrgency(entry.id, urgency, reason)
            onClose()
          }}
          onClose={onClose}
        />
      </Dialog>
    )
  return (
    <Dialog title={t('ask.urgency', { name: nameOf(entry) })} onClose={onClose}>
      <Levels levels={levels} choose={choose} />
    </Dialog>
  )
}

const Levels = ({ levels, choose }: { levels: readonly Urgency[]; choose: (level: Urgency) => () => void }) => {
  const { t } = useTranslation()
  useDigits(levels.map(choose))
  return (
    <div className="choices">
      {levels.map((level, at) => (
        <Button key={level} shortcut={String(at + 1)} autoFocus={at === 0} onPress={choose(level)}>
          {level === 'ROUTINE' ? t('urgency.ROUTINE') : <UrgencyMark urgency={level} />}
        </Button>
      ))}
    </div>
  )
}

const MoveQuestion = ({ question: { entry, after }, acts, onClose }: Props<'move'>) => {
  const { t } = useTranslation()
  return (
    <Dialog title={t('ask.move', { name: nameOf(entry) })} onClose={onClose}>
      <p className="quiet">{t('ask.moveWhy')}</p>
      <Reasons
        usual={t('usual.move', { returnObjects: true })}
        onReason={(reason) => {
          void acts.move(entry.id, after, reason ?? '')
          onClose()
        }}
        onClose={onClose}
      />
    </Dialog>
  )
}

type Pick = { id: string; name: ReactNode; choose: () => void }

/** A list of which one is chosen by digit, arrow or tap. */
const Picks = ({ picks }: { picks: readonly Pick[] }) => {
  useDigits(picks.map(({ choose }) => choose))
  return (
    <div className="choices">
      {picks.map(({ id, name, choose }, at) => (
        <Button key={id} shortcut={at < 9 ? String(at + 1) : ''} autoFocus={at === 0} onPress={choose}>
          {name}
        </Button>
      ))}
    </div>
  )
}

const TransferQuestion = ({ question: { entry }, acts, onClose }: Props<'transfer'>) => {
  const { t } = useTranslation()
  const { clinic } = useStaff()
  const go = (serviceId: string | null, doctorId: string | null) => () => {
    void acts.transfer(entry.id, serviceId, doctorId)
    onClose()
  }
  const own = clinic.services.find(({ id }) => id === entry.service.id)
  const picks: Pick[] = [
    ...clinic.services
      .filter(({ id }) => id !== entry.service.id)
      .map(({ id, name }) => ({ id, name: t('ask.toService', { service: name }), choose: go(id, null) })),
    ...(own?.doctors ?? [])
      .filter(({ id }) => id !== entry.doctor?.id)
      .map(({ id, name, onDuty }) => ({
        id,
        name: (
          <>
            {t('ask.toDoctor', { doctor: name })} {!onDuty && <span className="quiet">{t('offDuty')}</span>}
          </>
        ),
        choose: go(null, id),
      })),
  ]
  return (
    <Dialog title={t('ask.transfer', { name: nameOf(entry) })} onClose={onClose}>
      <Picks picks={picks} />
    </Dialog>
  )
}

const CallQuestion = ({ question, acts, onClose }: Props<'call' | 'callNext'>) => {
  const { t } = useTranslation()
  const [room, setRoom] = useState('')
  const go = (doctorId: string | null) => () => {
    const where = room.trim() || null
    void (question.kind === 'call'
      ? acts.call(question.entry.id, doctorId, where)
      : acts.callNext(question.service.id, doctorId, where))
    onClose()
  }
  const onDuty = question.service.doctors.filter((doctor) => doctor.onDuty)
  const picks: Pick[] = [
    ...onDuty.map(({ id, name }) => ({ id, name: t('ask.callTo', { doctor: name }), choose: go(id) })),
    { id: 'none', name: t('ask.callNoDoctor'), choose: go(null) },
  ]
  return (
    <Dialog
      title={
        question.kind === 'call'
          ? t('ask.call', { name: nameOf(question.entry) })
          : t('ask.callNext', { service: question.service.name })
      }
      onClose={onClose}
    >
      <Picks picks={picks} />
      <Field label={t('ask.room')} value={room} onChange={setRoom} maxLength={40} />
    </Dialog>
  )
}

/** What an action still has to know, asked before everything else. */
export const Asked = ({ question, ...rest }: { question: Question; acts: Acts; onClose: () => void }) => {
  switch (question.kind) {
    case 'urgency':
      return <UrgencyQuestion question={question} {...rest} />
    case 'move':
      return <MoveQuestion question={question} {...rest} />
    case 'transfer':
      return <TransferQuestion question={question} {...rest} />
    default:
      return <CallQuestion question={question} {...rest} />
  }
}
