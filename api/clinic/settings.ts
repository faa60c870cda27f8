import type { MessageRoute, NotificationKind } from '../database/generated/enums.ts'
import { badInput } from '../errors.ts'
import { type OwnTexts, ownTexts } from '../notification/own-texts.ts'
import { languageTag } from '../patient/language.ts'
import { isCountry } from '../patient/phone.ts'
import { optionalText, requiredLine, wholeNumber } from '../text.ts'
import { MINUTES_A_DAY, minuteOf, timeZoneName } from './day.ts'

export type ClinicInput = {
  name?: string | null
  timeZone?: string | null
  graceMinutes?: number | null
  dayStartsAt?: string | null
  undoSeconds?: number | null
  noShowMinutes?: number | null
  languages?: readonly string[] | null
  messageRoute?: MessageRoute | null
  quietFrom?: string | null
  quietTo?: string | null
  dailySmsCap?: number | null
  address?: string | null
  directions?: string | null
  allowedCountries?: readonly string[] | null
  messageTexts?: readonly { language: string; kind: NotificationKind; text: string }[] | null
  selfCheckIn?: boolean | null
}

export type ClinicSettings = {
  name: string
  timeZone: string
  graceMinutes: number
  dayStartsAt: number
  undoSeconds: number
  noShowMinutes: number | null
  languages: string[]
  messageRoute: MessageRoute
  quietFrom: number
  quietTo: number
  dailySmsCap: number
  address: string | null
  directions: string | null
  allowedCountries: string[]
  messageTexts: OwnTexts
  selfCheckIn: boolean
}

const zone = (name: string): string => {
  const found = timeZoneName(name)
  if (!found) throw badInput('input.timeZone', 'must be a name of the IANA time zone database, as in Europe/Berlin')
  return found
}

const timeOfDay = (time: string, field: string, example: string): number => {
  const minute = minuteOf(time)
  if (minute === null || minute === MINUTES_A_DAY)
    throw badInput(field, `must be a local wall-clock time from 00:00 to 23:59, as in ${example}`)
  return minute
}

/** No clinic has more patients in a day than this, and a typing error must not cost more. */
const MOST_SMS_A_DAY = 100_000

const languages = (tags: readonly string[]): string[] => {
  if (tags.length === 0) throw badInput('input.languages', 'must name at least one language, as in en')
  return [...new Set(tags.map((tag, index) => languageTag(tag, `input.languages.${index}`)))]
}

/** Countries by their two letters; where the server has a list, none beside it. */
const countries = (given: readonly string[], ofServer: readonly string[] | null): string[] => {
  const codes = given.map((code, at) => {
    const country = code.trim().toUpperCase()
    const field = `input.allowedCountries.${at}`
    if (!isCountry(country)) throw badInput(field, 'must be the two letters of a country (ISO 3166-1), as in US')
    if (ofServer && !ofServer.includes(country))
      throw badInput(field, `must be one of those to which this server sends: ${ofServer.join(', ')}`)
    return country
  })
  return [...new Set(codes)].toSorted()
}

/** The settings that were given, checked; what was left out is not there. noShowMinutes, address and directions can be taken away with null. */
export const clinicSettings = (
  input: ClinicInput,
  serverCountries: readonly string[] | null = null,
): Partial<ClinicSettings> => ({
  ...(input.name != null && { name: requiredLine(input.name, { field: 'input.name', max: 100 }) }),
  ...(input.timeZone != null && { timeZone: zone(input.timeZone) }),
  ...(input.graceMinutes != null && {
    graceMinutes: wholeNumber(input.graceMinutes, 'input.graceMinutes', [0, MINUTES_A_DAY]),
  }),
  ...(input.dayStartsAt != null && { dayStartsAt: timeOfDay(input.dayStartsAt, 'input.dayStartsAt', '04:00') }),
  ...(input.undoSeconds != null && { undoSeconds: wholeNumber(input.undoSeconds, 'input.undoSeconds', [0, 3600]) }),
  ...(input.noShowMinutes !== undefined && {
    noShowMinutes:
      input.noShowMinutes === null ? null : wholeNumber(input.noShowMinutes, 'input.noShowMinutes', [1, MINUTES_A_DAY]),
  }),
  ...(input.languages != null && { languages: languages(input.languages) }),
  ...(input.messageRoute != null && { messageRoute: input.messageRoute }),
  ...(input.quietFrom != null && { quietFrom: timeOfDay(input.quietFrom, 'input.quietFrom', '21:00') }),
  ...(input.quietTo != null && { quietTo: timeOfDay(input.quietTo, 'input.quietTo', '08:00') }),
  ...(input.dailySmsCap != null && {
    dailySmsCap: wholeNumber(input.dailySmsCap, 'input.dailySmsCap', [0, MOST_SMS_A_DAY]),
  }),
  ...(input.address !== undefined && {
    address: optionalText(input.address, { field: 'input.address', max: 200 }),
  }),
  ...(input.directions !== undefined && {
    directions: optionalText(input.directions, { field: 'input.directions', max: 300 }),
  }),
  ...(input.allowedCountries != null && { allowedCountries: countries(input.allowedCountries, serverCountries) }),
  ...(input.messageTexts != null && { messageTexts: ownTexts(input.messageTexts, 'input.messageTexts') }),
  ...(input.selfCheckIn != null && { selfCheckIn: input.selfCheckIn }),
})

/** By which a service is marked where it stands beside others, next to its name. */
export const serviceColors = ['TEAL', 'BLUE', 'VIOLET', 'ROSE', 'CLAY', 'OLIVE', 'SLATE', 'BROWN'] as const
export type ServiceColor = (typeof serviceColors)[number]

/** The colour of a service as it is kept; one that the palette no longer has is none. */
export const serviceColorOf = (kept: string | null | undefined): ServiceColor | null =>
  serviceColors.find((name) => name === kept) ?? null

export type ServiceInput = {
  name?: string | null
  color?: ServiceColor | null
  slotMinutes?: number | null
  bookedLeadMinutes?: number | null
  almostPosition?: number | null
  almostMinutes?: number | null
  remoteJoin?: boolean | null
  doorJoin?: boolean | null
}

/** What a service is called, how long its slots are (at most a working day), when it is almost a patient's turn, and who may join. */
export const serviceSettings = (input: ServiceInput) => ({
  ...(input.name != null && { name: requiredLine(input.name, { field: 'input.name', max: 100 }) }),
  ...(input.slotMinutes != null && { slotMinutes: wholeNumber(input.slotMinutes, 'input.slotMinutes', [5, 480]) }),
  ...(input.bookedLeadMinutes != null && {
    bookedLeadMinutes: wholeNumber(input.bookedLeadMinutes, 'input.bookedLeadMinutes', [0, MINUTES_A_DAY]),
  }),
  ...(input.almostPosition != null && {
    almostPosition: wholeNumber(input.almostPosition, 'input.almostPosition', [1, 50]),
  }),
  ...(input.almostMinutes != null && {
    almostMinutes: wholeNumber(input.almostMinutes, 'input.almostMinutes', [0, 240]),
  }),
  ...(input.remoteJoin != null && { remoteJoin: input.remoteJoin }),
  ...(input.color !== undefined && { color: input.color }),
  ...(input.doorJoin != null && { doorJoin: input.doorJoin }),
})

/** The letter of a service's tickets: a capital from A to Z, or two where a clinic has more services than letters. */
export const ticketLetter = (letter: string): string => {
  const capital = letter.trim().toUpperCase()
  if (!/^[A-Z]{1,2}$/.test(capital))
    throw badInput('input.ticketLetter', 'must be a letter from A to Z, or two, as in G')
  return capital
}
