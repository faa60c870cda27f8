import { useApolloClient } from '@apollo/client/react'
import { zodResolver } from '@hookform/resolvers/zod'
import { useState } from 'react'
import { useForm } from 'react-hook-form'
import { useTranslation } from 'react-i18next'
import * as z from 'zod'
import {
  CreateServiceDocument,
  type ServiceColor,
  SetServiceIntakeDocument,
  UpdateServiceDocument,
} from '../generated/admin.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { FormField } from '../ui/form-field.tsx'
import { codeOf } from '../ui/refusal.ts'
import { say } from '../ui/toasts.tsx'
import { Check } from './checks.tsx'
import { ColorChoice } from './color-choice.tsx'
import { filled, ticketLetter, whole } from './rules.ts'
import type { ServiceDetails } from './services.tsx'
import { adminWords } from './words.ts'

type Props = { clinicId: string; service: ServiceDetails | null; onSaved: () => void; onClose: () => void }

/** A new service, or what can be changed of one. */
export const ServiceForm = ({ clinicId, service, onSaved, onClose }: Props) => {
  const { t } = useTranslation()
  const client = useApolloClient()
  const [remoteJoin, setRemoteJoin] = useState(service?.remoteJoin ?? false)
  const [doorJoin, setDoorJoin] = useState(service?.doorJoin ?? false)
  const [color, setColor] = useState<ServiceColor | null>(service?.color ?? null)
  const schema = z.object({
    name: filled(t, 100),
    letter: ticketLetter(t),
    slot: whole(t, 5, 480),
    lead: whole(t, 0, 1440),
    almostPosition: whole(t, 1, 50),
    almostMinutes: whole(t, 0, 240),
    closeReason: z.string().max(200),
  })
  const { control, handleSubmit, setError, getValues, formState } = useForm({
    resolver: zodResolver(schema),
    defaultValues: {
      name: service?.name ?? '',
      letter: service?.ticketLetter ?? '',
      slot: String(service?.slotMinutes ?? 15),
      lead: String(service?.bookedLeadMinutes ?? 0),
      almostPosition: String(service?.almostPosition ?? 3),
      almostMinutes: String(service?.almostMinutes ?? 10),
      closeReason: '',
    },
  })

  const submit = handleSubmit(async (values) => {
    const settings = {
      name: values.name,
      slotMinutes: Number(values.slot),
      bookedLeadMinutes: Number(values.lead),
      almostPosition: Number(values.almostPosition),
      almostMinutes: Number(values.almostMinutes),
      remoteJoin,
      color,
      doorJoin,
    }
    try {
      if (service)
        await client.mutate({ mutation: UpdateServiceDocument, variables: { id: service.id, input: settings } })
      else {
        const input = { clinicId, ticketLetter: values.letter.trim().toUpperCase(), ...settings }
        await client.mutate({ mutation: CreateServiceDocument, variables: { input } })
      }
      say(t('admin.saved'))
      onSaved()
    } catch (error) {
      setError(codeOf(error) === 'LETTER_TAKEN' ? 'letter' : 'name', { message: adminWords(error, t) })
    }
  })

  const setIntake = async (isOpen: boolean) => {
    if (!service) return
    const reason = isOpen ? null : getValues('closeReason').trim() || null
    try {
      const variables = { serviceId: service.id, open: isOpen, reason }
      await client.mutate({ mutation: SetServiceIntakeDocument, variables })
      say(t(isOpen ? 'intake.isOpen' : 'intake.isClosed', { service: service.name }))
      onSaved()
    } catch (error) {
      setError('name', { message: adminWords(error, t) })
    }
  }

  const field = (name: keyof typeof schema.shape, label: string, hint?: string) => (
    <FormField control={control} name={name} label={label} autoComplete="off" {...(hint ? { hint } : {})} />
  )
  return (
    <Dialog title={service?.name ?? t('admin.services.addTitle')} onClose={onClose}>
      <form className="choices" onSubmit={submit} noValidate>
        <FormField control={control} name="name" label={t('admin.services.name')} autoComplete="off" autoFocus />
        {!service && field('letter', t('admin.services.letter'), t('admin.services.letterHint'))}
        {field('slot', t('admin.services.slot'), t('admin.services.slotHint'))}
        {field('lead', t('admin.services.lead'), t('admin.services.leadHint'))}
        {field('almostPosition', t('admin.services.almostPosition'))}
        {field('almostMinutes', t('admin.services.almostMinutes'), t('admin.services.almostMinutesHint'))}
        <ColorChoice chosen={color} onChange={setColor} />
        <Check label={t('admin.services.remoteJoin')} isChosen={remoteJoin} onChange={setRemoteJoin} />
        <Check label={t('admin.services.doorJoin')} isChosen={doorJoin} onChange={setDoorJoin} />
        <div className="dialog-end">
          <Button onPress={onClose}>{t('cancel')}</Button>
          <Button kind="main" type="submit" isDisabled={formState.isSubmitting}>
            {t('admin.save')}
          </Button>
        </div>
      </form>
      {service && (
        <section className="choices dialog-part">
          <h3>{t(service.open ? 'admin.services.open' : 'admin.services.closedNow')}</h3>
          {service.open && field('closeReason', t('admin.services.closeReason'), t('admin.optional'))}
          <div>
            <Button onPress={() => void setIntake(!service.open)}>
              {t(service.open ? 'admin.services.close' : 'admin.services.reopen')}
            </Button>
          </div>
        </section>
      )}
    </Dialog>
  )
}
