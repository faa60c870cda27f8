import { syncCommands } from '../../../api/sync/operation.ts'
import type { CommandName, Operation, OperationResult } from '../model.ts'
import { chooseAct } from './acts.ts'
import type { Api } from './api.ts'
import { createChance, type Random } from './chance.ts'
import { accountOf, createDevice, type Device, type Saved, type Tab } from './device.ts'
import { type CrashPoint, createDisk, type DiskKind } from './disks.ts'
import { createNetwork, type Exchange, type Packet } from './network.ts'
import { actOnline, look } from './online.ts'
import { createScene, type Scene } from './scene.ts'
import { createSettle, createTimeline } from './time.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/** How bad it gets, drawn once for each history: some are calm, some a storm. */
export type Weather = {
  lossRequest: number
  lossReply: number
  copies: number
  delay: number
  crash: number
  cut: number
  clock: number
  backup: number
  /** Kills and backups of the API, where it can be killed and put back. */
  server: number
  /** How often two records are merged online. */
  merges: number
  /** How often a device has no room left for a while. */
  full: number
  isConcurrent: boolean
}

const weatherOf = (random: Random): Weather => {
  const strength = random.pick([0, 0.3, 1, 1, 2])
  const share = (most: number) => Math.min(0.6, strength * most * random.next())
  return {
    lossRequest: share(0.3),
    lossReply: share(0.4),
    copies: share(0.4),
    delay: share(0.5),
    crash: share(0.25),
    cut: share(0.2),
    clock: share(0.3),
    backup: random.chance(0.3) ? share(0.15) : 0,
    server: random.next(),
    merges: 0.5,
    full: share(0.2),
    isConcurrent: random.chance(0.4),
  }
}

export type HistoryOptions = {
  seed: number
  api: Api
  /** How many steps are taken; small ones for `npm test`. */
  steps?: number
  /** So many rounds may pass after the last trouble until all is quiet. */
  healing?: number
  /** Where planted bugs sit. */
  plant?: Pick<Parameters<typeof createDevice>[0], 'changeTransport' | 'changeStorage'>
  /** Prints every step. */
  trace?: (line: string) => void
  /** What this history is to be full of. */
  weather?: Partial<Weather>
}

export type Copy = { at: number; taken: unknown; of: string }

/** Why an act need not be known any more: its device or its server was put back to a time before it, or lost its storage while off, or it was taken back. */
export type Excuse = 'DEVICE_RESTORED' | 'SERVER_RESTORED' | 'WIPED' | 'TAKEN_BACK' | 'PERHAPS_TAKEN_BACK'

/** When an operation went to the server: by the server's time, and by true time and the boot of its device. */
export type Delivery = { device: string; from: number; to: number; sentAt: number; bootId: string }

export type SentOperation = { id: string; command: CommandName; input: Record<string, unknown>; deliveries: Delivery[] }

export type Played = {
  seed: number
  random: Random
  scene: Scene
  devices: Device[]
  saved: Saved[]
  excused: Map<string, Excuse>
  /** Refused and overridden ones that were given again: their notice is gone. */
  redone: Set<string>
  /** Devices of which there was a copy: what they took back, the copy may still send. */
  copied: Set<string>
  /** What was seen to be wrong on the way. */
  seen: Set<string>
  /** Every operation that a device ever sent, also such of which it could not tell any more that they were saved. */
  sent: Map<string, SentOperation>
  /** What the API told of operations overridden since, by account. */
  told: Map<string, Map<string, OperationResult>>
  counts: {
    steps: number
    acts: number
    rejectedActs: number
    crashes: number
    kills: number
    restores: number
    losses: number
    wipes: number
    full: number
    days: number
  }
}

/** Plays one history from its seed, ends with everything healed, and tells what happened. */
export const playHistory = async (options: HistoryOptions): Promise<Played & { dispose: () => Promise<void> }> => {
  const { seed, api, trace = () => {} } = options
  const random = createChance(seed)
  const scene = await createScene(api.deps, random)
  const timeline = createTimeline(1_770_000_000_000 + random.int(1e9))
  const weather = { ...weatherOf(random), ...options.weather }
  const sent = new Map<string, SentOperation>()
  const told = new Map<string, Map<string, OperationResult>>()
  const network = createNetwork({
    origin: api.origin,
    onRequest: (packet) => noteSent(packet),
    onExchange: (exchange) => noteTold(exchange),
  })
  const devices: Device[] = []
  const saved: Saved[] = []
  const excused = new Map<string, Excuse>()
  const seen = new Set<string>()
  const redone = new Set<string>()
  const counts = {
    steps: 0,
    acts: 0,
    rejectedActs: 0,
    crashes: 0,
    kills: 0,
    restores: 0,
    losses: 0,
    wipes: 0,
    full: 0,
    days: 0,
  }

  const noteSent = ({ body, device, sentAt, bootId }: Packet): (() => void) => {
    const delivery: Delivery = { device, from: Date.now(), to: Number.POSITIVE_INFINITY, sentAt, bootId }
    const { variables } = JSON.parse(body) as { variables?: { input?: { operations?: Record<string, unknown>[] } } }
    for (const operation of variables?.input?.operations ?? [])
      for (const command of syncCommands) {
        if (!operation[command]) continue
        const id = String(operation.id)
        const known = sent.get(id) ?? {
          id,
          command,
          input: operation[command] as Record<string, unknown>,
          deliveries: [],
        }
        known.deliveries.push(delivery)
        sent.set(id, known)
      }
    return () => {
      delivery.to = Date.now()
    }
  }
  const noteTold = ({ device, answer }: Exchange) => {
    const seat = devices.find(({ name }) => name === device)?.seat
    if (!seat) return
    const data = (
      answer as {
        data?: Record<string, { overridden?: OperationResult[]; changes?: { overridden?: OperationResult[] } } | null>
      } | null
    )?.data
    const known = told.get(accountOf(seat)) ?? new Map<string, OperationResult>()
    told.set(accountOf(seat), known)
    for (const value of Object.values(data ?? {}))
      for (const result of value?.overridden ?? value?.changes?.overridden ?? []) known.set(result.id, result)
  }

  const settle = createSettle(() => devices.reduce((sum, device) => sum + device.busy(), 0))

  /** Asks the library what became of an act, now and after every restart. */
  const follow = (tab: Tab, one: Saved) => {
    tab.engine.outcome(one.operation.id).then(
      (result) => {
        if (result) one.outcome ??= result
        else one.isGone = true
      },
      () => {},
    )
  }

  const openTab = async (device: Device) => {
    await device.openTab()
    await settle()
    const tab = device.tabs.at(-1)
    if (!tab || tab.life.isDead()) return
    for (const one of saved) if (one.device === device.name && !one.outcome) follow(tab, one)
  }

  const addDevice = async (seat: Device['seat'], kind: DiskKind, copy: Copy | null = null): Promise<Device> => {
    const device = createDevice({
      name: `${seat.kind}-${devices.length}`,
      seat,
      disk: await createDisk(kind),
      timeline,
      network,
      random: createChance(seed * 31 + devices.length),
      isTrusty: random.chance(0.4),
      ...options.plant,
    })
    devices.push(device)
    if (copy) await device.disk.restore(copy.taken)
    await openTab(device)
    trace(`${device.name} is opened on ${kind}${copy ? ` from a copy of ${copy.of}` : ''}`)
    return device
  }

  const kindsByDevice = new Map<Device, DiskKind>()
  const size = random.weighted([
    [4, 2],
    [4, 3],
    [2, 4],
    [1, 5],
    [0.5, 6],
    [0.3, 8],
  ])
  for (let i = 0; i < size; i++) {
    const kind = random.weighted<DiskKind>([
      [5, 'memory'],
      [2, 'indexeddb'],
      [2, 'sqlite'],
    ])
    // The first two sit at desks of one clinic, often as the same user.
    const makeSeat = i === 0 ? scene.seats[0] : random.pick(scene.seats)
    if (!makeSeat) continue
    kindsByDevice.set(await addDevice(await makeSeat(), kind), kind)
  }

  const crash = async (device: Device) => {
    await device.crash()
    counts.crashes++
    for (const packet of network.packets())
      if (packet.device === device.name && packet.stage === 'reply') network.drop(packet, false)
    trace(`${device.name} crashes`)
    if (random.chance(0.5)) device.clock.reboot()
    if (random.chance(weather.clock)) device.clock.step()
  }

  /** Whoever died in the midst of a storage call is noticed here. */
  const bury = async () => {
    for (const device of devices) if (device.tabs.some(({ life }) => life.isDead())) await crash(device)
  }

  const act = async (device: Device) => {
    const tab = device.tabs.length > 0 ? random.pick(device.tabs) : null
    if (!tab) return
    const { engine, life } = tab
    const chosen = chooseAct({ seat: device.seat, records: engine.records(), pending: engine.pending(), scene, random })
    if (!chosen) return
    if (random.chance(weather.crash))
      life.crashAt(1 + random.int(4), random.pick<CrashPoint>(['before', 'within', 'at commit', 'after']), () => {})
    const at = timeline.now()
    note(device, tab, at, engine.act(chosen.command, chosen.input))
    await settle()
  }

  /** Whatever the library says is saved has to become known. */
  const note = (device: Device, tab: Tab, at: number, act: Promise<Operation>) => {
    act.then(
      (operation) => {
        counts.acts++
        const account = accountOf(device.seat)
        const one: Saved = { operation, device: device.name, account, at, outcome: null, isGone: false }
        saved.push(one)
        follow(tab, one)
        const { command, id, seq, input } = operation
        trace(`${device.name} ${command} ${id} seq ${seq} ${JSON.stringify(input)}`)
      },
      (error) => {
        counts.rejectedActs++
        trace(`${device.name} cannot save: ${error}`)
      },
    )
  }

  /** The person takes an unsent act back, or does a refused one again. */
  const reconsider = async (device: Device) => {
    const tab = device.tabs.length > 0 ? random.pick(device.tabs) : null
    if (!tab) return
    const { engine } = tab
    const notices = engine.status().notices.filter(({ operation }) => operation)
    const [notice] = notices
    if (notice && random.chance(0.5)) {
      redone.add(notice.id)
      note(device, tab, timeline.now(), engine.redo(notice.id))
    } else {
      const last = engine.pending().at(-1)
      if (!last) return
      // The power may go off when it is done and before anybody knows.
      const before = excused.get(last.id)
      excused.set(last.id, 'PERHAPS_TAKEN_BACK')
      engine.takeBack(last.id).then(
        (isTaken) => {
          if (isTaken) excused.set(last.id, 'TAKEN_BACK')
          else if (before) excused.set(last.id, before)
          else excused.delete(last.id)
          trace(`${device.name} ${isTaken ? 'takes' : 'cannot take'} ${last.id} back`)
        },
        () => {},
      )
    }
    await settle()
  }

  const wipe = async (device: Device) => {
    await settle()
    // Wiped and without power at once, nothing remembers.
    for (const { life } of device.tabs) life.disarm()
    if (!device.disk.isWipedWhileOn) await crash(device)
    trace(`${device.name} is wiped`)
    counts.wipes++
    // Whatever took the data away made room.
    device.disk.isFull = false
    await device.disk.wipe()
    if (device.tabs.length === 0)
      for (const one of saved) if (one.device === device.name) excused.set(one.operation.id, 'WIPED')
    await settle()
  }

  const fill = (device: Device) => {
    device.disk.isFull = !device.disk.isFull
    if (device.disk.isFull) counts.full++
    trace(`${device.name} has ${device.disk.isFull ? 'no room left' : 'room again'}`)
  }

  /** A clinic's day ends twelve hours after the history has begun: its clock is put forward past that. */
  let isNextDay = false
  const turnDay = async () => {
    if (isNextDay) return
    isNextDay = true
    counts.days++
    await look(() => api.db.clinic.update({ where: { id: scene.clinicId }, data: { timeZone: 'Etc/GMT-14' } }))
    trace('a new clinic day begins')
  }

  const actSome = async (device: Device) => {
    for (
      let left = random.weighted([
        [5, 1],
        [3, 2],
        [2, 4],
        [0.3, 12],
      ] as const);
      left > 0;
      left--
    )
      await act(device)
  }

  const finish = async (packet: Packet) => {
    if (packet.stage === 'request') {
      if (random.chance(weather.copies)) network.copy(packet)
      if (random.chance(weather.lossRequest)) {
        counts.losses++
        trace(`${packet.device}: request lost`)
        return network.drop(packet, random.chance(0.6))
      }
      await network.deliver(packet)
      if (packet.isCopy || random.chance(weather.delay)) return
    }
    if (packet.stage !== 'reply') return
    if (random.chance(weather.lossReply)) {
      counts.losses++
      trace(`${packet.device}: reply lost`)
      return network.drop(packet, random.chance(0.6))
    }
    network.reply(packet)
  }

  /** The requests under way go on, one after the other or all at once. */
  const traffic = async (atMost: number) => {
    const waiting = network.packets().filter(({ stage }) => stage !== 'at server')
    const chosen: Packet[] = []
    while (chosen.length < Math.min(atMost, waiting.length)) {
      const packet = random.pick(waiting)
      if (!chosen.includes(packet)) chosen.push(packet)
    }
    if (weather.isConcurrent) await Promise.all(chosen.map(finish))
    else for (const packet of chosen) if (network.packets().includes(packet)) await finish(packet)
    await settle()
  }

  const copies: (Copy & { kind: DiskKind; seat: Device['seat'] })[] = []
  const takeCopy = async (device: Device) => {
    const kind = kindsByDevice.get(device)
    if (!kind || device.busy() > 0) return
    const taken = await device.disk.copy()
    copies.push({ at: timeline.now(), taken, of: device.name, kind, seat: device.seat })
    trace(`${device.name} is copied`)
  }
  const restoreCopy = async () => {
    const copy = random.pick(copies)
    if (random.chance(0.5) && devices.length < 8) {
      const twin = await addDevice(copy.seat, copy.kind, copy)
      kindsByDevice.set(twin, copy.kind)
      counts.restores++
      return
    }
    const device = devices.find(({ name }) => name === copy.of)
    if (!device) return
    await crash(device)
    await device.disk.restore(copy.taken)
    counts.restores++
    for (const one of saved)
      if (one.device === device.name && one.at >= copy.at) excused.set(one.operation.id, 'DEVICE_RESTORED')
    trace(`${device.name} is put back to its copy`)
    await openTab(device)
  }

  let putBack: (() => Promise<void>) | null = null
  let killsLeft = 2
  /** In the midst of a batch the API dies, or its connections do. */
  const strike = async (how: 'kill' | 'cut') => {
    const batch = network.packets().find(({ stage, body }) => stage === 'request' && body.includes('"operations"'))
    if (!batch) return
    const under = network.deliver(batch)
    // Or it dies when the batch is stored, and nobody hears of it.
    const isStored = random.chance(0.3)
    if (isStored) {
      await under
      if (batch.stage === 'reply') network.drop(batch, random.chance(0.5))
    } else await new Promise((resolve) => setTimeout(resolve, random.int(25)))
    if (how === 'kill' && api.kill && killsLeft-- > 0) await api.kill()
    else await api.cutDatabase?.()
    trace(`${how} ${isStored ? 'behind' : 'in the midst of'} a batch of ${batch.device}`)
    counts.kills++
    await under
    if (batch.stage === 'reply') network.reply(batch)
    await settle()
  }
  const restoreServer = async (back: () => Promise<void>) => {
    for (const packet of network.packets()) if (packet.stage === 'reply') network.drop(packet, true)
    await settle()
    await back()
    putBack = null
    counts.restores++
    for (const one of saved) if (one.outcome || !isHeld(one)) excused.set(one.operation.id, 'SERVER_RESTORED')
    trace('the server is put back to its copy')
  }
  const troubleServer = async () => {
    if (putBack && random.chance(0.3)) return restoreServer(putBack)
    if (api.backUp && !putBack && random.chance(0.25)) {
      putBack = await api.backUp()
      trace('the server is copied')
    } else await strike(random.chance(0.5) ? 'kill' : 'cut')
  }
  /** Whether the device that made it still has the act to send. */
  const isHeld = (one: Saved): boolean =>
    devices
      .filter(({ name }) => name === one.device)
      .flatMap(({ tabs }) => tabs)
      .some(({ engine }) => engine.pending().some(({ id }) => id === one.operation.id))

  /** At any moment the numbers of what a device still has to send have no gap. */
  const lookAtLogs = () => {
    for (const { name, tabs } of devices)
      for (const { engine, life } of tabs) {
        if (life.isDead()) continue
        const seqs = engine.pending().flatMap(({ seq, answer }) => (answer ? [] : [seq]))
        if (seqs.some((seq, i) => i > 0 && seq !== (seqs[i - 1] as number) + 1))
          seen.add(`log: ${name} holds the numbers ${seqs}`)
      }
  }

  const step = async () => {
    counts.steps++
    const device = random.pick(devices)
    await random.weighted<() => Promise<unknown>>([
      [12, () => actSome(device)],
      [8, () => traffic(1 + random.int(3))],
      [3, () => actOnline({ scene, api, random, trace, merges: weather.merges })],
      [2, () => timeline.advance(random.between(100, 5 * SECOND), settle)],
      [2, () => timeline.advance(random.between(5 * SECOND, 3 * MINUTE), settle)],
      [0.6, () => timeline.leap(random.between(3 * MINUTE, 6 * HOUR), settle)],
      [1, async () => device.tabs[0]?.engine.nudge()],
      [
        8 * weather.cut,
        async () => (network.isCut(device.name) ? network.mend(device.name) : network.cutOff(device.name, random)),
      ],
      [6 * weather.crash, () => crash(device)],
      [weather.crash > 0 && device.tabs.length > 1 ? 1 : 0, async () => device.closeTab()],
      [kindsByDevice.get(device) === 'sqlite' || device.tabs.length !== 1 ? 0 : 0.3, () => openTab(device)],
      [4 * weather.clock, async () => device.clock.step()],
      [1, () => reconsider(device)],
      [weather.crash, () => wipe(device)],
      [8 * weather.backup, () => takeCopy(device)],
      [copies.length > 0 ? 6 * weather.backup : 0, restoreCopy],
      [api.cutDatabase ? 3 * weather.server : 0, troubleServer],
      [device.disk.isFull ? 4 : 6 * weather.full, async () => fill(device)],
      [isNextDay ? 0 : 0.15, turnDay],
    ])()
    await settle()
    lookAtLogs()
    await bury()
    for (const one of devices) if (one.tabs.length === 0 && random.chance(0.5)) await openTab(one)
  }

  const steps = options.steps ?? 25 + random.int(35)
  for (let i = 0; i < steps; i++) await step()
  if (putBack && random.chance(0.6)) await restoreServer(putBack)

  // Everything heals.
  trace('healing')
  for (const device of devices) {
    network.mend(device.name)
    for (const { life } of device.tabs) life.disarm()
    device.disk.isFull = false
  }
  let quiet = 0
  for (let round = 0; quiet < 3; round++) {
    if (round > (options.healing ?? 150)) {
      const stuck = devices.map(
        ({ name, tabs }) =>
          `${name}: ${tabs.map(({ engine }) => JSON.stringify({ ...engine.status(), pending: engine.pending().length })).join(' | ')}`,
      )
      throw new Error(`seed ${seed}: never quiet again\n${stuck.join('\n')}`)
    }
    await bury()
    for (const device of devices) if (device.tabs.length === 0) await openTab(device)
    for (const device of devices) for (const { engine } of device.tabs) engine.nudge()
    await settle()
    for (let turns = 0; network.packets().length > 0 && turns < 200; turns++) {
      const all = [...network.packets()].filter(({ stage }) => stage !== 'at server')
      const bring = async (packet: Packet) => {
        if (packet.stage === 'request') await network.deliver(packet)
        if (packet.stage === 'reply') network.reply(packet)
      }
      if (weather.isConcurrent) await Promise.all(all.map(bring))
      else for (const packet of all) await bring(packet)
      await settle()
    }
    await timeline.advance(MINUTE, settle)
    const isQuiet = devices.every(({ tabs }) =>
      tabs.every(
        ({ engine }) => engine.pending().length === 0 && engine.status().isOnline && !engine.status().isLoading,
      ),
    )
    quiet = isQuiet ? quiet + 1 : 0
    // The tab that made an act may be gone: another one of its device knows as well.
    if (quiet === 1)
      for (const one of saved) {
        const tab = devices.find(({ name }) => name === one.device)?.tabs[0]
        if (tab && !one.outcome) follow(tab, one)
      }
  }
  return {
    seed,
    random,
    scene,
    devices,
    saved,
    excused,
    redone,
    copied: new Set(copies.map(({ of }) => of)),
    seen,
    sent,
    told,
    counts,
    dispose: async () => {
      for (const device of devices) await device.dispose()
    },
  }
}
