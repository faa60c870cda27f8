import { minuteOf } from '@anteroom/api/clinic/day'
import type { ApolloCache } from '@apollo/client'
import { type DocumentNode, parse } from 'graphql'
import type { ClinicFacts } from '../facts.ts'
import type { Person } from '../model.ts'

const clinicFields = (withRooms: boolean) => `
  __typename id name timeZone dayStartsAt graceMinutes
  services { __typename id name ticketLetter slotMinutes bookedLeadMinutes open closedReason doctors { __typename id } }
  doctors { __typename id name onDuty ${withRooms ? 'room' : ''} }`

const ofStaff = parse(`query OfflineFacts($id: ID!) { clinic(id: $id) { ${clinicFields(true)} } }`)
const ofPatients = parse(`query OfflineFacts { clinics { ${clinicFields(false)} } }`)

/** The query for what the rules need to know of the viewer's clinics; its answer lives in the cache like any other. */
export const factsQuery = (person: Person): { query: DocumentNode; variables: Record<string, string> } =>
  person.kind === 'user' ? { query: ofStaff, variables: { id: person.clinicId } } : { query: ofPatients, variables: {} }

type ClinicData = {
  id: string
  timeZone: string
  dayStartsAt: string
  graceMinutes: number
  services: {
    id: string
    ticketLetter: string
    slotMinutes: number
    bookedLeadMinutes: number
    open: boolean
    doctors: { id: string }[]
  }[]
  doctors: { id: string; name: string; onDuty: boolean; room?: string | null }[]
}

const toFacts = (clinic: ClinicData): ClinicFacts => ({
  ...clinic,
  dayStartsAt: minuteOf(clinic.dayStartsAt) ?? 0,
  services: clinic.services.map((service) => ({ ...service, doctorIds: service.doctors.map(({ id }) => id) })),
  doctors: clinic.doctors.map((doctor) => ({ ...doctor, room: doctor.room ?? null })),
})

/** The clinics as the cache knows them; the same list as before where nothing changed. */
export const createFactsReader = (cache: ApolloCache, person: Person): (() => readonly ClinicFacts[]) => {
  let last: unknown
  let facts: readonly ClinicFacts[] = []
  return () => {
    const data = cache.readQuery<{ clinic?: ClinicData | null; clinics?: ClinicData[] }>(factsQuery(person))
    if (data === last || data === null) return facts
    last = data
    facts = (data.clinics ?? (data.clinic ? [data.clinic] : [])).map(toFacts)
    return facts
  }
}
