import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { createTestDatabase } from '../test/database.ts'
import { createRandom, testSeed } from '../test/random.ts'
import { hasRedis, startRedis } from '../test/redis.ts'
import { startFaults, startInstances } from './instances.ts'
import { chooseDay, parseRecording } from './recording.ts'
import { replayDay } from './replay.ts'
import { tableOf } from './table.ts'

/** `npm run prove -- instances` plays the whole day on both wires; `npm test` a slice on one of them, as the seed chooses. */
const isProof = process.env.PROVE === 'instances'
const SLICE = 24
const HEAL_MS = 5_000

const seed = testSeed()
const wires = ['LISTEN/NOTIFY', 'Redis'] as const
const played = isProof ? wires : hasRedis ? wires.filter((_, index) => index === seed % 2) : wires.slice(0, 1)

const endings: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end()
})

describe.each(played)('three instances, told by %s', (wire) => {
  it(`are killed and lose hints all day long, and the day is as right as on one (seed ${seed})`, async () => {
    const random = createRandom(seed)
    const database = await createTestDatabase({ max: 2 })
    endings.push(() => database.drop())
    const redis = wire === 'Redis' ? await startRedis() : null
    if (redis) endings.push(() => redis.stop())
    const instances = await startInstances({ databaseUrl: database.url, redis, count: 3 })
    endings.push(() => instances.close())
    const text = readFileSync(new URL('small-day.csv', import.meta.url), 'utf8')
    const day = chooseDay(parseRecording(text), null)
    const visits = isProof ? day.visits : day.visits.slice(0, SLICE)
    const harm: { faults?: ReturnType<typeof startFaults> } = {}
    endings.push(async () => harm.faults?.stop())
    const { report, setting } = await replayDay(
      instances.url,
      { ...day, visits, speed: isProof ? 60 : 120 },
      { preparing: () => {}, playing: () => {} },
      () => {
        harm.faults = startFaults(instances, { databaseUrl: database.url, redis }, random)
        return { healMs: HEAL_MS, calm: harm.faults.calm }
      },
    )
    await harm.faults?.stop()
    if (isProof) console.log(wire, tableOf(report, setting), harm.faults?.counts)
    expect(harm.faults?.failures).toEqual([])
    expect(report.isRight, `seed ${seed}\n${tableOf(report, setting)}`).toBe(true)
    expect(report).toMatchObject({ arrivals: visits.length, calls: visits.length })
    // Each kind of harm was done while the day was played.
    expect(harm.faults?.counts.kills).toBeGreaterThan(0)
    expect(harm.faults?.counts.lostHints).toBeGreaterThan(0)
    if (redis) expect(harm.faults?.counts.redisRestarts).toBeGreaterThan(0)
  }, 3_600_000)
})
