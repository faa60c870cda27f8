import { badInput } from '../errors.ts'

/** A BCP 47 language tag in its canonical writing, as in en or pt-BR. */
export const languageTag = (tag: string, field: string): string => {
  try {
    const [canonical] = Intl.getCanonicalLocales(tag)
    if (canonical && canonical.length <= 35) return canonical
  } catch {}
  throw badInput(field, 'must be a language tag, as in en or pt-BR')
}
