import { gql, InMemoryCache } from '@apollo/client'
import { expect, it } from 'vitest'
import { createCache } from './cache.ts'
import { writeIntoLayer } from './layer.ts'

const query = gql`{ rows { __typename id version status } }`
const fields = gql`{ __typename id version status }`
const row = (id: string, status: string) => ({ __typename: 'Row', id, version: 1, status })
const putRow = (cache: InMemoryCache, id: string, status: string) =>
  cache.write({ query: fields, dataId: `Row:${id}`, result: row(id, status) })

const filled = <C extends InMemoryCache>(cache: C): C => {
  cache.writeQuery({ query, data: { rows: [row('a', 'WAITING'), row('b', 'WAITING')] } })
  return cache
}

// If this fails after an update of Apollo Client, everything still works, but each act writes all that is pending: see layer.ts.
it('Apollo’s cache still lets us write into the layer that is there, and leaves what is below as it is', () => {
  const cache = filled(new InMemoryCache())
  cache.batch({ optimistic: 'ours', update: () => void putRow(cache, 'a', 'CALLED') })
  const below = cache.extract(false)
  expect(writeIntoLayer(cache, 'ours', () => void putRow(cache, 'b', 'CALLED'))).toBe(true)
  expect(writeIntoLayer(cache, 'ours', () => void putRow(cache, 'new', 'WAITING'))).toBe(true)
  expect(cache.extract(false)).toEqual(below)
  expect(cache.extract(true)).toMatchObject({
    'Row:a': { status: 'CALLED' },
    'Row:b': { status: 'CALLED' },
    'Row:new': { status: 'WAITING' },
  })
  // Writes of the server go below again, and the layer goes as one.
  putRow(cache, 'b', 'SERVED')
  expect(cache.extract(false)).toMatchObject({ 'Row:b': { status: 'SERVED' } })
  cache.removeOptimistic('ours')
  expect(cache.extract(true)).toEqual(cache.extract(false))
})

it('a failure within leaves the cache as it was', () => {
  const cache = filled(new InMemoryCache())
  cache.batch({ optimistic: 'ours', update: () => void putRow(cache, 'a', 'CALLED') })
  const failing = () => {
    throw new Error('no')
  }
  expect(() => writeIntoLayer(cache, 'ours', failing)).toThrow('no')
  putRow(cache, 'b', 'SERVED')
  expect(cache.extract(false)).toMatchObject({ 'Row:b': { status: 'SERVED' } })
})

it('is refused where another layer is on top, or where there are none of the kind', () => {
  const cache = filled(new InMemoryCache())
  const never = () => expect.unreachable()
  expect(writeIntoLayer(cache, 'ours', never)).toBe(false)
  cache.batch({ optimistic: 'ours', update: () => void putRow(cache, 'a', 'CALLED') })
  cache.batch({ optimistic: 'theirs', update: () => void putRow(cache, 'a', 'SERVED') })
  expect(writeIntoLayer(cache, 'ours', never)).toBe(false)
  expect(writeIntoLayer({} as InMemoryCache, 'ours', never)).toBe(false)
})

it.each([
  ['into the layer that is there', () => {}],
  [
    'into a new layer, where the old one cannot be written',
    (cache: InMemoryCache) =>
      cache.batch({ optimistic: 'theirs', update: () => void putRow(cache, 'elsewhere', 'WAITING') }),
  ],
])('what is pending is shown, told once and taken back alike, written %s', (_way, prepare) => {
  const cache = filled(createCache(() => null))
  const heard: string[] = []
  cache.watch<{ rows: { status: string }[] }>({
    query,
    optimistic: true,
    callback: ({ result }) => heard.push((result?.rows ?? []).map((one) => one?.status).join()),
  })
  const act = (status: string) => () => {
    putRow(cache, 'a', status)
    putRow(cache, 'b', status)
  }
  cache.writeLayer({ isNew: true, all: act('CALLED'), changed: () => expect.unreachable() })
  prepare(cache)
  cache.writeLayer({ isNew: false, all: act('SERVED'), changed: act('SERVED') })
  cache.dropLayer(() => {})
  expect(heard).toEqual(['CALLED,CALLED', 'SERVED,SERVED', 'WAITING,WAITING'])
})
