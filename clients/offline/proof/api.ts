import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Deps } from '../../../api/context.ts'
import { connect, type Db } from '../../../api/database/client.ts'
import { createTestDeps } from '../../../api/test/context.ts'
import { dropDatabase, type TestDatabase } from '../../../api/test/database.ts'
import { startTestServer } from '../../../api/test/server.ts'

/** A running API for histories: in this process, or in one of its own that can be killed and put back to a backup. */
export type Api = {
  deps: Deps
  db: Db
  origin: () => string
  /** Kills the process with everything that it is doing, and starts another one; null where that cannot be done here. */
  kill: (() => Promise<void>) | null
  /** Ends the database's sessions that are in the middle of a transaction; null where others would suffer. */
  cutDatabase: (() => Promise<void>) | null
  /** Copies the database; the copy can be put back in place of it. */
  backUp: (() => Promise<() => Promise<void>>) | null
  close: () => Promise<void>
}

const asAdmin = async (url: string, ...statements: string[]): Promise<void> => {
  const db = connect(Object.assign(new URL(url), { pathname: '/postgres' }).href, { max: 1, queryMs: 60_000 })
  try {
    for (const statement of statements) await db.$executeRawUnsafe(statement)
  } finally {
    await db.$disconnect()
  }
}

const nameOf = (url: string): string => new URL(url).pathname.slice(1)

const cutOn = (url: string) => (): Promise<void> =>
  asAdmin(
    url,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${nameOf(url)}' AND xact_start IS NOT NULL AND backend_type = 'client backend'`,
  )

let copies = 0

/** Copies a database to which nobody may be connected meanwhile; answers how to put the copy back. */
const copyDatabase = async (url: string): Promise<() => Promise<void>> => {
  const name = nameOf(url)
  const copy = `${name}_copy${copies++}`
  await asAdmin(
    url,
    `ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS false`,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}' AND backend_type = 'client backend'`,
    `CREATE DATABASE ${copy} TEMPLATE ${name}`,
    `ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS true`,
  )
  return async () => {
    await dropDatabase(name)
    await asAdmin(url, `ALTER DATABASE ${copy} RENAME TO ${name}`)
  }
}

/** The API in this process. One that serves a single history at a time can be put back to a backup. */
export const startApi = async (database: TestDatabase, { isShared = true } = {}): Promise<Api> => {
  const { url } = database
  const start = () => startTestServer({ demo: false, database: { ...database, db: connect(url, { max: 16 }) } })
  let server = await start()
  const stop = async () => {
    await server.close()
    await server.db.$disconnect()
  }
  return {
    get deps() {
      return server.deps
    },
    get db() {
      return server.db
    },
    origin: () => server.origin,
    kill: null,
    cutDatabase: isShared ? null : cutOn(url),
    backUp: isShared
      ? null
      : async () => {
          await stop()
          const putBack = await copyDatabase(url)
          server = await start()
          return async () => {
            await stop()
            await putBack()
            server = await start()
          }
        },
    close: stop,
  }
}

const program = fileURLToPath(new URL('server-process.ts', import.meta.url))

type Running = { child: ChildProcess; origin: string }

const launch = async (url: string): Promise<Running> => {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, url], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const port = await new Promise<string>((resolve, reject) => {
    let text = ''
    child.stdout?.on('data', (chunk) => {
      text += chunk
      const found = /^(\d+)\n/m.exec(text)
      if (found) resolve(found[1] as string)
    })
    child.once('exit', () => reject(new Error(`the API did not start: ${text}`)))
  })
  return { child, origin: `http://127.0.0.1:${port}` }
}

const end = async ({ child }: Running): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

/** The API in a process of its own, with a second one ready to take its place. */
export const startKillableApi = async (database: TestDatabase): Promise<Api> => {
  let [running, spare] = await Promise.all([launch(database.url), launch(database.url).catch(() => null)])
  let next: Promise<Running | null> = Promise.resolve(spare)
  let db = connect(database.url, { max: 4 })
  let deps = createTestDeps({ db, url: database.url })
  const disconnect = async () => {
    await deps.close()
    await db.$disconnect()
  }
  const reconnect = () => {
    db = connect(database.url, { max: 4 })
    deps = createTestDeps({ db, url: database.url })
  }
  const replace = async () => {
    await end(running)
    running = (await next) ?? (await launch(database.url))
    next = launch(database.url).catch(() => null)
  }
  return {
    get deps() {
      return deps
    },
    get db() {
      return db
    },
    origin: () => running.origin,
    kill: replace,
    cutDatabase: cutOn(database.url),
    backUp: async () => {
      await disconnect()
      const putBack = await copyDatabase(database.url)
      reconnect()
      return async () => {
        await disconnect()
        await replace()
        await putBack()
        reconnect()
      }
    },
    close: async () => {
      await end(running)
      spare = await next
      if (spare) await end(spare)
      await disconnect()
    },
  }
}
