import { keepClock } from '../access/clock.ts'
import { warmPasswords } from '../access/passwords.ts'
import { createTrail } from '../audit/store.ts'
import { createBus } from '../bus.ts'
import { parseConfig } from '../config.ts'
import { connect } from '../database/client.ts'
import { fillDemo } from '../demo/demo.ts'
import { jobList } from '../job-list.ts'
import { createJobs } from '../jobs.ts'
import { createLog } from '../log.ts'
import { outboxPush, outboxSms } from '../messaging/outbox.ts'
import { createLiveQueues } from '../queue/live.ts'
import { createServer } from '../server.ts'

/**
 * One of several instances on a migrated database, as `api/main.ts` starts it, without what an instance does once for its machine
 * (the database itself, the patient's app). Tells its parent the port; ends with it, and may be killed at any time.
 */
process.on('disconnect', () => process.exit(0))
const config = { ...parseConfig(process.env), port: 0, host: '127.0.0.1' }
const url = config.databaseUrl ?? ''
const log = createLog(config.logLevel)
const db = connect(url, { max: 10 })
await keepClock(db, log)
const bus = createBus({ databaseUrl: url, redisUrl: config.redisUrl, log })
const base = {
  ...{ config, db, bus, log, trail: createTrail(db, log), live: createLiveQueues({ db, bus, log }) },
  messaging: { sms: outboxSms, push: outboxPush },
}
const deps = { ...base, jobs: createJobs(base, url, jobList) }
await warmPasswords(config.bcryptCost)
await fillDemo(deps)
const { port } = await createServer(deps)
await deps.jobs.start()
process.send?.(port)
