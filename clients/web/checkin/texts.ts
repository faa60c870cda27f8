import i18next from 'i18next'
import { door as en } from '../locales/en-checkin.ts'
import { door as es } from '../locales/es-checkin.ts'
import { type Language, languages } from '../locales/language.ts'

i18next.addResourceBundle('en', 'translation', en)
i18next.addResourceBundle('es', 'translation', es)

/** For this person only: nothing of it stays at the device. */
export const speak = (language: Language): void => {
  void i18next.changeLanguage(language)
  document.documentElement.lang = language
}

/** The first of the clinic's languages that there is. */
export const languageOf = (tags: readonly string[]): Language =>
  tags.map((tag) => tag.split('-')[0]).find((tag): tag is Language => tag !== undefined && tag in languages) ?? 'en'
