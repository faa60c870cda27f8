import { badInput } from '../errors.ts'

const EARLIEST = '1890-01-01'
// Somewhere on earth the next day has begun.
const FARTHEST_EAST = 14 * 3_600_000

/** A date of birth: from 1890 to today. */
export const birthDay = (day: string, now: Date, field: string): string => {
  if (day < EARLIEST) throw badInput(field, 'must not be before 1890')
  if (day > new Date(now.getTime() + FARTHEST_EAST).toISOString().slice(0, 10))
    throw badInput(field, 'must not be in the future')
  return day
}
