import { type GraphQLField, type GraphQLNamedType, getNamedType, isLeafType, isObjectType, isUnionType } from 'graphql'
import { schema } from '../schema.ts'
import { type Asker, type Owned, type Relation, relationOf } from './rights-scene.ts'

type Field = GraphQLField<unknown, unknown>

/** What an answer may look like, as the letters of the rights table. */
const letters: Record<string, string> = { FORBIDDEN: 'F', UNAUTHENTICATED: 'U', NOT_FOUND: 'N', CONFLICT: 'C' }

type GraphqlErrors = readonly {
  message: string
  path?: readonly (string | number)[]
  extensions?: { code?: unknown }
}[]
export type Answer = { data?: any; errors?: GraphqlErrors | undefined }

export const letterOf = (error: GraphqlErrors[number]): string =>
  letters[String(error.extensions?.code)] ?? `${String(error.extensions?.code)}: ${error.message}`

/** What was seen of each field by each viewer: `Type.field` → viewer → relation → letters, each with a place where it was seen. */
export class Findings {
  readonly seen = new Map<string, Map<string, string>>()
  /** Type → viewer → names of the records that came into sight. */
  readonly met = new Map<string, Map<string, Set<string>>>()

  see(field: string, viewer: string, relation: Relation, letter: string, where: string): void {
    const key = `${viewer} ${relation} ${field}`
    const found = this.seen.get(key) ?? new Map<string, string>()
    if (!found.has(letter)) found.set(letter, where)
    this.seen.set(key, found)
  }

  meet(type: string, viewer: string, name: string): void {
    const viewers = this.met.get(type) ?? new Map<string, Set<string>>()
    viewers.set(viewer, (viewers.get(viewer) ?? new Set()).add(name))
    this.met.set(type, viewers)
  }

  lettersOf(field: string, viewer: string, relation: Relation): ReadonlyMap<string, string> {
    return this.seen.get(`${viewer} ${relation} ${field}`) ?? new Map()
  }
}

/** These everybody may read: behind records of people only the fields on them are asked for, not all that hangs on them. */
const open = new Set(['Clinic', 'Service', 'Doctor'])
const isWrapping = (type: string) => /(Connection|Edge)$/.test(type)

const brief = (type: GraphQLNamedType): string => {
  const id = isObjectType(type) ? ['id', 'entryId'].find((name) => type.getFields()[name]) : undefined
  return `{ __typename ${id ?? ''} }`
}

/** Every field of a type, and of what lies behind it as many steps on; where the steps end, whether something is there. */
export const selectionOf = (type: GraphQLNamedType, steps: number, trail: readonly string[] = []): string => {
  if (isLeafType(type)) return ''
  if (isUnionType(type))
    return `{ __typename ${type
      .getTypes()
      .map((one) => `... on ${one.name} ${selectionOf(one, steps, trail)}`)
      .join(' ')} }`
  if (!isObjectType(type)) throw new Error(`unexpected ${type.name}`)
  const isFar = (next: GraphQLNamedType): boolean =>
    steps < (isWrapping(next.name) ? 0 : 1) ||
    trail.filter((name) => name === next.name).length > 1 ||
    (open.has(type.name) && open.has(next.name) && trail.some((name) => !open.has(name)))
  const parts = Object.values(type.getFields()).map((field) => {
    const next = getNamedType(field.type)
    if (isLeafType(next)) return field.name
    if (isFar(next)) return `${field.name} ${brief(next)}`
    return `${field.name} ${selectionOf(next, isWrapping(next.name) ? steps : steps - 1, [...trail, type.name])}`
  })
  return `{ __typename ${parts.join(' ')} }`
}

/** One root field with these arguments, as a document with variables. */
export const documentOf = (
  root: 'query' | 'mutation' | 'subscription',
  field: Field,
  args: object,
  selection: string,
): string => {
  const given = field.args.filter((arg) => arg.name in args)
  const head = given.map((arg) => `$${arg.name}: ${arg.type}`).join(', ')
  const call = given.map((arg) => `${arg.name}: $${arg.name}`).join(', ')
  return `${root}${head && `(${head})`} { ${field.name}${call && `(${call})`} ${selection} }`
}

export const rootFields = (root: 'Query' | 'Mutation' | 'Subscription'): Record<string, Field> =>
  (schema.getType(root) as { getFields: () => Record<string, Field> }).getFields()

const isObject = (value: unknown): value is Record<string, unknown> & { __typename: string } =>
  typeof value === 'object' && value !== null && '__typename' in value

const isEmpty = (value: unknown): boolean =>
  value === null || value === undefined || (Array.isArray(value) && value.length === 0)

/**
 * Reads an answer from the root down and notes what became of every field. Objects without an identity of their own
 * stand to the viewer as what they belong to. An error anywhere but at a field that is null for it fails: the rest is intact.
 */
export const noteAnswer = (
  findings: Findings,
  {
    viewer,
    asker,
    records,
  }: { viewer: string; asker: Asker; records: ReadonlyMap<string, ReadonlyMap<string, Owned>> },
  { root, field, relation }: { root: string; field: string; relation: Relation },
  answer: Answer,
): void => {
  const errors = new Map((answer.errors ?? []).map((error) => [(error.path ?? []).join('.'), letterOf(error)]))
  const explained = new Set<string>()

  const see = (type: string, name: string, value: unknown, relation: Relation, path: string): void => {
    const error = errors.get(path)
    if (error) explained.add(path)
    const letter = error ?? (isEmpty(value) ? '0' : 'r')
    if (error && !isEmpty(value)) throw new Error(`${path} has a value and an error`)
    findings.see(`${type}.${name}`, viewer, relation, letter, `${root}.${path}`)
    for (const [item, at] of Array.isArray(value)
      ? value.map((item, i) => [item, `${path}.${i}`] as const)
      : [[value, path] as const])
      if (isObject(item)) enter(item, relation, at)
  }

  const enter = (object: Record<string, unknown> & { __typename: string }, parent: Relation, path: string): void => {
    const { __typename: type, ...fields } = object
    const known = records.get(type)
    const id = (fields.id ?? fields.entryId) as string | undefined
    const record = known && id ? known.get(id) : undefined
    if (known && id && !record) throw new Error(`${path}: a ${type} that the scene does not know`)
    if (record) findings.meet(type, viewer, record.name)
    const relation = record ? relationOf(asker, record) : parent
    for (const [name, value] of Object.entries(fields)) see(type, name, value, relation, `${path}.${name}`)
  }

  const refusedAsAWhole = errors.get('')
  if (refusedAsAWhole) findings.see(`${root}.${field}`, viewer, relation, refusedAsAWhole, root)
  else see(root, field, answer.data?.[field], relation, field)
  const unexplained = [...errors.keys()].filter((path) => path !== '' && !explained.has(path))
  if (unexplained.length > 0)
    throw new Error(`${viewer}, ${field}: errors beside the fields that are null for them: ${unexplained.join(', ')}`)
}
