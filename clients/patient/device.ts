import './crypto.ts'
import type { KeyValue } from '@anteroom/offline/key-value'
import { phonePorts } from '@anteroom/offline/ports'
import { createSqlite } from '@anteroom/offline/sqlite'
import * as Calendar from 'expo-calendar/legacy'
import * as Notifications from 'expo-notifications'
import * as SecureStore from 'expo-secure-store'
import { openDatabaseAsync } from 'expo-sqlite'
import witnesses from 'expo-sqlite/kv-store'
import { AppState, Linking, Platform, Share, StatusBar, Vibration } from 'react-native'
import { pathOf, pathOfTap } from './addresses.ts'
import type { Device } from './device-port.ts'
import { createTexts } from './session/phone-texts.ts'

/** Said when the app is built; an emulator reaches the machine that it runs on under this address. */
const origin = process.env.EXPO_PUBLIC_ANTEROOM_URL ?? 'http://10.0.2.2:4000'

const secure: KeyValue = {
  get: (key) => SecureStore.getItemAsync(key),
  set: (key, value) => SecureStore.setItemAsync(key, value),
  delete: (key) => SecureStore.deleteItemAsync(key),
}

let stack = ['/']
const listeners = new Set<() => void>()
const show = (next: string[]) => {
  stack = next
  for (const listener of [...listeners]) listener()
}

void Linking.getInitialURL().then((url) => url && show(['/', pathOf(url)]))
Linking.addEventListener('url', ({ url }) => show([...stack, pathOf(url)]))

/** Messages carry the screen that they lead to. */
const open = (response: Notifications.NotificationResponse | null) => {
  const path = response && pathOfTap(response)
  if (!path) return
  show([...stack, path])
  // Told again at the next start otherwise.
  Notifications.clearLastNotificationResponse()
}
Notifications.addNotificationResponseReceivedListener(open)
// The tap that started the app was before anybody listened.
open(Notifications.getLastNotificationResponse())
Notifications.setNotificationHandler({
  handleNotification: async () => ({
    shouldShowBanner: true,
    shouldShowList: true,
    shouldPlaySound: true,
    shouldSetBadge: false,
  }),
})

/** An Android or iOS phone. */
export const device: Device = {
  origin,
  wsUrl: `${origin.replace(/^http/, 'ws')}/graphql`,
  ports: phonePorts({
    has: (name) => witnesses.getItemSync(name) !== null,
    set: (name, exists) => void (exists ? witnesses.setItemSync(name, '1') : witnesses.removeItemSync(name)),
  }),
  texts: createTexts(),
  secure,
  openDatabase: () => createSqlite((name) => openDatabaseAsync(`${name}.db`, { useNewConnection: true })),
  languages: () => [Intl.DateTimeFormat().resolvedOptions().locale],
  watch: (on) => {
    const watching = AppState.addEventListener('change', (state) => (state === 'active' ? on.shown() : on.hidden()))
    return () => watching.remove()
  },
  alarm: (text) => {
    Vibration.vibrate([0, 400, 200, 400, 200, 800])
    void Notifications.scheduleNotificationAsync({ content: { title: text, sound: true }, trigger: null }).catch(
      () => {},
    )
  },
  allowSound: null,
  addToCalendar: async ({ title, startsAt, endsAt, location, notes }) => {
    await Calendar.createEventInCalendarAsync({
      title,
      startDate: new Date(startsAt),
      endDate: new Date(endsAt),
      location,
      notes,
    })
  },
  save: async (name, content) => {
    await Share.share({ title: name, message: content })
  },
  hasPush: true,
  pushToken: async () => {
    // Android asks for leave only once there is a channel to allow.
    await Notifications.setNotificationChannelAsync('default', {
      name: 'Anteroom',
      importance: Notifications.AndroidImportance.HIGH,
    })
    const { granted } = await Notifications.requestPermissionsAsync()
    if (!granted) return null
    const { type, data } = await Notifications.getDevicePushTokenAsync()
    // On iOS it is a token of Apple's; the server has Firebase give it one of its own.
    return type === 'android' || type === 'ios' ? { token: String(data), platform: type } : null
  },
  title: () => {},
  // Android draws apps under its bars; the lower one is 48 points high at most.
  insets: Platform.OS === 'android' ? { top: StatusBar.currentHeight ?? 0, bottom: 48 } : { top: 0, bottom: 0 },
  font: {},
  fontSize: (points) => points,
  path: {
    read: () => stack.at(-1) ?? '/',
    go: (path, { replace = false } = {}) => show([...(replace ? stack.slice(0, -1) : stack), path]),
    back: () => {
      if (stack.length < 2) return false
      show(stack.slice(0, -1))
      return true
    },
    watch: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  },
}
