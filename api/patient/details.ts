import { requiredLine } from '../text.ts'
import { birthDay } from './birth.ts'
import { languageTag } from './language.ts'
import { phoneNumberOf } from './phone.ts'

export type DetailsInput = {
  name?: string | null
  phoneNumber?: string | null
  dateOfBirth?: string | null
  language?: string | null
}

export type Details = {
  name?: string
  phoneNumber?: string | null
  dateOfBirth?: Date | null
  language?: string
}

/** A patient's name: one line of 1 to 200 characters. */
const patientName = (name: string, field: string): string => requiredLine(name, { field, max: 200 })

/** The details that were given, checked; what was left out is not there. Null takes a phone number or date of birth away. */
export const detailsOf = (input: DetailsInput, now: Date): Details => ({
  ...(input.name != null && { name: patientName(input.name, 'input.name') }),
  ...(input.phoneNumber !== undefined && {
    phoneNumber: input.phoneNumber === null ? null : phoneNumberOf(input.phoneNumber, 'input.phoneNumber'),
  }),
  ...(input.dateOfBirth !== undefined && {
    dateOfBirth:
      input.dateOfBirth === null
        ? null
        : new Date(`${birthDay(input.dateOfBirth, now, 'input.dateOfBirth')}T00:00:00Z`),
  }),
  ...(input.language != null && { language: languageTag(input.language, 'input.language') }),
})
