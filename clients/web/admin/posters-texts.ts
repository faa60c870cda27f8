import i18next from 'i18next'
import { posters as en } from '../locales/en-posters.ts'
import { posters as es } from '../locales/es-posters.ts'

i18next.addResourceBundle('en', 'translation', en)
i18next.addResourceBundle('es', 'translation', es)
