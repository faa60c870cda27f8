/** Local wall-clock times of one day, as in 08:30; `to` is at most 24:00. */
export type Stretch = { from: string; to: string }

const LAST = 24 * 60

/** 8, 8.30, 8:30 or 08:30 → 08:30; null for what is no time of day up to 24:00. */
export const typedTime = (text: string): string | null => {
  const match = /^(\d{1,2})(?:[:.h](\d{2}))?$/.exec(text.trim())
  if (!match) return null
  const minute = Number(match[2] ?? 0)
  const total = Number(match[1]) * 60 + minute
  if (minute > 59 || total > LAST) return null
  return `${String(match[1]).padStart(2, '0')}:${String(minute).padStart(2, '0')}`
}

/** 08:30 → 510. */
export const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))

/** What was typed for one day, as in 8:30-12, 13-17, in order; null where it is not readable or overlaps itself. Nothing is a free day. */
export const typedHours = (text: string): Stretch[] | null => {
  const stretches: Stretch[] = []
  for (const part of text.split(/[,;]/).filter((part) => part.trim() !== '')) {
    const times = part.split(/[-–—]/).map(typedTime)
    const [from, to] = times
    if (times.length !== 2 || !from || !to || from >= to) return null
    stretches.push({ from, to })
  }
  const inOrder = stretches.sort((a, b) => (a.from < b.from ? -1 : 1))
  return inOrder.some(({ from }, at) => at > 0 && from < (inOrder[at - 1] as Stretch).to) ? null : inOrder
}

/** As it would be typed. */
export const hoursText = (stretches: readonly Stretch[]): string =>
  stretches
    .toSorted((a, b) => (a.from < b.from ? -1 : 1))
    .map(({ from, to }) => `${from}-${to}`)
    .join(', ')

/** Which hours of the day a drawing of these stretches has to show: whole hours, an ordinary working day at least. */
export const hoursShown = (stretches: readonly Stretch[]): { first: number; last: number } => ({
  first: Math.min(8, ...stretches.map(({ from }) => Math.floor(minutesOf(from) / 60))),
  last: Math.max(18, ...stretches.map(({ to }) => Math.ceil(minutesOf(to) / 60))),
})
