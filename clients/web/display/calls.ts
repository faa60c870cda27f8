import type { ScreenFragment } from '../generated/later.ts'

export type Tile = Pick<ScreenFragment['called'][number], 'ticket' | 'room' | 'status' | 'version'>

/**
 * The calls that the room has not heard: new tickets, other rooms and calls that were repeated, the earliest first.
 * The screen's own start announces nothing, and nobody is called who is with the doctor by now.
 */
export const newCalls = (before: readonly Tile[] | null, after: readonly Tile[]): Tile[] => {
  if (!before) return []
  const known = new Map(before.map((tile) => [tile.ticket, tile]))
  return after
    .filter((tile) => {
      const heard = known.get(tile.ticket)
      return tile.status === 'CALLED' && (!heard || heard.version < tile.version || heard.room !== tile.room)
    })
    .reverse()
}

/** G-014 → "G 14": letters and the number as people say them. */
export const spoken = (ticket: string): string => {
  const [letters = '', number = ''] = ticket.split('-')
  return `${[...letters].join(' ')} ${Number(number) || number}`
}
