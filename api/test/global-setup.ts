import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'
import { startEmbedded } from '../database/embedded.ts'
import { ensureQueues } from '../database/job-tables.ts'
import { applyMigrations } from '../database/migrate.ts'
import { jobList } from '../job-list.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The migrated template; nothing may stay connected to it. */
    templateUrl: string
  }
}

/** One PostgreSQL for the whole run; it and every temporary folder of the tests go when the run ends. */
export default async (project: TestProject): Promise<() => Promise<void>> => {
  const folder = mkdtempSync(join(tmpdir(), 'anteroom-test-'))
  chmodSync(folder, 0o755)
  // Whatever ends this process, this one outlives it by a moment and clears up.
  const caretaker = spawn(process.execPath, [fileURLToPath(new URL('caretaker.ts', import.meta.url)), folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  caretaker.unref()
  process.env.TMPDIR = folder
  const database = await startEmbedded({ dataDir: join(folder, 'data'), log: () => {}, quick: true })
  await applyMigrations(database.url, () => {})
  await ensureQueues(database.url, jobList)
  project.provide('templateUrl', database.url)
  return async () => {
    await database.stop()
    caretaker.stdin.end()
    await once(caretaker, 'exit')
  }
}
