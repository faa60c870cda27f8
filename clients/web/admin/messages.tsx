import { useApolloClient, useQuery } from '@apollo/client/react'
import { useState } from 'react'
import { Label } from 'react-aria-components/Label'
import { TextArea } from 'react-aria-components/TextArea'
import { TextField } from 'react-aria-components/TextField'
import { useTranslation } from 'react-i18next'
import { MessagePreviewDocument, type NotificationKind, UpdateClinicDocument } from '../generated/admin.ts'
import { Button } from '../ui/button.tsx'
import { Choice } from '../ui/choice.tsx'
import { say } from '../ui/toasts.tsx'
import { StateLine } from './state-line.tsx'
import { type ClinicDetails, useClinic } from './use-clinic.ts'
import { useSettled } from './use-settled.ts'
import { adminWords, fieldOf } from './words.ts'

const kinds = [
  'BOOKED',
  'RESCHEDULED',
  'CANCELLED',
  'REMINDER',
  'ALMOST_YOUR_TURN',
  'YOUR_TURN',
  'MISSED',
] as const satisfies readonly NotificationKind[]
type Kind = (typeof kinds)[number]

const base = (tag: string): string => tag.toLowerCase().split('-')[0] ?? tag

/** What patients are told, in the clinic's own words. */
export const Messages = () => {
  const { clinic, error, refetch } = useClinic()
  if (!clinic) return <StateLine error={error} retry={() => void refetch()} />
  return <Texts clinic={clinic} onSaved={refetch} />
}

type TextsProps = { clinic: ClinicDetails; onSaved: () => Promise<unknown> }

const Texts = ({ clinic, onSaved }: TextsProps) => {
  const { t, i18n } = useTranslation()
  const languages = [...new Set(clinic.languages.map(base))]
  const [language, setLanguage] = useState(languages[0] ?? 'en')
  const names = new Intl.DisplayNames(i18n.language, { type: 'language' })
  return (
    <>
      <p className="quiet">{t('admin.messages.text')}</p>
      {languages.length > 1 && (
        <div className="admin-choose">
          <Choice
            label={t('admin.messages.language')}
            value={language}
            options={languages.map((id) => ({ id, name: names.of(id) ?? id }))}
            onChange={setLanguage}
          />
        </div>
      )}
      <ul className="admin-list">
        {kinds.map((kind) => (
          <li key={`${language} ${kind}`} className="message-row">
            <OneText clinic={clinic} language={language} kind={kind} onSaved={onSaved} />
          </li>
        ))}
      </ul>
    </>
  )
}

const OneText = ({ clinic, language, kind, onSaved }: TextsProps & { language: string; kind: Kind }) => {
  const { t } = useTranslation()
  const client = useApolloClient()
  const all = (clinic.messageTexts ?? []).map(({ language, kind, text }) => ({ language, kind, text }))
  const saved = all.find((one) => one.language === language && one.kind === kind)?.text ?? null
  const [typed, setTyped] = useState<string | null>(saved)
  const [problem, setProblem] = useState<string | null>(null)
  const settled = useSettled(typed)
  const preview = useQuery(MessagePreviewDocument, {
    variables: { clinicId: clinic.id, language, kind, text: settled?.trim() ? settled : null },
    fetchPolicy: 'no-cache',
  })
  const shown = (preview.data ?? preview.previousData)?.messagePreview ?? null
  const usual = shown?.usual ?? ''
  const isForm = fieldOf(preview.error) === 'text'
  const refusal = !preview.error
    ? null
    : isForm
      ? t('admin.messages.form', { names: t(`admin.messages.may.${kind}`) })
      : adminWords(preview.error, t)
  const isOwn = typed !== null && typed.trim() !== '' && typed.trim() !== usual
  const save = async (text: string | null) => {
    setProblem(null)
    const others = all.filter((one) => one.language !== language || one.kind !== kind)
    const messageTexts = text === null ? others : [...others, { language, kind, text }]
    try {
      await client.mutate({ mutation: UpdateClinicDocument, variables: { id: clinic.id, input: { messageTexts } } })
      if (text === null) setTyped(null)
      await onSaved()
      say(t('admin.saved'))
    } catch (error) {
      setProblem(adminWords(error, t))
    }
  }
  const name = t(`admin.figures.kinds.${kind}`)
  return (
    <>
      <TextField
        className="field"
        value={typed ?? usual}
        onChange={setTyped}
        isInvalid={refusal !== null || problem !== null}
        validationBehavior="aria"
        maxLength={300}
      >
        <Label className="strong">{name}</Label>
        <TextArea className="input" rows={3} />
        <span className="small quiet">
          {t('admin.messages.placeholders', { names: t(`admin.messages.may.${kind}`) })}
        </span>
      </TextField>
      <div className="message-preview" aria-live="polite">
        {refusal || problem ? (
          <p className="problem">{problem ?? refusal}</p>
        ) : (
          <p className="bubble">{shown?.body ?? '…'}</p>
        )}
        {shown && !refusal && (
          <p className="small quiet">
            {t('admin.messages.segments', { count: shown.segments })}
            {shown.isUnicode && ` ${t('admin.messages.unicode')}`}
          </p>
        )}
        <div className="message-acts">
          {preview.error && !isForm && (
            <Button
              aria-label={t('admin.messages.retryOf', { name })}
              onPress={() => void preview.refetch().catch(() => undefined)}
            >
              {t('admin.retry')}
            </Button>
          )}
          {saved !== null && (
            <Button aria-label={t('admin.messages.usualOf', { name })} onPress={() => void save(null)}>
              {t('admin.messages.usual')}
            </Button>
          )}
          {isOwn && typed !== saved && (
            <Button
              kind="main"
              aria-label={t('admin.messages.saveOf', { name })}
              isDisabled={refusal !== null || settled !== typed || preview.loading}
              onPress={() => void save(typed)}
            >
              {t('admin.save')}
            </Button>
          )}
        </div>
      </div>
    </>
  )
}
