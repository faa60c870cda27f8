import type { InMemoryCache } from '@apollo/client'

/**
 * What InMemoryCache keeps to itself, and nothing else of it is used anywhere. Its public ways do not carry: `batch` only ever adds
 * a layer, so that each act would write everything pending anew (with 500 rows and 200 acts about three times the work), and `modify`
 * knows neither new records nor new fields.
 */
type Inner = { data?: object; optimisticData?: { id?: string } }

/**
 * Writes into the optimistic layer of that name, if it is the topmost. False, and nothing done, where it is not, or where Apollo
 * keeps its layers in another way: then a new layer in its place does the same, at the price of writing all of it.
 */
export const writeIntoLayer = (cache: InMemoryCache, layer: string, update: () => void): boolean => {
  const inner = cache as unknown as Inner
  const { data, optimisticData } = inner
  if (!data || optimisticData?.id !== layer) return false
  inner.data = optimisticData
  try {
    update()
  } finally {
    inner.data = data
  }
  return true
}
