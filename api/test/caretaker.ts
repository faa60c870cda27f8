import { existsSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { removeDataDir } from '../database/cluster.ts'
import { accountFor, findEngine } from '../database/engine.ts'
import { endOrphan } from '../database/orphan.ts'

/** Waits for its parent to end, however it ends, then stops the database in the folder and removes the folder. */
const folder = process.argv[2] ?? ''
for await (const _ of process.stdin);
const cluster = join(folder, 'postgres')
if (existsSync(cluster)) await endOrphan(findEngine(accountFor(cluster)), realpathSync(cluster), () => {})
if (existsSync(folder)) removeDataDir(folder)
