import { type CountryCode, getCountries, parsePhoneNumberFromString } from 'libphonenumber-js/min'
import { phoneNumberOf } from '../patient/phone.ts'

/** Not in the language's own types yet. */
type WithZones = Intl.Locale & { getTimeZones?: () => string[] | undefined }

const canonical = (timeZone: string): string => new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone

let countries: Map<string, CountryCode> | null = null

const countriesByZone = (): Map<string, CountryCode> => {
  const zones = new Map<string, CountryCode>()
  for (const country of getCountries())
    for (const zone of (new Intl.Locale(`und-${country}`) as WithZones).getTimeZones?.() ?? []) zones.set(zone, country)
  return zones
}

/** The country whose time zone this is; null where it is no country's, as UTC. */
export const countryOfZone = (timeZone: string): CountryCode | null => {
  countries ??= countriesByZone()
  return countries.get(canonical(timeZone)) ?? countries.get(timeZone) ?? null
}

/** A phone number as people type it where the clinic is: without the country code if it is one of that country; or a refusal that names the field. */
export const numberAt = (typed: string, timeZone: string, field: string): string => {
  const text = typed.trim().replace(/^00/, '+')
  const country = countryOfZone(timeZone)
  if (text.startsWith('+') || !country) return phoneNumberOf(text, field)
  const number = /^[\d\s().\-/]{3,30}$/.test(text)
    ? parsePhoneNumberFromString(text, { defaultCountry: country, extract: false })
    : undefined
  return phoneNumberOf(number?.number ?? '+', field)
}
