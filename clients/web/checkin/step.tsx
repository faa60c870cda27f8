import { type ReactNode, useEffect, useRef } from 'react'

/** One question of its own: whoever cannot see it hears it first. */
export const Step = ({ title, hint, children }: { title: string; hint?: string; children?: ReactNode }) => {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  return (
    <section className="door-step">
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {hint && <p className="door-hint">{hint}</p>}
      {children}
    </section>
  )
}
