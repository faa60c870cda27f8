import './shell.css'
import type { ReactNode } from 'react'
import { AccountMenu } from '../session/account-menu.tsx'
import { useStaff } from '../session/session.tsx'
import { Guide } from './guide.tsx'
import { Live, SyncBand } from './sync-band.tsx'

const Mark = () => (
  <svg viewBox="0 0 512 512" aria-hidden="true">
    <rect width="512" height="512" fill="#0c5f5b" />
    <path d="M296 112h88v288h-88M112 256h148m-56-56 56 56-56 56" fill="none" stroke="#fff" strokeWidth="36" />
  </svg>
)

export const TopBar = ({ children }: { children?: ReactNode }) => {
  const { clinic } = useStaff()
  return (
    <>
      <header className="top-bar">
        <span className="clinic">
          <Mark />
          <span className="clinic-name">{clinic.name}</span>
        </span>
        <div className="fill">{children}</div>
        <Live />
        <AccountMenu />
      </header>
      <SyncBand />
      <Guide />
    </>
  )
}
