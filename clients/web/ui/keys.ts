import { useEffect, useRef } from 'react'

/** What a key does, by its name in lower case; false says that it does nothing here and goes on to others. */
export type Keys = Record<string, (event: KeyboardEvent) => unknown>

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || ['TEXTAREA', 'SELECT'].includes(target.tagName) || target.tagName === 'INPUT')

/** Keys of a screen: they work wherever the focus is, except where somebody types or a dialog asks. */
export const useKeys = (keys: Keys, { inDialog = false }: { inDialog?: boolean } = {}): void => {
  const current = useRef(keys)
  current.current = keys
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      if (!inDialog && document.querySelector('[role="dialog"], [role="alertdialog"], [role="menu"]')) return
      const act = current.current[event.key.toLowerCase()]
      if (!act || act(event) === false) return
      event.preventDefault()
      event.stopPropagation()
    }
    addEventListener('keydown', listen, true)
    return () => removeEventListener('keydown', listen, true)
  }, [inDialog])
}
