import type { Shown } from '@anteroom/api/visit/shown'
import { useEffect, useRef, useState } from 'react'
import { announce } from '../display/sound.ts'
import { askAgain, watchVisit } from './line.ts'
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
  /** When what is shown of the visit was true; 0 until the page runs. */
  const [visitAt, setVisitAt] = useState(0)
  const heardAt = useRef(0)

  useEffect(() => {
    let present = first
    let isOpen = true
    heardAt.current = Date.now()
    setVisitAt(heardAt.current)
    let fading: ReturnType<typeof setTimeout> | undefined = setTimeout(fade, CONNECTING_MS)
    function fade() {
      setFreshness({ kind: 'stale', heardAt: heardAt.current })
    }
    const show = (next: Shown) => {
      const { visit } = next
      if (visit) {
        setVisitAt(Date.now())
        const news = changeOf(present.visit, visit)
        if (news || visit.status !== present.visit?.status) setChange(news)
        if (isCall(present.visit, visit)) call()
        if (news?.kind === 'back') void tellWhy()
      }
      present = next
      setShown(next)
    }
    // The line tells where one stands; why somebody went before stands in the page itself.
    const tellWhy = async () => {
      const asked = await askAgain()
      if (!isOpen || !asked?.passed) return
      present = { ...present, passed: asked.passed }
      setShown(present)
    }
    const stop = watchVisit(link, first, {
      visit: (visit) => {
        const isBack = changeOf(present.visit, visit)?.kind === 'back'
        show({ ...present, state: 'visit', visit, passed: isBack ? null : present.passed })
      },
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
      isOpen = false
      clearTimeout(fading)
      stop()
    }
  }, [link, first])

  return { shown, change, freshness, visitAt, stopped: () => setShown((before) => ({ ...before, isStopped: true })) }
}
