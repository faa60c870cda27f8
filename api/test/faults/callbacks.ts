import { setTimeout as sleep } from 'node:timers/promises'
import type { createRandom } from '../random.ts'
import type { AcceptedMessage, TwilioStandIn } from '../twilio-stand-in.ts'

type Options = {
  standIn: () => TwilioStandIn
  random: ReturnType<typeof createRandom>
  publicUrl: string
  origin: string
}

/** Tells what became of some messages as Twilio does: late, twice, out of order; where we do not answer, it does not repeat. */
export const createCallbacks = ({ standIn, random, publicUrl, origin }: Options) => {
  /** Messages whose delivery we acknowledged to have heard of. */
  const delivered = new Set<string>()
  const undelivered = new Set<string>()
  const underWay = new Set<Promise<void>>()

  const tell = async (message: AcceptedMessage): Promise<void> => {
    const last = random.next() < 0.05 ? 'undelivered' : 'delivered'
    const reports = ['queued', 'sent', last]
    if (random.next() < 0.3) reports.reverse()
    if (random.next() < 0.2) reports.push(random.pick(reports))
    for (const status of reports) {
      await sleep(random.next() < 0.1 ? random.int(8_000) : random.int(400))
      const errorCode = status === 'undelivered' ? { errorCode: 30003 } : {}
      const answered = await standIn()
        .report(message, status, { publicUrl, origin, ...errorCode })
        .then(
          ({ ok }) => ok,
          () => false,
        )
      if (answered && status === 'delivered') delivered.add(message.sid)
      if (status === 'undelivered') undelivered.add(message.sid)
    }
  }

  return {
    delivered,
    undelivered,
    about: (message: AcceptedMessage): void => {
      if (random.next() >= 0.25) return
      const told = tell(message).finally(() => underWay.delete(told))
      underWay.add(told)
    },
    /** All that is to be told was told. */
    settled: async (): Promise<void> => {
      while (underWay.size > 0) await Promise.all(underWay)
    },
  }
}
