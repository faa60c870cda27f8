import type { ReactNode } from 'react'
import { Button as AriaButton, type ButtonProps } from 'react-aria-components/Button'

type Props = Omit<ButtonProps, 'className' | 'children' | 'style'> & {
  kind?: 'main' | 'plain'
  isWide?: boolean
  /** Shown beside the words; pressing it is the screen's matter. */
  shortcut?: string
  children: ReactNode
}

export const Button = ({ kind, isWide, shortcut, children, ...rest }: Props) => (
  <AriaButton {...rest} className={['button', kind, isWide && 'wide'].filter(Boolean).join(' ')}>
    {children}
    {shortcut && (
      <span className="key" aria-hidden="true">
        {shortcut}
      </span>
    )}
  </AriaButton>
)
