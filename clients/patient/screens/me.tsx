import { useMutation, useQuery } from '@apollo/client/react'
import { useState } from 'react'
import { View } from 'react-native'
import { ProfileDocument, UpdateProfileDocument } from '../generated/graphql.ts'
import { Delete, Export, Password } from '../me/account.tsx'
import { Devices } from '../me/devices.tsx'
import { ConfirmNumber, DeskCode, Profile } from '../me/profile.tsx'
import { goOn } from '../navigation.ts'
import { usePlace, usePocket } from '../session/session.tsx'
import { useAct } from '../session/use-act.ts'
import { type Language, languages, useChooseLanguage, useTexts } from '../texts/language.tsx'
import { Button } from '../ui/button.tsx'
import { Page, Section } from '../ui/page.tsx'
import { Problem } from '../ui/problem.tsx'
import { SyncBand } from '../ui/sync-band.tsx'
import { step } from '../ui/tokens.ts'
import { Words } from '../ui/words.tsx'

const LanguageChoice = () => {
  const t = useTexts()
  const choose = useChooseLanguage()
  const [update] = useMutation(UpdateProfileDocument)
  // The clinic writes its messages in this language too; what cannot be sent now waits.
  const set = (language: Language) => {
    choose(language)
    void update({ variables: { input: { language } as never } }).catch(() => undefined)
  }
  return (
    <Section title={t.me.language}>
      <View role="radiogroup" aria-label={t.me.language} style={{ gap: 2 * step }}>
        {(Object.keys(languages) as Language[]).map((language) => (
          <Button key={language} role="radio" isSelected={language === t.language} onPress={() => set(language)}>
            {languages[language]}
          </Button>
        ))}
      </View>
    </Section>
  )
}

const LogOut = () => {
  const t = useTexts()
  const { logOut } = usePocket()
  const { isBusy, problem, run } = useAct()
  const [unsent, setUnsent] = useState(0)
  const leave = (what?: 'KEEP' | 'DISCARD') =>
    run(async () => {
      const left = await logOut(what)
      // Whoever comes next begins at the beginning.
      if (left.done) goOn('/')
      else setUnsent(left.unsent.length)
    })
  if (unsent === 0)
    return (
      <Button isDisabled={isBusy} onPress={() => void leave()}>
        {t.me.logOut}
      </Button>
    )
  return (
    <View style={{ gap: 2 * step }}>
      <Words role="alert">{t.me.unsent(unsent)}</Words>
      <Problem text={problem} />
      <Button onPress={() => void leave('KEEP')}>{t.me.keep}</Button>
      <Button onPress={() => void leave('DISCARD')}>{t.me.discard}</Button>
      <Button kind="main" onPress={() => setUnsent(0)}>
        {t.me.stay}
      </Button>
    </View>
  )
}

/** Who this is, and what this device is set to. */
export const Me = () => {
  const t = useTexts()
  const { name } = usePlace()
  const { data } = useQuery(ProfileDocument, { fetchPolicy: 'cache-and-network' })
  const me = data?.me?.__typename === 'Patient' ? data.me : null
  const [isSaved, setSaved] = useState(false)
  return (
    <Page title={t.me.title}>
      <SyncBand />
      {/* What somebody else changed meanwhile belongs into the fields. */}
      {me ? (
        <Profile key={me.version} me={me} isSaved={isSaved} onSaved={() => setSaved(true)} />
      ) : (
        <Words>{name}</Words>
      )}
      {me?.phoneNumber && me.phoneVerified === false && <ConfirmNumber phoneNumber={me.phoneNumber} />}
      <LanguageChoice />
      {me?.code && <DeskCode code={me.code} />}
      <Devices />
      <View style={{ gap: 3 * step }}>
        <Password />
        <Export />
        <LogOut />
        <Delete />
      </View>
    </Page>
  )
}
