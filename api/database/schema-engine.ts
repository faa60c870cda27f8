import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { PrismaPg } from '@prisma/adapter-pg'
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  DriverAdapterError,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils'
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg'
import pg from 'pg'

export type SchemaEngine = bindings.SchemaEngine

/** Nothing is left out of what the engine looks at. */
export const filters = { externalTables: [], externalEnums: [] }

declare const WebAssembly: {
  instantiate: (program: Uint8Array, imports: object) => Promise<{ instance: { exports: Record<string, unknown> } }>
}

let loaded: Promise<void> | undefined

/** The package is made for bundlers: without one its WebAssembly is put together by hand. */
const load = (): Promise<void> => {
  loaded ??= (async () => {
    const script = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg')
    const program = await readFile(script.replace(/\.js$/, '.wasm'))
    const { instance } = await WebAssembly.instantiate(program, { './schema_engine_bg.js': imports() })
    bindings.__wbg_set_wasm(instance.exports)
    const start = instance.exports.__wbindgen_start as () => void
    start()
  })()
  return loaded
}

/** The engine's time-outs go on after its work is done; they must not keep the process from ending. */
const imports = (): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(bindings).map(([name, binding]) => [
      name,
      name.startsWith('__wbg_setTimeout') ? (call: () => void, ms: number) => setTimeout(call, ms).unref() : binding,
    ]),
  )

const open = async (adapter: SqlMigrationAwareDriverAdapterFactory): Promise<SchemaEngine> => {
  await load()
  return bindings.SchemaEngine.new({ datamodels: undefined }, () => {}, bindMigrationAwareSqlAdapterFactory(adapter))
}

/**
 * Prisma's adapter cuts scripts at every semicolon, which breaks function bodies, and spreads the pieces over the pool.
 * PostgreSQL takes a whole script at once and as one transaction: a migration that fails leaves nothing half done.
 */
class WholeScripts extends PrismaPg {
  override async connect() {
    const adapter = await super.connect()
    const pool = adapter.underlyingDriver()
    adapter.executeScript = async (script) => {
      await pool.query(script).catch((error: unknown) => {
        throw error instanceof pg.DatabaseError ? new DriverAdapterError(said(error)) : error
      })
    }
    return adapter
  }
}

const said = ({ code, severity, message, detail, column, hint }: pg.DatabaseError) => ({
  kind: 'postgres' as const,
  code: code ?? '',
  severity: severity ?? 'ERROR',
  message,
  detail,
  column,
  hint,
})

/** Prisma's schema engine on a database. */
export const openSchemaEngine = (pool: pg.Pool): Promise<SchemaEngine> => open(new WholeScripts(pool))

/** The engine asks which PostgreSQL it writes for, even to compare two files; this says: 18. */
const postgres18 = (): SqlMigrationAwareDriverAdapterFactory => {
  const adapter: SqlDriverAdapter = {
    provider: 'postgres',
    adapterName: 'postgresql-18',
    queryRaw: async () => ({
      columnNames: ['exists', 'version', 'numeric_version'],
      columnTypes: [ColumnTypeEnum.Boolean, ColumnTypeEnum.Text, ColumnTypeEnum.Int32],
      rows: [[true, 'PostgreSQL 18', 180000]],
    }),
    executeRaw: async () => 0,
    executeScript: async () => {},
    startTransaction: async () => {
      throw new Error('There is no database behind this.')
    },
    dispose: async () => {},
  }
  const connect = async () => adapter
  return { provider: 'postgres', adapterName: 'postgresql-18', connect, connectToShadowDb: connect }
}

/** The SQL that leads from one wording of the schema to the next; empty where nothing changes the database. */
export const difference = async (from: string | null, to: string): Promise<string> => {
  using engine = await open(postgres18())
  const datamodel = (content: string) => ({
    tag: 'schemaDatamodel' as const,
    files: [{ path: 'schema.prisma', content }],
  })
  const { stdout } = await engine.diff({
    from: from === null ? { tag: 'empty' } : datamodel(from),
    to: datamodel(to),
    script: true,
    exitCode: null,
    filters,
  })
  const sql = (stdout ?? '').trim()
  return sql.split('\n').every((line) => line.trim() === '' || line.startsWith('--')) ? '' : sql
}
