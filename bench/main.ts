import { type Measure, resultOf, tablesOf } from './measure.ts'

export type Options = {
  /** How often subject and reference take turns. */
  rounds: number
  /** Told of the progress. */
  say: (line: string) => void
}

/** Each benchmark: what it shows, and where it is. */
const benchmarks: Record<
  string,
  { says: string; load: () => Promise<{ run: (options: Options) => Promise<Measure[]> }> }
> = {
  connect: { says: 'ten thousand phones come back at once', load: () => import('./connect.ts') },
  write: {
    says: 'patients called, walking in and checked in through GraphQL, against pgbench calling the same functions',
    load: () => import('./write.ts'),
  },
  grow: { says: 'a change of a queue of 10,000 against one of 10', load: () => import('./grow.ts') },
  fanout: {
    says: 'one call in a queue and ten thousand phones know, against bare sockets and other GraphQL servers',
    load: () => import('./fanout.ts'),
  },
  instances: {
    says: 'a call at one of three instances seen at another, and a change of which none was told',
    load: () => import('./instances.ts'),
  },
  sync: {
    says: '1,000 operations after an eight-hour outage: applied, and seen on the other screens',
    load: () => import('./sync.ts'),
  },
  board: {
    says: 'what a desk waits for in Chromium: an act saved, another desk seen, a reload, a start without a network',
    load: () => import('./board.ts'),
  },
  analytics: {
    says: 'the figures of a year of 500,000 visits, against the same by hand',
    load: () => import('./analytics.ts'),
  },
  reads: {
    says: 'a board of 500, a month of free slots, a search among 1,000,000, against bare HTTP with the same SQL',
    load: () => import('./reads.ts'),
  },
  turn: {
    says: 'from the link in a message to the place on the screen, on slow 3G',
    load: () => import('./turn.ts'),
  },
  messages: { says: 'nobody waits for a provider that takes 10 s to answer', load: () => import('./messages.ts') },
}

const args = process.argv.slice(2)
const isJson = args.includes('--json')
const roundsGiven = args.find((arg) => arg.startsWith('--rounds='))?.slice('--rounds='.length)
const rounds = Number(roundsGiven ?? 8)
const asked = args.filter((arg) => !arg.startsWith('--'))
const names = asked.includes('all') ? Object.keys(benchmarks) : asked
const isKnown = names.length > 0 && names.every((name) => name in benchmarks)

if (!isKnown || !Number.isInteger(rounds) || rounds < 1) {
  console.error('npm run bench -- NAME … [--rounds=8] [--json], where NAME is `all` or some of:')
  for (const [name, { says }] of Object.entries(benchmarks)) console.error(`  ${name}   ${says}`)
  process.exit(2)
}

for (const name of names) {
  const { says, load } = benchmarks[name] as (typeof benchmarks)[string]
  console.error(`${name}: ${says}`)
  const { run } = await load()
  const measures = await run({ rounds, say: (line) => console.error(`  ${line}`) })
  if (isJson) for (const measure of measures) console.log(JSON.stringify(resultOf(measure)))
  else console.log(`\n${tablesOf(measures)}\n`)
}
