import { createTrail } from '../audit/store.ts'
import { createBus } from '../bus.ts'
import { parseConfig } from '../config.ts'
import { connect } from '../database/client.ts'
import { startEmbedded } from '../database/embedded.ts'
import { applyMigrations } from '../database/migrate.ts'
import { jobList } from '../job-list.ts'
import { createJobs } from '../jobs.ts'
import { createLog } from '../log.ts'
import { outboxPush, outboxSms } from '../messaging/outbox.ts'
import { createLiveQueues } from '../queue/live.ts'
import { fillDemo } from './demo.ts'

/** `npm run seed`: fills an empty database with the demonstration clinics, without serving it. */
const seed = async (): Promise<void> => {
  const config = parseConfig(process.env)
  const log = createLog('warn')
  const embedded = config.databaseUrl ? null : await startEmbedded({ dataDir: config.dataDir, log: console.log })
  try {
    const databaseUrl = config.databaseUrl ?? (embedded as { url: string }).url
    await applyMigrations(databaseUrl, console.log)
    const db = connect(databaseUrl)
    const bus = createBus({ databaseUrl, redisUrl: config.redisUrl, log })
    const trail = createTrail(db, log)
    const live = createLiveQueues({ db, bus, log })
    const base = { config, db, bus, log, trail, live, messaging: { sms: outboxSms, push: outboxPush } }
    const isFilled = await fillDemo({ ...base, jobs: createJobs(base, databaseUrl, jobList) })
    console.log(isFilled ? 'Filled the demonstration clinics.' : 'There is a clinic already; nothing was changed.')
    live.close()
    await trail.close()
    await bus.close()
    await db.$disconnect()
  } finally {
    await embedded?.stop()
  }
}

await seed().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
