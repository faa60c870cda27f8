export type Part = 'day' | 'month' | 'year'

const LENGTHS: Record<Part, number> = { day: 2, month: 2, year: 4 }

/** In which order people of a language write a date. */
export const orderIn = (language: string): Part[] =>
  new Intl.DateTimeFormat(language, { day: 'numeric', month: 'numeric', year: 'numeric' })
    .formatToParts(new Date(0))
    .map(({ type }) => type)
    .filter((type): type is Part => type in LENGTHS)

/** Digits, one after the other, as the parts of a date in that order. */
export const partsOf = (digits: string, order: readonly Part[]): Record<Part, string> => {
  const parts = { day: '', month: '', year: '' }
  let rest = digits
  for (const part of order) {
    parts[part] = rest.slice(0, LENGTHS[part])
    rest = rest.slice(LENGTHS[part])
  }
  return parts
}

/** The day as in 1980-02-29; null where the parts are not whole or there is no such day, or not yet. */
export const dayOfParts = ({ day, month, year }: Record<Part, string>, today: string): string | null => {
  const text = `${year}-${month}-${day}`
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || text < '1890' || text > today) return null
  const date = new Date(`${text}T00:00:00Z`)
  return Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== text ? null : text
}
