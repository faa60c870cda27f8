import type { QueueStatus } from '../database/generated/enums.ts'
import type { Language } from '../notification/texts.ts'
import type { PassedCause } from '../queue/history.ts'

/** The live position of a visit as JSON carries it: what `visit` and `visitUpdated` answer. */
export type ShownVisit = {
  ticket: string
  status: QueueStatus
  position: number | null
  ahead: number | null
  room: string | null
  estimate: { lowMinutes: number; highMinutes: number } | null
}

/**
 * What the page behind a link begins with. early: booked, not checked in yet. ended: nothing to see any more.
 * unknown: none of our links. away: the database does not answer just now.
 */
export type Shown = {
  state: 'visit' | 'early' | 'ended' | 'unknown' | 'away'
  visit: ShownVisit | null
  language: Language
  /** Nothing is sent about this visit any more. */
  isStopped: boolean
  /** Where the visit is, as everybody may read it; null where there is no visit to come. */
  clinic: { name: string; address: string | null; directions: string | null } | null
  /** Why somebody came before who waits, the last time that this happened; never who. */
  passed: PassedCause | null
}

/** A page with nothing of a visit on it. */
export const shownWithout = (state: 'ended' | 'unknown' | 'away', language: Language): Shown => ({
  state,
  visit: null,
  language,
  isStopped: false,
  clinic: null,
  passed: null,
})

/** The first of a browser's languages (the header Accept-Language) that there is. */
export const languageAsked = (header: string): Language =>
  header
    .split(',')
    .map((part) => part.trim().slice(0, 2).toLowerCase())
    .find((tag): tag is Language => tag === 'en' || tag === 'es') ?? 'en'
