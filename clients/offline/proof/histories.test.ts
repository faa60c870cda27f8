import { expect, it } from 'vitest'
import { createTestDatabase } from '../../../api/test/database.ts'
import { testSeed } from '../../../api/test/random.ts'
import { type Api, startApi, startKillableApi } from './api.ts'
import { checkHistory } from './checks.ts'
import { type Played, playHistory } from './history.ts'
import { ordersAgree } from './orders.ts'

/** `npm run prove -- sync --histories N` or `--seed N`; `npm test` plays a slice. */
const isProof = process.env.PROVE === 'sync'
const option = (name: string): number | null => {
  const args = (process.env.PROVE_ARGS ?? '').split(' ')
  const at = args.indexOf(`--${name}`)
  return at < 0 ? null : Number(args[at + 1])
}
const seed = option('seed')
const ALL = isProof ? (option('histories') ?? (seed === null ? 1000 : 1)) : 50
/** This process plays one of several equal shares of them. */
const [share = 0, shares = 1] = (process.env.PROVE_SHARE ?? '0/1').split('/').map(Number)
const before = (some: number): number => Math.floor((ALL * some) / shares)
const HISTORIES = before(share + 1) - before(share)
const FIRST = (seed ?? testSeed() % 1e9) + before(share)
const AT_ONCE = 4

/**
 * Where a history is played, by its seed, so that one seed is one history: most share an API; of the others one in two has its own
 * API in this process, which can be put back to a backup, and one in two an API that is killed.
 */
const placeOf = (number: number): 'shared' | 'own' | 'killed' => {
  const place = number % 20
  return place === 7 ? 'killed' : place === 3 || place === 13 ? 'own' : 'shared'
}

type Total = Record<keyof Played['counts'] | 'histories' | 'devices' | 'excused' | 'sent', number>

const play = async (number: number, api: Api, total: Total): Promise<string[]> => {
  const trace: string[] = []
  let played: Awaited<ReturnType<typeof playHistory>> | null = null
  try {
    played = await playHistory({
      seed: number,
      api,
      // Small ones in `npm test`.
      ...(isProof ? {} : { steps: 25 + (number % 15) }),
      trace: (line) => trace.push(line),
    })
    const wrong = await checkHistory(played, api)
    if (played.random.chance(0.2)) wrong.push(...(await ordersAgree(api, played.scene, played.random)))
    for (const name of Object.keys(played.counts) as (keyof Played['counts'])[]) total[name] += played.counts[name]
    total.histories++
    total.devices += played.devices.length
    total.excused += played.excused.size
    total.sent += played.sent.size
    return wrong.map((line) => `seed ${number}: ${line}`)
  } catch (error) {
    return [`seed ${number}: ${error instanceof Error ? error.stack : error}`]
  } finally {
    if (HISTORIES === 1) console.log(trace.join('\n'))
    await played?.dispose()
  }
}

/** Plays these seeds on one API after the other has finished; a fresh database now and then keeps it quick. */
const playAll = async (
  numbers: readonly number[],
  start: () => Promise<{ api: Api; close: () => Promise<void> }>,
  atOnce: number,
  onDone: (number: number, wrong: string[]) => void,
  total: Total,
): Promise<void> => {
  const CHUNK = 400
  for (let from = 0; from < numbers.length; from += CHUNK) {
    const chunk = numbers.slice(from, from + CHUNK)
    const { api, close } = await start()
    const lane = async () => {
      for (let number = chunk.shift(); number !== undefined; number = chunk.shift())
        onDone(number, await play(number, api, total))
    }
    await Promise.all(Array.from({ length: Math.min(atOnce, chunk.length) }, lane))
    await close()
  }
}

const starting = (make: (database: Awaited<ReturnType<typeof createTestDatabase>>) => Promise<Api>) => async () => {
  const database = await createTestDatabase({ max: 2 })
  const api = await make(database)
  return {
    api,
    close: async () => {
      await api.close()
      await database.drop()
    },
  }
}

it(
  `${HISTORIES} histories of devices, faults and wrong clocks end well (from seed ${FIRST})`,
  async () => {
    const numbers = Array.from({ length: HISTORIES }, (_, i) => FIRST + i)
    const total: Total = {
      ...{ histories: 0, devices: 0, sent: 0, excused: 0 },
      ...{ steps: 0, acts: 0, rejectedActs: 0, crashes: 0, kills: 0, restores: 0, losses: 0 },
      ...{ wipes: 0, full: 0, days: 0 },
    }
    const wrong: string[] = []
    const started = Date.now()
    let done = 0
    const onDone = (_number: number, lines: string[]) => {
      wrong.push(...lines)
      for (const line of lines) console.error(line)
      if (++done % 100 === 0 || done === HISTORIES)
        console.log(
          `${done} histories, ${wrong.length} wrong, ${(done / ((Date.now() - started) / 1000)).toFixed(1)} a second: ${JSON.stringify(total)}`,
        )
    }
    const at = (place: ReturnType<typeof placeOf>) => numbers.filter((number) => placeOf(number) === place)
    await Promise.all([
      playAll(
        at('shared'),
        starting((database) => startApi(database)),
        AT_ONCE,
        onDone,
        total,
      ),
      (async () => {
        await playAll(
          at('own'),
          starting((database) => startApi(database, { isShared: false })),
          1,
          onDone,
          total,
        )
        await playAll(at('killed'), starting(startKillableApi), 1, onDone, total)
      })(),
    ])
    expect(wrong, 'replay one with: npm run prove -- sync --seed N').toEqual([])
    expect(total.histories).toBe(HISTORIES)
  },
  isProof ? 24 * 3_600_000 : 600_000,
)
