import { useQuery } from '@apollo/client/react'
import { useState } from 'react'
import { View } from 'react-native'
import { FreeSlotsDocument, type FreeSlotsQuery } from '../generated/graphql.ts'
import { useTexts } from '../texts/language.tsx'
import { addDays, dayName, dayOf, timeOfDay } from '../texts/times.ts'
import { Button } from '../ui/button.tsx'
import { Section } from '../ui/page.tsx'
import { step } from '../ui/tokens.ts'
import { Words } from '../ui/words.tsx'
import { daysOf } from './days.ts'

export type Slot = FreeSlotsQuery['availableSlots'][number]

const DAYS = 4

/** Free times, a few days at once, so that day and time are one touch. */
export const Slots = ({
  serviceId,
  doctorId,
  timeZone,
  except,
  onChoose,
}: {
  serviceId: string
  doctorId: string | null
  timeZone: string
  /** The time that there is already: another doctor may be free then, but it is not another time. */
  except?: string
  onChoose: (slot: Slot) => void
}) => {
  const t = useTexts()
  const [from, setFrom] = useState(() => dayOf(Date.now(), timeZone))
  const { data, error } = useQuery(FreeSlotsDocument, {
    variables: { serviceId, doctorId, from, to: addDays(from, DAYS - 1) },
    fetchPolicy: 'cache-and-network',
  })
  const slots = (data?.availableSlots ?? []).filter((slot) => slot.startsAt !== except)
  const days = daysOf(slots, (startsAt) => dayOf(startsAt, timeZone))
  return (
    <View style={{ gap: 5 * step }}>
      {!data && (
        <Words role="status" size="small">
          {error ? t.book.slotsOffline : t.loading}
        </Words>
      )}
      {data && days.length === 0 && <Words>{t.book.noSlots}</Words>}
      {days.map(({ day, slots }) => (
        <Section key={day} title={dayName(`${day}T12:00:00Z`, t.language, 'UTC')}>
          <View style={{ flexDirection: 'row', flexWrap: 'wrap', gap: 2 * step }}>
            {slots.map((slot) => (
              <Button key={slot.startsAt} onPress={() => onChoose(slot)} style={{ minWidth: 18 * step }}>
                {timeOfDay(slot.startsAt, t.language, timeZone)}
              </Button>
            ))}
          </View>
        </Section>
      ))}
      <Button onPress={() => setFrom(addDays(from, DAYS))}>{t.book.later}</Button>
    </View>
  )
}
