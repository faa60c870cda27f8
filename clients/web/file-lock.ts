import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const PAUSE_MS = 100

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** True where the lock is ours now. The file comes into being with its content, so that nobody sees it without an owner. */
const take = (path: string): boolean => {
  const mine = `${path}.${process.pid}`
  writeFileSync(mine, String(process.pid))
  try {
    linkSync(mine, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return false
  } finally {
    rmSync(mine, { force: true })
  }
}

/** Takes the lock away from an owner who was killed. */
const clearStale = (path: string): void => {
  try {
    const { ino } = statSync(path)
    if (isAlive(Number(readFileSync(path, 'utf8')))) return
    // Another may have cleared it and taken it meanwhile.
    if (statSync(path).ino === ino) rmSync(path, { force: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

/** Runs `work` while no other process that uses this lock does; a killed owner's lock is taken over. */
export const withFileLock = async <T>(path: string, work: () => Promise<T>): Promise<T> => {
  while (!take(path)) {
    clearStale(path)
    await sleep(PAUSE_MS)
  }
  try {
    return await work()
  } finally {
    rmSync(path, { force: true })
  }
}
