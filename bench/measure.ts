/** One figure of a benchmark, measured in rounds in which subject and reference take turns. */
export type Measure = {
  /** As in `messages.book`; it never changes, so that runs can be compared. */
  name: string
  subject: string
  reference: string
  unit: string
  better: 'lower' | 'higher'
  rounds: readonly { subject: number; reference: number }[]
}

export type Result = {
  name: string
  subject: string
  reference: string
  /** Subject ÷ reference: the median of the rounds, and their range. */
  ratio: number
  low: number
  high: number
  better: 'lower' | 'higher'
  n: number
}

const round = (value: number): number => Math.round(value * 1000) / 1000

/** The value below which so much of a list lies (0 to 1), as one of its values. */
export const quantile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

export const resultOf = ({ name, subject, reference, better, rounds }: Measure): Result => {
  const ratios = rounds.map((each) => each.subject / each.reference)
  const [low, high] = [Math.min(...ratios), Math.max(...ratios)]
  return {
    name,
    subject,
    reference,
    ratio: round(median(ratios)),
    low: round(low),
    high: round(high),
    better,
    n: rounds.length,
  }
}

const line = (cells: readonly string[], widths: readonly number[]): string =>
  cells
    .map((cell, index) => (index === 0 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0)))
    .join('  ')

/** Side by side: medians of both, and the ratio with its range. */
export const tableOf = (measures: readonly Measure[]): string => {
  const cells = measures.map((measure) => {
    const { ratio, low, high } = resultOf(measure)
    const [subject, reference] = (['subject', 'reference'] as const).map((side) =>
      median(measure.rounds.map((each) => each[side])).toFixed(1),
    )
    return [
      measure.name,
      measure.unit,
      subject,
      reference,
      `${ratio.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`,
    ].map(String)
  })
  const head = ['', 'unit', measures[0]?.subject ?? '', measures[0]?.reference ?? '', 'ratio (range)']
  const rows = [head, ...cells]
  const widths = head.map((_, index) => Math.max(...rows.map((row) => (row[index] as string).length)))
  return rows.map((row) => line(row, widths)).join('\n')
}

/** A table for each subject and reference. */
export const tablesOf = (measures: readonly Measure[]): string =>
  [...Map.groupBy(measures, ({ subject, reference }) => `${subject} ÷ ${reference}`).values()].map(tableOf).join('\n\n')
