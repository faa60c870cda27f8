import { type Page, type PageArgs, page } from '../connection.ts'
import type { Db, Tx } from '../database/client.ts'
import type { UserRow } from '../loaders.ts'

/** A clinic's staff, in the order in which they were added. */
export const usersOf = (db: Db, clinicId: string, args: PageArgs): Promise<Page<UserRow>> =>
  page<UserRow>(
    args,
    (user) => [user.id],
    1,
    (after, take) =>
      db.user.findMany({
        where: { clinicId, ...(after && { id: { gt: after[0] as string } }) },
        orderBy: { id: 'asc' },
        take,
      }),
  )

export const findUser = (db: Db, id: string): Promise<UserRow | null> => db.user.findUnique({ where: { id } })

/** Locks the clinic, so that two admins cannot take each other's place at once, then the user; answers the user as they are now. */
export const lockUser = async (tx: Tx, user: UserRow): Promise<UserRow> => {
  await tx.$queryRaw`SELECT id FROM clinics WHERE id = ${user.clinicId}::uuid FOR NO KEY UPDATE`
  await tx.$queryRaw`SELECT id FROM users WHERE id = ${user.id}::uuid FOR NO KEY UPDATE`
  return tx.user.findUniqueOrThrow({ where: { id: user.id } })
}

/** How many active admins the clinic has beside this user. */
export const otherAdmins = (tx: Tx, user: UserRow): Promise<number> =>
  tx.user.count({ where: { clinicId: user.clinicId, role: 'ADMIN', active: true, id: { not: user.id } } })
