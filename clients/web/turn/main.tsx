import { hydrateRoot } from 'react-dom/client'
import { readShown } from './line.ts'
import { TurnPage } from './turn-page.tsx'

hydrateRoot(
  document.getElementById('root') as HTMLElement,
  <TurnPage link={location.pathname.split('/')[2] ?? ''} first={readShown(document)} />,
)
