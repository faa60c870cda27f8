import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  type SelectionSetNode,
  valueFromASTUntyped,
} from 'graphql'

/** What a document asks for, its fragments at hand. */
export type Asked = {
  operation: OperationDefinitionNode
  fragments: ReadonlyMap<string, FragmentDefinitionNode>
}

const asked = new WeakMap<DocumentNode, Asked>()

export const askedOf = (document: DocumentNode): Asked => {
  const known = asked.get(document)
  if (known) return known
  const fragments = new Map<string, FragmentDefinitionNode>()
  let operation: OperationDefinitionNode | undefined
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node)
    if (node.kind === Kind.OPERATION_DEFINITION) operation ??= node
  }
  if (!operation) throw new TypeError('The document has no operation.')
  const made = { operation, fragments }
  asked.set(document, made)
  return made
}

/** The fields of a selection for an object of this type, those of fragments among them. */
export const fieldsOf = (
  set: SelectionSetNode,
  typename: string | undefined,
  { fragments }: Pick<Asked, 'fragments'>,
): FieldNode[] =>
  set.selections.flatMap((node): FieldNode[] => {
    if (node.kind === Kind.FIELD) return [node]
    const inner = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node
    if (!inner) return []
    const condition = inner.typeCondition?.name.value
    const fits = condition === undefined || typename === undefined || condition === typename || condition === 'Viewer'
    return fits ? fieldsOf(inner.selectionSet, typename, { fragments }) : []
  })

export const responseKey = (field: FieldNode): string => field.alias?.value ?? field.name.value

export const argumentsOf = (field: FieldNode, variables: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    (field.arguments ?? []).map(({ name, value }) => [name.value, valueFromASTUntyped(value, variables)]),
  )

const documents = new WeakMap<SelectionSetNode, DocumentNode>()

/** A selection as a query of its own, to read it at any object of the cache. */
export const queryOfSelection = (set: SelectionSetNode, { operation, fragments }: Asked): DocumentNode => {
  const known = documents.get(set)
  if (known) return known
  const query: OperationDefinitionNode = {
    kind: Kind.OPERATION_DEFINITION,
    operation: OperationTypeNode.QUERY,
    variableDefinitions: operation.variableDefinitions ?? [],
    selectionSet: set,
  }
  const made: DocumentNode = { kind: Kind.DOCUMENT, definitions: [query, ...fragments.values()] }
  documents.set(set, made)
  return made
}

/** Null for every field that a selection asks for and the object lacks. */
export const completed = (value: unknown, set: SelectionSetNode | undefined, from: Asked): unknown => {
  if (!set || value === null || value === undefined) return value ?? null
  if (Array.isArray(value)) return value.map((item) => completed(item, set, from))
  const object = value as Record<string, unknown>
  const whole: Record<string, unknown> = { ...object }
  for (const field of fieldsOf(set, object.__typename as string | undefined, from)) {
    const key = responseKey(field)
    whole[key] = completed(object[key], field.selectionSet, from)
  }
  return whole
}
