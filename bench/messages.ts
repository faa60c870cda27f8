import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { connect } from '../api/database/client.ts'
import { startEmbedded } from '../api/database/embedded.ts'
import { applyMigrations } from '../api/database/migrate.ts'
import { startFcmStandIn, writeServiceAccount } from '../api/test/fcm-stand-in.ts'
import { startTwilioStandIn, twilioAccount } from '../api/test/twilio-stand-in.ts'
import type { Options } from './main.ts'
import { type Measure, quantile } from './measure.ts'
import type { Latencies } from './messages-instance.ts'

const SLOW_MS = 10_000
const commands = ['book', 'call', 'move'] as const
const INSTANCE = fileURLToPath(new URL('messages-instance.ts', import.meta.url))

/** An instance of the API with its jobs, on a database of its own, with providers that take so long to answer. */
const startSide = async (url: string, slowMs: number, account: string) => {
  const twilio = await startTwilioStandIn({ slowMs })
  const fcm = await startFcmStandIn({ slowMs })
  const child: ChildProcess = fork(INSTANCE, {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: {
      ...process.env,
      ...{
        DATABASE_URL: url,
        TWILIO_ACCOUNT_SID: twilioAccount.accountSid,
        TWILIO_AUTH_TOKEN: twilioAccount.authToken,
      },
      ...{ TWILIO_FROM: twilioAccount.from, TWILIO_API_URL: twilio.url },
      ...{ FIREBASE_SERVICE_ACCOUNT: account, FIREBASE_API_URL: fcm.url },
    },
  })
  await once(child, 'message')
  return {
    play: async (): Promise<Latencies> => {
      child.send('play')
      const [latencies] = await once(child, 'message')
      return latencies as Latencies
    },
    accepted: () => twilio.accepted.length + fcm.accepted.length,
    stop: async () => {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
      await twilio.close()
      await fcm.close()
    },
  }
}

/** bookAppointment, callNext and moveEntry while the providers take 10 s to answer, against the same while they answer at once. */
export const run = async ({ rounds, say }: Options): Promise<Measure[]> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'anteroom-bench-'))
  const embedded = await startEmbedded({ dataDir, log: () => {} })
  const sides: Awaited<ReturnType<typeof startSide>>[] = []
  try {
    const admin = connect(embedded.url, { queryMs: 60_000 })
    const account = writeServiceAccount()
    for (const [name, slowMs] of [
      ['fast', 0],
      ['slow', SLOW_MS],
    ] as const) {
      await admin.$executeRawUnsafe(`CREATE DATABASE ${name}`)
      const url = Object.assign(new URL(embedded.url), { pathname: `/${name}` }).href
      await applyMigrations(url, () => {})
      sides.push(await startSide(url, slowMs, account))
    }
    await admin.$disconnect()
    const [fast, slow] = sides as [(typeof sides)[number], (typeof sides)[number]]
    // The first round of each warms up the caches of statements and code.
    await fast.play()
    await slow.play()
    const played: { fast: Latencies; slow: Latencies }[] = []
    for (let round = 1; round <= rounds; round++) {
      const isSlowFirst = round % 2 === 0
      const before = isSlowFirst ? await slow.play() : null
      const answers = { fast: await fast.play(), slow: before ?? (await slow.play()) }
      played.push(answers)
      say(`round ${round} of ${rounds}: ${fast.accepted()} and ${slow.accepted()} messages accepted (fast and slow)`)
    }
    return (
      [
        ['', 0.5],
        ['.p99', 0.99],
      ] as const
    ).flatMap(([suffix, share]) =>
      commands.map((command) => ({
        name: `messages.${command}${suffix}`,
        ...{ subject: 'slow providers', reference: 'fast providers', better: 'lower' as const },
        unit: `ms, p${share * 100}`,
        rounds: played.map((each) => ({
          subject: quantile(each.slow[command], share),
          reference: quantile(each.fast[command], share),
        })),
      })),
    )
  } finally {
    for (const side of sides) await side.stop()
    await embedded.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}
