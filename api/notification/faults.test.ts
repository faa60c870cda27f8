import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connect, type Db } from '../database/client.ts'
import { type Embedded, startEmbedded } from '../database/embedded.ts'
import { ensureQueues } from '../database/job-tables.ts'
import { applyMigrations } from '../database/migrate.ts'
import { jobList } from '../job-list.ts'
import { createCallbacks } from '../test/faults/callbacks.ts'
import { check, evidenceOf, type Stopped } from '../test/faults/checks.ts'
import { createLoad, insist } from '../test/faults/load.ts'
import { createPeople, type Person } from '../test/faults/people.ts'
import { startWorkers } from '../test/faults/workers.ts'
import { startFcmStandIn, writeServiceAccount } from '../test/fcm-stand-in.ts'
import { createRandom, testSeed } from '../test/random.ts'
import { startTestServer, type TestServer } from '../test/server.ts'
import { startTwilioStandIn, twilioAccount } from '../test/twilio-stand-in.ts'

const isProof = process.env.PROVE === 'messages'
const given = (option: string): number | null => {
  const found = new RegExp(`--${option}[= ](\\d+)`).exec(process.env.PROVE_ARGS ?? '')
  return found && Number(found[1])
}
const MESSAGES = given('messages') ?? (isProof ? 100_000 : 1_000)
/** After so long no more are caused, however many there are. */
const MOST_SECONDS = (given('minutes') ?? Number.POSITIVE_INFINITY) * 60
const WORKERS = 2
const LANES = isProof ? 2 : 1
const CRASHES = isProof ? 20 : 2
/** One kill for so many messages: half of them of the worker that has just sent one, before it hears of it. */
const MESSAGES_A_KILL = isProof ? 200 : 80
/** Of so many accepted SMS: they are about two of five messages. */
const KILL_ONE_IN = MESSAGES_A_KILL * 0.4
const DRAIN_MS = isProof ? 1_800_000 : 240_000
/** Of so many messages, one is worth only so little longer that some end as stale. */
const SHORT_ONE_IN = 40
/** Beyond so many jobs that wait nobody comes: what overtakes its own news would be superseded instead of told. */
const MOST_BEHIND = 80
const publicUrl = 'https://clinic.example.org'

let dataDir: string
let embedded: Embedded
let db: Db
/** For reading all of it at the end. */
let archive: Db
let server: TestServer

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'anteroom-faults-'))
  // Not `quick`: what was committed must survive the crashes.
  embedded = await startEmbedded({ dataDir, log: () => {} })
  await spareTheDisk()
  await applyMigrations(embedded.url, () => {})
  await ensureQueues(embedded.url, jobList)
  db = connect(embedded.url, { max: 24 })
  archive = connect(embedded.url, { max: 1, queryMs: 300_000 })
  // It answers and enqueues; the work is done by processes of their own.
  server = await startTestServer({ database: { db, url: embedded.url, drop: async () => {} }, demo: false })
  Object.assign(server.deps.config, {
    ...{ publicUrl, twilio: { ...twilioAccount, apiUrl: null } },
    // Each patient of the run is a stranger who may ask for one.
    codesPerHour: 1_000_000,
  })
})
afterAll(async () => {
  await server?.close()
  await db?.$disconnect()
  await archive?.$disconnect()
  await embedded?.stop()
})

/** When its processes die, the system still has what they wrote: only a loss of power would need the disk. */
const spareTheDisk = async (): Promise<void> => {
  const { port, password } = JSON.parse(await readFile(join(dataDir, 'postgres.json'), 'utf8'))
  const admin = new pg.Client({ host: '127.0.0.1', port, password, user: 'postgres', database: 'postgres' })
  await admin.connect()
  await admin.query('ALTER SYSTEM SET fsync = off')
  await admin.query('ALTER SYSTEM SET full_page_writes = off')
  await admin.query('SELECT pg_reload_conf()')
  await admin.end()
}

const crashDatabase = async (): Promise<void> => {
  const [pid] = (await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')
  process.kill(Number(pid), 'SIGQUIT')
}

/** Reads although the database may be away at this moment. */
const read = async <T>(ask: () => Promise<T>): Promise<T> => (await insist(ask)) as T

const count = async (sql: string): Promise<number> =>
  read(async () => Number((await db.$queryRawUnsafe<[{ n: bigint }]>(`SELECT count(*) AS n FROM ${sql}`))[0].n))

const jobNames = `('message', 'announce.move', 'announce.almost', 'announce.booking', 'announce.reminder')`
const dueJobs = `pgboss.job WHERE name IN ${jobNames} AND state < 'active' AND start_after <= now()`
const unfinishedJobs = `pgboss.job WHERE name IN ${jobNames} AND state < 'completed'`

/** Reminders would wait for days: their time comes now. */
const releaseReminders = () =>
  read(
    () => db.$executeRaw`
      UPDATE pgboss.job SET start_after = now() WHERE name = 'announce.reminder' AND state = 'created' AND start_after > now()`,
  )

it(
  `${MESSAGES} messages while providers, workers and the database fail: none lost, none doubled, none after STOP, none stale`,
  async () => {
    const seed = testSeed()
    console.log(`seed ${seed}`)
    const random = createRandom(seed)
    const refused = { numbers: {} as Record<string, number>, tokens: {} as Record<string, string> }
    const push: ReturnType<typeof evidenceOf>[] = []
    const callbacks = createCallbacks({ standIn: () => twilio, random, publicUrl, origin: server.origin })
    const twilio = await startTwilioStandIn({
      ...{ seed, dropOneIn: 10, busyOneIn: 40, downOneIn: 60, failOneIn: 50, lateOneIn: 200, lateMs: 12_000 },
      refusedNumbers: refused.numbers,
      onRefused: (to) => {
        const person = byPhone.get(to)
        // The message waits for its next try while STOP comes in between.
        if (person && random.int(2) === 0) answering.push(answer(person, 'STOP'))
      },
      onAccepted: (message) => {
        load.heard(message.to)
        callbacks.about(message)
        if (isOver) return
        if (random.next() * KILL_ONE_IN >= 1) return
        if (random.int(2) === 0) workers.kill(message.askedBy.slice(1))
        else setTimeout(() => workers.kill(random.pick(workers.names)), random.int(1_000))
      },
    })
    const fcm = await startFcmStandIn({
      ...{ seed, dropOneIn: 10, busyOneIn: 40, downOneIn: 60 },
      refusedTokens: refused.tokens,
      onAccepted: (message) => {
        push.push(evidenceOf(message))
        load.heard(message.token)
      },
    })
    const account = writeServiceAccount()
    await db.$executeRawUnsafe(`
    CREATE FUNCTION shorten() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      NEW.valid_until := least(NEW.valid_until, clock_timestamp() + (17 + abs(hashtext(NEW.key)) % 20) * interval '1 second');
      RETURN NEW;
    END $$`)
    await db.$executeRawUnsafe(`
    CREATE TRIGGER shorten BEFORE INSERT ON notifications
    FOR EACH ROW WHEN (hashtext(NEW.key) % ${SHORT_ONE_IN} = 0) EXECUTE FUNCTION shorten()`)

    let isOver = false
    let isBehind = false
    let answers = 0
    const answering: Promise<void>[] = []
    const stopped: Stopped[] = []
    /** Those who ever said STOP, from the moment on that they do. */
    const stopping = new Set<string>()
    const lastAnswers = new Map<string, Promise<void>>()
    /** Whoever answers twice waits for the first to be acknowledged: else nobody could say which of the two came last. */
    const answer = (person: Person, word: 'STOP' | 'START'): Promise<void> => {
      const phone = person.phone ?? ''
      const answered = (lastAnswers.get(phone) ?? Promise.resolve()).then(() => answerOnce(person, word))
      lastAnswers.set(phone, answered)
      return answered
    }
    const answerOnce = async ({ phone }: Person, word: 'STOP' | 'START'): Promise<void> => {
      // Who said STOP twice takes back both.
      for (const open of stopped) if (word === 'START' && open.phone === phone) open.to = Math.min(open.to, Date.now())
      if (word === 'STOP') stopping.add(phone ?? '')
      const params = { From: phone ?? '', To: twilioAccount.from, Body: word, MessageSid: `SMinbound${answers++}` }
      const post = () => twilio.post(publicUrl, '/webhooks/twilio/inbound', params, { origin: server.origin })
      while (!(await post().catch(() => ({ ok: false }))).ok) await sleep(200)
      if (word === 'STOP') stopped.push({ phone: phone ?? '', from: Date.now(), to: Number.POSITIVE_INFINITY })
    }
    const { people, byPhone, add } = createPeople(db, random, refused)
    const load = await createLoad({
      deps: server.deps,
      random,
      addPerson: add,
      answer,
      saidStop: (phone) => stopping.has(phone),
      isOver: () => isOver,
      isBehind: () => isBehind,
      lanes: LANES,
    })
    const workers = startWorkers({
      count: WORKERS,
      envOf: (name) => ({
        DATABASE_URL: embedded.url,
        PUBLIC_URL: publicUrl,
        TWILIO_ACCOUNT_SID: twilioAccount.accountSid,
        TWILIO_AUTH_TOKEN: twilioAccount.authToken,
        TWILIO_FROM: twilioAccount.from,
        TWILIO_API_URL: `${twilio.url}/${name}`,
        FIREBASE_SERVICE_ACCOUNT: account,
        FIREBASE_API_URL: fcm.url,
      }),
    })
    let crashes = 0
    const began = performance.now()
    const seconds = () => Math.round((performance.now() - began) / 1000)
    const faults = async (): Promise<void> => {
      let toldAt = 0
      while (!isOver) {
        await sleep(500)
        const rows = await count('notifications')
        isBehind = (await count(dueJobs)) > MOST_BEHIND
        const share = Math.max(rows / MESSAGES, seconds() / MOST_SECONDS)
        if (share >= 1) isOver = true
        await releaseReminders()
        if (crashes < CRASHES && share > (crashes + 1) / (CRASHES + 1)) {
          crashes++
          await crashDatabase()
        }
        if (isProof && seconds() - toldAt >= 15) {
          toldAt = seconds()
          const queued = await count(`notifications WHERE status = 'QUEUED'`)
          const memory = Math.round(process.memoryUsage().rss / 1e6)
          console.log(
            `${toldAt} s: ${rows} messages, ${queued} under way, ${twilio.accepted.length} SMS and ${push.length} pushes accepted, ${workers.kills()} kills, ${crashes} crashes, ${memory} MB`,
          )
        }
      }
    }
    try {
      await Promise.all([load.run(), faults()])
      const loaded = seconds()
      for (const deadline = performance.now() + DRAIN_MS; performance.now() < deadline; await sleep(500)) {
        await releaseReminders()
        if ((await count(`notifications WHERE status = 'QUEUED'`)) + (await count(unfinishedJobs)) === 0) break
      }
      await callbacks.settled()
      await Promise.all(answering)

      const rows = await read(() => archive.notification.findMany())
      const moves = await read(
        () => archive.$queryRaw<{ entryId: string; entryVersion: number; kind: string; patientId: string; at: Date }[]>`
        SELECT e.entry_id::text AS "entryId", e.entry_version AS "entryVersion", e.kind, e.at, q.patient_id::text AS "patientId"
        FROM queue_events e JOIN queue q ON q.id = e.entry_id`,
      )
      const bookings = await read(() => archive.appointment.findMany())
      const codes = await read(() => archive.phoneCode.findMany({ select: { id: true, phoneNumber: true } }))
      const evidence = {
        ...{ rows, moves, bookings, people, codes, codesAsked: load.codesAsked },
        sms: twilio.accepted,
        push,
        stopped,
        ...callbacks,
        remindersDue: true,
      }
      const { problems, repeatedPushes, missedDevices, unclearPushes } = check(evidence)
      const written = new Set([...moves.map(({ entryId }) => entryId), ...bookings.map(({ id }) => id)])
      const forgotten = load.acknowledged.filter((id) => !written.has(id))
      const dead = await count(`pgboss.job WHERE name = 'dead_letters'`)
      const kinds = Object.entries(Object.groupBy(rows, ({ kind }) => kind)).map(
        ([kind, own]) => `${kind} ${own?.length}`,
      )
      const moved = Object.entries(Object.groupBy(moves, ({ kind }) => kind)).map(
        ([kind, own]) => `${kind} ${own?.length}`,
      )
      const ends = Object.entries(
        Object.groupBy(rows, ({ status, error }) => [status, ...(status === 'SUPPRESSED' ? [error] : [])].join(' ')),
      )
      console.log(
        [
          `seed ${seed}: ${rows.length} messages in ${loaded} s and ${seconds() - loaded} s to the last`,
          `  ${kinds.join(', ')}`,
          `  moves: ${moved.join(', ')}`,
          `  ${ends.map(([name, own]) => `${name} ${own?.length}`).join(', ')}`,
          `  ${twilio.accepted.length} SMS accepted of ${twilio.asked()} asked for; ${push.length} pushes, ${repeatedPushes} of them repeated, ${unclearPushes} of unknown end, ${missedDevices} second devices left out`,
          `  ${workers.kills()} kills, ${crashes} crashes of the database, ${stopped.length} STOP, ${callbacks.delivered.size} reports of delivery, ${dead} dead letters`,
          ...(workers.ends.length > 0 ? [`  ended by themselves: ${workers.ends.length}: ${workers.ends[0]}`] : []),
        ].join('\n'),
      )
      expect(problems.slice(0, 20), `seed ${seed}: ${problems.length} problems`).toEqual([])
      expect(forgotten, `seed ${seed}: acknowledged writes lost`).toEqual([])
      expect(dead, `seed ${seed}: dead letters`).toBe(0)
      expect(new Set(rows.map(({ kind }) => kind)).size, `seed ${seed}: every kind`).toBe(9)
      expect(workers.kills(), `seed ${seed}: there were kills`).toBeGreaterThan(0)
    } finally {
      isOver = true
      await workers.close()
      await twilio.close()
      await fcm.close()
    }
  },
  isProof ? 14_400_000 : 600_000,
)
