import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  parse,
  type SelectionSetNode,
} from 'graphql'
import type { Plugin } from 'graphql-yoga'

/** What one document may ask for. Introspection as GraphiQL sends it stays well below. */
export const LIMITS = {
  characters: 100_000,
  tokens: 5_000,
  depth: 16,
  fields: 3_000,
  aliases: 60,
  directives: 30,
  rootFields: 60,
}

type Weight = { depth: number; fields: number; aliases: number; directives: number }

const tooComplex = (what: string): GraphQLError =>
  new GraphQLError(`The document ${what}.`, { extensions: { code: 'TOO_COMPLEX', http: { status: 400 } } })

/**
 * How deep a document is and how much it asks for, fragments spread out where they are used.
 * Each fragment is weighed once, so that many spreads of large fragments cost nothing here. Null where fragments go in circles.
 */
const weigh = (document: DocumentNode): (Weight & { rootFields: number }) | null => {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const node of document.definitions)
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node)
  const weighed = new Map<string, Weight | 'open'>()

  const ofFragment = (name: string): Weight | null => {
    const known = weighed.get(name)
    if (known === 'open') return null
    if (known) return known
    const fragment = fragments.get(name)
    if (!fragment) return { depth: 0, fields: 0, aliases: 0, directives: 0 }
    weighed.set(name, 'open')
    const weight = ofSelections(fragment.selectionSet)
    if (!weight) return null
    weighed.set(name, weight)
    return weight
  }

  const ofSelections = (set: SelectionSetNode): Weight | null => {
    const sum: Weight = { depth: 0, fields: 0, aliases: 0, directives: 0 }
    for (const node of set.selections) {
      sum.directives += node.directives?.length ?? 0
      const isField = node.kind === Kind.FIELD
      if (isField) {
        sum.fields++
        if (node.alias) sum.aliases++
      }
      const inner =
        node.kind === Kind.FRAGMENT_SPREAD
          ? ofFragment(node.name.value)
          : node.selectionSet
            ? ofSelections(node.selectionSet)
            : { depth: 0, fields: 0, aliases: 0, directives: 0 }
      if (!inner) return null
      sum.depth = Math.max(sum.depth, inner.depth + (isField ? 1 : 0))
      sum.fields += inner.fields
      sum.aliases += inner.aliases
      sum.directives += inner.directives
    }
    return sum
  }

  const total = { depth: 0, fields: 0, aliases: 0, directives: 0, rootFields: 0 }
  for (const node of document.definitions) {
    if (node.kind !== Kind.OPERATION_DEFINITION) continue
    const weight = ofSelections(node.selectionSet)
    if (!weight) return null
    total.depth = Math.max(total.depth, weight.depth)
    total.fields += weight.fields
    total.aliases += weight.aliases
    total.directives += weight.directives + (node.directives?.length ?? 0)
    total.rootFields = Math.max(total.rootFields, node.selectionSet.selections.length)
  }
  return total
}

/** The refusal of a document that asks for too much, or null. */
export const refuseTooComplex = (document: DocumentNode): GraphQLError | null => {
  const weight = weigh(document)
  if (!weight) return tooComplex('has fragments that go in circles')
  if (weight.depth > LIMITS.depth) return tooComplex(`is nested deeper than ${LIMITS.depth} fields`)
  if (weight.fields > LIMITS.fields) return tooComplex(`asks for more than ${LIMITS.fields} fields`)
  if (weight.aliases > LIMITS.aliases) return tooComplex(`has more than ${LIMITS.aliases} aliases`)
  if (weight.directives > LIMITS.directives) return tooComplex(`has more than ${LIMITS.directives} directives`)
  if (weight.rootFields > LIMITS.rootFields) return tooComplex(`has more than ${LIMITS.rootFields} root fields`)
  return null
}

/** Holds documents to the limits, over HTTP and WebSocket alike, before anything else looks at them. */
export const useLimits = (): Plugin => ({
  onParse: ({ params, setParseFn }) => {
    if (typeof params.source === 'string' && params.source.length > LIMITS.characters)
      throw tooComplex(`is longer than ${LIMITS.characters} characters`)
    setParseFn((source: string, options?: object) => parse(source, { ...options, maxTokens: LIMITS.tokens }))
    return ({ result }) => {
      if (!result || result instanceof Error) return
      const refusal = refuseTooComplex(result as DocumentNode)
      if (refusal) throw refusal
    }
  },
})
