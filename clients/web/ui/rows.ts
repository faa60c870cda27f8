import { type RefObject, useCallback, useLayoutEffect, useState } from 'react'

const OVERSCAN = 8
const FIRST_SCREEN = 20

/** Which rows of one height a list has to draw: those in sight and a few around them. */
export const rowsInSight = (
  top: number,
  height: number,
  rowHeight: number,
  count: number,
): { first: number; end: number } => ({
  first: Math.max(0, Math.min(count, Math.floor(top / rowHeight)) - OVERSCAN),
  end: Math.min(count, Math.ceil((top + height) / rowHeight) + OVERSCAN),
})

/** The rows to draw of a scrolling list of rows of one height, and the way to bring one into sight. */
export const useRows = (scroller: RefObject<HTMLElement | null>, count: number, rowHeight: number) => {
  const [sight, setSight] = useState({ first: 0, end: FIRST_SCREEN })
  const isThere = count > 0
  useLayoutEffect(() => {
    const element = scroller.current
    if (!element || !isThere) return
    const look = () =>
      setSight((before) => {
        const next = rowsInSight(element.scrollTop, element.clientHeight, rowHeight, Number.MAX_SAFE_INTEGER)
        return next.first === before.first && next.end === before.end ? before : next
      })
    look()
    element.addEventListener('scroll', look, { passive: true })
    const sizes = new ResizeObserver(look)
    sizes.observe(element)
    return () => {
      element.removeEventListener('scroll', look)
      sizes.disconnect()
    }
  }, [scroller, rowHeight, isThere])
  const show = useCallback(
    (at: number) => {
      const element = scroller.current
      if (!element) return
      const top = at * rowHeight
      if (top < element.scrollTop) element.scrollTop = top
      else if (top + rowHeight > element.scrollTop + element.clientHeight)
        element.scrollTop = top + rowHeight - element.clientHeight
    },
    [scroller, rowHeight],
  )
  return { first: Math.min(sight.first, count), end: Math.min(sight.end, count), show }
}
