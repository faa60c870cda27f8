import { asObject, builder, ever } from '../builder.ts'
import type { Context } from '../context.ts'
import { CodePurposeEnum } from '../enums.ts'
import { notFound } from '../errors.ts'
import type { PatientRow, UserRow } from '../loaders.ts'
import { PatientRef, UserRef } from '../refs.ts'
import { requestPhoneCode } from './codes.ts'
import {
  changePassword,
  loginPatient,
  loginStaff,
  logout,
  type OpenedSession,
  refreshSession,
  resetPassword,
} from './commands.ts'
import type { Viewer } from './viewer.ts'

/** Who asks, or who did something: a patient or a member of staff. */
export const ViewerRef = builder.unionType('Viewer', {
  description: 'Who is logged in: a patient or a member of staff.',
  types: [PatientRef, UserRef],
  resolveType: (row: PatientRow | UserRow) => ('username' in row ? UserRef : PatientRef),
})

const rowOf = async (ctx: Context, viewer: Viewer): Promise<PatientRow | UserRow> => {
  const row = await (viewer.kind === 'user'
    ? ctx.loaders.user.load(viewer.userId)
    : ctx.loaders.patient.load(viewer.patientId))
  if (!row) throw notFound('viewer')
  return row
}

export const SessionRef = builder.objectRef<OpenedSession>('Session').implement({
  description:
    'What a log-in gives: an access token for the header `Authorization: Bearer …`, and the way to the next one.',
  fields: (t) => ({
    accessToken: t.exposeString('accessToken', {
      description: 'Sent with each request, and in connection_init over WebSocket; good for 15 minutes.',
      authScopes: asObject,
    }),
    refreshToken: t.exposeString('refreshToken', {
      nullable: true,
      description:
        'Exchanged once for the next session; good for 30 days. Null where the browser holds it in an HttpOnly cookie.',
      authScopes: asObject,
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'When the access token expires.',
      authScopes: asObject,
      resolve: (session) => session.expiresAt,
    }),
    viewer: t.field({
      type: ViewerRef,
      description: 'Who has logged in.',
      authScopes: asObject,
      resolve: (session, _args, ctx) => rowOf(ctx, session.viewer),
    }),
  }),
})

const LoginPatientInput = builder.inputType('LoginPatientInput', {
  description: 'How a patient logs in.',
  fields: (t) => ({
    phoneNumber: t.string({ required: true, description: 'With + and the country code, as in +12025550100.' }),
    password: t.string({ required: true }),
  }),
})

const LoginStaffInput = builder.inputType('LoginStaffInput', {
  description: 'How a member of staff logs in.',
  fields: (t) => ({
    username: t.string({ required: true, description: 'In upper or lower case alike.' }),
    password: t.string({ required: true }),
  }),
})

builder.queryField('me', (t) =>
  t.field({
    type: ViewerRef,
    nullable: true,
    description: 'Who is logged in; null for nobody.',
    authScopes: ever('public.read'),
    resolve: (_root, _args, ctx) => (ctx.viewer ? rowOf(ctx, ctx.viewer) : null),
  }),
)

builder.mutationFields((t) => ({
  loginPatient: t.field({
    type: SessionRef,
    description:
      'Opens a session for a patient. WRONG_CREDENTIALS for known and unknown numbers alike; TOO_MANY_ATTEMPTS after 10 failures in 15 minutes.',
    args: { input: t.arg({ type: LoginPatientInput, required: true }) },
    authScopes: ever('session.open'),
    resolve: (_root, { input }, ctx) => loginPatient(ctx, input),
  }),
  loginStaff: t.field({
    type: SessionRef,
    description:
      'Opens a session for a member of staff. WRONG_CREDENTIALS for known and unknown names alike; TOO_MANY_ATTEMPTS after 10 failures in 15 minutes.',
    args: { input: t.arg({ type: LoginStaffInput, required: true }) },
    authScopes: ever('session.open'),
    resolve: (_root, { input }, ctx) => loginStaff(ctx, input),
  }),
  refreshSession: t.field({
    type: SessionRef,
    description:
      'Exchanges the refresh token for new tokens. Sent again within 60 seconds it answers the same refresh token; later it ends the session.',
    args: { refreshToken: t.arg.string({ description: 'Left out where the browser holds it in a cookie.' }) },
    authScopes: ever('session.open'),
    resolve: (_root, { refreshToken }, ctx) => refreshSession(ctx, refreshToken),
  }),
  logout: t.boolean({
    description: 'Ends this session and its sockets. False where none was open.',
    authScopes: ever('session.open'),
    resolve: (_root, _args, ctx) => logout(ctx),
  }),
  changePassword: t.field({
    type: SessionRef,
    description: "Replaces the viewer's password. Their other sessions end; this one goes on with new tokens.",
    args: {
      current: t.arg.string({ required: true }),
      new: t.arg.string({ required: true, description: 'At least 8 characters and at most 72 bytes in UTF-8.' }),
    },
    authScopes: ever('session.own'),
    resolve: (_root, args, ctx) => changePassword(ctx, args.current, args.new),
  }),
  requestPhoneCode: t.boolean({
    description:
      'Sends a code of six digits by SMS, good for 10 minutes and 5 tries: REGISTER to a number that is on a record, RESET_PASSWORD to one that is good for log-in, CONFIRM_NUMBER to the own one where others changed it. The answer is true in any case, whether the number is known or not.',
    args: {
      phoneNumber: t.arg.string({ required: true, description: 'With + and the country code, as in +12025550100.' }),
      purpose: t.arg({ type: CodePurposeEnum, required: true }),
    },
    authScopes: ever('session.open'),
    resolve: (_root, { phoneNumber, purpose }, ctx) => requestPhoneCode(ctx, phoneNumber, purpose),
  }),
  resetPassword: t.field({
    type: SessionRef,
    description:
      'A new password for a patient, with the code that requestPhoneCode sent for RESET_PASSWORD. Their other sessions end. WRONG_CODE counts as one of 5 tries.',
    args: {
      phoneNumber: t.arg.string({ required: true }),
      code: t.arg.string({ required: true }),
      newPassword: t.arg.string({
        required: true,
        description: 'At least 8 characters and at most 72 bytes in UTF-8.',
      }),
    },
    authScopes: ever('session.open'),
    resolve: (_root, args, ctx) => resetPassword(ctx, args),
  }),
}))
