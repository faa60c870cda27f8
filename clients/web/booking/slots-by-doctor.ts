type Slot = { startsAt: string; doctor: { id: string; name: string } }

/** Free slots of a day as columns, one for each doctor, by name; times keep their order. */
export const slotsByDoctor = <S extends Slot>(slots: readonly S[]): { doctor: S['doctor']; slots: S[] }[] => {
  const columns = new Map<string, { doctor: S['doctor']; slots: S[] }>()
  for (const slot of slots) {
    const column: { doctor: S['doctor']; slots: S[] } = columns.get(slot.doctor.id) ?? {
      doctor: slot.doctor,
      slots: [],
    }
    column.slots.push(slot)
    columns.set(slot.doctor.id, column)
  }
  return [...columns.values()].sort((a, b) => a.doctor.name.localeCompare(b.doctor.name))
}
