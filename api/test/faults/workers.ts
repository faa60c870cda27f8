import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../main.ts', import.meta.url))

/** Ends with the process that holds the other end of its input, however that one ends. */
const ENDS_WITH_PARENT = `data:text/javascript,process.stdin.on('end',()=>process.exit(1)).resume()`

type Options = {
  count: number
  /** The configuration of the nth process. */
  envOf: (name: string) => Record<string, string>
}

/** Real processes that only work on jobs (WORK=jobs), as a service manager keeps them: whichever ends is started again. */
export const startWorkers = ({ count, envOf }: Options) => {
  const names = Array.from({ length: count }, (_, index) => `w${index + 1}`)
  const children = new Map<string, ChildProcess>()
  const killed = new Set<ChildProcess>()
  let kills = 0
  /** Ends that nobody asked for, with their last words. */
  const ends: string[] = []
  let isClosing = false

  const start = (name: string): void => {
    const child = spawn(process.execPath, ['--import', ENDS_WITH_PARENT, MAIN], {
      env: { ...process.env, ...envOf(name), WORK: 'jobs', HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'fatal' },
      stdio: ['pipe', 'ignore', 'pipe'],
    })
    let said = ''
    child.stderr?.on('data', (chunk) => {
      said = `${said}${chunk}`.slice(-2_000)
    })
    child.on('exit', async (code, signal) => {
      if (isClosing) return
      if (!killed.has(child)) ends.push(`${name} ended (${signal ?? code}): ${said.trim()}`)
      await sleep(200)
      if (!isClosing) start(name)
    })
    children.set(name, child)
  }
  for (const name of names) start(name)

  return {
    names,
    ends,
    kills: (): number => kills,
    /** kill -9, at whatever point it is. */
    kill: (name: string): void => {
      const child = children.get(name)
      if (!child || killed.has(child) || isClosing) return
      killed.add(child)
      kills++
      child.kill('SIGKILL')
    },
    close: async (): Promise<void> => {
      isClosing = true
      for (const child of children.values()) {
        if (child.exitCode !== null || child.signalCode !== null) continue
        const ended = new Promise((resolve) => child.once('exit', resolve))
        child.kill('SIGKILL')
        await ended
      }
    },
  }
}
