import { instantKey } from '../connection.ts'
import type { Db } from '../database/client.ts'
import type { Prisma } from '../database/generated/client.ts'
import type { NotificationModel } from '../database/generated/models.ts'

/** Messages, newest first, behind a place in that order. */
export const listNotifications = (
  db: Db,
  { where, after, take }: { where: Prisma.NotificationWhereInput; after: string[] | null; take: number },
): Promise<NotificationModel[]> => {
  const createdAt = after && instantKey(after[0])
  const behind = createdAt
    ? { OR: [{ createdAt: { lt: createdAt } }, { createdAt, id: { lt: after[1] as string } }] }
    : {}
  return db.notification.findMany({
    where: { AND: [where, behind] },
    orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
    take,
  })
}

export const placeOfNotification = ({ createdAt, id }: NotificationModel): [string, string] => [
  createdAt.toISOString(),
  id,
]
