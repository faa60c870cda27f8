import { existsSync, globSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { removeDataDir } from '../database/cluster.ts'
import { accountFor, findEngine } from '../database/engine.ts'
import { endOrphan } from '../database/orphan.ts'

/** Waits for its parent to end, however it ends; then stops the databases below the folder and removes it. */
const folder = process.argv[2] ?? ''
for await (const _ of process.stdin);

const clear = async (): Promise<void> => {
  for (const cluster of globSync(['*/postgres', '*/*/postgres'], { cwd: folder }).map((path) => join(folder, path))) {
    await endOrphan(findEngine(accountFor(cluster)), realpathSync(cluster), () => {})
    removeDataDir(dirname(cluster))
  }
  removeDataDir(folder)
}

const wasKilled = existsSync(join(folder, 'data/postgres/postmaster.pid'))
await clear()
// The workers of a run that was killed end a moment after it, and until then go on making folders and databases.
for (let pass = 0; wasKilled && pass < 6; pass++) {
  await sleep(500)
  await clear().catch(() => {})
}
