import { isUnavailable } from '../../../api/database/transaction.ts'
import type { Api } from './api.ts'
import type { Random } from './chance.ts'
import type { Scene } from './scene.ts'

type Answer = { data?: Record<string, unknown> | null; errors?: { message: string; extensions?: { code?: string } }[] }

/** One request in somebody's name, past the network of the history. */
export const request = async (api: Api, token: string, query: string, variables: object): Promise<Answer> => {
  const response = await fetch(`${api.origin()}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  })
  return (await response.json()) as Answer
}

/** The history's own look at the database, once more where its connection is one of those that were cut. */
export const look = async <T>(ask: () => Promise<T>): Promise<T> => {
  try {
    return await ask()
  } catch (error) {
    if (!isUnavailable(error)) throw error
    return ask()
  }
}

type Needs = { scene: Scene; api: Api; random: Random; trace: (line: string) => void; merges: number }

/** Somebody at a connected screen changes something meanwhile; what the API refuses changes nothing. */
export const actOnline = async ({ scene, api, random, trace, merges }: Needs): Promise<void> => {
  const { clinicId } = scene
  const entries = await look(() => api.db.queueEntry.findMany({ where: { clinicId }, orderBy: { arrivalSeq: 'asc' } }))
  const patients = await look(() =>
    api.db.patient.findMany({
      where: { clinics: { some: { clinicId } }, mergedIntoId: null },
      orderBy: { id: 'asc' },
    }),
  )
  const bookings = await look(() =>
    api.db.appointment.findMany({ where: { clinicId, status: 'BOOKED' }, orderBy: { id: 'asc' } }),
  )
  const waiting = entries.filter(({ status }) => status === 'WAITING')
  const called = entries.filter(({ status }) => status === 'CALLED' || status === 'IN_SERVICE')
  const patient = random.pick(patients)
  const free = patients.filter(({ id }) => scene.patientIds.indexOf(id) < 0 || scene.patientIds.indexOf(id) > 2)
  const on = (query: string, variables: object) => [query, variables] as const
  const choice = random.weighted<() => readonly [string, object] | null>([
    [
      4,
      () =>
        on('mutation($id: ID!, $input: UpdatePatientInput!) { updatePatient(id: $id, input: $input) { id } }', {
          id: patient.id,
          input: random.chance(0.7)
            ? { name: `Counter ${random.int(10_000)}` }
            : { language: random.pick(['en', 'de', 'fr']), dateOfBirth: `18${10 + random.int(89)}-05-05` },
        }),
    ],
    [
      3,
      () =>
        on('mutation($s: ID!, $d: ID!) { callNext(serviceId: $s, doctorId: $d) { id } }', {
          s: random.pick(scene.serviceIds),
          d: random.pick(scene.doctorIds),
        }),
    ],
    [
      2,
      () =>
        called.length > 0
          ? on('mutation($id: ID!) { markServed(entryId: $id) { id } }', { id: random.pick(called).id })
          : null,
    ],
    [
      1,
      () =>
        waiting.length > 0
          ? on('mutation($id: ID!) { setUrgency(entryId: $id, urgency: URGENT) { id } }', {
              id: random.pick(waiting).id,
            })
          : null,
    ],
    [
      2,
      () =>
        on('mutation($input: AddWalkInInput!) { addWalkIn(input: $input) { id } }', {
          input: { patientId: patient.id, serviceId: random.pick(scene.serviceIds) },
        }),
    ],
    [
      1,
      () =>
        on('mutation($input: BookAppointmentInput!) { bookAppointment(input: $input) { id } }', {
          input: {
            patientId: patient.id,
            serviceId: random.pick(scene.serviceIds),
            startsAt: random.pick(scene.slots),
          },
        }),
    ],
    [
      1,
      () =>
        bookings.length > 0
          ? on('mutation($id: ID!) { cancelAppointment(id: $id) { id } }', { id: random.pick(bookings).id })
          : null,
    ],
    [
      merges,
      () => {
        if (free.length < 2) return null
        const keep = random.pick(free)
        const drop = random.pick(free.filter(({ id }) => id !== keep.id))
        return on('mutation($keep: ID!, $drop: ID!) { mergePatients(keep: $keep, drop: $drop) { id } }', {
          keep: keep.id,
          drop: drop.id,
        })
      },
    ],
  ])()
  if (!choice) return
  const [query, variables] = choice
  const { errors } = await request(api, scene.counter.token, query, variables)
  trace(
    `online: ${query.replace(/^[^{]*\{ (\w+).*/, '$1')} ${JSON.stringify(variables)}${errors ? ` refused: ${errors[0]?.extensions?.code ?? errors[0]?.message}` : ''}`,
  )
  if (errors?.some(({ extensions }) => (extensions?.code ?? 'INTERNAL') === 'INTERNAL'))
    throw new Error(`the API failed: ${JSON.stringify(errors)}`)
}
