import { createElement } from 'react'
import { createRoot } from 'react-dom/client'
import { createOfflineClient } from '../apollo/client.ts'
import { memoryKeyValue } from '../key-value.ts'
import { OfflineProvider, useNotices, usePendingMark, useSession, useSyncStatus } from '../react.ts'
import { createSession } from '../session.ts'
import { startByHand } from './hand-server.ts'
import { entryOf, NOON, patientOf, recordsOf } from './records.ts'

const viewer = {
  __typename: 'User',
  id: 'desk',
  name: 'Desk',
  role: 'RECEPTIONIST',
  clinic: { id: 'clinic' },
  doctor: null,
}

/** A page that shows what the hooks say of a real engine, whose server is the test's. */
const hand = await startByHand('desk')
const session = createSession({
  request: async () => ({ data: { session: { accessToken: 'token', refreshToken: null, viewer } } }),
  texts: memoryKeyValue(),
  secure: null,
  wallClock: () => NOON.getTime(),
})
await session.logInStaff('desk', 'secret')
const offline = createOfflineClient({
  engine: hand.engine,
  session,
  httpUrl: '/graphql',
  wsUrl: 'ws://127.0.0.1:1/graphql',
  texts: memoryKeyValue(),
  schema: 'test',
  ports: {
    clock: { wall: () => NOON.getTime(), mono: () => 0, bootId: 'boot' },
    random: () => 0.5,
    newId: () => crypto.randomUUID(),
    timers: { after: () => () => {} },
    fetch,
  },
})
hand.engine.subscribe(() => offline.local?.update())

const shown: Record<string, unknown> = {}
const Screen = () => {
  const { notices, redo, dismiss } = useNotices()
  const { isOnline, unsent, trouble } = useSyncStatus()
  const mark = usePendingMark('e1')
  const { status } = useSession(session)
  const codes = notices.map(({ result }) => result.code)
  Object.assign(shown, { isOnline, unsent, trouble, mark, status, codes })
  return createElement(
    'p',
    {},
    ...notices.flatMap(({ id }) => [
      createElement('button', { type: 'button', key: `redo ${id}`, onClick: () => void redo(id) }, 'again'),
      createElement('button', { type: 'button', key: `away ${id}`, onClick: () => void dismiss(id) }, 'away'),
    ]),
  )
}
const Bare = () => {
  shown.bare = useSyncStatus()
  return null
}

createRoot(document.body.appendChild(document.createElement('main'))).render(
  createElement(OfflineProvider, { value: offline }, createElement(Screen)),
)
createRoot(document.body.appendChild(document.createElement('main'))).render(
  createElement(OfflineProvider, { value: { ...offline, engine: null, local: null } }, createElement(Bare)),
)
const held = (seq: number, version: number) => recordsOf({ entries: [entryOf(seq, { status: 'ON_HOLD', version })] })
await hand.confirm(recordsOf({ entries: [entryOf(1), entryOf(2)], patients: [patientOf('p1'), patientOf('p2')] }))

Object.assign(globalThis, {
  shown,
  hand,
  hold: (id: string) => hand.engine.act('hold', { id }),
  apply: () => hand.apply({ entries: new Map([...hand.engine.records().entries, ...(held(1, 2).entries ?? [])]) }),
  logOut: () => session.logOut({ engine: null }),
})
