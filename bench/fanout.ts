import { mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbedded } from '../api/database/embedded.ts'
import { applyMigrations } from '../api/database/migrate.ts'
import { installPeers, type Side, type SideName, startSide, type Turn } from './fanout-sides.ts'
import type { Options } from './main.ts'
import type { Measure } from './measure.ts'

const WATCHERS = Number(process.env.WATCHERS ?? 10_000)
const all: SideName[] = ['bare-ws', 'floor', 'yoga', 'yoga-jit', 'apollo', 'mercurius']
const wanted = process.env.SIDES?.split(',')
const references = all.filter((name) => wanted?.includes(name) ?? true)
/** How often all take turns in one round. */
const TURNS = 4
const WARM_UP = 4

/** One patient is called, and ten thousand phones have to know: against the limits and the peers, all on this machine. */
export const run = async ({ rounds, say }: Options): Promise<Measure[]> => {
  installPeers(say)
  const dataDir = await mkdtemp(join(tmpdir(), 'anteroom-bench-'))
  const embedded = await startEmbedded({ dataDir, log: () => {} })
  const sides: Side[] = []
  try {
    await applyMigrations(embedded.url, () => {})
    for (const name of ['anteroom', ...references] as SideName[]) {
      const side = await startSide(name, WATCHERS, embedded.url)
      if (side) say(`${name}: ${WATCHERS} connected after ${(side.connectMs / 1000).toFixed(1)} s`)
      else say(`${name}: skipped, gcc is not installed`)
      if (side) sides.push(side)
    }
    for (const side of sides) await warmUp(side)
    const played = new Map<SideName, Turn[]>(sides.map(({ name }) => [name, []]))
    for (let round = 1; round <= rounds; round++) {
      for (let turn = 0; turn < TURNS; turn++)
        // Each goes first as often as last.
        for (const side of turn % 2 === 0 ? sides : sides.toReversed()) played.get(side.name)?.push(await side.turn())
      const [load = 0] = loadavg()
      say(`round ${round} of ${rounds}; the machine's load is ${load.toFixed(1)}`)
    }
    const weights = new Map<SideName, number>()
    for (const side of sides) weights.set(side.name, await side.weigh())
    return sides
      .slice(1)
      .flatMap(({ name }) => compare(name, played, weights))
      .concat(alone(played))
  } finally {
    for (const side of sides) side.stop()
    await embedded.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** Some peers are still busy with subscribing when all have been let in: turns count from when all are told. */
const warmUp = async (side: Side): Promise<void> => {
  for (let told = 0, tries = 0; told < WARM_UP; tries++)
    try {
      await side.turn()
      told++
    } catch (error) {
      if (tries >= 2 * WARM_UP) throw error
    }
}

type Played = ReadonlyMap<SideName, readonly Turn[]>

const compare = (reference: SideName, played: Played, weights: ReadonlyMap<SideName, number>): Measure[] => {
  const own = played.get('anteroom') ?? []
  const other = played.get(reference) ?? []
  const pairs = (value: (turn: Turn) => number) =>
    own.map((turn, index) => ({ subject: value(turn), reference: value(other[index] as Turn) }))
  const row = { subject: 'anteroom', reference, better: 'lower' } as const
  const megabytes = (name: SideName) => (weights.get(name) ?? Number.NaN) / 1e6
  return [
    { ...row, name: 'fanout.cpu', unit: 'µs a message', rounds: pairs(({ cpu }) => cpu / WATCHERS) },
    { ...row, name: 'fanout.last', unit: 'ms', rounds: pairs(({ lastMs }) => lastMs) },
    {
      ...row,
      name: 'fanout.memory',
      unit: 'MB',
      rounds: [{ subject: megabytes('anteroom'), reference: megabytes(reference) }],
    },
  ]
}

/** From the commit to the last delivery, against the telling alone. */
const alone = (played: Played): Measure => ({
  name: 'fanout.commit',
  subject: 'commit to last delivery',
  reference: 'first to last delivery',
  unit: 'ms',
  better: 'lower',
  rounds: (played.get('anteroom') ?? []).map(({ lastMs, spreadMs }) => ({ subject: lastMs, reference: spreadMs })),
})
