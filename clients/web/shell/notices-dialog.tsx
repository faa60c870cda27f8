import '../locales/later.ts'
import type { Notice } from '@anteroom/offline/model'
import { useNotices, useOffline } from '@anteroom/offline/react'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { en } from '../locales/en.ts'
import { later } from '../locales/en-later.ts'
import { useStaff } from '../session/session.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { timeOfDay } from '../ui/times.ts'

/** Whom an act was about, as far as this device knows. */
const useSubject = () => {
  const { local } = useOffline()
  return ({ operation }: Notice): string => {
    if (!operation || !local) return ''
    const { world } = local.replay()
    const { input } = operation
    const entry = world.entry(String(input.id))
    const booking = world.appointment(String(input.id))
    const patientId = entry?.patient?.id ?? booking?.patient?.id ?? String(input.patientId ?? input.id)
    const name = world.patient(patientId)?.name ?? (typeof input.name === 'string' ? input.name : '')
    return [entry?.ticket, name].filter(Boolean).join(' ')
  }
}

const One = ({ notice, subject, onDone }: { notice: Notice; subject: string; onDone: () => void }) => {
  const { t, i18n } = useTranslation()
  const { clinic } = useStaff()
  const { redo, dismiss } = useNotices()
  const [isBusy, setBusy] = useState(false)
  const { operation, result } = notice
  const at = (instant: number | string) => timeOfDay(instant, clinic.timeZone, i18n.language)
  const code = result.code ?? 'INTERNAL'
  const alone = async (act: () => Promise<void>) => {
    setBusy(true)
    await act().catch(() => undefined)
    setBusy(false)
    onDone()
  }
  return (
    <li className="notice-row">
      <p className="strong">
        {operation ? t(`command.${operation.command}`) : t('notice.elsewhere')}
        {subject && ` · ${subject}`}
        {operation && <span className="quiet"> · {at(operation.wall)}</span>}
      </p>
      {result.outcome === 'OVERRIDDEN' ? (
        result.overrides?.map(({ field, by, at: when, value }) => (
          <p key={field}>
            {t('notice.overridden', {
              by: by in later.by ? t(`by.${by as keyof typeof later.by}`) : by,
              field: field in later.field ? t(`field.${field as keyof typeof later.field}`) : field,
              time: at(when),
              value: value ?? t('notice.empty'),
              yours: String(operation?.input[field] ?? t('notice.empty')),
            })}
          </p>
        ))
      ) : (
        <p>{code in en.refusal ? t(`refusal.${code as keyof typeof en.refusal}`) : (result.message ?? code)}</p>
      )}
      <div className="notice-acts">
        {operation && (
          <Button isDisabled={isBusy} onPress={() => void alone(() => redo(notice.id))}>
            {t('notice.redo')}
          </Button>
        )}
        <Button isDisabled={isBusy} onPress={() => void alone(() => dismiss(notice.id))}>
          {t('notice.dismiss')}
        </Button>
      </div>
    </li>
  )
}

/** What the server refused and what others overrode, each to be given once more or put away. */
export const NoticesDialog = ({ onClose }: { onClose: () => void }) => {
  const { t } = useTranslation()
  const { notices } = useNotices()
  const subjectOf = useSubject()
  const list = useRef<HTMLUListElement>(null)
  useEffect(() => {
    if (notices.length === 0) onClose()
  }, [notices.length, onClose])
  return (
    <Dialog title={t('notice.title')} isBroad onClose={onClose}>
      <p className="quiet">{t('notice.text')}</p>
      <ul className="notice-list" ref={list}>
        {notices.map((notice) => (
          <One
            key={notice.id}
            notice={notice}
            subject={subjectOf(notice)}
            onDone={() => list.current?.querySelector('button')?.focus()}
          />
        ))}
      </ul>
      <div className="dialog-end">
        <Button onPress={onClose}>{t('close')}</Button>
      </div>
    </Dialog>
  )
}
