/** What a desk typed to find a patient: parts of a name, or of a phone number. */
export type PatientSearch = { words: string[]; digits: string | null }

const PHONE_LIKE = /^\+?[\d\s().\-/]+$/

/** A run of at least three digits is looked for in phone numbers (a leading 0 or 00 is not part of them); anything else, word by word, in names. */
export const patientSearch = (typed: string | null | undefined): PatientSearch => {
  const text = (typed ?? '').trim()
  const digits = PHONE_LIKE.test(text) ? text.replace(/\D/g, '').replace(/^0+/, '') : ''
  if (digits.length >= 3) return { words: [], digits }
  return { words: text.split(/\s+/).filter(Boolean), digits: null }
}

/** Text as a LIKE pattern that finds it anywhere. */
export const anywhere = (text: string): string => `%${text.replace(/[\\%_]/g, '\\$&')}%`
