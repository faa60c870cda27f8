import SchemaBuilder from '@pothos/core'
import ScopeAuth from '@pothos/plugin-scope-auth'
import Validation from '@pothos/plugin-validation'
import { GraphQLError, Kind } from 'graphql'
import { type Action, can, canEver, type Subject } from './access/can.ts'
import type { Context } from './context.ts'
import { Refusal } from './errors.ts'

export type Scalars = {
  ID: { Input: string; Output: string }
  /** An instant. */
  DateTime: { Input: Date; Output: Date }
  /** A calendar day as YYYY-MM-DD. */
  Date: { Input: string; Output: string | Date }
}

/** One builder; every domain's schema.ts adds its part to it. Fields are non-null unless they say so. */
export const builder = new SchemaBuilder<{
  Context: Context
  Scalars: Scalars
  AuthScopes: { never: boolean }
  DefaultFieldNullability: false
}>({
  plugins: [ScopeAuth, Validation],
  defaultFieldNullability: false,
  scopeAuth: {
    authScopes: () => ({ never: false }),
    unauthorizedError: (_parent, context) =>
      context.viewer ? new Refusal('FORBIDDEN') : new Refusal('UNAUTHENTICATED'),
  },
})

/** Every field states its right with one of these three; schema.ts refuses to build a field without one. */

/** The field may be read by whoever may read its object. */
export const asObject = () => true

/** The field or command is for viewers who play a part that may do this at all. */
export const ever = (action: Action) => (_parent: unknown, _args: unknown, context: Context) =>
  canEver(context.viewer, action)

/** The field is for viewers who may do this to its object. */
export const on =
  <Parent>(action: Action, subject: (parent: Parent) => Subject) =>
  (parent: Parent, _args: unknown, context: Context) =>
    can(context.viewer, action, subject(parent))

const DAY = /^\d{4}-\d{2}-\d{2}$/
const INSTANT = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([Zz]|[+-]\d{2}:?\d{2})$/

const parseDay = (value: unknown): string => {
  const day = typeof value === 'string' && DAY.test(value) ? new Date(`${value}T00:00:00Z`) : null
  if (!day || Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== value)
    throw new GraphQLError(`Date must be a calendar day as in 2026-11-22, not ${JSON.stringify(value)}.`)
  return value as string
}

const parseInstant = (value: unknown): Date => {
  const instant = typeof value === 'string' && INSTANT.test(value) ? new Date(value) : null
  if (!instant || Number.isNaN(instant.getTime()))
    throw new GraphQLError(
      `DateTime must be an instant with offset as in 2026-11-22T09:30:00Z, not ${JSON.stringify(value)}.`,
    )
  return instant
}

builder.scalarType('DateTime', {
  description: 'An instant in ISO 8601 with offset, as in 2026-11-22T09:30:00Z.',
  serialize: (value) => value.toISOString(),
  parseValue: parseInstant,
  parseLiteral: (node) => parseInstant(node.kind === Kind.STRING ? node.value : undefined),
})

builder.scalarType('Date', {
  description: "A calendar day in the clinic's own time zone, as in 2026-11-22.",
  serialize: (value) => (value instanceof Date ? value.toISOString().slice(0, 10) : value),
  parseValue: parseDay,
  parseLiteral: (node) => parseDay(node.kind === Kind.STRING ? node.value : undefined),
})

builder.queryType({ description: 'What can be asked.' })
builder.mutationType({
  description:
    'What can be done. A request may carry the header Idempotency-Key: repeated by the same caller within 24 hours it answers the first result and does nothing.',
})
builder.subscriptionType({ description: 'What can be watched: the present state at once, then each change of it.' })
