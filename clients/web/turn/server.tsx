import type { Shown } from '@anteroom/api/visit/shown'
import { renderToString } from 'react-dom/server'
import styles from './turn.css?inline'
import { TurnPage, titleOf } from './turn-page.tsx'

const escaped = (text: string): string => text.replace(/[<>&"]/g, (sign) => `&#${sign.charCodeAt(0)};`)

/**
 * The page with the visit already in it: what matters is on the screen with the first bytes, before any script.
 * `template` is the built turn.html.
 */
export const renderPage = (template: string, shown: Shown): string => {
  const parts: Record<string, string> = {
    '<html lang="en">': `<html lang="${shown.language}">`,
    '<title>Anteroom</title>': `<title>${escaped(titleOf(shown))}</title>`,
    '<style></style>': `<style>${styles}</style>`,
    '<div id="root"></div>': `<div id="root">${renderToString(<TurnPage link="" first={shown} />)}</div>`,
    'id="shown"></script>': `id="shown">${JSON.stringify(shown).replaceAll('<', '\\u003c')}</script>`,
  }
  return Object.entries(parts).reduce((page, [place, filled]) => page.replace(place, () => filled), template)
}
