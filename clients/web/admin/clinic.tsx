import { useApolloClient } from '@apollo/client/react'
import { zodResolver } from '@hookform/resolvers/zod'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import * as z from 'zod'
import { type MessageRoute, UpdateClinicDocument } from '../generated/admin.ts'
import { Button } from '../ui/button.tsx'
import { Choice } from '../ui/choice.tsx'
import { FormField } from '../ui/form-field.tsx'
import { say } from '../ui/toasts.tsx'
import { Check } from './checks.tsx'
import { LinesField } from './lines-field.tsx'
import { filled, timeOfDay, whole, zone } from './rules.ts'
import { StateLine } from './state-line.tsx'
import { typedTime } from './typed-hours.ts'
import { type ClinicDetails, useClinic } from './use-clinic.ts'
import { adminWords, fieldOf } from './words.ts'

/** Everything that can be set of the clinic itself. */
export const Clinic = () => {
  const { clinic, error, refetch } = useClinic()
  if (!clinic) return <StateLine error={error} retry={() => void refetch()} />
  return <Settings clinic={clinic} onSaved={() => void refetch()} />
}

const tagsIn = (text: string): string[] => text.split(/[\s,;]+/).filter(Boolean)

const areTags = (text: string): boolean => {
  try {
    return Intl.getCanonicalLocales(tagsIn(text)).length > 0
  } catch {
    return false
  }
}

const countriesIn = (text: string): string[] => tagsIn(text.toUpperCase())

const Settings = ({ clinic, onSaved }: { clinic: ClinicDetails; onSaved: () => void }) => {
  const { t } = useTranslation()
  const client = useApolloClient()
  const [messageRoute, setRoute] = useState<MessageRoute>(clinic.messageRoute ?? 'BOTH')
  const [selfCheckIn, setSelfCheckIn] = useState(clinic.selfCheckIn)
  const [problem, setProblem] = useState<string | null>(null)
  const schema = z.object({
    name: filled(t, 100),
    address: z.string().max(200),
    directions: z.string().max(300),
    timeZone: zone(t),
    languages: z.string().refine(areTags, t('admin.clinic.languagesForm')),
    dayStartsAt: timeOfDay(t),
    graceMinutes: whole(t, 0, 1440),
    undoSeconds: whole(t, 0, 3600),
    noShowMinutes: z.literal('').or(whole(t, 1, 1440)),
    quietFrom: timeOfDay(t),
    quietTo: timeOfDay(t),
    dailySmsCap: whole(t, 0, 100_000),
    countries: z
      .string()
      .refine((text) => countriesIn(text).every((code) => /^[A-Z]{2}$/.test(code)), t('admin.clinic.countriesForm')),
  })
  const { control, handleSubmit, setError, formState } = useForm({
    resolver: zodResolver(schema),
    defaultValues: {
      name: clinic.name,
      address: clinic.address ?? '',
      directions: clinic.directions ?? '',
      timeZone: clinic.timeZone,
      languages: clinic.languages.join(', '),
      dayStartsAt: clinic.dayStartsAt,
      graceMinutes: String(clinic.graceMinutes),
      undoSeconds: String(clinic.undoSeconds),
      noShowMinutes: clinic.noShowMinutes === null ? '' : String(clinic.noShowMinutes),
      quietFrom: clinic.quietFrom ?? '',
      quietTo: clinic.quietTo ?? '',
      dailySmsCap: String(clinic.dailySmsCap ?? 0),
      countries: (clinic.allowedCountries ?? []).join(', '),
    },
  })
  const submit = handleSubmit(async (values) => {
    setProblem(null)
    const input = {
      name: values.name,
      address: values.address.trim() || null,
      directions: values.directions.trim() || null,
      timeZone: values.timeZone,
      languages: tagsIn(values.languages),
      dayStartsAt: typedTime(values.dayStartsAt),
      graceMinutes: Number(values.graceMinutes),
      undoSeconds: Number(values.undoSeconds),
      noShowMinutes: values.noShowMinutes === '' ? null : Number(values.noShowMinutes),
      messageRoute,
      quietFrom: typedTime(values.quietFrom),
      quietTo: typedTime(values.quietTo),
      dailySmsCap: Number(values.dailySmsCap),
      allowedCountries: countriesIn(values.countries),
      selfCheckIn,
    }
    try {
      await client.mutate({ mutation: UpdateClinicDocument, variables: { id: clinic.id, input } })
      say(t('admin.saved'))
      onSaved()
    } catch (error) {
      const isCountry = fieldOf(error)?.startsWith('input.allowedCountries')
      if (isCountry) setError('countries', { message: t('admin.clinic.countriesServer') })
      else setProblem(adminWords(error, t))
    }
  })
  const field = (name: keyof typeof schema.shape, label: string, hint?: string) => (
    <FormField control={control} name={name} label={label} autoComplete="off" {...(hint ? { hint } : {})} />
  )
  return (
    <form className="settings" onSubmit={submit} noValidate>
      <p className="quiet">{t('admin.clinic.text')}</p>
      <fieldset>
        <legend>{t('admin.clinic.place')}</legend>
        {field('name', t('admin.clinic.name'))}
        <LinesField control={control} name="address" label={t('admin.clinic.address')} hint={t('admin.optional')} />
        <LinesField
          control={control}
          name="directions"
          label={t('admin.clinic.directions')}
          hint={t('admin.clinic.directionsHint')}
        />
        {field('timeZone', t('admin.clinic.timeZone'), t('admin.clinic.timeZoneHint'))}
        {field('languages', t('admin.clinic.languages'), t('admin.clinic.languagesHint'))}
      </fieldset>
      <fieldset>
        <legend>{t('admin.clinic.day')}</legend>
        {field('dayStartsAt', t('admin.clinic.dayStartsAt'), t('admin.clinic.dayStartsAtHint'))}
        {field('graceMinutes', t('admin.clinic.grace'), t('admin.clinic.graceHint'))}
        {field('undoSeconds', t('admin.clinic.undo'))}
        {field('noShowMinutes', t('admin.clinic.noShow'), t('admin.clinic.noShowHint'))}
        <Check label={t('admin.clinic.selfCheckIn')} isChosen={selfCheckIn} onChange={setSelfCheckIn} />
      </fieldset>
      <fieldset>
        <legend>{t('admin.clinic.messages')}</legend>
        <Choice
          label={t('admin.clinic.route')}
          value={messageRoute}
          options={(['BOTH', 'PUSH_FIRST'] as const).map((id) => ({ id, name: t(`admin.clinic.${id}`) }))}
          onChange={(id) => setRoute(id as MessageRoute)}
        />
        {field('quietFrom', t('admin.clinic.quietFrom'))}
        {field('quietTo', t('admin.clinic.quietTo'), t('admin.clinic.quietHint'))}
        {field('dailySmsCap', t('admin.clinic.cap'))}
        {field('countries', t('admin.clinic.countries'), t('admin.clinic.countriesHint'))}
      </fieldset>
      <p className="problem" role="alert">
        {problem}
      </p>
      <div>
        <Button kind="main" type="submit" isDisabled={formState.isSubmitting}>
          {t('admin.save')}
        </Button>
      </div>
    </form>
  )
}
