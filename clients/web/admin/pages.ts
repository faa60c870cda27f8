import { useCallback, useEffect, useRef, useState } from 'react'

type Page<Row> = {
  edges: readonly { node: Row }[]
  pageInfo: { hasNextPage: boolean; endCursor: string | null }
}

type State<Row> = { rows: readonly Row[] | null; next: string | null; isLoading: boolean; error: unknown }

/** A list that comes in pages; it begins anew with another key. Nothing of it is kept on the device. */
export const usePages = <Row>(key: string, load: (after: string | null) => Promise<Page<Row> | null | undefined>) => {
  const [state, setState] = useState<State<Row>>({ rows: null, next: null, isLoading: true, error: null })
  const latest = useRef(load)
  latest.current = load
  const turn = useRef(0)
  const read = useCallback(async (after: string | null) => {
    const mine = ++turn.current
    setState((before) => ({ ...before, isLoading: true, error: null }))
    try {
      const page = await latest.current(after)
      if (mine !== turn.current) return
      const rows = page?.edges.map(({ node }) => node) ?? []
      setState((before) => ({
        rows: after ? [...(before.rows ?? []), ...rows] : rows,
        next: page?.pageInfo.hasNextPage ? page.pageInfo.endCursor : null,
        isLoading: false,
        error: null,
      }))
    } catch (error) {
      if (mine === turn.current) setState((before) => ({ ...before, isLoading: false, error }))
    }
  }, [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: another key is another list.
  useEffect(() => void read(null), [key, read])
  return { ...state, reload: () => read(null), more: () => (state.next ? read(state.next) : undefined) }
}
