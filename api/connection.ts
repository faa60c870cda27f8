import { asObject, builder } from './builder.ts'
import { uuidOf } from './database/uuid.ts'
import { badInput } from './errors.ts'

export type PageArgs = { first?: number | null; after?: string | null }

export type Page<Row> = {
  edges: { node: Row; cursor: string }[]
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null }
}

const CURSOR_RULE = 'must be a cursor from an earlier answer of this same list'

const encode = (keys: readonly string[]): string => Buffer.from(JSON.stringify(keys)).toString('base64url')

const decode = (cursor: string, parts: number): string[] => {
  let keys: unknown
  try {
    keys = JSON.parse(Buffer.from(cursor, 'base64url').toString())
  } catch {
    keys = null
  }
  if (
    !Array.isArray(keys) ||
    keys.length !== parts ||
    keys.some((key) => typeof key !== 'string') ||
    !uuidOf(keys.at(-1))
  )
    throw badInput('after', CURSOR_RULE)
  return keys as string[]
}

/** A part of a cursor that is an instant. */
export const instantKey = (key: string | undefined): Date => {
  const instant = new Date(key ?? '')
  if (Number.isNaN(instant.getTime())) throw badInput('after', CURSOR_RULE)
  return instant
}

/** The page size: 50 unless told, at most 200. */
const pageSize = (first: number | null | undefined): number => {
  if (first == null) return 50
  if (first < 1 || first > 200) throw badInput('first', 'must be from 1 to 200')
  return first
}

/**
 * One page of a list in a fixed order. `keyOf` gives a row's place as strings ending in its id;
 * `load(after, take)` reads `take` rows behind that place.
 */
export const page = async <Row>(
  args: PageArgs,
  keyOf: (row: Row) => readonly string[],
  parts: number,
  load: (after: string[] | null, take: number) => Promise<Row[]>,
): Promise<Page<Row>> => {
  const size = pageSize(args.first)
  const after = args.after == null ? null : decode(args.after, parts)
  const rows = await load(after, size + 1)
  const edges = rows.slice(0, size).map((node) => ({ node, cursor: encode(keyOf(node)) }))
  return {
    edges,
    pageInfo: {
      hasNextPage: rows.length > size,
      hasPreviousPage: after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  }
}

const PageInfoRef = builder.objectRef<Page<unknown>['pageInfo']>('PageInfo').implement({
  description: 'Where a page stands in its list.',
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage', { authScopes: asObject }),
    hasPreviousPage: t.exposeBoolean('hasPreviousPage', { authScopes: asObject }),
    startCursor: t.exposeString('startCursor', { nullable: true, authScopes: asObject }),
    endCursor: t.exposeString('endCursor', { nullable: true, authScopes: asObject }),
  }),
})

/** The connection and edge types of one row type: PatientConnection, PatientEdge. */
export const connectionOf = <Row>(
  name: string,
  node: ReturnType<ReturnType<typeof builder.objectRef<Row>>['implement']>,
) => {
  const Edge = builder.objectRef<Page<Row>['edges'][number]>(`${name}Edge`).implement({
    fields: (t) => ({
      node: t.field({ type: node, authScopes: asObject, resolve: (edge) => edge.node as never }),
      cursor: t.exposeString('cursor', { authScopes: asObject }),
    }),
  })
  return builder.objectRef<Page<Row>>(`${name}Connection`).implement({
    fields: (t) => ({
      edges: t.field({ type: [Edge], authScopes: asObject, resolve: (connection) => connection.edges }),
      pageInfo: t.field({ type: PageInfoRef, authScopes: asObject, resolve: (connection) => connection.pageInfo }),
    }),
  })
}
