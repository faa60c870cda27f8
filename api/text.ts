import { badInput } from './errors.ts'

// Controls, line breaks, and the marks that make text run backwards over what follows it.
const UNFIT_IN_LINE = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u
const UNFIT_IN_TEXT = /[^\P{Cc}\n\t]|[\u202A-\u202E\u2066-\u2069]/u

type Rule = { field: string; max: number }

const measured = (text: string, unfit: RegExp, { field, max }: Rule): string => {
  const clean = text.normalize('NFC').trim()
  if (unfit.test(clean)) throw badInput(field, 'must not hold control characters')
  if ([...clean].length > max) throw badInput(field, `must have at most ${max} characters`)
  return clean
}

/** One line of text with at least one character, without blanks around it. */
export const requiredLine = (text: string, rule: Rule): string => {
  const clean = measured(text, UNFIT_IN_LINE, rule)
  if (clean === '') throw badInput(rule.field, 'must have at least one character')
  return clean
}

/** One line of text; null where there is none. */
export const optionalLine = (text: string | null | undefined, rule: Rule): string | null =>
  measured(text ?? '', UNFIT_IN_LINE, rule) || null

/** Text that may have several lines; null where there is none. */
export const optionalText = (text: string | null | undefined, rule: Rule): string | null =>
  measured((text ?? '').replace(/\r\n?/g, '\n'), UNFIT_IN_TEXT, rule) || null

/** A whole number within limits. */
export const wholeNumber = (value: number, field: string, [min, max]: readonly [number, number]): number => {
  if (!Number.isInteger(value) || value < min || value > max)
    throw badInput(field, `must be a whole number from ${min} to ${max}`)
  return value
}
