import { gql, InMemoryCache } from '@apollo/client'
import { describe, expect, it } from 'vitest'
import { type KeyValue, memoryKeyValue } from '../key-value.ts'
import { createPersistence } from './persist.ts'

const ME = gql`{ me { __typename id name } }`
const data = { me: { __typename: 'User', id: 'u1', name: 'Desk' } }

const open = (texts: KeyValue, schema = 'one') => {
  const cache = new InMemoryCache()
  const waits: (() => void)[] = []
  const sleep = () => new Promise<void>((resolve) => waits.push(resolve))
  return { cache, waits, persistence: createPersistence(cache, { texts, key: 'cache', schema, sleep }) }
}

const kept = async (texts: KeyValue, schema?: string) => {
  const { cache, persistence } = open(texts, schema)
  await persistence.restore()
  return cache.readQuery({ query: ME })
}

describe('the cache over restarts', () => {
  it('is kept a while after the last of many changes, once', async () => {
    const texts = memoryKeyValue()
    const { cache, waits, persistence } = open(texts)
    cache.writeQuery({ query: ME, data })
    persistence.schedule()
    persistence.schedule()
    expect(waits).toHaveLength(1)
    expect(await kept(texts)).toBeNull()
    waits[0]?.()
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(await kept(texts)).toEqual(data)
  })

  it('starts empty where the schema is another one, or the snapshot is no snapshot', async () => {
    const texts = memoryKeyValue()
    const { cache, persistence } = open(texts)
    cache.writeQuery({ query: ME, data })
    await persistence.flush()
    expect(await kept(texts, 'two')).toBeNull()
    expect(await texts.get('cache')).toBeNull()
    await texts.set('cache', '{"half')
    expect(await kept(texts)).toBeNull()
  })

  it('does without where there is no room, and leaves nothing old behind', async () => {
    const texts = memoryKeyValue()
    const { cache, persistence } = open(texts)
    cache.writeQuery({ query: ME, data })
    await persistence.flush()
    const full: KeyValue = { ...texts, set: () => Promise.reject(new DOMException('full', 'QuotaExceededError')) }
    await open(full).persistence.flush()
    expect(await kept(texts)).toBeNull()
  })

  it('is erased at log-out, also from under a write that was on its way', async () => {
    const texts = memoryKeyValue()
    const { cache, waits, persistence } = open(texts)
    cache.writeQuery({ query: ME, data })
    await persistence.flush()
    persistence.schedule()
    await persistence.erase()
    waits[0]?.()
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(await texts.get('cache')).toBeNull()
  })
})
