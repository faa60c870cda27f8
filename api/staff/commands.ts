import { demand, demandOn } from '../access/demand.ts'
import { hashPassword } from '../access/passwords.ts'
import { type EndReason, endSessions, touchSessions } from '../access/sessions.ts'
import { loadViewer } from '../access/store.ts'
import { demandUsername } from '../access/username.ts'
import { lockDoctorForChange, raiseQueues } from '../clinic/store.ts'
import type { Context } from '../context.ts'
import type { Tx } from '../database/client.ts'
import type { Role } from '../database/generated/enums.ts'
import { transact, type Work } from '../database/transaction.ts'
import { uuidOf, uuidv7 } from '../database/uuid.ts'
import { badInput, Refusal } from '../errors.ts'
import type { UserRow } from '../loaders.ts'
import { requiredLine } from '../text.ts'
import { type DoctorRecord, doctorRecordOf } from './doctor-record.ts'
import { leavesNoAdmin } from './last-admin.ts'
import { findUser, lockUser, otherAdmins } from './store.ts'

export type NewUser = {
  clinicId: string
  username: string
  name: string
  password: string
  role: Role
  serviceIds?: readonly string[] | null
}

export type UserChange = {
  name?: string | null
  role?: Role | null
  password?: string | null
  active?: boolean | null
  serviceIds?: readonly string[] | null
}

const subjectOf = (user: UserRow) => ({ clinicId: user.clinicId, userId: user.id })

const personName = (name: string): string => requiredLine(name, { field: 'input.name', max: 200 })

const ownServices = async (tx: Tx, clinicId: string, given: readonly string[] | null): Promise<string[] | null> => {
  if (!given) return null
  const ids = [...new Set(given.map((id) => uuidOf(id) ?? id))]
  const known = ids.every(uuidOf) ? await tx.service.count({ where: { clinicId, id: { in: ids } } }) : 0
  if (known !== ids.length) throw badInput('input.serviceIds', 'must name services of the clinic')
  return ids
}

const saveDoctor = async (work: Work, user: UserRow, record: DoctorRecord | null): Promise<void> => {
  const { tx } = work
  const existing = await tx.doctor.findUnique({ where: { userId: user.id }, include: { services: true } })
  const id = existing?.id ?? uuidv7()
  if (!existing && record)
    await tx.doctor.create({
      data: { id, userId: user.id, clinicId: user.clinicId, name: user.name, active: record.active },
    })
  if (existing) {
    const rests = record?.active === false
    const data = { name: user.name, ...(record && { active: record.active }), ...(rests && { onDuty: false }) }
    await tx.doctor.update({ where: { id }, data })
    if (existing.onDuty && (rests || record?.serviceIds))
      await raiseQueues(work, [...existing.services.map((link) => link.serviceId), ...(record?.serviceIds ?? [])])
  }
  if (!record?.serviceIds) return
  await tx.doctorService.deleteMany({ where: { doctorId: id, serviceId: { notIn: [...record.serviceIds] } } })
  await tx.doctorService.createMany({
    data: record.serviceIds.map((serviceId) => ({ doctorId: id, serviceId })),
    skipDuplicates: true,
  })
}

const forget = ({ loaders }: Context, user: UserRow): UserRow => {
  loaders.user.clear(user.id)
  loaders.doctorOfUser.clear(user.id)
  loaders.doctor.clearAll()
  loaders.doctorsOfClinic.clear(user.clinicId)
  return user
}

/** Adds a member of staff to the admin's own clinic, with a doctor's record where services are named or the role is DOCTOR. */
export const createUser = async (ctx: Context, input: NewUser): Promise<UserRow> => {
  demand(ctx.viewer, 'user.manage')
  const clinic = await ctx.loaders.clinic.load(input.clinicId)
  demandOn(ctx.viewer, 'user.manage', 'clinic', clinic, (row) => ({ clinicId: row.id }))
  const username = demandUsername(input.username, 'input.username')
  const name = personName(input.name)
  const passwordHash = await hashPassword(ctx, input.password, 'input.password')
  const created = await transact(ctx, findUser, async (work) => {
    const serviceIds = await ownServices(work.tx, clinic.id, input.serviceIds ?? null)
    const user = await work.tx.user.create({
      data: { id: uuidv7(), clinicId: clinic.id, username, name, role: input.role, passwordHash },
    })
    await saveDoctor(work, user, doctorRecordOf(null, { role: user.role, active: true, serviceIds }))
    await work.audit({
      action: 'user.created',
      entity: 'User',
      entityId: user.id,
      clinicId: user.clinicId,
      detail: `${username}, ${user.role}`,
    })
    return user
  })
  return forget(ctx, created)
}

const endReasonOf = (before: UserRow, after: UserRow): EndReason | null => {
  if (before.active && !after.active) return 'DEACTIVATED'
  if (before.passwordHash !== after.passwordHash) return 'PASSWORD'
  return before.role !== after.role ? 'ROLE' : null
}

const changesOf = (before: UserRow, after: UserRow, input: UserChange): string =>
  [
    before.name !== after.name && 'name',
    before.role !== after.role && `role ${before.role} → ${after.role}`,
    before.passwordHash !== after.passwordHash && 'password',
    before.active !== after.active && (after.active ? 'activated' : 'deactivated'),
    input.serviceIds && 'services',
  ]
    .filter(Boolean)
    .join(', ')

/** Changes a member of staff. Their sessions end with their password, their role or their log-in; the admin's own present one goes on. */
export const updateUser = async (ctx: Context, id: string, input: UserChange): Promise<UserRow> => {
  demand(ctx.viewer, 'user.manage')
  const seen = await ctx.loaders.user.load(id)
  demandOn(ctx.viewer, 'user.manage', 'user', seen, subjectOf)
  const viewer = ctx.viewer
  if (input.active === false && viewer?.kind === 'user' && viewer.userId === seen.id)
    throw new Refusal('CONFLICT', 'You cannot deactivate yourself; another admin of the clinic can.')
  const name = input.name == null ? null : personName(input.name)
  const passwordHash = input.password == null ? null : await hashPassword(ctx, input.password, 'input.password')
  const updated = await transact(ctx, findUser, async (work) => {
    const { tx } = work
    const before = await lockUser(tx, seen)
    const serviceIds = await ownServices(tx, before.clinicId, input.serviceIds ?? null)
    const standing = { role: input.role ?? before.role, active: input.active ?? before.active }
    if (leavesNoAdmin(before, standing, await otherAdmins(tx, before)))
      throw new Refusal('CONFLICT', "This is the clinic's last active admin; make another one first.")
    const existing = await tx.doctor.findUnique({ where: { userId: before.id } })
    if (existing) await lockDoctorForChange(tx, existing.id)
    const after = await tx.user.update({
      where: { id: before.id },
      data: { ...standing, ...(name !== null && { name }), ...(passwordHash !== null && { passwordHash }) },
    })
    await saveDoctor(work, after, doctorRecordOf(existing, { ...standing, serviceIds }))
    const reason = endReasonOf(before, after)
    if (reason) await endSessions(work, { userId: after.id }, { reason, except: viewer?.sessionId ?? null })
    await touchSessions(work, { userId: after.id })
    await work.audit({
      action: 'user.updated',
      entity: 'User',
      entityId: after.id,
      clinicId: after.clinicId,
      detail: changesOf(before, after, input),
    })
    return after
  })
  // What follows in the same request is done with the rights that are left.
  if (viewer?.kind === 'user' && viewer.userId === updated.id) ctx.viewer = await loadViewer(ctx.db, viewer.sessionId)
  return forget(ctx, updated)
}

/** Takes a user's log-in away: their sessions and sockets end, their doctor record rests and goes off duty. */
export const deactivateUser = (ctx: Context, id: string): Promise<UserRow> => updateUser(ctx, id, { active: false })
