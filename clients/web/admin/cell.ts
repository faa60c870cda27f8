export type Cell = string | number | null

/** Minutes and counts to one digit behind the point. */
export const rounded = (value: number): number => Math.round(value * 10) / 10

/** Minutes and counts as people read them; unknown is a dash. */
export const shownAs = (cell: Cell): string =>
  cell === null ? '–' : typeof cell === 'number' ? String(rounded(cell)) : cell
