import '../locales/later.ts'
import { useApolloClient } from '@apollo/client/react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type BookingFragment, CancelAppointmentDocument } from '../generated/graphql.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'
import { wordsFor } from '../ui/refusal.ts'
import { say } from '../ui/toasts.tsx'

type Props = { booking: BookingFragment; onClose: () => void }

/** A cancelled booking cannot be taken back: its slot may be gone at once. So it is asked for. */
export const CancelDialog = ({ booking, onClose }: Props) => {
  const { t } = useTranslation()
  const client = useApolloClient()
  const [reason, setReason] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const cancel = async (given: string | null) => {
    try {
      await client.mutate({ mutation: CancelAppointmentDocument, variables: { id: booking.id, reason: given } })
      say(t('booking.cancelled', { name: booking.patient?.name ?? '' }))
      onClose()
    } catch (error) {
      setProblem(wordsFor(error, t))
    }
  }
  return (
    <Dialog title={t('booking.cancelTitle', { name: booking.patient?.name ?? '' })} onClose={onClose}>
      <div className="choices">
        {t('usual.cancel', { returnObjects: true }).map((usual) => (
          <Button key={usual} onPress={() => void cancel(usual)}>
            {usual}
          </Button>
        ))}
      </div>
      <form
        className="choices"
        onSubmit={(event) => {
          event.preventDefault()
          void cancel(reason.trim() || null)
        }}
      >
        <Field
          label={t('reason.other')}
          value={reason}
          onChange={setReason}
          maxLength={200}
          {...(problem ? { problem } : {})}
        />
        <div className="dialog-end">
          <Button onPress={onClose}>{t('booking.keep')}</Button>
          <Button kind="main" type="submit">
            {t('cancelBooking')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
