import type { RowFragment, Urgency } from '../generated/graphql.ts'

const ranks: Record<Urgency, number> = { EMERGENCY: 0, URGENT: 1, ROUTINE: 2 }

type Waiting = Pick<RowFragment, 'id' | 'urgency' | 'dueAt' | 'doctor' | 'service'>

/** Who this doctor may call, each queue in its own order: those not bound to somebody else. */
const callable = <W extends Waiting>(line: readonly W[], doctorId: string): W[] =>
  line.filter(({ doctor }) => !doctor || doctor.id === doctorId)

/** The next patients of a doctor over all of their queues: each queue keeps its order, and between queues urgency and due time decide. */
export const nextOf = <W extends Waiting>(lines: readonly (readonly W[])[], doctorId: string, count: number): W[] => {
  const rests = lines.map((line) => callable(line, doctorId))
  const next: W[] = []
  while (next.length < count) {
    const first = rests
      .filter((rest) => rest.length > 0)
      .sort(([a], [b]) =>
        a && b ? ranks[a.urgency] - ranks[b.urgency] || Date.parse(a.dueAt) - Date.parse(b.dueAt) : 0,
      )[0]
    const entry = first?.shift()
    if (!entry) break
    next.push(entry)
  }
  return next
}

/** The one right thing to do now, by the state of the present patient. */
export const mainAct = (
  present: Pick<RowFragment, 'status'> | null,
  isSomebodyWaiting: boolean,
): 'callNext' | 'start' | 'servedAndNext' | 'served' | null => {
  if (!present) return isSomebodyWaiting ? 'callNext' : null
  if (present.status === 'CALLED') return 'start'
  return isSomebodyWaiting ? 'servedAndNext' : 'served'
}

/** The middle one; null of none. */
export const median = (values: readonly number[]): number | null => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? null
}
