import { useQuery } from '@apollo/client/react'
import { useEffect } from 'react'
import { Pressable, View } from 'react-native'
import { ClinicsDocument, HomeDocument, type OwnBookingFragment, type TurnFragment } from '../generated/graphql.ts'
import { go } from '../navigation.ts'
import { usePlace } from '../session/session.tsx'
import { useTexts, useTurnWords } from '../texts/language.tsx'
import { shortDay, timeOfDay } from '../texts/times.ts'
import { usePosition } from '../turn/use-position.ts'
import { Button } from '../ui/button.tsx'
import { Card, Page, Section } from '../ui/page.tsx'
import { SyncBand } from '../ui/sync-band.tsx'
import { usePalette } from '../ui/theme.ts'
import { radius, sizes, step } from '../ui/tokens.ts'
import { Words } from '../ui/words.tsx'

const TurnCard = ({ entry, forWhom }: { entry: TurnFragment; forWhom: string | null }) => {
  const t = useTexts()
  const words = useTurnWords()
  const palette = usePalette()
  const { position } = usePosition(entry.id)
  const isCalled = (position?.status ?? entry.status) === 'CALLED'
  const room = position?.room ?? entry.room
  const line = isCalled
    ? room
      ? words.room(room)
      : words.comeToDesk
    : position?.position
      ? `${words.place}: ${position.position}`
      : t.state.CHECKED_IN
  return (
    <Pressable
      role="link"
      onPress={() => go(`/turn/${entry.id}`)}
      style={{
        gap: step,
        padding: 4 * step,
        borderRadius: radius,
        backgroundColor: isCalled ? palette.accent : palette.accentTint,
      }}
    >
      <Words size="large" isStrong color={isCalled ? palette.onAccent : palette.grey8}>
        {entry.ticket}
      </Words>
      <Words isStrong color={isCalled ? palette.onAccent : palette.grey8}>
        {line}
      </Words>
      {position?.estimate && !isCalled && (
        <Words color={palette.grey8}>{words.range(position.estimate.lowMinutes, position.estimate.highMinutes)}</Words>
      )}
      <Words size="small" color={isCalled ? palette.onAccent : palette.grey7}>
        {[forWhom, entry.service.name, entry.service.clinic.name].filter(Boolean).join(' · ')}
      </Words>
    </Pressable>
  )
}

const BookingCard = ({ booking, forWhom }: { booking: OwnBookingFragment; forWhom: string | null }) => {
  const t = useTexts()
  const palette = usePalette()
  const { timeZone, name } = booking.service.clinic
  return (
    <Pressable
      role="link"
      onPress={() => go(`/booking/${booking.id}`)}
      style={{
        flexDirection: 'row',
        flexWrap: 'wrap',
        columnGap: 5 * step,
        rowGap: step,
        padding: 4 * step,
        borderRadius: radius,
        borderWidth: 1,
        borderColor: palette.grey4,
        backgroundColor: palette.grey0,
      }}
    >
      <View>
        <Words size="large" isStrong>
          {timeOfDay(booking.startsAt, t.language, timeZone)}
        </Words>
        <Words size="small">{shortDay(booking.startsAt, t.language, timeZone)}</Words>
      </View>
      <View style={{ flexGrow: 1, flexShrink: 1, flexBasis: '50%', justifyContent: 'center' }}>
        <Words size="small" isStrong>
          {booking.service.name}
        </Words>
        <Words size="small">{name}</Words>
        <Words size="small" isQuiet>
          {[forWhom, booking.bound ? booking.doctor.name : t.booking.anyDoctor].filter(Boolean).join(' · ')}
        </Words>
      </View>
    </Pressable>
  )
}

/** What is next for this person and those they look after, and the way to an appointment. */
export const Home = () => {
  const t = useTexts()
  const { offline, name } = usePlace()
  const { data, error, refetch } = useQuery(HomeDocument, { fetchPolicy: 'cache-and-network' })
  const { data: places } = useQuery(ClinicsDocument, { fetchPolicy: 'cache-and-network' })
  const me = data?.me?.__typename === 'Patient' ? data.me : null
  const isKnown = me !== null && places !== undefined
  // Kept at once: the network may go before the cache's next snapshot.
  useEffect(() => {
    if (isKnown) void offline.flush()
  }, [isKnown, offline])
  const people = me
    ? [{ ...me, forWhom: null }, ...(me.wards ?? []).map((ward) => ({ ...ward, forWhom: ward.name }))]
    : []
  const turns = people.flatMap(({ activeEntries, forWhom }) =>
    (activeEntries ?? []).map((entry) => ({ entry, forWhom })),
  )
  const bookings = people
    .flatMap(({ appointments, forWhom }) => (appointments?.edges ?? []).map(({ node }) => ({ booking: node, forWhom })))
    .filter(({ booking }) => booking.status === 'BOOKED')
    .toSorted((a, b) => Date.parse(a.booking.startsAt) - Date.parse(b.booking.startsAt))
  return (
    <Page hasBack={false} title={t.home.title(me?.name ?? name)}>
      <SyncBand />
      {!me && !error && <Words role="status">{t.loading}</Words>}
      {!me && error && <Button onPress={() => void refetch().catch(() => undefined)}>{t.again}</Button>}
      {turns.length > 0 && (
        <Section title={t.home.turns}>
          {turns.map(({ entry, forWhom }) => (
            <TurnCard key={entry.id} entry={entry} forWhom={forWhom} />
          ))}
        </Section>
      )}
      {me && (
        <Section title={t.home.bookings}>
          {bookings.length === 0 && (
            <Card>
              <Words size="small" isQuiet>
                {t.home.noBookings}
              </Words>
            </Card>
          )}
          {bookings.map(({ booking, forWhom }) => (
            <BookingCard key={booking.id} booking={booking} forWhom={forWhom} />
          ))}
        </Section>
      )}
      {places && (
        <Section title={t.home.book}>
          {places.clinics.map((clinic) => (
            <Button key={clinic.id} onPress={() => go(`/book/${clinic.id}`)}>
              {clinic.name}
            </Button>
          ))}
        </Section>
      )}
      <View style={{ marginTop: 'auto', paddingTop: sizes.small }}>
        <Button kind="plain" onPress={() => go('/code')}>
          {t.home.code}
        </Button>
        <Button kind="plain" onPress={() => go('/me')}>
          {t.home.me}
        </Button>
      </View>
    </Page>
  )
}
