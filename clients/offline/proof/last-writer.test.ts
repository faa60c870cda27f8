import { expect, it } from 'vitest'
import { compareWriteKeys, writeKey } from '../../../api/sync/merge.ts'
import { stampOf } from '../../../api/sync/stamp.ts'
import { testSeed } from '../../../api/test/random.ts'
import { ageBetween, type Moment } from '../clock.ts'
import { createChance, type Random } from './chance.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** A desk's device as they are: its quartz is off by up to 100 ppm, its wall clock by whatever; at times it is started anew, or its clock is set. */
const writeOf = (random: Random, at: number, id: string) => {
  const drift = 1 + random.between(-1e-4, 1e-4)
  const offline = random.chance(0.5) ? random.between(0, 8 * HOUR) : random.between(0, 10 * MINUTE)
  const sent = at + offline
  const offset = random.chance(0.1) ? random.between(-24, 24) * HOUR : random.between(-2, 2) * MINUTE
  const wasStartedAnew = random.chance(0.1)
  const clockWasSet = random.chance(0.02)
  const then: Moment = { wall: at + offset, mono: (at - 1e9) * drift, bootId: 'a' }
  const now: Moment = wasStartedAnew
    ? { wall: sent + (clockWasSet ? 0 : offset) + offline * (drift - 1), mono: 60_000, bootId: 'b' }
    : { wall: sent, mono: (sent - 1e9) * drift, bootId: 'a' }
  // A slow network delays the server's reading of an age that was true when it was sent.
  const arrives = sent + 20 + random.next() * random.next() * 3 * SECOND
  return {
    at,
    key: writeKey({ id, isStaff: true, stamp: stampOf(arrives * 1000, ageBetween(then, now), 0), seenStamp: 0 }),
  }
}

it('the desk that wrote last keeps its word in at least 95 of 100 conflicts, however late the writes come', () => {
  const seed = testSeed()
  const random = createChance(seed)
  const conflicts = 20_000
  let kept = 0
  for (let i = 0; i < conflicts; i++) {
    const base = 1.7e12
    // Conflicts are mostly of the same minutes: two desks that hear of the same change.
    const spread = random.weighted([
      [2, MINUTE],
      [4, 15 * MINUTE],
      [4, 4 * HOUR],
    ])
    const writes = Array.from({ length: 2 + random.int(3) }, () =>
      writeOf(random, base + random.next() * spread, random.uuid()),
    )
    const winner = writes.reduce((best, write) => (compareWriteKeys(write.key, best.key) > 0 ? write : best))
    if (writes.every(({ at }) => at <= winner.at)) kept++
  }
  console.log(
    `the truly last of ${conflicts} simulated staff conflicts won in ${((100 * kept) / conflicts).toFixed(1)} % (seed ${seed})`,
  )
  expect(kept / conflicts, `seed ${seed}`).toBeGreaterThanOrEqual(0.95)
})
