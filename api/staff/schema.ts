import { can } from '../access/can.ts'
import { asObject, builder, ever, on } from '../builder.ts'
import { connectionOf } from '../connection.ts'
import { RoleEnum } from '../enums.ts'
import { notFound } from '../errors.ts'
import type { UserRow } from '../loaders.ts'
import { ClinicRef, DoctorRef, UserRef } from '../refs.ts'
import { createUser, deactivateUser, updateUser } from './commands.ts'
import { usersOf } from './store.ts'

const readable = on<UserRow>('user.read', (user) => ({ clinicId: user.clinicId, userId: user.id }))

UserRef.implement({
  description: 'A member of staff.',
  fields: (t) => ({
    id: t.exposeID('id', { authScopes: asObject }),
    username: t.exposeString('username', {
      nullable: true,
      description: 'What they log in with, in lower case; for admins of the clinic and the user themself.',
      authScopes: readable,
    }),
    name: t.exposeString('name', { authScopes: asObject }),
    role: t.field({ type: RoleEnum, authScopes: asObject, resolve: (user) => user.role }),
    active: t.exposeBoolean('active', {
      nullable: true,
      description: 'False where they may not log in; for admins of the clinic and the user themself.',
      authScopes: readable,
    }),
    clinic: t.field({
      type: ClinicRef,
      authScopes: asObject,
      resolve: async (user, _args, ctx) => {
        const clinic = await ctx.loaders.clinic.load(user.clinicId)
        if (!clinic) throw notFound('clinic')
        return clinic
      },
    }),
    doctor: t.field({
      type: DoctorRef,
      nullable: true,
      description: "A user with a doctor's record has a doctor's rights beside those of the role.",
      authScopes: asObject,
      resolve: (user, _args, ctx) => ctx.loaders.doctorOfUser.load(user.id),
    }),
  }),
})

const UserConnection = connectionOf<UserRow>('User', UserRef)

builder.queryField('users', (t) =>
  t.field({
    type: UserConnection,
    nullable: true,
    description: "The clinic's staff, deactivated ones too, in the order in which they were added; for its admins.",
    args: {
      clinicId: t.arg.id({ required: true }),
      first: t.arg.int({ description: 'How many: 50 unless told, at most 200.' }),
      after: t.arg.string({ description: 'The cursor behind which to go on.' }),
    },
    authScopes: (_root, args, ctx) => can(ctx.viewer, 'user.manage', { clinicId: args.clinicId }),
    resolve: (_root, { clinicId, ...args }, ctx) => usersOf(ctx.db, clinicId, args),
  }),
)

const CreateUserInput = builder.inputType('CreateUserInput', {
  description: "A new member of staff. With serviceIds the user also gets a doctor's record for those services.",
  fields: (t) => ({
    clinicId: t.id({ required: true }),
    username: t.string({
      required: true,
      description:
        '3 to 40 characters: letters a to z, digits, dot, underscore or hyphen. Upper and lower case are alike. Unique over all clinics.',
    }),
    name: t.string({ required: true, description: '1 to 200 characters.' }),
    password: t.string({ required: true, description: 'At least 8 characters and at most 72 bytes in UTF-8.' }),
    role: t.field({ type: RoleEnum, required: true }),
    serviceIds: t.idList({
      description: "Services of the clinic. A user of role DOCTOR gets a doctor's record even without any.",
    }),
  }),
})

const UpdateUserInput = builder.inputType('UpdateUserInput', {
  description: 'What is to change; fields that are left out or null stay as they are.',
  fields: (t) => ({
    name: t.string({ description: "1 to 200 characters; a doctor's name follows it." }),
    role: t.field({ type: RoleEnum, description: "Another role ends the user's sessions. A doctor's record stays." }),
    password: t.string({
      description: "At least 8 characters and at most 72 bytes in UTF-8; a new one ends the user's sessions.",
    }),
    active: t.boolean({ description: 'False ends their sessions and puts the doctor record to rest.' }),
    serviceIds: t.idList({
      description:
        'The services of their doctor record, which it makes or revives. An empty list puts the record to rest.',
    }),
  }),
})

builder.mutationFields((t) => ({
  createUser: t.field({
    type: UserRef,
    description: "Adds a member of staff to the admin's own clinic.",
    args: { input: t.arg({ type: CreateUserInput, required: true }) },
    authScopes: ever('user.manage'),
    resolve: (_root, { input }, ctx) => createUser(ctx, input),
  }),
  updateUser: t.field({
    type: UserRef,
    description: 'Changes a member of staff. CONFLICT where the clinic would be left without an active admin.',
    args: { id: t.arg.id({ required: true }), input: t.arg({ type: UpdateUserInput, required: true }) },
    authScopes: ever('user.manage'),
    resolve: (_root, { id, input }, ctx) => updateUser(ctx, id, input),
  }),
  deactivateUser: t.field({
    type: UserRef,
    description: 'Takes the log-in away: sessions and sockets end, the doctor record rests and goes off duty.',
    args: { id: t.arg.id({ required: true }) },
    authScopes: ever('user.manage'),
    resolve: (_root, { id }, ctx) => deactivateUser(ctx, id),
  }),
}))
