import { keepClock } from './access/clock.ts'
import { warmPasswords } from './access/passwords.ts'
import { createSetupLink } from './access/setup.ts'
import { createTrail } from './audit/store.ts'
import { createBus } from './bus.ts'
import { ConfigError, DEMO_SECRET, parseConfig } from './config.ts'
import type { Deps } from './context.ts'
import { connect } from './database/client.ts'
import { startEmbedded } from './database/embedded.ts'
import { applyMigrations } from './database/migrate.ts'
import { DatabaseProblem } from './database/problem.ts'
import { DEMO_PASSWORD, DEMO_PATIENT, fillDemo } from './demo/demo.ts'
import { createHealthServer } from './http/health.ts'
import { buildPatientApp } from './http/patient-app-build.ts'
import { jobList } from './job-list.ts'
import { createJobs } from './jobs.ts'
import { createLog } from './log.ts'
import { checkMessaging, createMessaging } from './messaging/create.ts'
import { createLiveQueues } from './queue/live.ts'

const say = (text: string): void => console.log(text)

/** Undone in reverse order, each once, when the process stops or its start fails. */
const undoing: (() => Promise<void> | void)[] = []
let stopping: Promise<void> | null = null

/** What is being started is waited for, so that nothing is left behind half begun. */
let starting: Promise<void> = Promise.resolve()

const stop = (): Promise<void> => {
  stopping ??= (async () => {
    await starting.catch(() => {})
    for (const undo of undoing.toReversed())
      await Promise.resolve(undo()).catch((error: unknown) => console.error('While stopping:', error))
  })()
  return stopping
}

const welcome = (
  publicUrl: string,
  { isDemo, showsCodes, setupLink }: { isDemo: boolean; showsCodes: boolean; setupLink: string | null },
): void => {
  say('')
  say('Anteroom is ready.')
  say(`  Desk and doctors' rooms    ${publicUrl}/`)
  say(`  Patients                   ${publicUrl}/patient`)
  say(`  GraphQL API and GraphiQL   ${publicUrl}/graphql`)
  say(`  Tokens for scripts         ${publicUrl}/oauth/token`)
  say(`  Health                     ${publicUrl}/healthz  ${publicUrl}/readyz`)
  if (isDemo) {
    say('')
    say(`  Demonstration log-ins, all with the password ${DEMO_PASSWORD}:`)
    say('    reception, doctor, admin          Riverside Clinic')
    say('    reception2, doctor2, admin2       Wellfield Clinic')
    say(`    ${DEMO_PATIENT}                      a patient`)
    if (showsCodes) say('  Codes by SMS are printed here, for there is no account with Twilio.')
  }
  if (setupLink) {
    say('')
    say('  There is no user yet. Make the first clinic and its admin here, within 24 hours, once:')
    say(`    ${setupLink}`)
  }
  say('')
}

/** Another process answers the requests. */
const workOnly = async (deps: Deps): Promise<void> => {
  if (stopping) return
  const server = await createHealthServer(deps)
  undoing.push(() => server.close())
  undoing.push(() => deps.jobs.stop())
  await deps.jobs.start()
  void checkMessaging(deps.messaging, deps.log)
  say(`Anteroom does background work only (WORK=jobs); health at http://${deps.config.host}:${server.port}/healthz.`)
}

const start = async (): Promise<void> => {
  const config = parseConfig(process.env)
  const log = createLog(config.logLevel)
  const messaging = createMessaging(config, log, say)
  let databaseUrl = config.databaseUrl
  if (!databaseUrl) {
    const embedded = await startEmbedded({ dataDir: config.dataDir, log: say })
    undoing.push(() => embedded.stop())
    databaseUrl = embedded.url
  }
  if (stopping) return
  await applyMigrations(databaseUrl, say)
  const db = connect(databaseUrl, {
    onLostConnection: (error) => log.warn({ err: error }, 'a database connection was lost'),
  })
  undoing.push(() => db.$disconnect())
  undoing.push(await keepClock(db, log))
  const bus = createBus({ databaseUrl, redisUrl: config.redisUrl, log })
  undoing.push(() => bus.close())
  const trail = createTrail(db, log)
  undoing.push(() => trail.close())
  const live = createLiveQueues({ db, bus, log })
  undoing.push(() => live.close())
  const base = { config, db, bus, log, trail, live, messaging }
  const jobs = createJobs(base, databaseUrl, jobList)
  const deps: Deps = { ...base, jobs }
  if (!config.work.api) {
    await workOnly(deps)
    return
  }
  await warmPasswords(config.bcryptCost)
  const isDemo = !config.production && config.jwtSecret === DEMO_SECRET
  if (!config.production && (await fillDemo(deps))) say('Filled the demonstration clinics.')
  const setupLink = await createSetupLink(db, config.publicUrl)
  if (stopping) return
  // Whoever only works need not load it, and is back the sooner after a crash.
  const { createServer } = await import('./server.ts')
  const server = await createServer(deps)
  undoing.push(() => server.close())
  undoing.push(() => jobs.stop())
  await jobs.start()
  // Nobody waits for a provider; its answer stands in the log.
  void checkMessaging(messaging, log)
  undoing.push(buildPatientApp(log))
  welcome(config.publicUrl, { isDemo, showsCodes: messaging.sms.showCode !== undefined, setupLink })
}

const explain = (error: unknown): string => {
  if (error instanceof ConfigError || error instanceof DatabaseProblem) return error.message
  const { code, port, path, syscall } = error as NodeJS.ErrnoException & { port?: number }
  if (code === 'EADDRINUSE')
    return `Port ${port} is in use by another program. Stop that one, or choose another with PORT=…`
  if (code === 'EACCES' && syscall === 'listen')
    return `Port ${port} needs more rights than this user has. Choose another with PORT=…`
  if (code === 'ENOENT' && path) return `The file ${path} does not exist.`
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

/** A terminal may send one Ctrl-C twice; a second one after this long means it. */
const IMPATIENT_MS = 2_000
let stoppedAt = 0

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    if (stoppedAt === 0) {
      stoppedAt = performance.now()
      say('Stopping …')
      void stop().then(() => process.exit(0))
    } else if (performance.now() - stoppedAt > IMPATIENT_MS) process.exit(1)
  })

starting = start()
starting.catch(async (error: unknown) => {
  console.error(`\nAnteroom could not start.\n${explain(error)}\n`)
  await stop()
  process.exit(1)
})
