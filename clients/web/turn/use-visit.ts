import type { Shown } from '@anteroom/api/visit/shown'
import { useEffect, useRef, useState } from 'react'
import { announce } from '../display/sound.ts'
import { watchVisit } from './line.ts'
import { type Change, changeOf, isCall } from './news.ts'

/** Short cuts in a shaky network are not worth a word. */
const SHAKY_MS = 2_000
const CONNECTING_MS = 5_000

/** connecting: just opened. live: the server is heard. stale: what is shown is as old as `heardAt`. */
export type Freshness = { kind: 'connecting' | 'live' | 'stale'; heardAt: number }

const call = () => {
  announce([])
  navigator.vibrate?.([400, 200, 400, 200, 800])
}

/** What is shown of the visit, kept true by the line. */
export const useVisit = (link: string, first: Shown) => {
  const [shown, setShown] = useState(first)
  const [change, setChange] = useState<Change | null>(null)
  const [freshness, setFreshness] = useState<Freshness>({ kind: 'connecting', heardAt: 0 })
  const heardAt = useRef(0)

  useEffect(() => {
    let present = first
    heardAt.current = Date.now()
    let fading: ReturnType<typeof setTimeout> | undefined = setTimeout(fade, CONNECTING_MS)
    function fade() {
      setFreshness({ kind: 'stale', heardAt: heardAt.current })
    }
    const show = (next: Shown) => {
      const { visit } = next
      if (visit) {
        const news = changeOf(present.visit, visit)
        if (news || visit.status !== present.visit?.status) setChange(news)
        if (isCall(present.visit, visit)) call()
      }
      present = next
      setShown(next)
    }
    const stop = watchVisit(link, first, {
      visit: (visit) => show({ ...present, state: 'visit', visit }),
      shown: (next) => {
        heardAt.current = Date.now()
        show(next)
        setFreshness((before) => (before.kind === 'stale' ? { kind: 'stale', heardAt: heardAt.current } : before))
      },
      heard: () => {
        heardAt.current = Date.now()
      },
      live: () => {
        clearTimeout(fading)
        fading = undefined
        heardAt.current = Date.now()
        setFreshness((before) => (before.kind === 'live' ? before : { kind: 'live', heardAt: heardAt.current }))
      },
      lost: () => {
        fading ??= setTimeout(fade, SHAKY_MS)
      },
    })
    return () => {
      clearTimeout(fading)
      stop()
    }
  }, [link, first])

  return { shown, change, freshness, stopped: () => setShown((before) => ({ ...before, isStopped: true })) }
}
