/** A ticket as people read it: the service's letter and a number of at least three digits, as in G-014. */
export const ticketText = (letter: string, number: number): string => `${letter}-${String(number).padStart(3, '0')}`
