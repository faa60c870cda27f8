import i18next from 'i18next'
import { Component, type ReactNode } from 'react'
import { Button } from './button.tsx'

/** A screen that broke says so and offers the way back; what was saved is with the server. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { hasFailed: boolean }> {
  override state = { hasFailed: false }

  static getDerivedStateFromError() {
    return { hasFailed: true }
  }

  override render() {
    if (!this.state.hasFailed) return this.props.children
    return (
      <main className="centre">
        <div className="card" role="alert">
          <h1>{i18next.t('broken.title')}</h1>
          <p>{i18next.t('broken.text')}</p>
          <Button kind="main" onPress={() => location.reload()}>
            {i18next.t('broken.reload')}
          </Button>
        </div>
      </main>
    )
  }
}
