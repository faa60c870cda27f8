import { screenOf, spoken } from '@anteroom/web/turn/news'
import { useMutation, useQuery } from '@apollo/client/react'
import { useEffect, useState } from 'react'
import { View } from 'react-native'
import { device } from '../device'
import { LeaveDocument, OneTurnDocument } from '../generated/graphql.ts'
import { goOn } from '../navigation.ts'
import { useAct } from '../session/use-act.ts'
import { useTexts, useTurnWords } from '../texts/language.tsx'
import { Called } from '../turn/called.tsx'
import { Directions } from '../turn/directions.tsx'
import { Freshness } from '../turn/freshness.tsx'
import { LeaveHome } from '../turn/leave-home.tsx'
import { Passed, reasonOf } from '../turn/passed.tsx'
import { PlaceInLine } from '../turn/place.tsx'
import { usePassed } from '../turn/use-passed.ts'
import { usePosition } from '../turn/use-position.ts'
import { useSpoken } from '../turn/use-spoken.ts'
import { Button } from '../ui/button.tsx'
import { Page } from '../ui/page.tsx'
import { Pass } from '../ui/pass.tsx'
import { Problem } from '../ui/problem.tsx'
import { Spoken } from '../ui/spoken.tsx'
import { usePalette } from '../ui/theme.ts'
import { sizes, step } from '../ui/tokens.ts'
import { Inverse, Words } from '../ui/words.tsx'

const LeaveQueue = ({ entryId }: { entryId: string }) => {
  const t = useTexts()
  const [leave] = useMutation(LeaveDocument)
  const { isBusy, problem, run } = useAct()
  const [isSure, setSure] = useState(false)
  if (!isSure) return <Button onPress={() => setSure(true)}>{t.turn.leave}</Button>
  return (
    <View style={{ gap: 2 * step }}>
      <Words role="alert" size="small">
        {t.turn.leaveSure}
      </Words>
      <Problem text={problem} />
      <Button isDisabled={isBusy} onPress={() => void run(() => leave({ variables: { entryId } }))}>
        {t.turn.leaveYes}
      </Button>
      <Button kind="main" onPress={() => setSure(false)}>
        {t.turn.leaveNo}
      </Button>
    </View>
  )
}

/** Browsers play and shake only after a touch. */
const Sound = () => {
  const t = useTexts()
  const [isOn, setOn] = useState(false)
  const { allowSound } = device
  if (!allowSound) return null
  if (isOn) return <Words size="small">{t.turn.soundIsOn}</Words>
  return <Button onPress={() => void allowSound().then(setOn)}>{t.turn.sound}</Button>
}

/** One visit: where its patient stands, and where to go when called. */
export const MyTurn = ({ id }: { id: string }) => {
  const t = useTexts()
  const words = useTurnWords()
  const palette = usePalette()
  const { data, loading } = useQuery(OneTurnDocument, { variables: { id }, fetchPolicy: 'cache-and-network' })
  const { position, change, isLive, isLost, isAsking } = usePosition(id, (visit) => device.alarm(spoken(visit, words)))
  const passed = usePassed(id, position?.position ?? null)
  const entry = data?.queueEntry ?? null
  // The entry may be known by what the device itself did, and the place not yet.
  const status = entry?.status === 'LEFT' ? 'LEFT' : (position?.status ?? entry?.status)
  const isCalled = status === 'CALLED'
  const isOpen = isCalled || status === 'WAITING' || status === 'ON_HOLD'
  const isStale = isOpen && isLost
  const visit = position && status ? { ...position, status } : null
  const text = visit ? spoken(visit, words) : ''
  const said = useSpoken(isStale ? `${words.lost} ${text}` : text, isCalled)
  const ticket = position?.ticket ?? entry?.ticket
  useEffect(() => {
    if (ticket) device.title(text ? `${ticket} · ${text}` : ticket, t.language)
    return () => device.title('Anteroom', t.language)
  }, [ticket, text, t.language])

  if (!entry && !position)
    return <Page>{loading || isAsking ? <Words role="status">{t.loading}</Words> : <Words>{t.turn.gone}</Words>}</Page>

  const screen = visit && screenOf(visit)
  const head = (
    <>
      <View style={{ flexDirection: 'row', flexWrap: 'wrap', gap: 2 * step, justifyContent: 'space-between' }}>
        <View style={{ flexDirection: 'row', flexWrap: 'wrap', alignItems: 'baseline', gap: 2 * step }}>
          <Words isQuiet>{words.ticket}</Words>
          <Words size="large" isStrong color={isStale ? palette.grey6 : undefined}>
            {ticket}
          </Words>
        </View>
        {isOpen && position && <Freshness isLive={isLive} isLost={isLost} asOf={position.asOf} />}
      </View>
      {entry && (
        <Words size="small" isQuiet>
          {[entry.patient?.name, entry.service.name, entry.service.clinic.name].filter(Boolean).join(' · ')}
        </Words>
      )}
    </>
  )
  const body = (
    <Page hasBack={!isCalled} onBack={() => goOn('/')} background={isCalled ? palette.accent : palette.grey1}>
      {isCalled ? (
        <>
          {head}
          <Called room={position?.room ?? entry?.room ?? null} />
        </>
      ) : (
        <Pass head={head}>
          {status === 'WAITING' && visit && visit.position !== null && (
            <PlaceInLine
              visit={visit}
              change={change}
              why={passed.last && reasonOf(passed.last, t, words)}
              isStale={isStale}
            />
          )}
          {screen && (
            <View style={{ gap: 3 * step, paddingVertical: 6 * step }}>
              <Words size={sizes.large} isStrong heading={1}>
                {words.screens[screen].title}
              </Words>
              <Words>{words.screens[screen].text}</Words>
            </View>
          )}
          {!visit && isOpen && <Words size="small">{t.booking.pending}</Words>}
        </Pass>
      )}
      {isStale && <Words size="small">{words.lost}</Words>}
      <Spoken text={said} />
      <View style={{ gap: 3 * step }}>
        {status === 'WAITING' && <Passed passed={passed.others} />}
        {isCalled && entry && <Directions clinic={entry.service.clinic} />}
        {isOpen && !isCalled && <Sound />}
        {isOpen && <LeaveQueue entryId={id} />}
        {!isOpen && <Button onPress={() => goOn('/')}>{t.turn.home}</Button>}
        {status === 'WAITING' && position && <LeaveHome visit={position} />}
        {isOpen && !isCalled && entry && <Directions clinic={entry.service.clinic} />}
      </View>
    </Page>
  )
  return isCalled ? <Inverse>{body}</Inverse> : body
}
