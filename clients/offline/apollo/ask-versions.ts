import { type DocumentNode, type FieldNode, Kind, type SelectionSetNode } from 'graphql'
import { unversionedParents, versionedConnections, versionedFields, versionedTypes } from './fields.ts'

const field = (name: string): FieldNode => ({ kind: Kind.FIELD, name: { kind: Kind.NAME, value: name } })

const withFields = (set: SelectionSetNode): SelectionSetNode => {
  const present = new Set(
    set.selections.map((node) => (node.kind === Kind.FIELD ? (node.alias ?? node.name).value : '')),
  )
  const missing = ['id', 'version'].filter((name) => !present.has(name)).map(field)
  return missing.length === 0 ? set : { ...set, selections: [...set.selections, ...missing] }
}

const inSelections = (set: SelectionSetNode, parents: readonly string[]): SelectionSetNode => ({
  ...set,
  selections: set.selections.map((node) => {
    if (node.kind === Kind.FRAGMENT_SPREAD) return node
    if (node.kind === Kind.INLINE_FRAGMENT) {
      const inner = inSelections(node.selectionSet, parents)
      const isVersioned = versionedTypes.some((type) => type === node.typeCondition?.name.value)
      return { ...node, selectionSet: isVersioned ? withFields(inner) : inner }
    }
    if (!node.selectionSet) return node
    const name = node.name.value
    const inner = inSelections(node.selectionSet, [...parents, name])
    const isNode = name === 'node' && parents.at(-1) === 'edges' && versionedConnections.has(parents.at(-2) ?? '')
    const isVersioned = isNode || (versionedFields.has(name) && !unversionedParents.has(parents.at(-1) ?? ''))
    return { ...node, selectionSet: isVersioned ? withFields(inner) : inner }
  }),
})

/** Asks for id and version wherever a document asks for a record, so that answers can be told apart by age. */
export const askVersions = (document: DocumentNode): DocumentNode => ({
  ...document,
  definitions: document.definitions.map((node) => {
    if (node.kind === Kind.OPERATION_DEFINITION) return { ...node, selectionSet: inSelections(node.selectionSet, []) }
    if (node.kind !== Kind.FRAGMENT_DEFINITION) return node
    const type = node.typeCondition.name.value
    const inner = inSelections(node.selectionSet, type === 'Display' ? ['display'] : [])
    const isVersioned = versionedTypes.some((versioned) => versioned === type)
    return { ...node, selectionSet: isVersioned ? withFields(inner) : inner }
  }),
})
