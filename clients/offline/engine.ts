import { ageBetween, LONGEST_OFFLINE_MS, momentOf } from './clock.ts'
import type { Keeping } from './held.ts'
import {
  append,
  type Delta,
  dismiss,
  endLog,
  LogEnded,
  openLog,
  putBack,
  readLog,
  readState,
  redo,
  resumeLog,
  type StoredSeal,
  takeBack,
} from './log.ts'
import { createMirror, type Mirror } from './mirror.ts'
import type { CommandName, Engine, Operation, OperationResult, Status, Trouble } from './model.ts'
import type { Ports } from './ports.ts'
import { type Storage, StorageError, type StorageOpener } from './storage/storage.ts'
import { type Contact, createSyncLoop } from './sync-loop.ts'
import type { Transport } from './transport.ts'
import { makeVaultKey, opens, seal, unseal, type VaultKey } from './vault.ts'

const refusals = {
  TOO_OLD: 'There was no contact with the server for 24 hours; log in again when the network is back.',
  LOGGED_OUT: 'Nobody is logged in.',
  NOT_HERE: 'The operation was made at another device, or is no longer here.',
  CANNOT_SEAL: 'Unsent work can be sealed only after a log-in with a password, and over HTTPS.',
} as const

/** An act that could not be taken; nothing was saved. */
export class ActRefused extends Error {
  readonly code: keyof typeof refusals

  constructor(code: keyof typeof refusals) {
    super(refusals[code])
    this.name = 'ActRefused'
    this.code = code
  }
}

export type EngineNeeds = {
  /** The patient's or user's id: a log belongs to one device and one account. */
  account: string
  transport: Transport
  opener: StorageOpener
  ports: Ports
  keeping: Keeping
}

/** What the tab that pushes tells the others of. */
type Shared = Pick<Status, 'isOnline' | 'isLoading' | 'loaded' | 'syncedAt'> & {
  contact: Contact
  offlineSince: number | null
}

type Message =
  | { kind: 'delta'; delta: Delta }
  | { kind: 'status'; shared: Shared }
  | { kind: 'hello' }
  | { kind: 'nudge' }
  | { kind: 'full'; isFull: boolean }

const makers: ReadonlySet<CommandName> = new Set(['createPatient', 'bookAppointment', 'addWalkIn'])

export const createEngine = ({ account, transport, opener, ports, keeping }: EngineNeeds): Engine => {
  const name = `anteroom-${account}`
  const listeners = new Set<() => void>()
  const waiting = new Map<string, ((result: OperationResult | null) => void)[]>()
  const ending = new AbortController()
  const channel = ports.channel(name)

  let storage: Storage | null = null
  let mirror: Mirror | null = null
  let recovering: Promise<void> | null = null
  let leading: Promise<void> = Promise.resolve()
  let isLeader = false
  let isFull = false
  let isLost = false
  let status: Status | null = null
  let shared: Shared = {
    contact: 'ONLINE',
    isOnline: true,
    offlineSince: null,
    isLoading: true,
    loaded: 0,
    syncedAt: null,
  }

  const opened = (): { storage: Storage; mirror: Mirror } => {
    if (!storage || !mirror) throw new Error('The engine has not been started.')
    return { storage, mirror }
  }
  const moment = () => momentOf(ports.clock)
  let isClosed = false
  /** What is still under way when the engine stops, as a line that is lost by it, tells nobody any more: a closed channel would throw. */
  const post = (message: Message) => {
    if (!isClosed) channel.post(message)
  }
  const close = async () => {
    isClosed = true
    channel.close()
    await storage?.close()
  }

  const isTooOld = (): boolean =>
    !!mirror && ageBetween(mirror.state().contact, moment()) > LONGEST_OFFLINE_MS && !shared.isOnline

  const trouble = (): Trouble | null => {
    if (mirror?.state().ended || shared.contact === 'LOGGED_OUT') return 'LOGGED_OUT'
    if (shared.contact === 'OTHER_USER' || shared.contact === 'APP_OUTDATED') return shared.contact
    if (isFull) return 'STORAGE_FULL'
    if (isTooOld()) return 'TOO_OLD'
    return isLost ? 'STORAGE_LOST' : null
  }

  const currentStatus = (): Status => ({
    isOnline: shared.isOnline,
    offlineSince: shared.offlineSince,
    unsent: mirror?.unanswered().length ?? 0,
    syncedAt: shared.syncedAt ?? mirror?.state().syncedAt ?? null,
    isLoading: shared.isLoading,
    loaded: shared.loaded,
    notices: mirror?.notices() ?? [],
    trouble: trouble(),
  })

  const settleWaiting = () => {
    for (const [id, resolvers] of waiting) {
      const result = resultOf(id)
      if (result === undefined) continue
      waiting.delete(id)
      for (const resolve of resolvers) resolve(result)
    }
  }

  /** The answer to an operation; null where it was taken back; undefined while it is on its way. */
  const resultOf = (id: string): OperationResult | null | undefined => {
    const known = mirror?.answered(id)
    if (known) return known.result
    const operation = mirror?.operation(id)
    return operation ? operation.answer : null
  }

  const emit = () => {
    status = null
    settleWaiting()
    for (const listener of listeners) listener()
  }

  const share = (changes: Partial<Shared>) => {
    shared = { ...shared, ...changes }
    post({ kind: 'status', shared })
    emit()
  }

  const reload = async (): Promise<void> => {
    const { storage, mirror } = opened()
    try {
      const known = mirror.state()
      const present = await readState(storage)
      if (present.logId === known.logId && present.revision <= known.revision) return
      mirror.take(await readLog(storage))
    } catch (error) {
      if (!(error instanceof StorageError) || error.fault !== 'LOST') throw error
      await recover(storage)
    }
    emit()
  }

  /** The database is gone while this tab still knows what was in it: nothing that was shown as saved is given up. */
  const recover = (gone: Storage): Promise<void> => {
    if (storage !== gone || ending.signal.aborted) return recovering ?? Promise.resolve()
    recovering ??= (async () => {
      await gone.close().catch(() => {})
      const next = await opener.open(name)
      const { mirror } = opened()
      const { contents, isNew } = await openAnew(next, mirror)
      mirror.take(contents, contents.records.length === 0)
      attach(next)
      isLost ||= isNew
      post({ kind: 'hello' })
      emit()
      loop.nudge()
    })().finally(() => {
      recovering = null
    })
    return recovering
  }

  /** Opens the log, with what this tab and the spare place know of one that is gone. */
  const openAnew = async (fresh: Storage, known: Mirror | null) => {
    // Where the spare place cannot be read now, the next start asks it again.
    const spared = (await fresh.spared?.().catch(() => null)) ?? { operations: [], sealed: [] }
    const isNews = ({ id }: Operation) => !known?.operation(id) && !known?.answered(id)
    const remembered = {
      operations: [...(known?.unanswered() ?? []), ...(spared.operations as Operation[]).filter(isNews)],
      answered: known?.allAnswered() ?? [],
      sealed: spared.sealed as StoredSeal[],
    }
    const isSpared = spared.operations.length + spared.sealed.length > 0
    return { ...(await openLog(fresh, ports, remembered)), isSpared }
  }

  const attach = (next: Storage) => {
    storage = next
    next.onLost(() => {
      recover(next).catch(() => {})
    })
  }

  const markFull = (now: boolean) => {
    if (isFull === now) return
    isFull = now
    post({ kind: 'full', isFull })
    emit()
  }

  const take = async (delta: Delta, tell = emit): Promise<void> => {
    const { mirror } = opened()
    if (!mirror.apply(delta)) await reload()
    if (delta.state.ended) ending.abort()
    tell()
  }

  const write = async <T>(
    work: (storage: Storage) => Promise<{ result: T; delta: Delta }>,
    tell = emit,
  ): Promise<T> => {
    for (let attempt = 1; ; attempt += 1) {
      const { storage } = opened()
      try {
        const { result, delta } = await work(storage)
        markFull(false)
        post({ kind: 'delta', delta })
        await take(delta, tell)
        return result
      } catch (error) {
        if (!(error instanceof StorageError)) throw error
        if (error.fault === 'FULL') markFull(true)
        if (error.fault !== 'LOST' || attempt === 3) throw error
        await recover(storage)
      }
    }
  }

  const loop = createSyncLoop({
    account,
    transport,
    ports,
    keeping,
    mirror: () => opened().mirror,
    write,
    reload,
    report: (contact) => {
      if (contact === shared.contact) return
      const isOnline = contact !== 'OFFLINE'
      const offlineSince = isOnline ? null : (shared.offlineSince ?? opened().mirror.state().contact.wall)
      share({ contact, isOnline, offlineSince })
    },
    reportSynced: () => share({ syncedAt: ports.clock.wall() }),
    reportLoad: (isLoading, loaded) => {
      if (isLoading !== shared.isLoading || loaded !== shared.loaded) share({ isLoading, loaded })
    },
  })

  const lead = async (): Promise<void> => {
    if (ending.signal.aborted) return
    isLeader = true
    try {
      // The tab that pushed before may have died between storing something and telling of it.
      await reload().catch(() => {})
      post({ kind: 'status', shared })
      if (!opened().mirror.state().ended) await loop.run(ending.signal)
    } finally {
      isLeader = false
    }
  }

  const isMessage = (message: unknown): message is Message =>
    typeof message === 'object' && message !== null && 'kind' in message

  const hear = async (message: unknown): Promise<void> => {
    if (!isMessage(message) || !mirror) return
    if (message.kind === 'delta') {
      await take(message.delta)
      if (isLeader && message.delta.operations.size > 0) loop.news()
    } else if (message.kind === 'status') {
      if (!isLeader) shared = message.shared
      emit()
    } else if (message.kind === 'full') {
      isFull = message.isFull
      emit()
    } else if (message.kind === 'hello') {
      if (isLeader) post({ kind: 'status', shared })
    } else if (isLeader) loop.nudge()
  }

  const expectActs = () => {
    if (opened().mirror.state().ended || ending.signal.aborted) throw new ActRefused('LOGGED_OUT')
    if (isTooOld()) throw new ActRefused('TOO_OLD')
  }

  const nudge = () => {
    if (isLeader) loop.nudge()
    else post({ kind: 'nudge' })
  }

  const readForSealing = () =>
    opened().storage.read(async (tx) => ({
      key: (await tx.get('state', 'vault')) as VaultKey | undefined,
      operations: ((await tx.all('operations')) as Operation[]).filter(({ answer }) => !answer),
    }))

  const sealUnsent = async (crypto: Crypto): Promise<void> => {
    for (;;) {
      const { key, operations } = await readForSealing()
      const [first] = operations
      const sealed = key && first ? { id: first.id, ...(await seal(crypto, key, operations)) } : null
      const ids = new Set(operations.map(({ id }) => id))
      if (await write((storage) => endLog(storage, { sealed, ids }))) return
    }
  }

  /** Opens what the password opens, and makes a key for the next log-out. */
  const openVault = async (crypto: Crypto, password: string): Promise<boolean> => {
    const { storage } = opened()
    const { key, all } = await storage.read(async (tx) => ({
      key: (await tx.get('state', 'vault')) as VaultKey | undefined,
      all: (await tx.all('sealed')) as StoredSeal[],
    }))
    let isOpen = true
    for (const sealed of all) {
      // Damaged data stays where it is, and nobody is kept out by it.
      const operations = await unseal(crypto, sealed, password).catch(() => null)
      if (operations) await write((storage) => putBack(storage, sealed.id, operations))
      else isOpen = false
    }
    if (!key || !(await opens(crypto, key, password))) {
      const made = await makeVaultKey(crypto, password)
      await storage.write(async (tx) => tx.put('state', 'vault', made))
    }
    return isOpen
  }

  return {
    start: async () => {
      const first = await opener.open(name)
      const { contents, isNew, isSpared } = await openAnew(first, null)
      isLost = isNew && (isSpared || ports.witness.has(name))
      ports.witness.set(name, true)
      mirror = createMirror(contents)
      attach(first)
      shared = { ...shared, isLoading: contents.state.syncedAt === null, syncedAt: contents.state.syncedAt }
      channel.listen((message) => {
        hear(message).catch(() => {})
      })
      post({ kind: 'hello' })
      if (!contents.state.ended) leading = ports.locks.request(name, ending.signal, lead).catch(() => {})
      emit()
    },
    stop: async () => {
      ending.abort()
      await leading
      await close()
    },
    act: async (command, input) => {
      expectActs()
      const id = ports.newId()
      // What is made offline has its final id from the start.
      const whole = makers.has(command) && input.id === undefined ? { id, ...input } : input
      const isSentNext = isLeader && loop.isReady() && opened().mirror.unanswered().length === 0
      const act = { id, command, input: whole }
      const operation = await write(
        (storage) => append(storage, act, moment(), isSentNext),
        () => {},
      )
      if (isLeader) loop.news()
      // The request is on its way before the screens are busy with what it changes.
      if (isSentNext) await ports.turn?.()
      emit()
      return operation
    },
    outcome: (id) =>
      new Promise((resolve) => {
        const result = resultOf(id)
        if (result !== undefined) resolve(result)
        else waiting.set(id, [...(waiting.get(id) ?? []), resolve])
      }),
    // Without room, what is sent could not be marked as sent before.
    takeBack: async (id) => !isFull && (await write((storage) => takeBack(storage, id))),
    redo: async (id) => {
      expectActs()
      const operation = await write((storage) => redo(storage, id, ports.newId(), moment()))
      if (!operation) throw new ActRefused('NOT_HERE')
      if (isLeader) loop.news()
      return operation
    },
    dismiss: async (id) => {
      if (id === 'STORAGE_LOST') {
        isLost = false
        emit()
      } else await write((storage) => dismiss(storage, id))
    },
    records: () => opened().mirror.records(),
    pending: () => opened().mirror.pending(),
    status: () => {
      status ??= currentStatus()
      return status
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    nudge,
    unlock: async (password) => {
      const wasEnded = opened().mirror.state().ended
      await write((storage) => resumeLog(storage, moment()))
      const isOpen = password !== null && ports.crypto ? await openVault(ports.crypto, password) : true
      if (wasEnded && !ending.signal.aborted) leading = ports.locks.request(name, ending.signal, lead).catch(() => {})
      nudge()
      return isOpen
    },
    end: async (unsent) => {
      const { crypto } = ports
      if (unsent === 'SEAL' && mirror?.unanswered().length !== 0 && !(crypto && (await readForSealing()).key))
        throw new ActRefused('CANNOT_SEAL')
      ending.abort()
      await leading
      try {
        if (unsent === 'SEAL' && crypto) await sealUnsent(crypto)
        else await write((storage) => endLog(storage, unsent === 'KEEP' ? 'KEEP' : 'DISCARD'))
      } catch (error) {
        // Another tab was first.
        if (!(error instanceof LogEnded)) throw error
      }
      await close()
    },
  }
}
