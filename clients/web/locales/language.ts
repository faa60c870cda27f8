import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { en } from './en.ts'
import type { Texts } from './en-later.ts'

export const languages = { en: 'English', es: 'Español' } as const
export type Language = keyof typeof languages

const KEY = 'anteroom.language'

const isLanguage = (tag: string | null | undefined): tag is Language => tag != null && tag in languages

/** The language chosen on this device, else the first of the browser's that there is. */
const chosen = (): Language => {
  const stored = localStorage.getItem(KEY)
  if (isLanguage(stored)) return stored
  return navigator.languages.map((tag) => tag.split('-')[0]).find(isLanguage) ?? 'en'
}

const load = async (language: Language): Promise<void> => {
  if (i18next.hasResourceBundle(language, 'translation')) return
  const { es } = await import('./es.ts')
  i18next.addResourceBundle(language, 'translation', es)
}

const show = (language: Language): void => {
  document.documentElement.lang = language
}

export const startLanguage = async (): Promise<void> => {
  const language = chosen()
  await i18next.use(initReactI18next).init({
    lng: 'en',
    fallbackLng: 'en',
    resources: { en: { translation: en } },
    interpolation: { escapeValue: false },
    returnNull: false,
  })
  if (language !== 'en') {
    await load(language)
    await i18next.changeLanguage(language)
  }
  show(language)
}

export const setLanguage = async (language: Language): Promise<void> => {
  localStorage.setItem(KEY, language)
  await load(language)
  await i18next.changeLanguage(language)
  show(language)
}

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation'
    resources: { translation: Texts }
  }
}
