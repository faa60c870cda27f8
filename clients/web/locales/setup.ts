import i18next from 'i18next'
import { setup } from './en-setup.ts'

// Like admin.ts: the screens that say these texts import this file.
i18next.addResourceBundle('en', 'translation', setup)
