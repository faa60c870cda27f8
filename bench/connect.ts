import { mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbedded } from '../api/database/embedded.ts'
import { applyMigrations } from '../api/database/migrate.ts'
import { installPeers, type SideName, startSide } from './fanout-sides.ts'
import type { Options } from './main.ts'
import type { Measure } from './measure.ts'

const WATCHERS = Number(process.env.WATCHERS ?? 10_000)
/** Whoever connects anew needs a new process each time; this is slow, so there are fewer rounds. */
const SHARE = 2
const references: SideName[] = ['bare-ws', 'apollo']

/** Ten thousand phones come back: log-in by token, subscription and first answer, against a bare upgrade of as many sockets. */
export const run = async ({ rounds, say }: Options): Promise<Measure[]> => {
  installPeers(say)
  const names: SideName[] = ['anteroom', ...references]
  const played = new Map<SideName, { ms: number; cpu: number }[]>(names.map((name) => [name, []]))
  const dataDir = await mkdtemp(join(tmpdir(), 'anteroom-bench-'))
  const embedded = await startEmbedded({ dataDir, log: () => {} })
  try {
    await applyMigrations(embedded.url, () => {})
    const count = Math.max(1, Math.ceil(rounds / SHARE))
    for (let round = 1; round <= count; round++) {
      for (const name of round % 2 === 1 ? names : names.toReversed()) {
        const side = await startSide(name, WATCHERS, embedded.url)
        if (!side) continue
        played.get(name)?.push({ ms: side.connectMs, cpu: side.connectCpu })
        side.stop()
      }
      const [load = 0] = loadavg()
      say(`round ${round} of ${count}; the machine's load is ${load.toFixed(1)}`)
    }
  } finally {
    await embedded.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
  return references.flatMap((reference): Measure[] => {
    const row = { subject: 'anteroom', reference, better: 'lower' } as const
    const pairs = (value: (turn: { ms: number; cpu: number }) => number) =>
      (played.get('anteroom') ?? []).map((turn, index) => ({
        subject: value(turn),
        reference: value(played.get(reference)?.[index] ?? { ms: Number.NaN, cpu: Number.NaN }),
      }))
    return [
      { ...row, name: 'connect.cpu', unit: 'µs a phone', rounds: pairs(({ cpu }) => cpu / WATCHERS) },
      { ...row, name: 'connect.last', unit: 'ms', rounds: pairs(({ ms }) => ms) },
    ]
  })
}
