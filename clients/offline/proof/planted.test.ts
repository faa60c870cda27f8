import { afterEach, expect, it, vi } from 'vitest'
import { createTestDatabase } from '../../../api/test/database.ts'
import { testSeed } from '../../../api/test/random.ts'
import type { OperationResult } from '../model.ts'
import type { Storage, StorageOpener, StoreName, Writing } from '../storage/storage.ts'
import { type ChangeSet, type SyncInput, type SyncResult, type Transport, TransportError } from '../transport.ts'
import { startApi } from './api.ts'
import { checkHistory } from './checks.ts'
import type { Around } from './device.ts'
import { type HistoryOptions, playHistory, type Weather } from './history.ts'
import { ordersAgree } from './orders.ts'

/** The bug that is in the API now; the mocks below have it only while a test says so. */
const planted = vi.hoisted(() => ({ bug: '' }))

vi.mock('../../../api/sync/operation.ts', async (load) => {
  const real = await load<typeof import('../../../api/sync/operation.ts')>()
  return {
    ...real,
    placeOf: (seq: number, nextSeq: number) =>
      planted.bug === 'nothing is known again' && seq >= 1 ? 'NEXT' : real.placeOf(seq, nextSeq),
    hasClash: (...given: Parameters<typeof real.hasClash>) =>
      planted.bug === 'nothing is known again' || planted.bug === 'answers go by seq' ? false : real.hasClash(...given),
  }
})

vi.mock('../../../api/sync/store.ts', async (load) => {
  const real = await load<typeof import('../../../api/sync/store.ts')>()
  return {
    ...real,
    storedOperations: async (...given: Parameters<typeof real.storedOperations>) => {
      const known = await real.storedOperations(...given)
      return planted.bug === 'nothing is known again' || planted.bug === 'ids are not known across clients'
        ? { ...known, byId: new Map() }
        : known
    },
  }
})

vi.mock('../../../api/sync/merge.ts', async (load) => {
  const real = await load<typeof import('../../../api/sync/merge.ts')>()
  return {
    ...real,
    mergeFields: <Field extends string>(...given: Parameters<typeof real.mergeFields<Field>>) => {
      const [fields, writeOf, holders] = given
      if (planted.bug === 'the last to arrive wins') return { won: [...fields], lost: [] }
      if (planted.bug !== 'staff have no rank') return real.mergeFields(...given)
      const isLater = (field: Field) => writeOf(field).stamp > (holders.get(field)?.stamp ?? -1)
      return { won: fields.filter(isLater), lost: fields.filter((field) => !isLater(field)) }
    },
  }
})

vi.mock('../../../api/patient/store.ts', async (load) => {
  const real = await load<typeof import('../../../api/patient/store.ts')>()
  return {
    ...real,
    noteBeaten: async (...given: Parameters<typeof real.noteBeaten>) =>
      planted.bug === 'the API is silent about overrides' ? undefined : real.noteBeaten(...given),
  }
})

vi.mock('../../../api/database/transaction.ts', async (load) => {
  const real = await load<typeof import('../../../api/database/transaction.ts')>()
  return {
    ...real,
    behindSavepoint: async <T>(...[tx, act]: Parameters<typeof real.behindSavepoint<T>>): Promise<T> =>
      planted.bug === 'there is no savepoint' ? act() : real.behindSavepoint(tx, act),
  }
})

type Bug = {
  name: string
  /** What has to be seen to be wrong. */
  as: RegExp
  /** Changes of the database that the bug needs. */
  sql?: string[]
  transport?: (transport: Transport, around: Around) => Transport
  storage?: (opener: StorageOpener, around: Around) => StorageOpener
  weather?: Partial<Weather>
  withOrders?: boolean
  /** From which history on, where the first ones do not meet it: that many are played in vain otherwise, each time. */
  from?: number
}

const applied = (input: SyncInput): OperationResult[] =>
  input.operations.map(({ id }) => ({ id, outcome: 'APPLIED', code: null, message: null, overrides: null }))

const nextAfter = (input: SyncInput): number => (input.operations.at(-1)?.seq ?? 0) + 1

const withChanges = (transport: Transport, change: (changes: ChangeSet) => ChangeSet): Transport => ({
  ...transport,
  changes: async (cursor) => change(await transport.changes(cursor)),
  sync: async (input) => {
    const result = await transport.sync(input)
    const { changes } = result
    return { ...result, changes: changes && changes !== 'CURSOR_EXPIRED' ? change(changes) : changes }
  },
})

const aged = (transport: Transport, ageOf: (ageMs: number) => number): Transport => ({
  ...transport,
  sync: (input) =>
    transport.sync({ ...input, operations: input.operations.map((one) => ({ ...one, ageMs: ageOf(one.ageMs) })) }),
})

const withWrites = (opener: StorageOpener, write: (storage: Storage) => Storage['write']): StorageOpener => ({
  open: async (name) => {
    const storage = await opener.open(name)
    return { ...storage, write: write(storage) }
  },
})

const stormy: Partial<Weather> = { lossReply: 0.5, lossRequest: 0.1, copies: 0.4, crash: 0.1 }
const copied: Partial<Weather> = { backup: 0.4, lossReply: 0.3 }

const bugs: Bug[] = [
  {
    name: 'nothing is known again',
    as: /^(twice|not once)/,
    sql: [
      'DROP INDEX sync_operations_once',
      'ALTER TABLE sync_operations DROP CONSTRAINT sync_operations_pkey',
      'ALTER TABLE sync_clients DROP CONSTRAINT sync_clients_next_seq_positive',
    ],
    weather: stormy,
  },
  {
    name: 'ids are not known across clients',
    from: 12,
    as: /^(twice|not once)/,
    sql: ['DROP INDEX sync_operations_once'],
    weather: copied,
  },
  { name: 'answers go by seq', from: 3, as: /^(lost|answered)/, weather: copied },
  { name: 'the last to arrive wins', as: /^(order|field)/, withOrders: true },
  { name: 'staff have no rank', from: 14, as: /^(order|field)/, withOrders: true },
  { name: 'the API is silent about overrides', as: /^silent/, weather: { cut: 0.3 } },
  { name: 'there is no savepoint', as: /^(booking|answered|not once)|never quiet/ },
  {
    name: 'one change in ten is forgotten',
    as: /^(gap|diverged)/,
    sql: [
      `CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         IF random() < 0.1 THEN RETURN NULL; END IF; RETURN NEW; END $$`,
      'CREATE TRIGGER forget BEFORE INSERT ON changes FOR EACH ROW EXECUTE FUNCTION forget()',
    ],
  },
  {
    name: 'a repeat gets a new stamp',
    from: 7,
    as: /^(stamp|field)/,
    sql: [
      `CREATE FUNCTION stamp_again() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         UPDATE sync_operations SET stamp = (extract(epoch FROM clock_timestamp() + interval '1 hour') * 1000000)::bigint
           WHERE account_id = NEW.account_id AND op_id = NEW.op_id AND NOT is_repeat; RETURN NULL; END $$`,
      'CREATE TRIGGER stamp_again AFTER INSERT ON sync_operations FOR EACH ROW WHEN (NEW.is_repeat) EXECUTE FUNCTION stamp_again()',
    ],
    weather: { backup: 0.8, lossReply: 0.4, crash: 0, clock: 0 },
  },
  {
    name: 'sent is taken for answered',
    from: 9,
    as: /^lost/,
    transport: (transport) => ({
      ...transport,
      sync: async (input) => {
        transport.sync(input).catch(() => {})
        return { outcomes: applied(input), nextSeq: nextAfter(input), changes: null }
      },
    }),
    weather: stormy,
  },
  {
    name: 'RESET is taken for done',
    from: 3,
    as: /^lost/,
    transport: (transport) => ({
      ...transport,
      sync: async (input): Promise<SyncResult> => {
        try {
          return await transport.sync(input)
        } catch (error) {
          if (!(error instanceof TransportError) || error.code !== 'RESET') throw error
          return { outcomes: applied(input), nextSeq: nextAfter(input), changes: null }
        }
      },
    }),
    weather: copied,
  },
  {
    name: 'a gap is taken for nothing',
    as: /^lost/,
    transport: (transport) => ({
      ...transport,
      sync: async (input) => {
        const result = await transport.sync(input)
        const answered = new Set(result.outcomes.map(({ id }) => id))
        const behind = input.operations.filter(({ id }) => !answered.has(id))
        return {
          ...result,
          outcomes: [...result.outcomes, ...applied({ ...input, operations: behind })],
          nextSeq: nextAfter(input),
        }
      },
    }),
    weather: { server: 1, cut: 0.2 },
  },
  {
    name: 'a pull races a push',
    as: /^diverged/,
    transport: (transport) => {
      let before: ChangeSet | null = null
      return withChanges(transport, (changes) => {
        const late = before
        before = changes
        const mix = <R extends { id: string; version: number }>(now: readonly R[], old: readonly R[]): R[] =>
          now.map((record) => old.find(({ id }) => id === record.id) ?? record)
        if (!late) return changes
        return {
          ...changes,
          entries: mix(changes.entries, late.entries),
          patients: mix(changes.patients, late.patients),
          appointments: mix(changes.appointments, late.appointments),
        }
      })
    },
  },
  {
    name: "the device's clock is trusted",
    as: /^stamp/,
    transport: (transport, { clock, trueTime }) => aged(transport, (age) => age - (clock.wall() - trueTime())),
    weather: { clock: 0.3, cut: 0.1 },
  },
  {
    name: 'the time of sending is taken for that of the act',
    as: /^stamp/,
    transport: (transport) => aged(transport, () => 0),
    weather: { cut: 0.3, delay: 0.5 },
  },
  {
    name: 'the device is silent about overrides',
    as: /^silent/,
    transport: (transport) => withChanges(transport, (changes) => ({ ...changes, overridden: [] })),
    weather: { cut: 0.3 },
  },
  {
    name: 'what was removed stays',
    from: 5,
    as: /^diverged/,
    weather: { merges: 4 },
    transport: (transport) => withChanges(transport, (changes) => ({ ...changes, removed: [] })),
  },
  {
    name: 'a refusal is kept to itself',
    as: /^(answered|not listed)/,
    transport: (transport) => ({
      ...transport,
      sync: async (input) => {
        const result = await transport.sync(input)
        return {
          ...result,
          outcomes: result.outcomes.map((one) =>
            one.outcome === 'REJECTED' ? { ...one, outcome: 'APPLIED', code: null } : one,
          ),
        }
      },
    }),
  },
  {
    name: 'the cursor is stored before the records',
    from: 20,
    as: /^diverged/,
    storage: (opener) =>
      withWrites(opener, (storage) => async (work) => {
        const later: ((tx: Writing) => void)[] = []
        const isLate = (store: StoreName) => store === 'records'
        const result = await storage.write((tx) =>
          work({
            ...tx,
            put: (store, key, value) =>
              isLate(store) ? void later.push((other) => other.put(store, key, value)) : tx.put(store, key, value),
            delete: (store, key) =>
              isLate(store) ? void later.push((other) => other.delete(store, key)) : tx.delete(store, key),
            clear: (store) => (isLate(store) ? void later.push((other) => other.clear(store)) : tx.clear(store)),
          }),
        )
        if (later.length > 0)
          await storage.write(async (tx) => {
            for (const put of later) put(tx)
          })
        return result
      }),
    weather: { crash: 0.4 },
  },
  {
    name: 'saved is said before it is stored',
    as: /^lost/,
    storage: (opener) =>
      withWrites(
        opener,
        (storage) => (work) =>
          new Promise((resolve, reject) => {
            storage
              .write(async (tx) => {
                const result = await work(tx)
                resolve(result)
                return result
              })
              .catch(reject)
          }),
      ),
    weather: { crash: 0.6 },
  },
  {
    name: 'a number is given twice',
    as: /^log/,
    storage: (opener, { random }) =>
      withWrites(
        opener,
        (storage) => (work) =>
          storage.write((tx) => {
            let hasOperation = false
            return work({
              ...tx,
              put: (store, key, value) => {
                if (store === 'operations') hasOperation = true
                const state = value as { nextSeq: number }
                const isForgotten = store === 'state' && hasOperation && state.nextSeq > 1 && random.chance(0.3)
                tx.put(store, key, isForgotten ? { ...state, nextSeq: state.nextSeq - 1 } : value)
              },
            })
          }),
      ),
  },
]

const BUDGET = 60

/** The same histories each time, so that a bug which is caught once is caught again; TEST_SEED plays others. */
const SEED = process.env.TEST_SEED ? testSeed() % 1e6 : 7_000

afterEach(() => {
  planted.bug = ''
})

/** How many histories it took until a check said that something is wrong; null where none did. */
const histories = async (
  { name, as, sql = [], transport, storage, weather, withOrders, from = 0 }: Bug,
  seed: number,
) => {
  const database = await createTestDatabase({ max: 4 })
  for (const statement of sql) await database.db.$executeRawUnsafe(statement)
  const api = await startApi(database, { isShared: (weather?.server ?? 0) === 0 })
  planted.bug = name
  try {
    for (let count = 1; count <= BUDGET; count++) {
      const options: HistoryOptions = {
        seed: seed + from + count,
        api,
        steps: 40,
        healing: 40,
        plant: { ...(transport && { changeTransport: transport }), ...(storage && { changeStorage: storage }) },
        ...(weather && { weather }),
      }
      let wrong: string[]
      try {
        const played = await playHistory(options)
        wrong = await checkHistory(played, api)
        if (withOrders) wrong.push(...(await ordersAgree(api, played.scene, played.random)))
        await played.dispose()
      } catch (error) {
        wrong = [error instanceof Error ? error.message.replace(/^seed \d+: /, '') : String(error)]
      }
      const symptom = wrong.find((line) => as.test(line))
      if (symptom) return { count, symptom }
    }
    return null
  } finally {
    planted.bug = ''
    await api.close()
    await database.drop()
  }
}

it.each(bugs)(
  'a bug is caught: $name',
  async (bug) => {
    const caught = await histories(bug, SEED)
    if (caught) console.log(`caught after ${caught.count}: ${bug.name}: ${caught.symptom.slice(0, 160)}`)
    expect(caught, `${bug.name}: not caught by ${BUDGET} histories from seed ${SEED}`).not.toBeNull()
  },
  600_000,
)
