import type { Context, Deps } from '../context.ts'
import { transact } from '../database/transaction.ts'
import { Refusal } from '../errors.ts'
import { phoneNumberOf } from '../patient/phone.ts'
import { checkCode, spendCode } from './codes.ts'
import { demand } from './demand.ts'
import { demandPassword, demandTypedPassword, hashPassword, inTurn, matches } from './passwords.ts'
import { endSession, endSessions, type Holder, openTokens, renewTokens, rotateTokens, type Tokens } from './sessions.ts'
import { type Account, findPatientAccount, findUserAccount, loadViewer } from './store.ts'
import { accountKey, countGuess, demandNotBlocked, forgetGuesses, isLastGuess } from './throttle.ts'
import { toUsername, usernameProblem } from './username.ts'
import type { Viewer } from './viewer.ts'

/** Who logs in from where: a request that may have no viewer yet. */
export type Caller = Pick<Deps, 'config' | 'db' | 'bus' | 'trail'> & { ip: string }

/** What a log-in answers. */
export type OpenedSession = { accessToken: string; refreshToken: string | null; expiresAt: Date; viewer: Viewer }

const entityOf = (kind: Account['kind']): string => (kind === 'user' ? 'User' : 'Patient')

/** The guess is counted before it is looked at, and looked at only when it is this address's turn. */
const checkPassword = async (caller: Caller, account: Account, password: string): Promise<string> => {
  const key = accountKey(account.kind, account.name)
  await demandNotBlocked(caller.db, key)
  return inTurn(caller.ip, async () => {
    const failures = await countGuess(caller.db, key)
    const right = await matches(password, account.passwordHash, caller.config.bcryptCost)
    if (right && account.id) {
      await forgetGuesses(caller.db, key)
      return account.id
    }
    // What was typed as a name may be a password by mistake: only known accounts are named.
    caller.trail.record({
      action: 'session.failed',
      entity: entityOf(account.kind),
      entityId: account.id,
      clinicId: account.clinicId,
      detail: isLastGuess(failures) ? 'wrong password; the account is blocked for a while' : 'wrong password',
    })
    throw new Refusal('WRONG_CREDENTIALS')
  })
}

const holderOf = (kind: Account['kind'], id: string): Holder => (kind === 'user' ? { userId: id } : { patientId: id })

const logIn = async (caller: Caller, account: Account, password: string): Promise<Tokens> => {
  const id = await checkPassword(caller, account, password)
  const tokens = await openTokens(caller, holderOf(account.kind, id), account.passwordHash)
  caller.trail.record({
    action: 'session.opened',
    entity: entityOf(account.kind),
    entityId: id,
    clinicId: account.clinicId,
    ...(account.kind === 'user' ? { actorUserId: id } : { actorPatientId: id }),
  })
  return tokens
}

const nobody = (kind: Account['kind'], name: string): Account => ({
  kind,
  name,
  id: null,
  clinicId: null,
  passwordHash: null,
})

/** Tokens for a user by username and password. */
export const logInUser = async (caller: Caller, typed: string, password: string): Promise<Tokens> => {
  demandTypedPassword(password, 'input.password')
  const username = toUsername(typed)
  const account = usernameProblem(username) ? nobody('user', username) : await findUserAccount(caller.db, username)
  return logIn(caller, account, password)
}

/** Tokens for a patient by phone number and password. */
export const logInPatient = async (caller: Caller, typed: string, password: string): Promise<Tokens> => {
  demandTypedPassword(password, 'input.password')
  const phoneNumber = phoneNumberOf(typed, 'input.phoneNumber')
  return logIn(caller, await findPatientAccount(caller.db, phoneNumber), password)
}

/** From here on the request is the holder's; a browser keeps the refresh token where its scripts cannot read it. */
const answerWith = async (ctx: Context, tokens: Tokens): Promise<OpenedSession> => {
  const viewer = await loadViewer(ctx.db, tokens.sessionId)
  if (!viewer) throw new Refusal('UNAUTHENTICATED')
  ctx.viewer = viewer
  ctx.cookies?.set(tokens.refreshToken, tokens.sessionExpiresAt)
  ctx.cookies?.setAccess(tokens.accessToken)
  const refreshToken = ctx.cookies ? null : tokens.refreshToken
  return { accessToken: tokens.accessToken, refreshToken, expiresAt: tokens.expiresAt, viewer }
}

/** Opens a session for somebody who has just proved otherwise who they are, as by registering. */
export const openSession = async (ctx: Context, holder: Holder): Promise<OpenedSession> =>
  answerWith(ctx, await openTokens(ctx, holder))

export const loginPatient = async (
  ctx: Context,
  input: { phoneNumber: string; password: string },
): Promise<OpenedSession> => answerWith(ctx, await logInPatient(ctx, input.phoneNumber, input.password))

export const loginStaff = async (ctx: Context, input: { username: string; password: string }): Promise<OpenedSession> =>
  answerWith(ctx, await logInUser(ctx, input.username, input.password))

export const refreshSession = async (ctx: Context, given: string | null | undefined): Promise<OpenedSession> => {
  const refreshToken = given ?? ctx.cookies?.refreshToken
  if (!refreshToken)
    throw new Refusal('UNAUTHENTICATED', 'There is no refresh token, neither as argument nor as cookie.')
  try {
    return await answerWith(ctx, await rotateTokens(ctx, refreshToken))
  } catch (error) {
    if (error instanceof Refusal) ctx.cookies?.set(null)
    throw error
  }
}

/** Ends the session of this request, and the one whose refresh token the browser holds. Answers whether one was open. */
export const logout = async (ctx: Context): Promise<boolean> => {
  const { viewer, cookies } = ctx
  const ended = await endSession(ctx, {
    sessionId: viewer?.sessionId ?? null,
    refreshToken: cookies?.refreshToken ?? null,
  })
  cookies?.set(null)
  ctx.viewer = null
  if (viewer && ended)
    ctx.trail.record({
      action: 'session.ended',
      entity: entityOf(viewer.kind),
      entityId: viewer.kind === 'user' ? viewer.userId : viewer.patientId,
      clinicId: viewer.kind === 'user' ? viewer.clinicId : null,
      ...(viewer.kind === 'user' ? { actorUserId: viewer.userId } : { actorPatientId: viewer.patientId }),
    })
  return ended
}

const accountOf = async (ctx: Context, viewer: Viewer): Promise<Account> => {
  if (viewer.kind === 'user') {
    const user = await ctx.db.user.findUniqueOrThrow({ where: { id: viewer.userId } })
    return { kind: 'user', name: user.username, id: user.id, clinicId: user.clinicId, passwordHash: user.passwordHash }
  }
  const patient = await ctx.db.patient.findUniqueOrThrow({ where: { id: viewer.patientId } })
  const name = patient.phoneNumber ?? patient.id
  return { kind: 'patient', name, id: patient.id, clinicId: null, passwordHash: patient.passwordHash }
}

/** Refuses whoever sits before an open log-in and does not know its password; guesses count as at a log-in. */
export const demandOwnPassword = async (ctx: Context, viewer: Viewer, password: string): Promise<void> => {
  demandTypedPassword(password, 'password')
  await checkPassword(ctx, await accountOf(ctx, viewer), password)
}

/** Replaces the viewer's password: their other sessions end, this one goes on with new tokens. */
export const changePassword = async (ctx: Context, current: string, next: string): Promise<OpenedSession> => {
  const viewer = demand(ctx.viewer, 'session.own')
  if (!viewer) throw new Refusal('UNAUTHENTICATED')
  demandTypedPassword(current, 'current')
  demandPassword(next, 'new')
  const account = await accountOf(ctx, viewer)
  const id = await checkPassword(ctx, account, current)
  const passwordHash = await hashPassword(ctx, next, 'new')
  const { tokens } = await transact(
    ctx,
    async (db, sessionId) => ({ id: sessionId, tokens: await renewTokens(db, ctx.config, sessionId) }),
    async (work) => {
      const same = { where: { id, passwordHash: account.passwordHash as string }, data: { passwordHash } }
      const changed =
        viewer.kind === 'user' ? await work.tx.user.updateMany(same) : await work.tx.patient.updateMany(same)
      if (changed.count === 0) throw new Refusal('CONFLICT', 'The password was changed elsewhere meanwhile.')
      await endSessions(work, holderOf(viewer.kind, id), { reason: 'PASSWORD', except: viewer.sessionId })
      await work.audit({
        action: 'password.changed',
        entity: entityOf(viewer.kind),
        entityId: id,
        clinicId: account.clinicId,
      })
      return { id: viewer.sessionId, tokens: await renewTokens(work.tx, ctx.config, viewer.sessionId) }
    },
  )
  return answerWith(ctx, tokens)
}

/** A new password for who proves by a code that the number is theirs: all their sessions end, this new one begins. */
export const resetPassword = async (
  ctx: Context,
  input: { phoneNumber: string; code: string; newPassword: string },
): Promise<OpenedSession> => {
  demand(ctx.viewer, 'session.open')
  demandPassword(input.newPassword, 'newPassword')
  const phoneNumber = phoneNumberOf(input.phoneNumber, 'phoneNumber')
  const codeId = await checkCode(ctx, { phoneNumber, purpose: 'RESET_PASSWORD', code: input.code })
  const passwordHash = await hashPassword(ctx, input.newPassword, 'newPassword')
  const { id } = await transact(
    ctx,
    async (_db, patientId) => ({ id: patientId }),
    async (work) => {
      await spendCode(work.tx, codeId)
      const [patient] = await work.tx.$queryRaw<{ id: string }[]>`
        UPDATE patients SET password_hash = ${passwordHash}
        WHERE phone_number = ${phoneNumber} AND phone_verified AND password_hash IS NOT NULL AND merged_into_id IS NULL
        RETURNING id::text`
      // The number went elsewhere since the code was sent.
      if (!patient) throw new Refusal('WRONG_CODE')
      await work.tx.device.deleteMany({ where: { patientId: patient.id } })
      await endSessions(work, { patientId: patient.id }, { reason: 'RESET' })
      await work.audit({ action: 'password.reset', entity: 'Patient', entityId: patient.id, clinicId: null })
      return patient
    },
  )
  await forgetGuesses(ctx.db, accountKey('patient', phoneNumber))
  return openSession(ctx, { patientId: id })
}
