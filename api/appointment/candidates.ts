import { type Rota, type SlotTime, slotAt } from './slots.ts'

type Booking = SlotTime & { doctorId: string }

/** The doctors in whose grid a slot starts at that instant, with the slot. `day` is the instant's local day. */
export const withSlotAt = <Doctor extends { id: string }>(
  doctors: readonly Doctor[],
  rotas: ReadonlyMap<string, Rota>,
  { startsAt, day }: { startsAt: Date; day: string },
): { doctor: Doctor; slot: SlotTime }[] =>
  doctors.flatMap((doctor) => {
    const rota = rotas.get(doctor.id)
    const slot = rota && slotAt(startsAt, day, rota)
    return slot ? [{ doctor, slot }] : []
  })

/**
 * Those whose slot is free, in the order in which a first free doctor is reserved: the doctor whom the booking has already,
 * then whoever has the fewest bookings of the day, then by id.
 */
export const freeCandidates = <Doctor extends { id: string }>(
  offers: readonly { doctor: Doctor; slot: SlotTime }[],
  bookingsOfDay: readonly Booking[],
  presentDoctorId: string | null = null,
): { doctor: Doctor; slot: SlotTime }[] => {
  const byDoctor = Map.groupBy(bookingsOfDay, ({ doctorId }) => doctorId)
  const load = ({ id }: Doctor): number => (id === presentDoctorId ? -1 : (byDoctor.get(id)?.length ?? 0))
  return offers
    .filter(
      ({ doctor, slot }) =>
        !byDoctor.get(doctor.id)?.some(({ startsAt, endsAt }) => startsAt < slot.endsAt && slot.startsAt < endsAt),
    )
    .toSorted((a, b) => load(a.doctor) - load(b.doctor) || (a.doctor.id < b.doctor.id ? -1 : 1))
}
