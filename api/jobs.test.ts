import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { forgetBodies, sweepIdempotency } from './background/jobs.ts'
import type { Deps } from './context.ts'
import { connect } from './database/client.ts'
import { startEmbedded } from './database/embedded.ts'
import { applyMigrations } from './database/migrate.ts'
import { transact } from './database/transaction.ts'
import { uuidv7 } from './database/uuid.ts'
import { jobList } from './job-list.ts'
import type { JobDefinition } from './jobs.ts'
import { createContext, createTestDeps, type TestDeps } from './test/context.ts'
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from './test/database.ts'
import { addClinic, addPatient, ask } from './test/scene.ts'

type Run = { by: string; name: string; id: string; attempt: number }
const runs: Run[] = []
/** What runs of a job do, by its name. */
const acts = new Map<string, (run: Run, deps: Deps) => Promise<void>>()

const definition = (by: string, name: string, more: Partial<JobDefinition> = {}): JobDefinition => ({
  name,
  ...more,
  handle: async (deps, data, attempt) => {
    const run = { by, name, id: (data as { id: string }).id, attempt }
    runs.push(run)
    await acts.get(name)?.(run, deps)
  },
})

const definitionsOf = (by: string): JobDefinition[] => [
  definition(by, 'test.plain', { concurrency: 3 }),
  definition(by, 'test.once'),
  definition(by, 'test.fails', { retryLimit: 1 }),
  definition(by, 'test.crash'),
  definition(by, 'test.minutely', { cron: '* * * * *' }),
]

const ran = (name: string, id?: string): Run[] =>
  runs.filter((run) => run.name === name && (id === undefined || run.id === id))

const until = (condition: () => unknown, timeout = 20_000): Promise<void> =>
  expect.poll(async () => Boolean(await condition()), { timeout, interval: 20 }).toBe(true)

const gate = () => {
  let open: () => void = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open, opened }
}

let database: TestDatabase
const instances: TestDeps[] = []
const instance = (by: string, work = { api: true, jobs: true }): TestDeps => {
  const deps = createTestDeps(database, null, definitionsOf(by))
  deps.config.work = work
  instances.push(deps)
  return deps
}

beforeAll(async () => {
  database = await createTestDatabase({ max: 12 })
})
afterEach(async () => {
  acts.clear()
  for (const deps of instances.splice(0)) await deps.close()
  runs.length = 0
})
afterAll(() => database?.drop())

const stored = (id: string) =>
  database.db.$queryRaw<{ state: string; name: string }[]>`
    SELECT state::text, name FROM pgboss.job WHERE data->>'id' = ${id} ORDER BY created_on`

describe('enqueueing in a transaction', () => {
  it('does the work once the transaction is committed, and not before', async () => {
    const deps = instance('a')
    await deps.jobs.start()
    const { open, opened } = gate()
    const committing = deps.db.$transaction(async (tx) => {
      await deps.jobs.enqueue(tx, 'test.plain', { id: 'late' })
      await opened
    })
    await deps.jobs.enqueue(deps.db, 'test.plain', { id: 'other' })
    await until(() => ran('test.plain', 'other').length)
    expect(ran('test.plain', 'late')).toEqual([])
    open()
    await committing
    await until(() => ran('test.plain', 'late').length)
    expect(ran('test.plain', 'late')).toEqual([{ by: 'a', name: 'test.plain', id: 'late', attempt: 1 }])
  })

  it('leaves nothing of a transaction that is rolled back', async () => {
    const deps = instance('a')
    const failing = deps.db.$transaction(async (tx) => {
      await deps.jobs.enqueue(tx, 'test.plain', { id: 'never' })
      throw new Error('rolled back')
    })
    await expect(failing).rejects.toThrow('rolled back')
    expect(await stored('never')).toEqual([])
  })

  it('wakes the workers of every instance at the commit of a command', async () => {
    const [api, worker] = [instance('api', { api: true, jobs: false }), instance('worker')]
    await Promise.all([api.jobs.start(), worker.jobs.start()])
    const woken: string[] = []
    for (const { bus } of [api, worker]) bus.subscribe((message) => message.kind === 'job' && woken.push(message.name))
    const ctx = await createContext(api)
    await transact(
      ctx,
      async () => null,
      async ({ tx }) => {
        await ctx.jobs.enqueue(tx, 'test.plain', { id: 'hinted' })
        expect(woken).toEqual([])
        return null
      },
    )
    expect(woken).toEqual(['test.plain'])
    await until(() => ran('test.plain', 'hinted').length)
    expect(ran('test.plain', 'hinted')).toMatchObject([{ by: 'worker' }])
    await until(() => woken.length === 2)
  })

  it('refuses a job that nobody defined', async () => {
    const deps = instance('a')
    await expect(deps.jobs.enqueue(deps.db, 'test.unknown', {})).rejects.toThrow('There is no job test.unknown')
  })

  it('takes references only: no names, texts or phone numbers', async () => {
    const deps = instance('a')
    const enqueue = (data: object) => deps.jobs.enqueue(deps.db, 'test.plain', data)
    for (const bad of ['Ada Example', '+12025550123', '12025550123', 'Chest pain', 'ada@example.org', { name: 'Ada' }])
      await expect(enqueue({ id: bad })).rejects.toThrow('test.plain: id must be an id')
    const at = new Date(0).toISOString()
    await enqueue({ id: uuidv7(), appointmentId: '12345678-1234-7234-8234-123456789012', at, hours: 24, kind: 'LATE' })
  })

  it('waits until startAfter', async () => {
    const deps = instance('a')
    await deps.jobs.start()
    const [{ at }] = await deps.db.$queryRaw<[{ at: Date }]>`SELECT clock_timestamp() + interval '2 seconds' AS at`
    await deps.jobs.enqueue(deps.db, 'test.plain', { id: 'timed' }, { startAfter: at })
    await until(() => ran('test.plain', 'timed').length)
    const [{ late }] = await deps.db.$queryRaw<[{ late: boolean }]>`SELECT clock_timestamp() >= ${at} AS late`
    expect(late).toBe(true)
  })
})

describe('at most one job of a key waits', () => {
  it('merges what is enqueued while one waits, also from several transactions at once', async () => {
    const deps = instance('a')
    const enqueue = (n: number) =>
      deps.db.$transaction((tx) => deps.jobs.enqueue(tx, 'test.once', { id: `merged-${n}` }, { singletonKey: 'q1' }))
    await Promise.all([1, 2, 3, 4, 5, 6].map(enqueue))
    await deps.jobs.enqueue(deps.db, 'test.once', { id: 'other-key' }, { singletonKey: 'q2' })
    await deps.jobs.start()
    await until(() => ran('test.once', 'other-key').length)
    expect(ran('test.once').filter(({ id }) => id.startsWith('merged'))).toHaveLength(1)
  })

  it('lets the waiting one begin only after the commit that counts on it', async () => {
    const deps = instance('a')
    const key = { singletonKey: 'held' }
    await deps.jobs.enqueue(deps.db, 'test.once', { id: 'held' }, key)
    const { open, opened } = gate()
    const counting = deps.db.$transaction(async (tx) => {
      await deps.jobs.enqueue(tx, 'test.once', { id: 'merged-into-it' }, key)
      await opened
    })
    await until(async () => {
      const [row] = await deps.db.$queryRaw<[{ n: bigint }]>`
        SELECT count(*) AS n FROM pg_stat_activity
        WHERE datname = current_database() AND state = 'idle in transaction' AND query LIKE '%FOR SHARE%'`
      return row.n > 0n
    })
    await deps.jobs.start()
    await deps.jobs.enqueue(deps.db, 'test.once', { id: 'probe' })
    await until(() => ran('test.once', 'probe').length)
    expect(ran('test.once', 'held')).toEqual([])
    open()
    await counting
    await until(() => ran('test.once', 'held').length)
  })

  it('enqueues another one where the first has begun', async () => {
    const deps = instance('a')
    await deps.jobs.start()
    const { open, opened } = gate()
    acts.set('test.once', ({ id }) => (id === 'first' ? opened : Promise.resolve()))
    await deps.jobs.enqueue(deps.db, 'test.once', { id: 'first' }, { singletonKey: 'k' })
    await until(() => ran('test.once', 'first').length)
    await deps.jobs.enqueue(deps.db, 'test.once', { id: 'second' }, { singletonKey: 'k' })
    await until(() => ran('test.once', 'second').length)
    open()
  })
})

describe('working', () => {
  it('runs at most so many at once as the job says, and every one of a burst', async () => {
    const deps = instance('a')
    let present = 0
    let most = 0
    acts.set('test.plain', async () => {
      most = Math.max(most, ++present)
      await new Promise((resolve) => setImmediate(resolve))
      present--
    })
    await deps.db.$transaction(async (tx) => {
      for (let n = 0; n < 60; n++) await deps.jobs.enqueue(tx, 'test.plain', { id: `burst-${n}` })
    })
    await deps.jobs.start()
    await until(() => ran('test.plain').length === 60)
    expect(most).toBeLessThanOrEqual(3)
    expect(new Set(ran('test.plain').map(({ id }) => id)).size).toBe(60)
  })

  it('runs a clocked job once for all instances', async () => {
    const fresh = await createTestDatabase()
    const minute = async (): Promise<number> => {
      const [{ at }] = await fresh.db.$queryRaw<[{ at: Date }]>`SELECT clock_timestamp() AS at`
      return Math.floor(at.getTime() / 60_000)
    }
    const began = await minute()
    const both = ['a', 'b'].map((by) => createTestDeps(fresh, null, definitionsOf(by)))
    instances.push(...both)
    await Promise.all(both.map(({ jobs }) => jobs.start()))
    await until(() => ran('test.minutely').length)
    for (const { jobs } of both) await jobs.stop()
    expect(ran('test.minutely').length).toBeLessThanOrEqual((await minute()) - began + 1)
    for (const deps of both) await deps.close()
    await fresh.drop()
  })

  it('hands back at the stop what does not end in time, and another instance does it', async () => {
    const leaving = instance('leaving')
    await leaving.jobs.start()
    acts.set('test.crash', ({ by }) => (by === 'leaving' ? new Promise(() => {}) : Promise.resolve()))
    await leaving.jobs.enqueue(leaving.db, 'test.crash', { id: 'handed-back' })
    await until(() => ran('test.crash', 'handed-back').length)
    await leaving.jobs.stop()
    await instance('staying').jobs.start()
    // The other one must exist before: jobs that nobody waits for are found by looking.
    await until(() => ran('test.crash', 'handed-back').some(({ by, attempt }) => by === 'staying' && attempt === 2))
  })

  it('lets what runs come to its end at the stop', async () => {
    const deps = instance('a')
    await deps.jobs.start()
    const { open, opened } = gate()
    acts.set('test.plain', () => opened)
    await deps.jobs.enqueue(deps.db, 'test.plain', { id: 'finishing' })
    await until(() => ran('test.plain', 'finishing').length)
    const stopping = deps.jobs.stop()
    open()
    await stopping
    expect(await stored('finishing')).toEqual([{ state: 'completed', name: 'test.plain' }])
  })
})

describe('jobs that fail', () => {
  it('are tried again, then seen by the admin of their clinic, retried or dropped; without phone numbers', async () => {
    const deps = instance('a')
    const [mine, other] = [await addClinic(deps.db), await addClinic(deps.db, { letter: 'H' })]
    let isBroken = true
    acts.set('test.fails', async () => {
      if (isBroken) throw new Error('no answer about +1 (202) 555-0123 to 12025550123')
    })
    await deps.jobs.start()
    for (const id of ['one', 'two'])
      await deps.jobs.enqueue(deps.db, 'test.fails', { id, clinicId: mine.id }, { singletonKey: id })
    const list =
      'query($c: ID!, $a: String) { failedJobs(clinicId: $c, first: 1, after: $a) { edges { cursor node { id name attempts error } } pageInfo { hasNextPage } } }'
    await until(async () => {
      const { data } = await ask(deps, mine.admin, list, { c: mine.id })
      return data.failedJobs.pageInfo.hasNextPage
    })
    expect(ran('test.fails', 'one').map(({ attempt }) => attempt)).toEqual([1, 2])
    const first = (await ask(deps, mine.admin, list, { c: mine.id })).data.failedJobs.edges[0]
    expect(first.node).toMatchObject({ name: 'test.fails', attempts: 2, error: 'Error: no answer about … to …' })
    const second = (await ask(deps, mine.admin, list, { c: mine.id, a: first.cursor })).data.failedJobs.edges[0]
    expect(second.node.id).not.toBe(first.node.id)
    expect((await ask(deps, other.admin, list, { c: mine.id })).codes).toEqual(['FORBIDDEN'])

    isBroken = false
    runs.length = 0
    const retry = 'mutation($id: ID!) { retryJob(id: $id) { id } }'
    expect((await ask(deps, other.admin, retry, { id: first.node.id })).codes).toEqual(['NOT_FOUND'])
    expect((await ask(deps, mine.admin, retry, { id: first.node.id })).codes).toEqual([])
    await until(() => ran('test.fails').length)
    expect(ran('test.fails')).toMatchObject([{ attempt: 1 }])
    const drop = 'mutation($id: ID!) { dropJob(id: $id) { id } }'
    expect((await ask(deps, mine.admin, drop, { id: second.node.id })).codes).toEqual([])
    expect((await ask(deps, mine.admin, drop, { id: second.node.id })).codes).toEqual(['NOT_FOUND'])
    expect((await ask(deps, mine.admin, list, { c: mine.id })).data.failedJobs.edges).toEqual([])
    const noted = await deps.db.auditEvent.findMany({ where: { entity: 'FailedJob', clinicId: mine.id } })
    expect(noted.map(({ action }) => action).sort()).toEqual(['job.dropped', 'job.retried'])
  })
})

describe('processes killed with SIGKILL', () => {
  const children: ChildProcess[] = []
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
  })
  /** A worker process, once it has said the word. */
  const worker = async (word: string, ...args: string[]): Promise<ChildProcess> => {
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL('test/worker.ts', import.meta.url)), database.url, ...args],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    children.push(child)
    let said = ''
    child.stdout?.on('data', (chunk) => {
      said += chunk
    })
    await until(() => said.includes(word))
    return child
  }
  const kill = async (child: ChildProcess): Promise<void> => {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  it('their jobs go on elsewhere within 15 s', async () => {
    const child = await worker('begun', 'orphan')
    const deps = instance('heir')
    await deps.jobs.start()
    expect(ran('test.crash', 'orphan')).toEqual([])
    await kill(child)
    await until(() => ran('test.crash', 'orphan').length, 15_000)
    expect(ran('test.crash', 'orphan')).toMatchObject([{ by: 'heir', attempt: 2 }])
  })

  it('leave behind what they had committed and not begun', async () => {
    await kill(await worker('committed', 'committed', 'idle'))
    await instance('heir').jobs.start()
    await until(() => ran('test.crash', 'committed').length)
  })

  it('leave no job of a transaction that they did not commit', async () => {
    const child = await worker('enqueued', 'uncommitted', 'open')
    await kill(child)
    await until(async () => {
      const [row] = await database.db.$queryRaw<[{ n: bigint }]>`
        SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'`
      return row.n === 0n
    })
    expect(await stored('uncommitted')).toEqual([])
  })
})

it('survives a crash of the database: what was committed is done', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'anteroom-jobs-'))
  const embedded = await startEmbedded({ dataDir, log: () => {} })
  await applyMigrations(embedded.url, () => {})
  const db = connect(embedded.url)
  const deps = createTestDeps({ db, url: embedded.url }, null, definitionsOf('a'))
  try {
    await deps.jobs.start()
    acts.set('test.plain', async ({ id, attempt }) => {
      if (id !== 'during' || attempt > 1) return
      const pid = Number((await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0])
      process.kill(pid, 'SIGQUIT')
    })
    await deps.jobs.enqueue(db, 'test.plain', { id: 'waiting' }, { startAfter: new Date(Date.now() + 2_000) })
    await deps.jobs.enqueue(db, 'test.plain', { id: 'during' })
    // The job in whose midst it crashed is completed by its first run or, where that could not be noted, by a second.
    const completed = () =>
      db.$queryRaw<unknown[]>`SELECT 1 FROM pgboss.job WHERE name = 'test.plain' AND state = 'completed'`.catch(
        () => [],
      )
    await until(async () => (await completed()).length === 2, 60_000)
    expect(ran('test.plain', 'waiting').length).toBeGreaterThan(0)
    await expect.poll(() => deps.jobs.enqueue(db, 'test.plain', { id: 'after' }).then(() => true)).toBe(true)
    await until(() => ran('test.plain', 'after').length)
  } finally {
    await deps.close()
    await db.$disconnect()
    await embedded.stop()
  }
}, 120_000)

it('lets two instances make the tables together', async () => {
  const empty = await createEmptyDatabase()
  try {
    await Promise.all([1, 2, 3].map(() => applyMigrations(empty.url, () => {})))
    const db = connect(empty.url)
    const deps = [1, 2].map(() => createTestDeps({ db, url: empty.url }))
    await Promise.all(deps.map(({ jobs }) => jobs.start()))
    const names = await db.$queryRaw<{ name: string }[]>`SELECT name FROM pgboss.queue`
    expect(names.map(({ name }) => name)).toEqual(expect.arrayContaining(jobList.map(({ name }) => name)))
    for (const each of deps) await each.close()
    await db.$disconnect()
  } finally {
    await empty.drop()
  }
})

describe('retention', () => {
  it('forgets message bodies after 90 days and keeps their keys, and idempotent answers after 24 hours', async () => {
    const deps = instance('a')
    const { id: clinicId } = await addClinic(deps.db, { letter: 'R' })
    const patientId = await addPatient(deps.db, { clinics: [{ id: clinicId }] })
    for (const [key, days] of [
      ['old', 91],
      ['new', 89],
    ] as const) {
      const createdAt = new Date(Date.now() - days * 86_400_000)
      const message = { kind: 'BOOKED', channel: 'SMS', status: 'SENT', body: 'See you soon' } as const
      await deps.db.notification.create({ data: { id: uuidv7(), key, clinicId, patientId, createdAt, ...message } })
      await deps.db.$executeRaw`
        INSERT INTO idempotent_answers (caller, key, request_hash, created_at)
        VALUES ('somebody', ${key}, '', clock_timestamp() - make_interval(hours => ${key === 'old' ? 25 : 23}::int))`
    }
    await forgetBodies(deps)
    await sweepIdempotency(deps)
    const rows = await deps.db.notification.findMany({ where: { clinicId }, orderBy: { key: 'asc' } })
    expect(rows.map(({ key, body }) => [key, body])).toEqual([
      ['new', 'See you soon'],
      ['old', null],
    ])
    const answers = await deps.db.idempotentAnswer.findMany({ where: { caller: 'somebody' } })
    expect(answers.map(({ key }) => key)).toEqual(['new'])
  })
})

it('runs the example of docs/background-work.md', async () => {
  const text = await readFile(fileURLToPath(new URL('../docs/background-work.md', import.meta.url)), 'utf8')
  const block = /```ts\n([\s\S]+?)```/.exec(text)?.[1] ?? ''
  expect(block.trim().split('\n').length).toBeLessThanOrEqual(22)
  const code = Buffer.from(stripTypeScriptTypes(block)).toString('base64')
  const example = await import(/* @vite-ignore */ `data:text/javascript;base64,${code}`)
  const deps = createTestDeps(database, null, example.deviceJobs)
  instances.push(deps)
  await deps.jobs.start()
  const patientId = await addPatient(deps.db)
  const [{ at }] = await deps.db.$queryRaw<[{ at: Date }]>`SELECT clock_timestamp() + interval '1 second' AS at`
  await example.lendDevice(deps, { id: uuidv7(), patientId, platform: 'WEB', pushToken: 'lent' }, at)
  expect(await deps.db.device.count({ where: { patientId } })).toBe(1)
  await until(async () => (await deps.db.device.count({ where: { patientId } })) === 0)
})
