import type { Db } from '../database/client.ts'

type Tab = { query: string; variables?: string }

const LOGIN = `# Log in first: this page then knows you, in every tab, for 15 minutes.
# Demonstration log-ins: reception, doctor, admin; all with the password anteroom-demo.
# Other programs send the accessToken as header: authorization: Bearer …
mutation LogIn($input: LoginStaffInput!) {
  loginStaff(input: $input) {
    accessToken
    expiresAt
    viewer { ... on User { name role clinic { id name } } }
  }
}
`

const BOOK = `# As reception: pick a slot, then a patient, then book. Run the three operations one by one.
query Slots($serviceId: ID!, $day: Date!) {
  availableSlots(serviceId: $serviceId, from: $day, to: $day) { startsAt endsAt doctor { id name } }
}

query FindPatient {
  findPatient(phoneNumber: "+12025550100") { id name birthYear }
}

mutation Book($serviceId: ID!, $patientId: ID!, $startsAt: DateTime!) {
  bookAppointment(input: { serviceId: $serviceId, patientId: $patientId, startsAt: $startsAt }) {
    id status startsAt doctor { name } patient { name phoneNumber }
  }
}
`

const BOARD = `# As reception or doctor: the live board. Leave it running, and call the next patient in another tab or below.
subscription Board($serviceId: ID!) {
  queueUpdated(serviceId: $serviceId) {
    version
    waiting { id position ticket urgency estimate { lowMinutes highMinutes } patient { name } }
    serving { ticket status room doctor { name } patient { name } }
  }
}

mutation CallNext($serviceId: ID!) {
  callNext(serviceId: $serviceId, room: "2") { ticket status room patient { name } }
}
`

const ANALYTICS = `# As admin: log in with the username admin in the first tab.
query Analytics($clinicId: ID!, $from: Date!, $to: Date!) {
  analytics(clinicId: $clinicId, from: $from, to: $to) {
    arrivals served noShows left
    waitMinutes { count mean p50 p90 max }
    byHour { hour arrivals served waitMinutes { p50 p90 } }
    byUrgency { urgency arrivals waitMinutes { p50 } }
  }
}
`

const json = (value: unknown): string => JSON.stringify(value, null, 2)

/** GraphiQL's ready-made tabs, filled with the ids of the clinic that is there. */
export const graphiqlTabs = async (db: Db, isProduction: boolean): Promise<Tab[]> => {
  const [clinic] = await db.clinic.findMany({
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    take: 1,
    include: { services: { orderBy: [{ createdAt: 'asc' }, { id: 'asc' }], take: 1 } },
  })
  const serviceId = clinic?.services[0]?.id ?? ''
  const [{ today, week, tomorrow }] = (await db.$queryRaw`
    SELECT to_char(now(), 'YYYY-MM-DD') AS today, to_char(now() - interval '7 days', 'YYYY-MM-DD') AS week,
      to_char(now() + interval '1 day', 'YYYY-MM-DD') AS tomorrow`) as [{ today: string; week: string; tomorrow: string }]
  const login = isProduction ? { username: '', password: '' } : { username: 'reception', password: 'anteroom-demo' }
  return [
    { query: LOGIN, variables: json({ input: login }) },
    { query: BOOK, variables: json({ serviceId, day: tomorrow, patientId: '', startsAt: `${tomorrow}T00:00:00Z` }) },
    { query: BOARD, variables: json({ serviceId }) },
    { query: ANALYTICS, variables: json({ clinicId: clinic?.id ?? '', from: week, to: today }) },
  ]
}
