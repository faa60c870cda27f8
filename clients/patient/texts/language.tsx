import { type Words, wordsIn } from '@anteroom/web/turn/words'
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react'
import { device } from '../device'
import { en, type Texts } from './en.ts'
import { es } from './es.ts'

export type Language = Texts['language']
export const languages: Record<Language, string> = { en: 'English', es: 'Español' }

const KEY = 'language'
const texts: Record<Language, Texts> = { en, es }

const isLanguage = (tag: string | null | undefined): tag is Language => tag != null && tag in texts

/** The first of a reader's languages that there is. */
export const languageOf = (tags: readonly string[]): Language =>
  tags.map((tag) => tag.slice(0, 2).toLowerCase()).find(isLanguage) ?? 'en'

type Choice = { texts: Texts; words: Words; choose: (language: Language) => void }

const LanguageContext = createContext<Choice>({ texts: en, words: wordsIn('en'), choose: () => {} })

/** The language chosen on this device, else that of the device. */
export const LanguageProvider = ({ children }: { children: ReactNode }) => {
  const [language, setLanguage] = useState<Language>(() => languageOf(device.languages()))
  useEffect(() => {
    void device.texts
      .get(KEY)
      .then((kept) => isLanguage(kept) && setLanguage(kept))
      .catch(() => undefined)
  }, [])
  useEffect(() => device.title('Anteroom', language), [language])
  const choose = (chosen: Language) => {
    setLanguage(chosen)
    void device.texts.set(KEY, chosen).catch(() => undefined)
  }
  return (
    <LanguageContext value={{ texts: texts[language], words: wordsIn(language), choose }}>{children}</LanguageContext>
  )
}

export const useTexts = (): Texts => useContext(LanguageContext).texts
/** What the app says of a turn, in the words of the page behind a link. */
export const useTurnWords = (): Words => useContext(LanguageContext).words
export const useChooseLanguage = () => useContext(LanguageContext).choose
