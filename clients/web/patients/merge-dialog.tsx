import '../locales/later.ts'
import { useApolloClient, useQuery } from '@apollo/client/react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { FindPatientsDocument, type PersonFragment } from '../generated/graphql.ts'
import { MergePatientsDocument, type TwinFragment, TwinsDocument } from '../generated/later.ts'
import { later } from '../locales/en-later.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'
import { codeOf, wordsFor } from '../ui/refusal.ts'
import { say } from '../ui/toasts.tsx'
import type { Person } from './person-dialog.tsx'

type Props = { person: Person; onMerged: (kept: PersonFragment) => void; onClose: () => void }

const factsOf = ({ name, phoneNumber, dateOfBirth }: Person): string =>
  [name, phoneNumber, dateOfBirth].filter(Boolean).join(' · ')

/** Which other record is of the same person: those of the same family name are offered at once. */
const Search = ({ person, onChosen, onClose }: Omit<Props, 'onMerged'> & { onChosen: (other: Person) => void }) => {
  const { t } = useTranslation()
  const [text, setText] = useState(person.name.trim().split(/\s+/).at(-1) ?? '')
  const search = text.trim()
  const { data, error } = useQuery(FindPatientsDocument, {
    variables: { search },
    skip: search.length < 2,
    fetchPolicy: 'network-only',
  })
  const others = (data?.patients?.edges ?? []).map(({ node }) => node).filter(({ id }) => id !== person.id)
  return (
    <Dialog title={t('merge.title', { name: person.name })} onClose={onClose}>
      <p className="quiet">{t('merge.text')}</p>
      <Field
        label={t('finder.placeholder')}
        value={text}
        onChange={setText}
        autoFocus
        {...(error ? { problem: wordsFor(error, t) } : {})}
      />
      <div className="choices">
        {others.slice(0, 5).map((other) => (
          <Button key={other.id} onPress={() => onChosen(other)}>
            {factsOf(other)}
          </Button>
        ))}
        {data && others.length === 0 && <p className="quiet">{t('merge.nobody')}</p>}
      </div>
      <div className="dialog-end">
        <Button onPress={onClose}>{t('cancel')}</Button>
      </div>
    </Dialog>
  )
}

/** Which of the two stays, said with what becomes of the other. */
const Decide = ({ twins, onMerged, onClose }: Omit<Props, 'person'> & { twins: [TwinFragment, TwinFragment] }) => {
  const { t } = useTranslation()
  const client = useApolloClient()
  const [one, other] = twins
  const [keptId, setKeptId] = useState(!one.phoneVerified && other.phoneVerified ? other.id : one.id)
  const [problem, setProblem] = useState<string | null>(null)
  const [endsLogin, setEndsLogin] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const [keep, drop] = keptId === one.id ? [one, other] : [other, one]

  const merge = async () => {
    setBusy(true)
    setProblem(null)
    try {
      const variables = { keep: keep.id, drop: drop.id, endLogin: endsLogin }
      const { data } = await client.mutate({ mutation: MergePatientsDocument, variables })
      say(t('merge.done', { name: keep.name }))
      if (data) onMerged(data.mergePatients)
    } catch (error) {
      const code = codeOf(error)
      if (code === 'CONFLICT' && !endsLogin && one.phoneVerified && other.phoneVerified) setEndsLogin(true)
      else
        setProblem(
          code && code in later.merge.refused
            ? t(`merge.refused.${code as keyof typeof later.merge.refused}`)
            : wordsFor(error, t),
        )
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog title={t('merge.which')} onClose={onClose}>
      <div className="choices">
        {twins.map((twin) => (
          <Button
            key={twin.id}
            aria-pressed={twin.id === keptId}
            autoFocus={twin.id === keptId}
            onPress={() => {
              setKeptId(twin.id)
              setEndsLogin(false)
            }}
          >
            <span>
              {factsOf(twin)}
              {twin.phoneVerified && <span className="quiet"> · {t('merge.ownLogin')}</span>}
            </span>
            {twin.id === keptId && <span className="tag">{t('merge.stays')}</span>}
          </Button>
        ))}
      </div>
      <p>{t('merge.moves', { keep: factsOf(keep), drop: factsOf(drop) })}</p>
      {endsLogin && (
        <p className="notice" role="alert">
          {t('merge.bothLogIn', { number: drop.phoneNumber ?? '' })}
        </p>
      )}
      <p className="problem" role="alert">
        {problem}
      </p>
      <div className="dialog-end">
        <Button onPress={onClose}>{t('cancel')}</Button>
        <Button kind="main" isDisabled={isBusy} onPress={() => void merge()}>
          {t(endsLogin ? 'merge.doAndEnd' : 'merge.do')}
        </Button>
      </div>
    </Dialog>
  )
}

/** Makes one record of two of the same person. */
export const MergeDialog = ({ person, onMerged, onClose }: Props) => {
  const { t } = useTranslation()
  const [other, setOther] = useState<Person | null>(null)
  const { data, error } = useQuery(TwinsDocument, {
    variables: { one: person.id, other: other?.id ?? person.id },
    skip: other === null,
    fetchPolicy: 'network-only',
  })
  if (!other) return <Search person={person} onChosen={setOther} onClose={onClose} />
  if (data?.one && data.other) return <Decide twins={[data.one, data.other]} onMerged={onMerged} onClose={onClose} />
  const isSettled = data !== undefined || error !== undefined
  return (
    <Dialog title={t('merge.which')} onClose={onClose}>
      <p role="status">
        {!isSettled ? t('finder.looking') : error ? wordsFor(error, t) : t('merge.refused.NOT_FOUND')}
      </p>
      <div className="dialog-end">
        <Button onPress={onClose}>{t('cancel')}</Button>
      </div>
    </Dialog>
  )
}
