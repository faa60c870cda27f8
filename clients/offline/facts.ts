/** What the rules need to know of clinics beside the records: who gives which service, and when days begin. */

export type ServiceFacts = {
  id: string
  ticketLetter: string
  slotMinutes: number
  bookedLeadMinutes: number
  open: boolean
  /** Doctors who give it at present, by name. */
  doctorIds: readonly string[]
}

export type DoctorFacts = { id: string; name: string; onDuty: boolean; room: string | null }

export type ClinicFacts = {
  id: string
  timeZone: string
  /** Minutes since local midnight. */
  dayStartsAt: number
  graceMinutes: number
  services: readonly ServiceFacts[]
  doctors: readonly DoctorFacts[]
}
