import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { DatabaseProblem } from './problem.ts'

export class FolderInUse extends DatabaseProblem {
  constructor(folder: string, pid: string) {
    super(
      `Anteroom is already running on the data folder ${folder}${pid && ` (process ${pid})`}. Stop it first, or give this copy another DATA_DIR and PORT.`,
    )
    this.name = 'FolderInUse'
  }
}

const SQLITE_BUSY = 5

/**
 * Makes this process the only owner of a data folder; throws FolderInUse while another one lives.
 * The lock is the operating system's, taken through SQLite: it ends with its process however that dies,
 * so there is no stale lock to judge and no process number to mistake.
 */
export const lockFolder = (folder: string): (() => void) => {
  const pidFile = join(folder, 'anteroom.pid')
  const lock = new DatabaseSync(join(folder, 'anteroom.lock'))
  try {
    lock.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    const { errcode, message } = error as Error & { errcode?: number }
    if (errcode !== SQLITE_BUSY)
      throw new DatabaseProblem(`The data folder ${folder} cannot be locked: ${message}.`, { cause: error })
    throw new FolderInUse(folder, readPid(pidFile))
  }
  writeFileSync(pidFile, `${process.pid}\n`)
  return () => {
    rmSync(pidFile, { force: true })
    lock.close()
  }
}

const readPid = (file: string): string => {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return ''
  }
}
