import type { CommandName, OperationResult, StoredRecord } from '../model.ts'
import { type ChangeSet, type SyncInput, type SyncResult, type Transport, TransportError } from '../transport.ts'

type Stored = { account: string; result: OperationResult }
type Change = { entity: 'patients' | 'entries'; id: string }

/**
 * The protocol of sync.md in few lines and in memory, so that the engine can be tried against what a real server does rarely.
 * It knows patients (createPatient, updatePatient) and entries (addWalkIn, callEntry, leaveQueue).
 */
export const createModelServer = () => {
  let clients = new Map<string, { account: string; nextSeq: number; bySeq: Map<number, string> }>()
  let outcomes = new Map<string, Stored>()
  let records = { patients: new Map<string, StoredRecord>(), entries: new Map<string, StoredRecord>() }
  let changes: Change[] = []
  let epoch = 1
  let pageSize = 500
  const applied: string[] = []
  const overridden: { at: number; account: string; result: OperationResult }[] = []
  const requests: { kind: 'sync' | 'changes'; size: number }[] = []
  /** What fails next, before or after the server has done its work. */
  const faults: ('LOST_REQUEST' | 'LOST_REPLY' | 'UNAUTHENTICATED' | 'UNAVAILABLE')[] = []
  const unreadable = new Set<CommandName>()
  const refused = new Map<string, string>()
  let isDown = false

  const put = (entity: Change['entity'], record: StoredRecord) => {
    records[entity].set(record.id, record)
    changes.push({ entity, id: record.id })
  }

  const run = (operation: SyncInput['operations'][number]): Omit<OperationResult, 'id'> => {
    const rejected = (code: string) => ({ outcome: 'REJECTED' as const, code, message: code, overrides: null })
    const done = { outcome: 'APPLIED' as const, code: null, message: null, overrides: null }
    if (operation.dropped) return rejected('MALFORMED')
    const { createPatient, updatePatient, addWalkIn, callEntry, leaveQueue } = operation
    const code = refused.get(operation.id)
    if (code) return rejected(code)
    if (createPatient) put('patients', { id: String(createPatient.id), version: 1, name: createPatient.name })
    if (updatePatient) {
      const old = records.patients.get(String(updatePatient.id))
      if (!old) return rejected('NOT_FOUND')
      put('patients', { ...old, ...updatePatient, version: old.version + 1 })
    }
    if (addWalkIn) {
      const fields = { status: 'WAITING', patient: { id: addWalkIn.patientId } }
      put('entries', { id: String(addWalkIn.id), version: 1, ...fields })
    }
    if (callEntry || leaveQueue) {
      const entry = records.entries.get(String((callEntry ?? leaveQueue)?.id))
      if (!entry) return rejected('NOT_FOUND')
      if (callEntry && entry.status !== 'WAITING') return rejected('ALREADY_CALLED')
      put('entries', { ...entry, version: entry.version + 1, status: callEntry ? 'CALLED' : 'LEFT' })
    }
    applied.push(operation.id)
    return done
  }

  const sync = (account: string, { clientId, operations, cursor }: SyncInput): SyncResult => {
    if (operations.length > 100) throw new TransportError('MALFORMED', 'BAD_INPUT')
    for (const operation of operations)
      for (const command of unreadable) if (command in operation) throw new TransportError('MALFORMED', 'BAD_INPUT')
    const client = clients.get(clientId) ?? { account, nextSeq: 1, bySeq: new Map() }
    const isForeign = client.account !== account
    if (isForeign || operations.some(({ seq, id }) => (client.bySeq.get(seq) ?? id) !== id))
      throw new TransportError('REFUSED', 'RESET')
    clients.set(clientId, client)
    const results: OperationResult[] = []
    for (const operation of operations) {
      const known = outcomes.get(operation.id)
      const isSeen = client.bySeq.get(operation.seq) === operation.id
      if (!isSeen && operation.seq !== client.nextSeq) break
      if (!isSeen) {
        client.bySeq.set(operation.seq, operation.id)
        client.nextSeq += 1
      }
      if (known) {
        const isApplied = known.result.outcome === 'APPLIED'
        results.push(isApplied ? { ...known.result, outcome: 'DUPLICATE' } : known.result)
      } else {
        const result = { id: operation.id, ...run(operation) }
        outcomes.set(operation.id, { account, result })
        results.push(result)
      }
    }
    let answer: SyncResult['changes'] = null
    if (cursor !== null) {
      try {
        answer = pull(account, cursor)
      } catch {
        answer = 'CURSOR_EXPIRED'
      }
    }
    return { outcomes: results, nextSeq: client.nextSeq, changes: answer }
  }

  const pull = (account: string, cursor: string | null): ChangeSet => {
    const [at, from] = cursor === null ? [epoch, 0] : cursor.split('/').map(Number)
    if (at !== epoch || from === undefined || from > changes.length)
      throw new TransportError('REFUSED', 'CURSOR_EXPIRED')
    const to = Math.min(from + pageSize, changes.length)
    const page = changes.slice(from, to)
    const of = (entity: Change['entity']) => {
      const ids = new Set(page.filter((change) => change.entity === entity).map(({ id }) => id))
      return [...ids].flatMap((id) => records[entity].get(id) ?? [])
    }
    const gone = page.filter(({ entity, id }) => !records[entity].has(id)).map(({ id }) => id)
    return {
      cursor: `${epoch}/${to}`,
      hasMore: to < changes.length,
      patients: of('patients'),
      appointments: [],
      entries: of('entries'),
      removed: gone,
      overridden: overridden
        .filter((one) => one.account === account && one.at > from && one.at <= to)
        .map(({ result }) => result),
    }
  }

  const reach = async <T>(kind: 'sync' | 'changes', size: number, work: () => T): Promise<T> => {
    requests.push({ kind, size })
    await Promise.resolve()
    const fault = isDown ? 'LOST_REQUEST' : faults.shift()
    if (fault === 'LOST_REQUEST') throw new TransportError('NETWORK')
    if (fault === 'UNAUTHENTICATED') throw new TransportError('UNAUTHENTICATED')
    if (fault === 'UNAVAILABLE') throw new TransportError('REFUSED', 'UNAVAILABLE')
    const result = structuredClone(work())
    await Promise.resolve()
    if (fault === 'LOST_REPLY') throw new TransportError('NETWORK')
    return result
  }

  return {
    requests,
    faults,
    unreadable,
    refused,
    /** Ids of operations in the order in which they were really done. */
    applied,
    records: () => records,
    put,
    remove: (entity: Change['entity'], id: string) => {
      records[entity].delete(id)
      changes.push({ entity, id })
    },
    override: (account: string, result: OperationResult) => {
      changes.push({ entity: 'patients', id: 'nobody' })
      overridden.push({ at: changes.length, account, result })
    },
    pageSize: (size: number) => {
      pageSize = size
    },
    down: (now: boolean) => {
      isDown = now
    },
    expireCursors: () => {
      epoch += 1
    },
    /** As after a backup: everything since is forgotten. */
    copy: () => structuredClone({ clients, outcomes, records, changes }),
    restore: (copy: {
      clients: typeof clients
      outcomes: typeof outcomes
      records: typeof records
      changes: Change[]
    }) => {
      ;({ clients, outcomes, records, changes } = structuredClone(copy))
      epoch += 1
    },
    transport: (account: string): Transport => ({
      account: () => account,
      sync: (input) => reach('sync', input.operations.length, () => sync(account, input)),
      changes: (cursor) => reach('changes', 0, () => pull(account, cursor)),
    }),
  }
}
