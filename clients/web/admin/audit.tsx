import { useApolloClient } from '@apollo/client/react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { AdminAuditDocument, AdminUsersDocument } from '../generated/admin.ts'
import { useStaff } from '../session/session.tsx'
import { Button } from '../ui/button.tsx'
import { Choice } from '../ui/choice.tsx'
import { serverNow } from '../ui/clock.ts'
import { Field } from '../ui/field.tsx'
import { addDays, dayName, dayOf, timeOfDay } from '../ui/times.ts'
import { actionsOf, kinds, sentenceOf } from './audit-words.ts'
import { usePages } from './pages.ts'
import { StateLine } from './state-line.tsx'
import { useSettled } from './use-settled.ts'

const ANY = 'any'
/** A phone number as people write it, or what a scanner reads from the code of a patient. */
const PATIENT = /^(\+\d[\d ()./-]{5,}\d|\/?[\w-]{22})$/
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Who did what to which record, and when: the last week, unless another time is asked for. */
export const Audit = () => {
  const { t, i18n } = useTranslation()
  const client = useApolloClient()
  const { clinic } = useStaff()
  const today = dayOf(serverNow(), clinic.timeZone)
  const [actorId, setActor] = useState(ANY)
  const [kind, setKind] = useState(ANY)
  const [action, setAction] = useState(ANY)
  const [record, setRecord] = useState('')
  const [patient, setPatient] = useState('')
  const [from, setFrom] = useState(addDays(today, -6))
  const [to, setTo] = useState(today)
  const typed = useSettled(patient.trim())
  const isPatient = typed === '' || PATIENT.test(typed)
  const actions = actionsOf(kind, t)
  const isRecord = record.trim() === '' || UUID.test(record.trim())

  const people = usePages(clinic.id, async (after) => {
    const variables = { clinicId: clinic.id, after }
    return (await client.query({ query: AdminUsersDocument, variables, fetchPolicy: 'no-cache' })).data?.users
  })
  const asked = {
    clinicId: clinic.id,
    actorId: actorId === ANY ? null : actorId,
    patient: isPatient ? typed || null : null,
    action: kind === ANY ? null : action === ANY ? kind : action,
    entityId: isRecord ? record.trim() || null : null,
    from: from || null,
    to: to || null,
  }
  const { rows, next, isLoading, error, more, reload } = usePages(JSON.stringify(asked), async (after) => {
    const variables = { ...asked, after }
    return (await client.query({ query: AdminAuditDocument, variables, fetchPolicy: 'no-cache' })).data?.auditLog
  })

  return (
    <>
      <p className="quiet">{t('admin.audit.text')}</p>
      <search className="admin-search">
        <Choice
          label={t('admin.audit.person')}
          value={actorId}
          options={[{ id: ANY, name: t('admin.audit.anybody') }, ...(people.rows ?? [])]}
          onChange={setActor}
        />
        <Choice
          label={t('admin.audit.kind')}
          value={kind}
          options={[
            { id: ANY, name: t('admin.audit.anything') },
            ...kinds.map((id) => ({ id, name: t(`admin.audit.kinds.${id}`) })),
          ]}
          onChange={(id) => {
            setKind(id)
            setAction(ANY)
          }}
        />
        {actions.length > 0 && (
          <Choice
            label={t('admin.audit.exactly')}
            value={action}
            options={[{ id: ANY, name: t('admin.audit.anything') }, ...actions]}
            onChange={setAction}
          />
        )}
        <Field label={t('admin.audit.from')} type="date" value={from} onChange={setFrom} />
        <Field label={t('admin.audit.to')} type="date" value={to} onChange={setTo} />
        <Field
          label={t('admin.audit.ofPatient')}
          hint={t('admin.audit.ofPatientHint')}
          value={patient}
          onChange={setPatient}
          problem={isPatient ? undefined : t('admin.audit.ofPatientForm')}
          autoComplete="off"
        />
        <Field
          label={t('admin.audit.record')}
          hint={t('admin.audit.recordHint')}
          value={record}
          onChange={setRecord}
          problem={isRecord ? undefined : t('admin.audit.recordForm')}
          autoComplete="off"
        />
      </search>
      {(error || !rows) && <StateLine error={error} retry={() => void reload()} />}
      <ul className="admin-list" aria-busy={isLoading}>
        {rows?.map((event) => (
          <li key={event.id} className="admin-row">
            <p className="audit-time small quiet">
              {dayName(dayOf(Date.parse(event.at), clinic.timeZone), i18n.language)}
              <br />
              {timeOfDay(event.at, clinic.timeZone, i18n.language)}
            </p>
            <div>
              <p>{sentenceOf(event, t)}</p>
              {event.detail && <p className="small quiet">{event.detail}</p>}
            </div>
            {event.entityId && event.entityId !== record && (
              <Button
                kind="plain"
                aria-label={t('admin.audit.onlyThisOf', { what: sentenceOf(event, t) })}
                onPress={() => setRecord(event.entityId ?? '')}
              >
                {t('admin.audit.onlyThis')}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {rows?.length === 0 && !isLoading && !error && <p className="quiet">{t('admin.audit.none')}</p>}
      {next && (
        <div>
          <Button onPress={() => void more()} isDisabled={isLoading}>
            {t('admin.more')}
          </Button>
        </div>
      )}
    </>
  )
}
