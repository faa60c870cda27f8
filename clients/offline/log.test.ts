import { expect, test } from 'vitest'
import {
  append,
  applyChanges,
  dismiss,
  nextBatch,
  openLog,
  readLog,
  replaceRecords,
  settle,
  startOver,
  takeBack,
} from './log.ts'
import type { OperationResult } from './model.ts'
import type { Ports } from './ports.ts'
import { createMemoryDisk } from './storage/memory.ts'
import type { ChangeSet } from './transport.ts'

const now = { wall: 1_000, mono: 1, bootId: 'b' }

const logOf = async (acts: number) => {
  const storage = await createMemoryDisk().open('log')
  let made = 0
  const newId = () => {
    made += 1
    return `id-${made}`
  }
  const ports = { clock: { wall: () => 0, mono: () => 0, bootId: 'b' }, newId } as Ports
  await openLog(storage, ports)
  const operations = []
  for (let n = 1; n <= acts; n += 1) {
    const act = { id: `o${n}`, command: 'hold' as const, input: { id: `e${n}` } }
    operations.push((await append(storage, act, now)).result)
  }
  return { storage, operations }
}

const numbers = async (storage: Awaited<ReturnType<typeof logOf>>['storage']) => {
  const { operations } = await readLog(storage)
  return operations
    .filter(({ answer }) => !answer)
    .sort((a, b) => a.seq - b.seq)
    .map(({ id, seq }) => `${id}:${seq}`)
}

const applied = (id: string): OperationResult => ({
  id,
  outcome: 'APPLIED',
  code: null,
  message: null,
  overrides: null,
})

const page = (cursor: string, version: number): ChangeSet => ({
  cursor,
  hasMore: false,
  patients: [{ id: 'ann', version }],
  appointments: [],
  entries: [],
  removed: [],
  overridden: [],
})

const known = { newest: 0, now, newClientId: 'another-client' }

test('an operation leaves the log because its own id was answered, not because a later number is expected', async () => {
  const { storage, operations } = await logOf(3)
  const clientId = operations[0]?.clientId ?? ''
  await nextBatch(storage, 100)
  const answer = { outcomes: [applied('o3')], nextSeq: 4, changes: page('1', 1) }
  await settle(storage, { clientId, cursor: null }, answer, known)
  expect(await numbers(storage)).toEqual(['o1:1', 'o2:2'])
})

test('a late answer cannot bring old records back', async () => {
  const { storage, operations } = await logOf(1)
  const clientId = operations[0]?.clientId ?? ''
  expect((await applyChanges(storage, null, page('2', 2), { newest: 0, now })).result).toBe(true)
  expect((await applyChanges(storage, null, page('1', 1), { newest: 0, now })).result).toBe(false)
  await settle(
    storage,
    { clientId, cursor: null },
    { outcomes: [applied('o1')], nextSeq: 2, changes: page('1', 1) },
    known,
  )
  const { records, state } = await readLog(storage)
  expect(records.map(({ record }) => record.version)).toEqual([2])
  expect(state.cursor).toBe('2')
})

test('a late answer to an earlier clientId starts nothing over', async () => {
  const { storage, operations } = await logOf(2)
  const clientId = operations[0]?.clientId ?? ''
  await startOver(storage, clientId, 'second-client')
  await settle(storage, { clientId, cursor: null }, { outcomes: [], nextSeq: 99, changes: null }, known)
  expect((await readLog(storage)).state).toMatchObject({ clientId: 'second-client', nextSeq: 3 })
})

test.each([
  ['lower than the oldest that is here: the server came back from a backup', 3],
  ['higher than was ever given: this device did', 9],
])('a number is expected that is %s; all is numbered anew', async (_what, nextSeq) => {
  const { storage, operations } = await logOf(6)
  const clientId = operations[0]?.clientId ?? ''
  const { result } = await nextBatch(storage, 4)
  expect(result).toMatchObject({ more: true })
  const outcomes = ['o1', 'o2', 'o3', 'o4'].map(applied)
  await settle(storage, { clientId, cursor: null }, { outcomes, nextSeq, changes: page('1', 1) }, known)
  expect(await numbers(storage)).toEqual(['o5:1', 'o6:2'])
  expect((await readLog(storage)).state).toMatchObject({ clientId: 'another-client', nextSeq: 3, sentThrough: 0 })
})

test('a new clientId remembers what may have been sent: that is not taken back', async () => {
  const { storage, operations } = await logOf(3)
  await nextBatch(storage, 2)
  await startOver(storage, operations[0]?.clientId ?? '', 'second-client')
  expect((await takeBack(storage, 'o2')).result).toBe(false)
  expect((await takeBack(storage, 'o3')).result).toBe(true)
  expect((await takeBack(storage, 'o3')).result).toBe(false)
})

test('taking one back closes the gap, and the next act goes on from there', async () => {
  const { storage } = await logOf(4)
  await nextBatch(storage, 1)
  await takeBack(storage, 'o2')
  await append(storage, { id: 'o5', command: 'hold', input: {} }, now)
  expect(await numbers(storage)).toEqual(['o1:1', 'o3:2', 'o4:3', 'o5:4'])
})

test('an override is told once, also when a load tells of it again; a load tells nothing of other devices', async () => {
  const { storage, operations } = await logOf(1)
  const lost = (id: string, value: string): OperationResult => ({
    ...applied(id),
    outcome: 'OVERRIDDEN',
    overrides: [{ field: 'name', by: 'Desk', at: '2026-11-22T10:42:00Z', value }],
  })
  const open = async () => (await readLog(storage)).answered.filter((one) => one.open).map(({ id }) => id)
  const outcomes = [applied('o1')]
  const sent = { clientId: operations[0]?.clientId ?? '', cursor: null }
  await settle(storage, sent, { outcomes, nextSeq: 2, changes: page('1', 1) }, known)
  const first = { ...page('2', 1), overridden: [lost('o1', 'Anna')] }
  await applyChanges(storage, '1', first, { newest: 0, now })
  expect(await open()).toEqual(['o1'])
  await dismiss(storage, 'o1')
  const load = { ...page('3', 1), overridden: [lost('o1', 'Anna'), lost('elsewhere', 'Anna')] }
  await replaceRecords(storage, '2', [load], { now })
  expect(await open()).toEqual([])
  const later = { ...page('4', 1), overridden: [lost('o1', 'Hanna'), lost('elsewhere', 'Anna')] }
  await applyChanges(storage, '3', later, { newest: 0, now })
  expect(await open()).toEqual(['elsewhere', 'o1'])
})

test('what a pull told of an operation whose answer got lost is not taken back by its second answer', async () => {
  const { storage } = await logOf(1)
  const known = { newest: 0, now, newClientId: 'c2' }
  const name = { field: 'name', by: 'Desk', at: '2026-11-22T10:42:00Z', value: 'Anna' }
  const language = { ...name, field: 'language', value: 'es' }
  const overridden = { ...applied('o1'), outcome: 'OVERRIDDEN' as const, code: 'OVERRIDDEN', overrides: [name] }
  await applyChanges(storage, null, { ...page('1', 1), overridden: [overridden] }, known)
  const clientId = (await readLog(storage)).state.clientId
  const again = { ...applied('o1'), outcome: 'DUPLICATE' as const, overrides: [{ ...name, value: 'Ann' }, language] }
  await settle(storage, { clientId, cursor: '1' }, { outcomes: [again], nextSeq: 2, changes: null }, known)
  const { answered, operations } = await readLog(storage)
  expect(answered).toMatchObject([
    { id: 'o1', open: true, operation: { id: 'o1' }, result: { outcome: 'OVERRIDDEN', overrides: [name, language] } },
  ])
  expect(operations).toMatchObject([{ id: 'o1', answer: { outcome: 'DUPLICATE' } }])
})
