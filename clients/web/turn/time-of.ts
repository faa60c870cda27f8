/** The device's own clock and zone: that is what the reader compares it with. */
export const timeOf = (instant: number, language: string): string =>
  new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(instant)
