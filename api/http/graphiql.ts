import type { renderGraphiQL } from '@graphql-yoga/render-graphiql'
import type { Db } from '../database/client.ts'
import { DEMO_PATIENT } from '../demo/demo.ts'

// Tabs made ready keep a stale offset from their first animation: pressing one moves it away from under the pointer, and the click is lost.
const TABS_STAY = '.graphiql-tab { transform: none !important; }'

/** GraphiQL as one page with nothing to load from elsewhere: clinics' networks are closed. Its 30 MB are loaded when somebody asks for it. */
export const renderPage = async (options: Parameters<typeof renderGraphiQL>[0]): Promise<string> => {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql')
  return renderGraphiQL(options).replace('</style>', () => `${TABS_STAY}</style>`)
}

type Tab = { query: string }

type Ids = { clinicId: string; serviceId: string; patientId: string; tomorrow: string; week: string; today: string }

// GraphiQL shows no variables in ready-made tabs: the values stand in the documents.

const login = (isDemo: boolean): string => `# Log in first: this page then knows you, in every tab, for 15 minutes.
# Demonstration log-ins: reception, doctor, admin; all with the password anteroom-demo.
# Other programs send the accessToken as header: authorization: Bearer …
mutation LogIn {
  loginStaff(input: { username: "${isDemo ? 'reception' : ''}", password: "${isDemo ? 'anteroom-demo' : ''}" }) {
    accessToken
    expiresAt
    viewer { ... on User { name role clinic { id name } } }
  }
}
`

const slots = ({
  serviceId,
  tomorrow,
}: Ids): string => `# As reception: the free slots of a day, and the patient who wants one.
query Slots {
  findPatient(phoneNumber: "${DEMO_PATIENT}") { id name birthYear }
  availableSlots(serviceId: "${serviceId}", from: "${tomorrow}", to: "${tomorrow}") {
    startsAt
    doctor { id name }
  }
}
`

const book = ({ serviceId, patientId, tomorrow }: Ids): string => `# As reception: book one of the slots.
mutation Book {
  bookAppointment(input: {
    serviceId: "${serviceId}"
    patientId: "${patientId}"
    startsAt: "${tomorrow}T15:00:00Z"
  }) {
    id
    status
    startsAt
    doctor { name }
    patient { name phoneNumber }
  }
}
`

const board = ({
  serviceId,
}: Ids): string => `# As reception or doctor: the live board. Leave it running, and call the next patient in another window.
subscription Board {
  queueUpdated(serviceId: "${serviceId}") {
    version
    serving { id ticket status room doctor { name } patient { name } }
    waiting { id position ticket urgency estimate { lowMinutes highMinutes } patient { name } }
  }
}
`

const call = ({ serviceId }: Ids): string => `# As doctor or reception: the next patient, please.
mutation CallNext {
  callNext(serviceId: "${serviceId}", room: "2") { id ticket status room patient { name } }
}
`

const analytics = ({
  clinicId,
  week,
  today,
}: Ids): string => `# As admin: log in with the username admin in the first tab.
query Analytics {
  analytics(clinicId: "${clinicId}", from: "${week}", to: "${today}") {
    arrivals
    served
    noShows
    left
    waitMinutes { count mean p50 p90 max }
    byHour { hour arrivals served waitMinutes { p50 p90 } }
    byUrgency { urgency arrivals waitMinutes { p50 } }
  }
}
`

/** GraphiQL's ready-made tabs, filled with the ids of the first clinic that is there. */
export const graphiqlTabs = async (db: Db, isProduction: boolean): Promise<Tab[]> => {
  const [clinic] = await db.clinic.findMany({
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    take: 1,
    include: { services: { orderBy: [{ createdAt: 'asc' }, { id: 'asc' }], take: 1 } },
  })
  const [days] = await db.$queryRaw<Pick<Ids, 'today' | 'week' | 'tomorrow'>[]>`
    SELECT to_char(now(), 'YYYY-MM-DD') AS today, to_char(now() - interval '7 days', 'YYYY-MM-DD') AS week,
      to_char(now() + interval '1 day', 'YYYY-MM-DD') AS tomorrow`
  const patient = isProduction ? null : await db.patient.findUnique({ where: { phoneNumber: DEMO_PATIENT } })
  const ids = {
    clinicId: clinic?.id ?? '',
    serviceId: clinic?.services[0]?.id ?? '',
    patientId: patient?.id ?? '',
    ...(days as Pick<Ids, 'today' | 'week' | 'tomorrow'>),
  }
  return [login(!isProduction), ...[slots, book, board, call, analytics].map((tab) => tab(ids))].map((query) => ({
    query,
  }))
}
