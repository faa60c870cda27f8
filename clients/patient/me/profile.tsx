import { useMutation } from '@apollo/client/react'
import { useState } from 'react'
import { View } from 'react-native'
import {
  AskCodeDocument,
  ConfirmNumberDocument,
  type ProfileQuery,
  RenewCodeDocument,
  UpdateProfileDocument,
  type UpdateProfileMutationVariables,
} from '../generated/graphql.ts'
import { phoneOf } from '../session/account.ts'
import { useAct } from '../session/use-act.ts'
import { useTexts } from '../texts/language.tsx'
import { Button } from '../ui/button.tsx'
import { Field } from '../ui/field.tsx'
import { Section } from '../ui/page.tsx'
import { Problem } from '../ui/problem.tsx'
import { step } from '../ui/tokens.ts'
import { Words } from '../ui/words.tsx'

export type Own = Extract<ProfileQuery['me'], { __typename: 'Patient' }>
type Input = UpdateProfileMutationVariables['input']

/** Name, number and date of birth; only what was changed is sent, so that nobody else's change is undone. */
export const Profile = ({ me, isSaved, onSaved }: { me: Own; isSaved: boolean; onSaved: () => void }) => {
  const t = useTexts()
  const [update] = useMutation(UpdateProfileDocument)
  const { isBusy, problem, run } = useAct()
  const [name, setName] = useState(me.name)
  const [phone, setPhone] = useState(me.phoneNumber ?? '')
  const [birth, setBirth] = useState(me.dateOfBirth ?? '')
  const changes: Partial<Input> = {
    ...(name.trim() !== me.name ? { name: name.trim() } : {}),
    ...(phoneOf(phone) !== (me.phoneNumber ?? '') ? { phoneNumber: phoneOf(phone) } : {}),
    ...(birth.trim() !== (me.dateOfBirth ?? '') ? { dateOfBirth: birth.trim() || null } : {}),
  }
  const hasChanges = Object.keys(changes).length > 0
  const save = () => run(() => update({ variables: { input: changes as Input } })).then((isDone) => isDone && onSaved())
  return (
    <Section title={t.me.profile}>
      <Field label={t.register.name} value={name} onChangeText={setName} autoCapitalize="words" autoComplete="name" />
      <Field label={t.enter.phone} value={phone} onChangeText={setPhone} inputMode="tel" autoComplete="tel" />
      <Field label={t.register.birth} hint={t.register.birthHint} value={birth} onChangeText={setBirth} />
      <Problem text={problem} />
      {hasChanges && (
        <Button kind="main" isDisabled={isBusy} onPress={() => void save()}>
          {t.save}
        </Button>
      )}
      {isSaved && !hasChanges && (
        <Words role="status" size="small">
          {t.saved}
        </Words>
      )}
    </Section>
  )
}

/** A number that others put on the record is good for logging in once a code has proved it. */
export const ConfirmNumber = ({ phoneNumber }: { phoneNumber: string }) => {
  const t = useTexts()
  const [ask] = useMutation(AskCodeDocument)
  const [confirm] = useMutation(ConfirmNumberDocument)
  const { isBusy, problem, run } = useAct()
  const [isAsked, setAsked] = useState(false)
  const [code, setCode] = useState('')
  return (
    <Section title={t.me.confirm}>
      <Words size="small">{isAsked ? t.forgotten.sent : t.me.confirmText}</Words>
      {isAsked && <Field label={t.register.code} value={code} onChangeText={setCode} inputMode="numeric" />}
      <Problem text={problem} />
      <Button
        isDisabled={isBusy}
        onPress={() =>
          void run(async () => {
            if (isAsked) await confirm({ variables: { code: code.trim() } })
            else {
              await ask({ variables: { phoneNumber } })
              setAsked(true)
            }
          })
        }
      >
        {isAsked ? t.me.confirmAct : t.forgotten.send}
      </Button>
    </Section>
  )
}

/** What a desk of any clinic finds this record with. */
export const DeskCode = ({ code }: { code: string }) => {
  const t = useTexts()
  const [renew] = useMutation(RenewCodeDocument)
  const { isBusy, problem, run } = useAct()
  return (
    <Section title={t.me.code}>
      <Words selectable size="small" isStrong>
        {code}
      </Words>
      <Words size="small" isQuiet>
        {t.me.codeText}
      </Words>
      <Problem text={problem} />
      <View style={{ gap: 2 * step }}>
        <Button isDisabled={isBusy} onPress={() => void run(() => renew())}>
          {t.me.renew}
        </Button>
      </View>
    </Section>
  )
}
