import { notFound, Refusal } from '../errors.ts'
import { type Action, can, canEver, type Subject } from './can.ts'
import type { Viewer } from './viewer.ts'

/** Refuses unless this viewer plays a part that may do this at all. */
export const demand = (viewer: Viewer | null, action: Action): Viewer | null => {
  if (canEver(viewer, action)) return viewer
  throw viewer ? new Refusal('FORBIDDEN') : new Refusal('UNAUTHENTICATED')
}

/** Refuses unless this viewer may do this to this record; one that they may not see is as if it were missing. */
export function demandOn<Row>(
  viewer: Viewer | null,
  action: Action,
  what: string,
  row: Row | null | undefined,
  subject: (row: Row) => Subject,
): asserts row is Row {
  demand(viewer, action)
  if (row == null || !can(viewer, action, subject(row))) throw notFound(what)
}
