import { useApolloClient } from '@apollo/client/react'
import { useTranslation } from 'react-i18next'
import { AdminVisitsDocument, type AdminVisitsQueryVariables } from '../generated/admin.ts'
import { useStaff } from '../session/session.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { dayName, dayOf, timeOfDay } from '../ui/times.ts'
import { shownAs } from './cell.ts'
import { usePages } from './pages.ts'
import { StateLine } from './state-line.tsx'

export type Behind = { title: string; search: Omit<AdminVisitsQueryVariables, 'clinicId' | 'after'> }

/** The visits behind a figure: tickets and times, nothing of whose they were. */
export const Visits = ({ title, search, onClose }: Behind & { onClose: () => void }) => {
  const { t, i18n } = useTranslation()
  const client = useApolloClient()
  const { clinic } = useStaff()
  const { rows, next, isLoading, error, more, reload } = usePages(JSON.stringify(search), async (after) => {
    const variables = { clinicId: clinic.id, ...search, after }
    const { data } = await client.query({ query: AdminVisitsDocument, variables, fetchPolicy: 'no-cache' })
    return data?.analyticsVisits
  })
  const heads = ['arrived', 'ticket', 'service', 'doctor', 'urgency', 'state', 'waited', 'served'] as const
  return (
    <Dialog title={title} isBroad onClose={onClose}>
      {(error || !rows) && <StateLine error={error} retry={() => void reload()} />}
      {rows?.length === 0 && !error && <p className="quiet">{t('admin.figures.none')}</p>}
      {rows && rows.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is scrolled by keys, too.
        <section className="figures-frame is-long" aria-label={title} tabIndex={0} aria-busy={isLoading}>
          <table className="figures visits">
            <thead>
              <tr>
                {heads.map((head) => (
                  <th key={head} scope="col">
                    {t(`admin.figures.visit.${head}`)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((visit) => (
                <tr key={`${visit.arrivedAt} ${visit.ticket}`}>
                  <th scope="row">
                    {dayName(dayOf(Date.parse(visit.arrivedAt), clinic.timeZone), i18n.language)},{' '}
                    {timeOfDay(visit.arrivedAt, clinic.timeZone, i18n.language)}
                  </th>
                  <td>{visit.ticket}</td>
                  <td>{visit.service}</td>
                  <td>{visit.doctor?.name ?? '–'}</td>
                  <td>{t(`urgency.${visit.urgency}`)}</td>
                  <td>{t(`admin.figures.states.${visit.status}`)}</td>
                  <td>{shownAs(visit.waitMinutes)}</td>
                  <td>{shownAs(visit.serviceMinutes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      <div className="dialog-end">
        {next && (
          <Button onPress={() => void more()} isDisabled={isLoading}>
            {t('admin.more')}
          </Button>
        )}
        <Button onPress={onClose}>{t('close')}</Button>
      </div>
    </Dialog>
  )
}
