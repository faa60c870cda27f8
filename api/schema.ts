import {
  type GraphQLArgument,
  type GraphQLField,
  GraphQLID,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql'
import './access/schema.ts'
import './account/schema.ts'
import './analytics/schema.ts'
import './appointment/schema.ts'
import './audit/schema.ts'
import './background/schema.ts'
import './changes/schema.ts'
import './checkin/schema.ts'
import './clinic/schema.ts'
import './notification/schema.ts'
import './patient/schema.ts'
import './queue/schema.ts'
import './rota/schema.ts'
import './staff/schema.ts'
import './sync/schema.ts'
import './visit/schema.ts'
import { asObject, builder } from './builder.ts'
import type { Context } from './context.ts'
import { badInput, Refusal } from './errors.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Each of these is refused by itself: one wrong id must not hold up what else a device brings. */
const JUDGED_ONE_BY_ONE = 'input.operations'

/** Refuses ids that are no UUIDs, by the path at which they stand, before they reach the database. */
const demandUuids = (type: GraphQLInputType, value: unknown, path: string): void => {
  if (value === null || value === undefined || path === JUDGED_ONE_BY_ONE) return
  if (isNonNullType(type)) demandUuids(type.ofType, value, path)
  else if (isListType(type)) {
    for (const [index, item] of (value as unknown[]).entries()) demandUuids(type.ofType, item, `${path}.${index}`)
  } else if (isInputObjectType(type)) demandAll(Object.values(type.getFields()), value as Record<string, unknown>, path)
  else if (type === GraphQLID && !UUID.test(value as string)) throw badInput(path, `${path} must be a UUID.`)
}

const demandAll = (
  fields: readonly (GraphQLArgument | GraphQLInputField)[],
  values: Record<string, unknown>,
  path?: string,
): void => {
  for (const field of fields) demandUuids(field.type, values[field.name], path ? `${path}.${field.name}` : field.name)
}

/** Who comes with an expired token may still get a new one. */
const openToStale = new Set([
  'refreshSession',
  'loginPatient',
  'loginStaff',
  'registerPatient',
  'requestPhoneCode',
  'resetPassword',
  'logout',
])

type Root = 'query' | 'mutation' | 'subscription'

/** Reads of these are for everybody or about the viewer alone, and are not noted in the audit log. */
const unnoted = new Set([
  'me',
  'clinics',
  'clinic',
  'availableSlots',
  'display',
  'queuePosition',
  'visit',
  'queue',
  'queueEntry',
  // Nobody's record.
  'messagePreview',
  // A first load is noted by itself; what follows are the same records again.
  'changes',
])

const note = (
  root: Root,
  field: GraphQLField<unknown, Context>,
  args: Record<string, unknown>,
  ctx: Context,
  refused: string | null,
): void => {
  const { name } = field
  if (refused === null && (root !== 'query' || unnoted.has(name) || ctx.viewer?.kind !== 'user')) return
  const verb = refused === 'FORBIDDEN' || refused === 'UNAUTHENTICATED' ? 'denied' : refused ? 'refused' : 'read'
  const input = args.input as Record<string, unknown> | undefined
  const id = args.id ?? args.entryId ?? args.appointmentId ?? args.entityId ?? args.patientId ?? input?.id
  ctx.trail.record({
    action: `${verb}.${name}`,
    entity: getNamedType(field.type).name,
    entityId: typeof id === 'string' && UUID.test(id) ? id : null,
    clinicId: ctx.viewer?.kind === 'user' ? ctx.viewer.clinicId : null,
    actorUserId: ctx.viewer?.kind === 'user' ? ctx.viewer.userId : null,
    actorPatientId: ctx.viewer?.kind === 'patient' ? ctx.viewer.patientId : null,
    detail: refused,
  })
}

/** Every root field: ids checked first, refusals and staff's reads noted in the audit log. */
const guardRoot = (root: Root, field: GraphQLField<unknown, Context>): void => {
  const inner = (root === 'subscription' ? field.subscribe : field.resolve) as NonNullable<typeof field.resolve>
  const guarded: typeof inner = async (parent, args, ctx, info) => {
    try {
      if (ctx.hasStaleToken && !openToStale.has(field.name))
        throw new Refusal('UNAUTHENTICATED', 'The access token is not valid (any more); log in or refresh the session.')
      demandAll(field.args, args)
      const result = await inner(parent, args, ctx, info)
      note(root, field, args, ctx, null)
      return result
    } catch (error) {
      if (error instanceof Refusal) note(root, field, args, ctx, error.code)
      throw error
    }
  }
  if (root === 'subscription') field.subscribe = guarded
  else field.resolve = guarded
}

/** A field without a stated right would be open to all: the schema is refused as a whole. */
const demandRights = (schema: GraphQLSchema): void => {
  const open = Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type) && !type.name.startsWith('__')
      ? Object.values(type.getFields()).flatMap((field) => {
          const options = field.extensions.pothosOptions as { authScopes?: unknown } | undefined
          return options?.authScopes ? [] : [`${type.name}.${field.name}`]
        })
      : [],
  )
  if (open.length > 0) throw new Error(`These fields do not say who may read them: ${open.join(', ')}`)
}

/**
 * Whoever may read an object may read these of its fields. So there is nothing to ask, and of the thousands of values on a board
 * nothing is asked: each is read as its resolver says, without the steps around it. Whole types have no rights of their own.
 */
const openPlain = (schema: GraphQLSchema): void => {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue
    const { authScopes } = type.extensions.pothosOptions as { authScopes?: unknown }
    if (authScopes) throw new Error(`${type.name} has rights of its own; say who may read each of its fields.`)
    for (const field of Object.values(type.getFields())) {
      const { pothosOptions, pothosOriginalResolve } = field.extensions as {
        pothosOptions: { authScopes: unknown }
        pothosOriginalResolve?: NonNullable<typeof field.resolve>
      }
      if (pothosOptions.authScopes === asObject && field.args.length === 0 && pothosOriginalResolve)
        field.resolve = pothosOriginalResolve
    }
  }
}

const build = (): GraphQLSchema => {
  const schema = builder.toSchema()
  demandRights(schema)
  openPlain(schema)
  for (const [root, type] of [
    ['query', schema.getQueryType()],
    ['mutation', schema.getMutationType()],
    ['subscription', schema.getSubscriptionType()],
  ] as const)
    for (const field of Object.values(type?.getFields() ?? {})) guardRoot(root, field as GraphQLField<unknown, Context>)
  return schema
}

export const schema = build()
