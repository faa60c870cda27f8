import { IDBFactory } from 'fake-indexeddb'
import { describe, expect, it } from 'vitest'
import { indexedDbKeyValue, memoryKeyValue } from './key-value.ts'

describe.each([
  ['memory', () => memoryKeyValue()],
  ['IndexedDB', () => indexedDbKeyValue(new IDBFactory())],
])('texts in %s', (_name, open) => {
  it('are kept, replaced and deleted', async () => {
    const texts = open()
    expect(await texts.get('a')).toBeNull()
    await texts.set('a', '1')
    await texts.set('a', '2')
    await texts.set('b', '3')
    await texts.delete('b')
    expect([await texts.get('a'), await texts.get('b')]).toEqual(['2', null])
  })
})

it('texts in IndexedDB outlive who wrote them', async () => {
  const factory = new IDBFactory()
  await indexedDbKeyValue(factory).set('a', '1')
  expect(await indexedDbKeyValue(factory).get('a')).toBe('1')
})
