import './posters-texts.ts'
import './posters.css'
import i18next from 'i18next'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type Language, languages } from '../locales/language.ts'
import { Button } from '../ui/button.tsx'
import { Choice } from '../ui/choice.tsx'
import { QrCode } from '../ui/qr-code.tsx'
import { StateLine } from './state-line.tsx'
import { type ClinicDetails, useClinic } from './use-clinic.ts'

const kinds = ['door', 'remote'] as const
type Kind = (typeof kinds)[number]

/** Sheets to print, with a code that leads to checking in or to the queue. */
export const Posters = () => {
  const { t } = useTranslation()
  const { clinic, error, refetch } = useClinic()
  const [kind, setKind] = useState<Kind>('door')
  if (!clinic) return <StateLine error={error} retry={() => void refetch()} />
  const isLocal = /^(localhost|127\.|\[::1\])/.test(location.host)
  const joined = clinic.services.filter(({ remoteJoin }) => remoteJoin).map(({ name }) => name)
  const isPossible = kind === 'door' ? clinic.selfCheckIn : joined.length > 0
  const address = `${location.origin}${kind === 'door' ? `/checkin/${clinic.id}#own` : `/patient/book/${clinic.id}`}`
  return (
    <>
      <div className="posters-choose">
        <p className="quiet">{t('posters.text')}</p>
        <div className="admin-choose">
          <Choice
            label={t('posters.which')}
            value={kind}
            options={kinds.map((id) => ({ id, name: t(`posters.${id}`) }))}
            onChange={(id) => setKind(id as Kind)}
          />
          {isPossible && (
            <Button kind="main" onPress={() => print()}>
              {t('posters.print')}
            </Button>
          )}
        </div>
        {!isPossible && <p className="notice">{t(kind === 'door' ? 'posters.noDoor' : 'posters.noRemote')}</p>}
        {isPossible && isLocal && <p className="notice">{t('posters.local', { address: location.origin })}</p>}
      </div>
      {isPossible && <Poster kind={kind} clinic={clinic} address={address} services={joined} />}
    </>
  )
}

type PosterProps = { kind: Kind; clinic: ClinicDetails; address: string; services: readonly string[] }

/** The clinic's languages one below the other, the first one large. */
const Poster = ({ kind, clinic, address, services }: PosterProps) => {
  const { t } = useTranslation()
  const spoken = clinic.languages
    .map((tag) => tag.split('-')[0])
    .filter((tag): tag is Language => tag !== undefined && tag in languages)
  const all: Language[] = spoken.length > 0 ? [...new Set(spoken)] : ['en']
  return (
    <section className="poster" aria-label={t('posters.preview')}>
      <p className="poster-clinic">{clinic.name}</p>
      {all.map((language, at) => {
        const say = i18next.getFixedT(language)
        const list = new Intl.ListFormat(language).format(services)
        return (
          <div key={language} lang={language} className={at === 0 ? 'poster-words is-first' : 'poster-words'}>
            <h2>{say(`posters.${kind}Title`)}</h2>
            {kind === 'remote' && <p>{say('posters.for', { services: list })}</p>}
            <ol>
              {say(`posters.${kind}Steps`, { returnObjects: true }).map((step) => (
                <li key={step}>{step}</li>
              ))}
            </ol>
          </div>
        )
      })}
      <div className="poster-code">
        <QrCode text={address} label={t('posters.code', { address })} />
        <p>{address}</p>
      </div>
    </section>
  )
}
