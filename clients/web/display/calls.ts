export type Tile = { ticket: string; room: string | null; service: string; provisionalTicket: string | null }

const keyOf = ({ ticket, room }: Tile): string => `${ticket} ${room ?? ''}`

/** The calls that are new since what was shown before, the earliest first; the screen's own start announces nothing. */
export const newCalls = (before: readonly Tile[] | null, after: readonly Tile[]): Tile[] => {
  if (!before) return []
  const known = new Set(before.map(keyOf))
  return after.filter((tile) => !known.has(keyOf(tile))).reverse()
}

/** G-014 → "G 14": letters and the number as people say them. */
export const spoken = (ticket: string): string => {
  const [letters = '', number = ''] = ticket.split('-')
  return `${[...letters].join(' ')} ${Number(number) || number}`
}
