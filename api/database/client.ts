import { createHash } from 'node:crypto'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { Prisma, PrismaClient } from './generated/client.ts'

export type Db = PrismaClient
/** A Db inside one transaction. */
export type Tx = Prisma.TransactionClient

export type ConnectOptions = {
  /** Connections that this process holds at most. */
  max?: number
  /** Waiting for a free connection, or for a new one, ends after so many milliseconds. */
  connectMs?: number
  /** A statement without an answer ends after so many milliseconds: a black-holed database must not hang a request. */
  queryMs?: number
  /** Told of every statement; for tests that count them. */
  onStatement?: (sql: string) => void
  /** Told of connections that break while nobody uses them; the pool replaces them. */
  onLostConnection?: (error: Error) => void
}

/**
 * After its time-out pg gives up waiting but keeps the connection, whose statement and open transaction go on unseen.
 * Such a connection must never serve anybody again. Nor may those of the same pool that were not heard meanwhile: where a network
 * swallowed one, each of them would cost somebody the whole time-out.
 */
const strictClients = (): typeof pg.Client => {
  const open = new Set<StrictClient>()

  class StrictClient extends pg.Client {
    #unanswered = 0
    #heardAt = Number.NEGATIVE_INFINITY

    #join(): void {
      if (open.has(this)) return
      open.add(this)
      this.once('end', () => open.delete(this))
    }

    #settle(askedAt: number, error: unknown): void {
      this.#unanswered--
      if (!(error instanceof Error && error.message === 'Query read timeout')) {
        this.#heardAt = performance.now()
        if (error === null || error === undefined) this.#join()
        return
      }
      this.connection.stream.destroy()
      for (const other of open)
        if (other.#unanswered === 0 && other.#heardAt < askedAt) other.connection.stream.destroy()
    }

    override query(...args: unknown[]): never {
      const askedAt = performance.now()
      const callback = args.at(-1)
      this.#unanswered++
      if (typeof callback === 'function')
        args[args.length - 1] = (error: unknown, result: unknown) => {
          this.#settle(askedAt, error)
          callback(error, result)
        }
      const query = super.query as (...args: unknown[]) => unknown
      const answer = query.apply(this, args)
      if (answer instanceof Promise)
        answer.then(
          () => this.#settle(askedAt, null),
          (error) => this.#settle(askedAt, error),
        )
      return answer as never
    }
  }
  return StrictClient
}

const MAX_NAMES = 500
const EACH_TIME = '/* planned each time */'

/**
 * Written into a statement that reads now a day and now a year: the plan that a connection keeps after five uses is made for neither,
 * and knows of no parallel work.
 */
export const PLANNED_EACH_TIME: Prisma.Sql = Prisma.raw(EACH_TIME)

/** Named statements are planned once for each connection; statements of varying text stay unnamed, or the server would keep them all. */
const statementNames = () => {
  const namesBySql = new Map<string, string>()
  return ({ sql }: { sql: string }): string => {
    const known = namesBySql.get(sql)
    if (known !== undefined) return known
    if (namesBySql.size >= MAX_NAMES || sql.includes(EACH_TIME)) return ''
    const name = createHash('sha256').update(sql).digest('base64url').slice(0, 22)
    namesBySql.set(sql, name)
    return name
  }
}

/** Connects lazily; `$disconnect()` closes every connection. */
export const connect = (databaseUrl: string, options: ConnectOptions = {}): Db => {
  const { max = 16, connectMs = 3000, queryMs = 3000, onStatement, onLostConnection = () => {} } = options
  const config: pg.PoolConfig = {
    connectionString: databaseUrl,
    application_name: 'anteroom',
    max,
    connectionTimeoutMillis: connectMs,
    query_timeout: queryMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5000,
    Client: strictClients(),
    // The adapter reads timestamps as UTC. The server gives up shortly after we do, so that nothing keeps its locks for nobody.
    onConnect: async (client: pg.ClientBase) => {
      await client.query(
        `SET TIME ZONE 'UTC'; SET statement_timeout = ${queryMs + 500}; SET idle_in_transaction_session_timeout = ${queryMs * 3}`,
      )
    },
  }
  const adapter = new PrismaPg(config, {
    onPoolError: onLostConnection,
    onConnectionError: onLostConnection,
    statementNameGenerator: statementNames(),
  })
  if (!onStatement) return new PrismaClient({ adapter, errorFormat: 'minimal' })
  const counted = new PrismaClient({ adapter, errorFormat: 'minimal', log: [{ emit: 'event', level: 'query' }] })
  counted.$on('query', ({ query }) => onStatement(query))
  return counted
}
