import { useApolloClient } from '@apollo/client/react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { AdminUsersDocument, type AdminUsersQuery } from '../generated/admin.ts'
import { useStaff } from '../session/session.tsx'
import { Button } from '../ui/button.tsx'
import { usePages } from './pages.ts'
import { PersonForm } from './person-form.tsx'
import { StateLine } from './state-line.tsx'

export type Member = NonNullable<AdminUsersQuery['users']>['edges'][number]['node']

const servicesOf = ({ doctor }: Member) => (doctor?.active ? doctor.services : [])

/** Who works here: the list, and what can be done to each. */
export const People = () => {
  const { t } = useTranslation()
  const client = useApolloClient()
  const staff = useStaff()
  const [chosen, setChosen] = useState<Member | 'new' | null>(null)
  const { rows, next, error, more, reload } = usePages(staff.clinic.id, async (after) => {
    const variables = { clinicId: staff.clinic.id, after }
    return (await client.query({ query: AdminUsersDocument, variables, fetchPolicy: 'no-cache' })).data?.users
  })
  return (
    <>
      <p className="quiet">{t('admin.people.text')}</p>
      <p>
        <Button kind="main" onPress={() => setChosen('new')}>
          {t('admin.people.add')}
        </Button>
      </p>
      {(error || !rows) && <StateLine error={error} retry={() => void reload()} />}
      <ul className="admin-list">
        {rows?.map((member) => (
          <li key={member.id} className={member.active ? 'admin-row' : 'admin-row is-past'}>
            <div>
              <p className="strong">
                {member.name}
                {member.id === staff.id && <span className="quiet"> ({t('admin.people.you')})</span>}
              </p>
              <p className="small quiet">
                {[
                  member.username,
                  t(`role.${member.role}`),
                  servicesOf(member)
                    .map(({ name }) => name)
                    .join(', '),
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </p>
            </div>
            {!member.active && <span className="tag">{t('admin.people.inactive')}</span>}
            <Button aria-label={t('admin.editOf', { name: member.name })} onPress={() => setChosen(member)}>
              {t('admin.edit')}
            </Button>
          </li>
        ))}
      </ul>
      {next && <Button onPress={() => void more()}>{t('admin.more')}</Button>}
      {chosen && (
        <PersonForm
          member={chosen === 'new' ? null : chosen}
          onSaved={() => {
            setChosen(null)
            void reload()
          }}
          onClose={() => setChosen(null)}
        />
      )}
    </>
  )
}
