import { useQuery } from '@apollo/client/react'
import { lazy, Suspense } from 'react'
import { ProfileDocument } from '../generated/graphql.ts'
import { useTexts } from '../texts/language.tsx'
import { Page } from '../ui/page.tsx'
import { SyncBand } from '../ui/sync-band.tsx'
import { Words } from '../ui/words.tsx'

/** Drawn by a library that nothing else needs. */
const Qr = lazy(() => import('../me/qr.tsx').then((module) => ({ default: module.Qr })))

/** What is held up at a desk, which finds the record with it. */
export const Code = () => {
  const t = useTexts()
  const { data } = useQuery(ProfileDocument, { fetchPolicy: 'cache-and-network' })
  const me = data?.me?.__typename === 'Patient' ? data.me : null
  return (
    <Page title={t.me.code}>
      <SyncBand />
      {me?.code ? (
        <>
          <Suspense fallback={<Words role="status">{t.loading}</Words>}>
            <Qr code={me.code} label={t.me.code} />
          </Suspense>
          <Words isStrong style={{ textAlign: 'center' }}>
            {me.name}
          </Words>
          <Words size="small" isQuiet style={{ textAlign: 'center' }}>
            {t.me.codeText}
          </Words>
        </>
      ) : (
        <Words role="status">{t.loading}</Words>
      )}
    </Page>
  )
}
