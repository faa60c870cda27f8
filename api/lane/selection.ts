import {
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLOutputType,
  GraphQLSkipDirective,
  getDirectiveValues,
  isEnumType,
  isLeafType,
  isNonNullType,
  isObjectType,
  isScalarType,
  Kind,
  type SelectionSetNode,
  type ValidatedSubscriptionArgs,
} from 'graphql'
import { asBytes } from './outlets.ts'

/**
 * Writes one event as the JSON that graphql-js would answer, a character for each byte; throws `Unplain` where only graphql-js knows
 * the answer.
 */
export type Writer = (event: unknown) => string

/** The value is not what the writer was made for: an error, a promise, something to be coerced. */
export class Unplain extends Error {}

type WriteValue = (value: unknown) => string

type PothosOptions = { pothosExposedField?: string; pothosOptions?: { authScopes?: unknown } }

/** The directives that a writer obeys when it is made; documents with others are left to graphql-js. */
const obeyed = new Set([GraphQLSkipDirective.name, GraphQLIncludeDirective.name])

/** What stands in JSON as it is. */
const PLAIN = /^[ !#-[\]-~]*$/

const writeText = (value: unknown): string => {
  if (typeof value !== 'string') throw new Unplain()
  return PLAIN.test(value) ? `"${value}"` : asBytes(JSON.stringify(value))
}

const MOST_INT = 2 ** 31

const writeInt = (value: unknown): string => {
  if (!Number.isInteger(value) || (value as number) >= MOST_INT || (value as number) < -MOST_INT) throw new Unplain()
  // As in JSON, 0 has no sign.
  return `${value}`
}

const writeFlag = (value: unknown): string => {
  if (typeof value !== 'boolean') throw new Unplain()
  return value ? 'true' : 'false'
}

const writers: Record<string, WriteValue> = { String: writeText, ID: writeText, Int: writeInt, Boolean: writeFlag }

/** Remembers the last value: what many subscribers are told about one event is written once. */
const remembering = (write: WriteValue): WriteValue => {
  let last: unknown
  let text: string | null = null
  return (value) => {
    if (text === null || value !== last) {
      text = write(value)
      last = value
    }
    return text
  }
}

const leafWriter = (type: GraphQLOutputType): WriteValue | null => {
  if (isScalarType(type)) {
    const known = writers[type.name]
    if (known) return known
  }
  if (!isLeafType(type)) return null
  return remembering((value) => {
    if (value === null || (!isEnumType(type) && typeof value !== 'object')) throw new Unplain()
    try {
      const written = JSON.stringify(type.coerceOutputValue(value))
      if (written !== undefined) return asBytes(written)
    } catch {
      // graphql-js says what is wrong, and where.
    }
    throw new Unplain()
  })
}

type Asked = { validated: ValidatedSubscriptionArgs; openToAll: unknown }

const isAsked = (node: { directives?: readonly unknown[] }, { validated }: Asked): boolean => {
  const values = validated.variableValues
  const directed = node as Parameters<typeof getDirectiveValues>[1]
  if (getDirectiveValues(GraphQLSkipDirective, directed, values)?.if === true) return false
  return getDirectiveValues(GraphQLIncludeDirective, directed, values)?.if !== false
}

/** Groups the fields of selection sets on one object type by response name, as graphql-js does. Null where they do not fit. */
const collect = (
  type: GraphQLObjectType,
  sets: readonly SelectionSetNode[],
  asked: Asked,
): Map<string, FieldNode[]> | null => {
  const { fragmentDefinitions } = asked.validated
  const groups = new Map<string, FieldNode[]>()
  const seen = new Set<string>()
  const visit = (set: SelectionSetNode): boolean =>
    set.selections.every((node) => {
      if (node.directives?.some(({ name }) => !obeyed.has(name.value))) return false
      if (!isAsked(node, asked)) return true
      if (node.kind === Kind.FIELD) {
        const name = node.alias?.value ?? node.name.value
        const group = groups.get(name)
        if (group) group.push(node)
        else groups.set(name, [node])
        return true
      }
      let fragment: Pick<FragmentDefinitionNode, 'selectionSet' | 'typeCondition'> = node as never
      if (node.kind === Kind.FRAGMENT_SPREAD) {
        if (seen.has(node.name.value)) return true
        seen.add(node.name.value)
        const definition = fragmentDefinitions[node.name.value]
        if (!definition || definition.variableDefinitions?.length) return false
        fragment = definition
      }
      // Object types know no sub-types: another condition than their own name never holds here.
      if (fragment.typeCondition && fragment.typeCondition.name.value !== type.name) return false
      return visit(fragment.selectionSet)
    })
  return sets.every(visit) ? groups : null
}

const objectWriter = (type: GraphQLObjectType, sets: readonly SelectionSetNode[], asked: Asked): WriteValue | null => {
  if (type.isTypeOf || (type.extensions as PothosOptions).pothosOptions?.authScopes) return null
  const groups = collect(type, sets, asked)
  if (!groups) return null
  const fields: Field[] = []
  let text = '{'
  let comma = ''
  for (const [responseName, nodes] of groups) {
    const name = nodes[0]?.name.value ?? ''
    text += `${comma}${JSON.stringify(responseName)}:`
    comma = ','
    if (name === '__typename') {
      text += JSON.stringify(type.name)
      continue
    }
    const field = type.getFields()[name]
    const { pothosExposedField, pothosOptions } = (field?.extensions ?? {}) as PothosOptions
    // Only what is read off the object as it is, by whoever may read the object.
    if (!field || !pothosExposedField || pothosOptions?.authScopes !== asked.openToAll) return null
    if (field.args.length > 0) return null
    const write = valueWriter(field.type, nodes, asked)
    if (!write) return null
    fields.push({ before: text, name: pothosExposedField, write, mayLack: !isNonNullType(field.type) })
    text = ''
  }
  return join(fields, `${text}}`)
}

type Field = { before: string; name: string; write: WriteValue; mayLack: boolean }

const demandObject = (value: unknown): void => {
  if (typeof value !== 'object' || value === null || value instanceof Error) throw new Unplain()
}

/**
 * Writes the fields of an object one after the other. The function is made of a text, so that the engine knows the name of each
 * property that it reads: by one loop for all selections it takes three times as long. Nothing but names and texts that the
 * schema and a valid document allow stands in it, each as a literal.
 */
const join = (fields: readonly Field[], after: string): WriteValue => {
  const literal = (text: string) => JSON.stringify(text)
  const parts = fields.map(({ before, name, mayLack }, i) => {
    const value = `value[${literal(name)}]`
    return `${literal(before)} + ${mayLack ? `(${value} == null ? 'null' : write${i}(${value}))` : `write${i}(${value})`}`
  })
  const body = `return (value) => { demandObject(value); return ${[...parts, literal(after)].join(' + ')} }`
  const make = new Function('demandObject', ...fields.map((_, i) => `write${i}`), body)
  return make(demandObject, ...fields.map(({ write }) => write))
}

/** Writes a value that is there; where it may be missing, that is seen to before. */
const valueWriter = (type: GraphQLOutputType, nodes: readonly FieldNode[], asked: Asked): WriteValue | null => {
  const inner = isNonNullType(type) ? type.ofType : type
  return isObjectType(inner)
    ? objectWriter(
        inner,
        nodes.flatMap(({ selectionSet }) => selectionSet ?? []),
        asked,
      )
    : leafWriter(inner)
}

/**
 * Makes the writer of a subscription's events from its selection set, once for each document and set of variables.
 * Null where an event has more to it than values read off objects that are open to whoever may have the event.
 */
export const compileSelection = (validated: ValidatedSubscriptionArgs, openToAll: unknown): Writer | null => {
  const { schema, operation } = validated
  const root = schema.getSubscriptionType()
  if (!root || operation.directives?.length) return null
  const asked = { validated, openToAll }
  const groups = collect(root, [operation.selectionSet], asked)
  const [only, more] = groups ? [...groups] : []
  if (!only || more) return null
  const [responseName, nodes] = only
  const field = root.getFields()[nodes[0]?.name.value ?? '']
  const write = field && valueWriter(field.type, nodes, asked)
  if (!write) return null
  const opening = `{"data":{${JSON.stringify(responseName)}:`
  const mayLack = !isNonNullType(field.type)
  return (event) => `${opening}${mayLack && (event === null || event === undefined) ? 'null' : write(event)}}}`
}
