import { addDays } from '../ui/times.ts'

type Range = { from: string; to: string }

const DAY = /^\d{4}-\d\d-\d\d$/

/** How many days a range has, both ends counted: below 1 where it ends before it begins, null where a day is missing. */
export const daysOf = ({ from, to }: Range): number | null =>
  DAY.test(from) && DAY.test(to) ? Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000) + 1 : null

/**
 * The days to compare with: as many just before, moved back to whole weeks, so that Mondays stand beside Mondays.
 */
export const rangeBefore = (range: Range): Range => {
  const back = Math.ceil((daysOf(range) ?? 1) / 7) * 7
  return { from: addDays(range.from, -back), to: addDays(range.to, -back) }
}
