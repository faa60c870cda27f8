import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Engine } from './engine.ts'

/** Whether the process with this number is the PostgreSQL server of this folder, rather than one that came by the same number later. */
const servesFolder = (pid: number, clusterDir: string): boolean => {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  try {
    // A PostgreSQL server's working directory is its data folder.
    if (process.platform === 'linux') return readlinkSync(`/proc/${pid}/cwd`) === clusterDir
    if (process.platform === 'win32')
      return execFileSync('tasklist', ['/fi', `PID eq ${pid}`, '/nh'], { encoding: 'utf8' }).includes('postgres.exe')
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).includes(clusterDir)
  } catch {
    return false
  }
}

/** Ends the database that an Anteroom which was killed left running on this folder. Only for the holder of the folder's lock. */
export const endOrphan = async (engine: Engine, clusterDir: string, log: (line: string) => void): Promise<void> => {
  const pidFile = join(clusterDir, 'postmaster.pid')
  const lines = readLines(pidFile)
  const pid = Number(lines[0])
  if (!(pid > 0)) return
  if (servesFolder(pid, clusterDir)) {
    log(`Stopping the database (process ${pid}) that an earlier Anteroom left running.`)
    await stopCluster(engine, clusterDir)
    return
  }
  // PostgreSQL would take a stranger with the old number for itself. Its own check of the shared memory, further down
  // in the file, must stay; so the file names us, the parent of the new server, whom PostgreSQL knows not to be one.
  writeFileSync(pidFile, [String(process.pid), ...lines.slice(1)].join('\n'))
}

/** Ends connections and writes everything out; if that does not come to an end, stops at once and leaves the rest to recovery. */
export const stopCluster = async (engine: Engine, clusterDir: string): Promise<void> => {
  const stop = (mode: string, seconds: string) =>
    engine.run('pg_ctl', ['stop', '-D', clusterDir, '-m', mode, '-t', seconds])
  await stop('fast', '30').catch(() => stop('immediate', '10'))
}

const readLines = (file: string): string[] => {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch {
    return []
  }
}
