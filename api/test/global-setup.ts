import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'
import { removeDataDir } from '../database/cluster.ts'
import { startEmbedded } from '../database/embedded.ts'
import { applyMigrations } from '../database/migrate.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The migrated template; nothing may stay connected to it. */
    templateUrl: string
  }
}

/** One PostgreSQL for the whole run, on a folder that goes with it. */
export default async (project: TestProject): Promise<() => Promise<void>> => {
  const folder = mkdtempSync(join(tmpdir(), 'anteroom-test-'))
  chmodSync(folder, 0o755)
  // Whatever ends this process, this one outlives it by a moment and clears up.
  const caretaker = spawn(process.execPath, [fileURLToPath(new URL('caretaker.ts', import.meta.url)), folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  caretaker.unref()
  const database = await startEmbedded({ dataDir: folder, log: () => {}, quick: true })
  await applyMigrations(database.url, () => {})
  project.provide('templateUrl', database.url)
  return async () => {
    await database.stop()
    removeDataDir(folder)
    caretaker.stdin.end()
  }
}
