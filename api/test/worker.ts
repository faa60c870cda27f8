import { connect } from '../database/client.ts'
import type { JobDefinition } from '../jobs.ts'
import { createTestDeps } from './context.ts'

/**
 * A process of its own, for tests that kill it. It enqueues the job `test.crash` with the id given, as the mode says:
 * work: commits, begins it, and never ends it; idle: commits and does nothing more; open: never commits.
 */
const [, , url = '', id = '', mode = 'work'] = process.argv
const db = connect(url)
const definitions: JobDefinition[] = [
  {
    name: 'test.crash',
    handle: async () => {
      console.log('begun')
      await new Promise(() => {})
    },
  },
]
const deps = createTestDeps({ db, url }, null, definitions)
if (mode === 'work') await deps.jobs.start()
await db.$transaction(
  async (tx) => {
    await deps.jobs.enqueue(tx, 'test.crash', { id })
    console.log('enqueued')
    if (mode === 'open') await new Promise(() => {})
  },
  { timeout: 60_000 },
)
console.log('committed')
setInterval(() => {}, 60_000)
