import { createRandom } from '../../../api/test/random.ts'

/** A seeded source of chance with what histories need of it. */
export const createChance = (seed: number) => {
  const random = createRandom(seed)
  return {
    ...random,
    chance: (share: number): boolean => random.next() < share,
    between: (low: number, high: number): number => low + random.next() * (high - low),
    /** One of the options, as often as their weights say. */
    weighted: <T>(options: readonly (readonly [weight: number, option: T])[]): T => {
      let left = random.next() * options.reduce((sum, [weight]) => sum + weight, 0)
      for (const [weight, option] of options) {
        left -= weight
        if (left < 0) return option
      }
      return (options.at(-1) as readonly [number, T])[1]
    },
    /** A random UUIDv7-like id, so that a history with its seed makes the same ids again. */
    uuid: (): string => {
      const hex = () => random.int(65_536).toString(16).padStart(4, '0')
      return `0199${hex()}-${hex()}-7${hex().slice(1)}-a${hex().slice(1)}-${hex()}${hex()}${hex()}`
    },
  }
}

export type Random = ReturnType<typeof createChance>
