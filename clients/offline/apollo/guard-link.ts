import { type ApolloCache, ApolloLink } from '@apollo/client'
import { type DocumentNode, type FieldNode, Kind, type SelectionSetNode, visit } from 'graphql'
import { map } from 'rxjs'
import type { EntryRecord } from '../model.ts'
import { type VersionedType, versionedTypes } from './fields.ts'
import type { Local } from './local.ts'
import { type Asked, askedOf, fieldsOf, queryOfSelection, responseKey } from './selection.ts'

type Data = Record<string, unknown>

const isVersioned = (object: Data): object is Data & { __typename: VersionedType; id: string; version: number } =>
  versionedTypes.some((type) => type === object.__typename) &&
  typeof object.id === 'string' &&
  typeof object.version === 'number'

/** The lists of a queue and the states that stand in them. */
const lists: Record<string, readonly EntryRecord['status'][]> = {
  waiting: ['WAITING'],
  serving: ['CALLED', 'IN_SERVICE'],
  onHold: ['ON_HOLD'],
}

const noteView = (local: Local, queue: Data): void => {
  const statuses = new Set<string>()
  const versions = new Map<string, number>()
  for (const [name, inside] of Object.entries(lists)) {
    const entries = queue[name]
    if (!Array.isArray(entries)) continue
    for (const status of inside) statuses.add(status)
    for (const entry of entries as Data[]) versions.set(String(entry.id), Number(entry.version ?? 0))
  }
  if (statuses.size > 0) local.sawView(String(queue.id), { statuses, versions })
}

/** Where a screen keeps a queue out of the cache (`createLines`), a subscription says so in its context. */
export const OUT_OF_CACHE = { isOutOfCache: true }

const plain = new WeakMap<DocumentNode, DocumentNode>()

/** Only the cache needs the names of types, and of hundreds of visits they are a fifth of what comes. */
const withoutTypenames = (document: DocumentNode): DocumentNode => {
  const known = plain.get(document)
  if (known) return known
  const made = visit(document, {
    [Kind.FIELD]: (node) => (node.name.value === '__typename' && !node.alias ? null : undefined),
  })
  plain.set(document, made)
  return made
}

/**
 * Looks at every answer, from whichever way it came: where the device knows a newer version of a record, what it knows of it
 * takes the place of what came, so that an answer that was long on its way overwrites nothing.
 */
export const createGuardLink = (cache: ApolloCache, localOf: () => Local | null): ApolloLink => {
  const guard = (
    local: Local,
    value: unknown,
    sets: readonly SelectionSetNode[],
    asked: Asked,
    vars: Data,
  ): unknown => {
    if (value === null || typeof value !== 'object') return value
    if (Array.isArray(value)) return value.map((item) => guard(local, item, sets, asked, vars))
    const object = value as Data
    const typename = object.__typename as string | undefined
    const known = isVersioned(object) ? local.version(object.__typename, object.id) : undefined
    const isStale = known !== undefined && known > Number(object.version)
    const fresh = isStale
      ? Object.assign(
          {},
          ...sets.map(
            (set) =>
              cache.diff<Data>({
                query: queryOfSelection(set, asked),
                variables: vars,
                id: `${typename}:${object.id}`,
                optimistic: false,
                returnPartialData: true,
              }).result,
          ),
        )
      : null
    const fields = new Map<string, FieldNode[]>()
    for (const set of sets)
      for (const field of fieldsOf(set, typename, asked)) {
        const key = responseKey(field)
        fields.set(key, [...(fields.get(key) ?? []), field])
      }
    const made: Data = { ...object }
    for (const [key, nodes] of fields) {
      if (fresh && fresh[key] !== undefined) made[key] = fresh[key]
      else if (key in object) {
        const inner = nodes.flatMap(({ selectionSet }) => selectionSet ?? [])
        if (inner.length > 0) made[key] = guard(local, object[key], inner, asked, vars)
      }
    }
    if (isVersioned(made) && !isStale) {
      local.sawVersion(made.__typename, made.id, made.version)
      if (made.__typename === 'Queue') noteView(local, made)
    }
    return made
  }

  return new ApolloLink((operation, forward) => {
    const { isOutOfCache } = operation.getContext()
    if (isOutOfCache) operation.query = withoutTypenames(operation.query)
    return forward(operation).pipe(
      map((result) => {
        const local = localOf()
        const data = 'data' in result ? result.data : null
        if (!local || !data) return result
        for (const value of Object.values(data)) {
          const asOf = (value as { asOf?: unknown } | null)?.asOf
          if (operation.operationType === 'subscription' && typeof asOf === 'string') local.sawTime(asOf)
        }
        if (isOutOfCache) return result
        const asked = askedOf(operation.query)
        return {
          ...result,
          data: guard(local, data, [asked.operation.selectionSet], asked, operation.variables) as Data,
        }
      }),
    )
  })
}
