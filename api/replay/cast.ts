import { randomBytes, randomInt } from 'node:crypto'
import { type Login, logIn, Refused, request, resume } from './client.ts'
import type { Plan } from './plan.ts'

/** Everything that the replay makes before its day begins. */
export type Cast = {
  clinic: { timeZone: string; dayStartsAt: string }
  reception: Login
  /** By doctor type. */
  services: Map<string, { id: string }>
  doctors: { login: Login; doctorTypes: string[] }[]
  /** Patients who registered themselves and watch with their own session. */
  registered: { id: string; login: Login }[]
  /** Takes the services and doctors out of use. */
  leave: () => Promise<void>
}

const DEMO_PASSWORD = 'anteroom-demo'
/** How many patients watch with a session of their own. */
export const MOST_REGISTERED = 50
/** Passwords are work for the server; more at once would only wait there. */
const AT_ONCE = 4

const ABOUT_US = `query { me { ... on User { clinic {
  id timeZone dayStartsAt services { ticketLetter }
} } } }`
const CREATE_SERVICE = `mutation ($input: CreateServiceInput!) { createService(input: $input) { id } }`
const CLOSE_SERVICE = `mutation ($id: ID!) { setIntake(serviceId: $id, open: false, reason: "The replay is over.") { id } }`
const CREATE_DOCTOR = `mutation ($input: CreateUserInput!) { createUser(input: $input) { id doctor { id } } }`
const SET_ON_DUTY = `mutation ($id: ID!, $room: String) { setOnDuty(doctorId: $id, onDuty: true, room: $room) { id } }`
const DEACTIVATE = `mutation ($id: ID!) { deactivateUser(id: $id) { id } }`
const LOG_OUT = `mutation { logout }`
const REGISTER = `mutation ($input: RegisterPatientInput!) { registerPatient(input: $input) {
  accessToken refreshToken expiresAt viewer { ... on Patient { id } }
} }`

type AboutUs = {
  me: { clinic: { id: string; timeZone: string; dayStartsAt: string; services: { ticketLetter: string }[] } }
}
type CreatedDoctor = { createUser: { id: string; doctor: { id: string } } }
type Registered = {
  registerPatient: { accessToken: string; refreshToken: string; expiresAt: string; viewer: { id: string } }
}

const firstNames =
  'Ada Ben Chidi Dana Elif Farid Greta Hugo Ines Jonas Kemi Liam Mei Nadia Omar Priya Quinn Rosa Sven Tara'.split(' ')
const lastNames =
  'Adler Boyd Costa Diaz Egan Fuchs Gray Haddad Ito Jansen Kaur Lund Moss Novak Ortiz Park Reyes Silva Tran Weiss'.split(
    ' ',
  )

/** A made-up name for the n-th patient of the day. */
export const patientName = (n: number): string =>
  `${firstNames[n % firstNames.length]} ${lastNames[Math.floor(n / firstNames.length) % lastNames.length]}`

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('')

/** The first ticket letters that no service of the clinic has. */
export const freeLetters = (taken: readonly string[], count: number): string[] => {
  const all = [...LETTERS, ...LETTERS.flatMap((first) => LETTERS.map((second) => first + second))]
  const free = all.filter((letter) => !taken.includes(letter)).slice(0, count)
  if (free.length < count) throw new Error('The clinic has no ticket letters left for the services of the replay.')
  return free
}

/** Runs over a list, so many at once, answers in its order. */
export const eachOf = async <T, R>(
  list: readonly T[],
  atOnce: number,
  act: (item: T, index: number) => Promise<R>,
): Promise<R[]> => {
  const results: R[] = []
  let next = 0
  const run = async (): Promise<void> => {
    while (next < list.length) {
      const index = next++
      results[index] = await act(list[index] as T, index)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, list.length) }, run))
  return results
}

/** A number that is kept for fiction: 555-0100 to 555-0199 of any area code. */
const fictionalNumber = (): string => `+1${randomInt(201, 990)}55501${String(randomInt(100)).padStart(2, '0')}`

const register = async (url: string, n: number): Promise<{ id: string; login: Login }> => {
  const password = randomBytes(12).toString('base64url')
  for (let attempt = 1; ; attempt++) {
    try {
      const input = { name: patientName(n), phoneNumber: fictionalNumber(), password }
      const { data } = await request<Registered>(url, REGISTER, { input })
      return { id: data.registerPatient.viewer.id, login: resume(url, data.registerPatient) }
    } catch (error) {
      // The number is somebody's already; an earlier replay's, as a rule.
      if (!(error instanceof Refused) || error.code !== 'PHONE_NEEDS_CODE' || attempt === 10) throw error
    }
  }
}

const logInDemo = async (url: string, username: string): Promise<Login> => {
  try {
    return await logIn(url, username, DEMO_PASSWORD)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    throw new Error(
      `The replay needs the demonstration clinic: logging in as ${username} was refused. ${error.message}`,
    )
  }
}

/** Makes services, doctors and registered patients through the API. */
export const assemble = async (
  url: string,
  plan: Plan,
  patients: number,
  progress: (what: string, done: number, of: number) => void,
): Promise<Cast> => {
  const admin = await logInDemo(url, 'admin')
  const reception = await logInDemo(url, 'reception')
  const { clinic } = (await admin.ask<AboutUs>(ABOUT_US)).me
  const mark = randomBytes(3).toString('hex')
  const letters = freeLetters(
    clinic.services.map(({ ticketLetter }) => ticketLetter),
    plan.doctorTypes.length,
  )
  const services = new Map<string, { id: string }>()
  for (const [index, doctorType] of plan.doctorTypes.entries()) {
    const input = {
      clinicId: clinic.id,
      name: `${doctorType} (replay ${mark})`,
      ticketLetter: letters[index],
      slotMinutes: 10,
    }
    const { data } = await admin.once<{ createService: { id: string } }>(CREATE_SERVICE, { input })
    services.set(doctorType, data.createService)
  }
  const userIds: string[] = []
  let made = 0
  const doctors = await eachOf(plan.doctors, AT_ONCE, async ({ doctorTypes }, index) => {
    const username = `replay-${mark}-${index + 1}`
    const password = randomBytes(12).toString('base64url')
    const serviceIds = doctorTypes.map((doctorType) => services.get(doctorType)?.id)
    const input = {
      clinicId: clinic.id,
      username,
      password,
      name: `Dr. Replay ${index + 1}`,
      role: 'DOCTOR',
      serviceIds,
    }
    const { data } = await admin.once<CreatedDoctor>(CREATE_DOCTOR, { input })
    const { createUser } = data
    userIds.push(createUser.id)
    await admin.ask(SET_ON_DUTY, { id: createUser.doctor.id, room: String(index + 1) })
    const login = await logIn(url, username, password)
    progress('doctors', ++made, plan.doctors.length)
    return { login, doctorTypes }
  })
  let joined = 0
  const registered = await eachOf(Array.from({ length: patients }), AT_ONCE, async (_, index) => {
    const patient = await register(url, index)
    progress('registered patients', ++joined, patients)
    return patient
  })
  const leave = async (): Promise<void> => {
    for (const { id } of services.values()) await admin.ask(CLOSE_SERVICE, { id })
    await eachOf(userIds, AT_ONCE, (id) => admin.ask(DEACTIVATE, { id }))
    for (const login of [reception, admin]) await login.ask(LOG_OUT)
  }
  const { timeZone, dayStartsAt } = clinic
  return { clinic: { timeZone, dayStartsAt }, reception, services, doctors, registered, leave }
}
