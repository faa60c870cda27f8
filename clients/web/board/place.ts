/**
 * The entry behind which another one stands when it is put at `index` of the line without itself; null is first.
 */
export const afterAt = (line: readonly string[], moved: string, index: number): string | null => {
  const others = line.filter((id) => id !== moved)
  return index <= 0 ? null : (others[Math.min(index, others.length) - 1] ?? null)
}

/** One step through a list; stays at its ends. Without a present one, the first or the last. */
export const stepIn = (list: readonly string[], present: string | null, by: 1 | -1): string | null => {
  const at = present === null ? -1 : list.indexOf(present)
  if (at < 0) return (by > 0 ? list[0] : list.at(-1)) ?? null
  return list[Math.min(list.length - 1, Math.max(0, at + by))] ?? null
}
