import { OfflineProvider } from '@anteroom/offline/react'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { BackHandler, Platform, StatusBar, View } from 'react-native'
import { device } from './device'
import { goOn, useRoute } from './navigation.ts'
import { Book } from './screens/book.tsx'
import { Booking, MoveBooking } from './screens/booking.tsx'
import { Enter } from './screens/enter.tsx'
import { Home } from './screens/home.tsx'
import { MyTurn } from './screens/my-turn.tsx'
import { createPocket, type Pocket } from './session/pocket.ts'
import { PocketProvider, usePocketState } from './session/session.tsx'
import { LanguageProvider, useTexts } from './texts/language.tsx'
import { Page } from './ui/page.tsx'
import { PaletteContext, usePaletteOfDevice } from './ui/theme.ts'
import { Words } from './ui/words.tsx'

// What is seldom needed is not in the way of what is seen first.
const Code = lazy(() => import('./screens/code.tsx').then((module) => ({ default: module.Code })))
const Forgotten = lazy(() => import('./screens/forgotten.tsx').then((module) => ({ default: module.Forgotten })))
const Me = lazy(() => import('./screens/me.tsx').then((module) => ({ default: module.Me })))
const Register = lazy(() => import('./screens/register.tsx').then((module) => ({ default: module.Register })))

const Loading = () => {
  const t = useTexts()
  return (
    <Page>
      <Words role="status">{t.loading}</Words>
    </Page>
  )
}

const Inside = () => {
  const route = useRoute()
  switch (route.name) {
    case 'turn':
      return <MyTurn key={route.id} id={route.id} />
    case 'book':
      return <Book key={route.choice.clinicId} choice={route.choice} />
    case 'booking':
      return <Booking key={route.id} id={route.id} />
    case 'move':
      return <MoveBooking key={route.id} id={route.id} />
    case 'code':
      return <Code />
    case 'me':
      return <Me />
    default:
      return <Home />
  }
}

const Outside = () => {
  const route = useRoute()
  if (route.name === 'register') return <Register />
  if (route.name === 'forgotten') return <Forgotten />
  return <Enter />
}

const Screens = () => {
  const state = usePocketState()
  const route = useRoute()
  const isIn = state.at === 'in'
  const isOnTheWay = route.name === 'register' || route.name === 'forgotten'
  /** Where somebody wanted to go before they had to register: a poster's code leads to booking. */
  const goal = useRef('/')
  if (!isOnTheWay) goal.current = device.path.read()
  // Whoever has just logged in is done with the screens for that.
  useEffect(() => {
    if (isIn && isOnTheWay) goOn(goal.current)
  }, [isIn, isOnTheWay])
  if (state.at === 'starting') return null
  if (state.at === 'out') return <Outside />
  return (
    <OfflineProvider value={state.place.offline} key={state.place.patientId}>
      <Inside />
    </OfflineProvider>
  )
}

/** The patient's app, on a phone and at /patient. */
export const App = ({ pocket: given }: { pocket?: Pocket }) => {
  const [pocket] = useState(() => given ?? createPocket(device))
  const palette = usePaletteOfDevice()
  useEffect(() => void pocket.start(), [pocket])
  useEffect(() => {
    if (Platform.OS !== 'android') return
    const watching = BackHandler.addEventListener('hardwareBackPress', device.path.back)
    return () => watching.remove()
  }, [])
  return (
    <PocketProvider pocket={pocket}>
      <LanguageProvider>
        <StatusBar />
        <PaletteContext value={palette}>
          <View style={{ flex: 1, backgroundColor: palette.grey1 }}>
            <Suspense fallback={<Loading />}>
              <Screens />
            </Suspense>
          </View>
        </PaletteContext>
      </LanguageProvider>
    </PocketProvider>
  )
}
