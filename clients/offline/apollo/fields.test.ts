import { readFileSync } from 'node:fs'
import {
  buildSchema,
  type GraphQLObjectType,
  getNamedType,
  isNonNullType,
  isObjectType,
  Kind,
  parse,
  type SelectionSetNode,
} from 'graphql'
import { describe, expect, it } from 'vitest'
import { askVersions } from './ask-versions.ts'
import { nullableFields, unversionedParents, versionedConnections, versionedFields, versionedTypes } from './fields.ts'

const schema = buildSchema(readFileSync(new URL('../../../schema.graphql', import.meta.url), 'utf8'))
const types = Object.values(schema.getTypeMap()).filter(
  (type): type is GraphQLObjectType => isObjectType(type) && !type.name.startsWith('__'),
)
const isVersioned = (name: string) => versionedTypes.some((type) => type === name)

describe('what the library knows of the schema', () => {
  it('is every type that has an id and a version', () => {
    const found = types
      .filter((type) => 'version' in type.getFields() && 'id' in type.getFields())
      .map(({ name }) => name)
    expect(found.toSorted()).toEqual([...versionedTypes].toSorted())
  })

  it('is every field that answers such a record, and no other of the same name', () => {
    const wrong = types
      .filter(({ name }) => !/Edge$|^(Display|ChangeSet)$/.test(name))
      .flatMap((type) =>
        Object.values(type.getFields()).map((field) => ({
          path: `${type.name}.${field.name}`,
          is: isVersioned(getNamedType(field.type).name),
          said: versionedFields.has(field.name) && !versionedConnections.has(field.name),
        })),
      )
      .filter(({ is, said }) => is !== said)
    expect(wrong).toEqual([])
    for (const name of ['display', 'displayUpdated']) expect(unversionedParents.has(name)).toBe(true)
  })

  it('is every connection of such records', () => {
    const found = types.flatMap((type) =>
      Object.values(type.getFields())
        .filter((field) => /^(QueueEntry|Appointment|Patient|Queue)Connection$/.test(getNamedType(field.type).name))
        .map(({ name }) => name),
    )
    expect(new Set(found)).toEqual(versionedConnections)
  })

  it('is every field of a record that may be null', () => {
    for (const [name, fields] of Object.entries(nullableFields)) {
      const type = schema.getType(name) as GraphQLObjectType
      const nullable = Object.values(type.getFields()).filter((field) => !isNonNullType(field.type))
      expect([...fields].toSorted()).toEqual(nullable.map((field) => field.name).toSorted())
    }
  })
})

const asksFor = (set: SelectionSetNode): string =>
  set.selections
    .map((node) => {
      if (node.kind === Kind.FRAGMENT_SPREAD) return `...${node.name.value}`
      if (node.kind === Kind.INLINE_FRAGMENT) return `...{ ${asksFor(node.selectionSet)} }`
      return node.selectionSet ? `${node.name.value} { ${asksFor(node.selectionSet)} }` : node.name.value
    })
    .join(' ')

describe('asking for versions', () => {
  const table: [string, string][] = [
    ['{ queue { waiting { ticket } } }', 'queue { waiting { ticket id version } id version }'],
    ['{ display { waiting { ticket } } }', 'display { waiting { ticket } }'],
    ['{ patients { edges { node { name } } } }', 'patients { edges { node { name id version } } }'],
    ['{ users { edges { node { name } } } }', 'users { edges { node { name } } }'],
    ['{ me { ... on Patient { name } } }', 'me { ...{ name id version } }'],
    ['{ queueEntry { id version status } }', 'queueEntry { id version status }'],
  ]
  it.each(table)('%s', (document, expected) => {
    const [node] = askVersions(parse(document)).definitions
    expect(node?.kind === Kind.OPERATION_DEFINITION && asksFor(node.selectionSet)).toBe(expected)
  })
})
