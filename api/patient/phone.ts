import { isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/min'
import { badInput } from '../errors.ts'

const PHONE_RULE = 'must begin with + and the country code, as in +12025550100'

const STORED = /^\+[1-9]\d{6,14}$/

/**
 * A phone number as it is stored: E.164. Null for what cannot be one.
 * The country code must exist and the length must fit it; whether the number is in use, no table can say, so fictional ones pass.
 */
export const toE164 = (typed: string): string | null => {
  const text = typed.trim()
  if (!/^\+[\d\s().\-/]{4,30}$/.test(text)) return null
  const number = parsePhoneNumberFromString(text, { extract: false })
  // Some countries' shortest possible numbers are no subscribers'; the database takes 7 to 15 digits.
  return number?.isPossible() && STORED.test(number.number) ? number.number : null
}

/** A phone number as it is stored, or a refusal that names the field and the form. */
export const phoneNumberOf = (typed: string, field: string): string => {
  const number = toE164(typed)
  if (number) return number
  if (!typed.trim().startsWith('+')) throw badInput(field, PHONE_RULE)
  throw badInput(field, 'must be a whole phone number: + and the country code, then the number, as in +12025550100')
}

/** The countries that a number in E.164 may be of: mostly one, as US; several where its range is new; none for satellites. */
export const countriesOf = (phoneNumber: string): string[] => {
  const number = parsePhoneNumberFromString(phoneNumber)
  return number?.country ? [number.country] : (number?.getPossibleCountries() ?? [])
}

/** Are these the two letters of a country that has phone numbers? */
export const isCountry = (letters: string): boolean => isSupportedCountry(letters)
