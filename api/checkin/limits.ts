import type { Limit } from '../access/throttle.ts'

/** Of whom tries are counted. A number has two counts, so that neither a hurry nor patience finds the birth date that belongs to it. */
export type Counted = 'network' | 'number' | 'numberInADay' | 'clinic'

/** Looks that found nothing, and tickets that were taken by number and birth date: both tell whether these belong together. */
export const OF_TRIES: Record<Counted, Limit> = {
  // A tablet is one address for everybody at the door.
  network: { most: 30, minutes: 15 },
  number: { most: 5, minutes: 15 },
  // At this pace all birth dates of a hundred years take five.
  numberInADay: { most: 20, minutes: 1440 },
  clinic: { most: 100, minutes: 15 },
}

/** Tickets without a booking, of each clinic and of each network. */
export const OF_TICKETS: Record<'network' | 'clinic', Limit> = {
  network: { most: 30, minutes: 15 },
  clinic: { most: 60, minutes: 15 },
}

/** What needs no guessing, a scanned code or a pass: bounded all the same, for each leaves something in the tables. */
export const OF_SCANS: Record<'network' | 'clinic', Limit> = {
  network: { most: 200, minutes: 15 },
  clinic: { most: 600, minutes: 15 },
}

/** New records with a number, to which messages go from then on. Beyond it there is still a ticket, but the number is not kept. */
export const OF_NEW_NUMBERS: Limit = { most: 20, minutes: 60 }
