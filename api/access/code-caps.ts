/** How many codes were sent lately, by what they have in common with the one that is asked for. */
export type SentLately = {
  /** To this number, in 24 hours. */
  number: number
  /** To numbers that begin with the same seven digits, in 24 hours. */
  prefix: number
  /** For callers from the same network, in an hour. */
  network: number
  /** To people whom no clinic has ever seen, in an hour. */
  strangers: number
  /** To anybody, in an hour. */
  hour: number
  /** To anybody, in 24 hours. */
  day: number
}

export type CodeCap = keyof SentLately

/** What is sent at most, where the installation allows so many codes an hour. Strangers have a quarter of that, so that they cannot use up the rest. */
export const codeCaps = (anHour: number): Record<CodeCap, number> => ({
  number: 5,
  prefix: 20,
  network: Math.ceil(anHour / 2),
  strangers: Math.ceil(anHour / 4),
  hour: anHour,
  day: anHour * 5,
})

/** The first cap that one more code would break; null for none. */
export const brokenCap = (
  sent: SentLately,
  { anHour, isStranger }: { anHour: number; isStranger: boolean },
): CodeCap | null => {
  const caps = codeCaps(anHour)
  const names: readonly CodeCap[] = ['number', 'prefix', 'network', 'strangers', 'hour', 'day']
  return names.find((cap) => (cap !== 'strangers' || isStranger) && sent[cap] >= caps[cap]) ?? null
}

/** The first seven digits of a number: ten thousand numbers or so. */
export const prefixOf = (phoneNumber: string): string => phoneNumber.slice(0, 8)

const LOOPBACK = /^(127\.|::1$)/

/** The eight groups of an IPv6 address. */
const groupsOf = (address: string): string[] => {
  const [head = '', tail] = address.split('::')
  const before = head === '' ? [] : head.split(':')
  if (tail === undefined) return before
  const after = tail === '' ? [] : tail.split(':')
  return [...before, ...Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0'), ...after]
}

/**
 * The network of an address, which somebody who has one address of it may well have whole: an IPv4 /24, an IPv6 /64.
 * Null for this machine itself: a proxy whose X-Forwarded-For is not believed makes everybody look alike.
 */
export const networkOf = (ip: string): string | null => {
  const address = ip.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  if (address === '' || LOOPBACK.test(address)) return null
  if (!address.includes(':')) return address.split('.').slice(0, 3).join('.')
  const groups = groupsOf(address.toLowerCase()).slice(0, 4)
  return groups.map((group) => group.replace(/^0+(?=.)/, '')).join(':')
}
