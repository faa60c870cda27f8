import i18next from 'i18next'
import { en } from './en.ts'
import { later } from './en-later.ts'

// Whatever says these texts imports this file, so that they are there before it is drawn.
i18next.addResourceBundle('en', 'translation', { ...en, ...later })
