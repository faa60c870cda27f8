import { globSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { removeDataDir } from '../database/cluster.ts'
import { accountFor, findEngine } from '../database/engine.ts'
import { endOrphan } from '../database/orphan.ts'

/** Waits for its parent to end, however it ends; then stops the databases below the folder and removes it. */
const folder = process.argv[2] ?? ''
for await (const _ of process.stdin);
const clusters = () => globSync(['*/postgres', '*/*/postgres'], { cwd: folder }).map((path) => join(folder, path))
// The workers of a run that was killed end a moment after it.
if (clusters().length > 1) await sleep(500)
for (const cluster of clusters()) {
  await endOrphan(findEngine(accountFor(cluster)), realpathSync(cluster), () => {})
  removeDataDir(dirname(cluster))
}
removeDataDir(folder)
