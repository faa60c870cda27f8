type Slot = { startsAt: string; doctor: { id: string; name: string } }

/** Free slots by day; where several doctors are free at one time and nobody was named, the time stands there once. */
export const daysOf = <S extends Slot>(
  slots: readonly S[],
  dayOf: (startsAt: string) => string,
): { day: string; slots: S[] }[] => {
  const days = new Map<string, Map<string, S>>()
  for (const slot of slots) {
    const day = dayOf(slot.startsAt)
    const times = days.get(day) ?? new Map<string, S>()
    if (!times.has(slot.startsAt)) times.set(slot.startsAt, slot)
    days.set(day, times)
  }
  return [...days]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([day, times]) => ({
      day,
      slots: [...times.values()].toSorted((a, b) => Date.parse(a.startsAt) - Date.parse(b.startsAt)),
    }))
}
