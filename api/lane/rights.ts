import { type GraphQLObjectType, getNamedType, isObjectType } from 'graphql'
import type { Viewer } from '../access/viewer.ts'

const reached = new WeakMap<GraphQLObjectType, Set<string>>()

/** The names of all object types that an answer of this type may contain. */
const typesIn = (type: GraphQLObjectType): Set<string> => {
  const known = reached.get(type)
  if (known) return known
  const names = new Set<string>()
  const visit = (next: GraphQLObjectType): void => {
    if (names.has(next.name)) return
    names.add(next.name)
    for (const field of Object.values(next.getFields())) {
      const inner = getNamedType(field.type)
      if (isObjectType(inner)) visit(inner)
      else names.add(inner.name)
    }
  }
  visit(type)
  reached.set(type, names)
  return names
}

/** These tell a user their own from others'; where none is in an answer, it does not matter who the user is, but what they may do. */
const personal = ['User', 'Viewer', 'Session']

/** Two viewers with the same key may see the same of an answer of this type. */
export const rightsKey = (viewer: Viewer | null, type: GraphQLObjectType | null): string => {
  if (!viewer) return 'nobody'
  const { sessionId: _, ...rights } = viewer
  const isPersonal = !type || personal.some((name) => typesIn(type).has(name))
  return JSON.stringify(rights.kind === 'user' && !isPersonal ? { ...rights, userId: null } : rights)
}
