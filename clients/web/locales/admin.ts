import i18next from 'i18next'
import { admin } from './en-admin.ts'

// Like later.ts: the screens that say these texts import this file.
i18next.addResourceBundle('en', 'translation', admin)
