import type { CommandName, StoredRecord } from '../model.ts'
import type { Api } from './api.ts'
import { accountOf, type Device, type Saved } from './device.ts'
import type { Played } from './history.ts'
import { freshLoad } from './library.ts'

type StoredOp = {
  client_id: string
  seq: number
  op_id: string
  account_id: string
  command: CommandName | null
  outcome: string
  code: string | null
  overrides: { field: string }[] | null
  beaten: { field: string }[] | null
  stamp: bigint
  is_repeat: boolean
}

const fields = ['name', 'phoneNumber', 'dateOfBirth', 'language'] as const

type Write = {
  patient_id: string
  field: (typeof fields)[number]
  version: number
  is_staff: boolean
  stamp: bigint
  seen_stamp: bigint
  write_id: string
  is_operation: boolean
  account_id: string
}

/** What the server holds of one history when everything has come to rest. */
const readServer = async ({ scene, devices }: Played, { db }: Api) => {
  const clinicId = scene.clinicId
  const accounts = [...new Set(devices.map(({ seat }) => accountOf(seat)))]
  const operations = await db.$queryRaw<StoredOp[]>`
    SELECT client_id::text, seq, op_id, account_id::text, command, outcome, code, overrides, beaten, stamp, is_repeat
    FROM sync_operations WHERE account_id = ANY(${accounts}::uuid[]) ORDER BY client_id, seq`
  const entries = await db.queueEntry.findMany({ where: { clinicId } })
  const events = await db.queueEvent.findMany({ where: { entry: { clinicId } }, orderBy: { version: 'asc' } })
  const appointments = await db.appointment.findMany({ where: { clinicId } })
  const patients = await db.patient.findMany({ where: { clinics: { some: { clinicId } } } })
  const everybody = await db.patient.findMany({ where: { createdById: { in: accounts } } })
  const merged = await db.patient.findMany({
    where: { mergedIntoId: { not: null }, OR: [{ id: { in: scene.patientIds } }, { createdById: { in: accounts } }] },
  })
  const writes = await db.$queryRaw<Write[]>`
    SELECT patient_id::text, field, version, is_staff, stamp, seen_stamp, write_id, is_operation, account_id::text
    FROM patient_field_writes WHERE patient_id = ANY(${patients.map(({ id }) => id)}::uuid[]) ORDER BY patient_id, field, version`
  const streams = await db.$queryRaw<{ id: string; last: bigint; first: bigint; newest: bigint; count: bigint }[]>`
    SELECT s.id::text, s.last, min(c.number) AS first, max(c.number) AS newest, count(*) AS count
    FROM streams s JOIN changes c ON c.stream_id = s.id
    WHERE s.id = ANY(${[clinicId, ...patients.map(({ id }) => id)]}::uuid[]) GROUP BY s.id`
  const audit = await db.$queryRaw<{ entity_id: string; count: bigint }[]>`
    SELECT entity_id::text, count(*) AS count FROM audit_log
    WHERE action LIKE 'sync.%' AND coalesce(actor_user_id, actor_patient_id) = ANY(${accounts}::uuid[]) GROUP BY entity_id`
  const [clinic] = await db.$queryRaw<{ today: Date }[]>`
    SELECT ((clock_timestamp() AT TIME ZONE time_zone) - make_interval(mins => day_starts_at))::date AS today
    FROM clinics WHERE id = ${clinicId}::uuid`
  const today = clinic?.today.getTime()
  return { operations, entries, events, appointments, patients, everybody, merged, writes, streams, audit, today }
}

type Server = Awaited<ReturnType<typeof readServer>>

const eventOf: Partial<Record<CommandName, string>> = {
  addWalkIn: 'WALKED_IN',
  callEntry: 'CALLED',
  recall: 'RECALLED',
  startService: 'STARTED',
  markServed: 'SERVED',
  markNoShow: 'NO_SHOW',
  hold: 'HELD',
  returnToQueue: 'RETURNED',
  leaveQueue: 'LEFT',
}

const countBy = <T>(list: readonly T[], keyOf: (one: T) => string): Map<string, number> => {
  const counts = new Map<string, number>()
  for (const one of list) counts.set(keyOf(one), (counts.get(keyOf(one)) ?? 0) + 1)
  return counts
}

/** Every act that was shown as saved has become known, at the server and at its device. */
const nothingLost = ({ saved, excused, copied, devices }: Played, { operations }: Server): string[] => {
  const stored = new Map(operations.map(({ op_id, account_id, outcome }) => [`${account_id}/${op_id}`, outcome]))
  const wrong: string[] = []
  for (const one of saved) {
    const { id, command } = one.operation
    const name = `${command} ${id} of ${one.device}`
    if (excused.get(id) === 'TAKEN_BACK' && !copied.has(one.device) && stored.has(`${one.account}/${id}`))
      wrong.push(`not taken back: ${name} was done all the same`)
    if (!stored.has(`${one.account}/${id}`) && !excused.has(id))
      wrong.push(`lost: ${name} was saved and never reached the server`)
    if (!one.outcome && !(one.isGone && stored.get(`${one.account}/${id}`) === 'APPLIED') && !excused.has(id))
      wrong.push(
        `unknown: the device never learnt what became of ${name} (on record: ${stored.get(`${one.account}/${id}`)}${one.isGone ? ', gone' : ''})`,
      )
  }
  for (const device of devices)
    for (const { engine } of device.tabs)
      if (engine.pending().length > 0) wrong.push(`${device.name} still has unsent operations`)
  return wrong
}

/** What a device was told is what the server has on record. */
const answersAgree = ({ saved, excused }: Played, { operations }: Server): string[] => {
  const byId = new Map(
    operations.filter(({ is_repeat }) => !is_repeat).map((row) => [`${row.account_id}/${row.op_id}`, row]),
  )
  return saved.flatMap(({ operation: { id, command }, account, outcome }) => {
    const row = byId.get(`${account}/${id}`)
    if (!row || !outcome || excused.has(id)) return []
    const told = outcome.outcome === 'DUPLICATE' ? 'APPLIED' : outcome.outcome
    // An applied operation that was overridden since may be told as such.
    if (told === 'OVERRIDDEN' && row.beaten) return []
    if (told !== row.outcome || (told === 'REJECTED' && (outcome.code ?? '') !== row.code))
      return [
        `answered wrongly: ${command} ${id} was told ${outcome.outcome} ${outcome.code}, on record ${row.outcome} ${row.code}`,
      ]
    return told === 'REJECTED' && !outcome.code ? [`refused without a code: ${command} ${id}`] : []
  })
}

const inputsOf = (sent: Played['sent']): Map<string, Record<string, unknown>> =>
  new Map([...sent].map(([id, { input }]) => [id, input]))

/** Each operation is on record once, is audited once, and did once what it does. */
const nothingTwice = ({ sent, scene, devices }: Played, server: Server): string[] => {
  const wrong: string[] = []
  const { operations, events, entries, appointments, everybody } = server
  const firsts = operations.filter(({ is_repeat }) => !is_repeat)
  for (const [key, count] of countBy(firsts, (row) => `${row.account_id}/${row.op_id}`))
    if (count > 1) wrong.push(`twice: operation ${key} is on record ${count} times`)
  const audited = new Map(server.audit.map(({ entity_id, count }) => [entity_id, Number(count)]))
  for (const { op_id, command } of firsts)
    if (audited.get(op_id) !== 1) wrong.push(`audit: ${command} ${op_id} has ${audited.get(op_id) ?? 0} rows`)
  const inputs = inputsOf(sent)
  const applied = firsts.filter(({ outcome }) => outcome === 'APPLIED')
  const accounts = new Set(devices.map(({ seat }) => accountOf(seat)))
  const isTheirs = (id: string | null) => id !== null && accounts.has(id)

  const expected = countBy(
    applied.filter(({ command, op_id }) => command && eventOf[command] && inputs.has(op_id)),
    ({ command, op_id, account_id }) =>
      `${eventOf[command as CommandName]} of ${inputs.get(op_id)?.id} by ${account_id}`,
  )
  // Whoever cancels the booking of a patient who waits takes them out of the queue.
  const cancelled = new Map(
    applied
      .filter(({ command }) => command === 'cancelAppointment')
      .map(({ op_id, account_id }) => [`${inputs.get(op_id)?.id} by ${account_id}`, true]),
  )
  for (const { id, appointmentId } of entries)
    for (const account of accounts)
      if (
        cancelled.has(`${appointmentId} by ${account}`) &&
        events.some(
          ({ kind, entryId, actorUserId, actorPatientId }) =>
            kind === 'LEFT' && entryId === id && (actorUserId ?? actorPatientId) === account,
        )
      )
        expected.set(`LEFT of ${id} by ${account}`, 1)
  const happened = countBy(
    events.filter(
      ({ kind, actorUserId, actorPatientId }) =>
        Object.values(eventOf).includes(kind) && isTheirs(actorUserId ?? actorPatientId),
    ),
    ({ kind, entryId, actorUserId, actorPatientId }) => `${kind} of ${entryId} by ${actorUserId ?? actorPatientId}`,
  )
  for (const key of new Set([...expected.keys(), ...happened.keys()]))
    if (expected.get(key) !== happened.get(key))
      wrong.push(
        `not once: ${key} was applied ${expected.get(key) ?? 0} times and happened ${happened.get(key) ?? 0} times`,
      )

  const count = (command: CommandName) => applied.filter((row) => row.command === command).length
  const made = (what: string, are: number, should: number) => {
    if (are !== should) wrong.push(`not once: ${should} ${what} were applied, ${are} are there`)
  }
  made(
    'walk-ins',
    events.filter(({ kind, actorUserId }) => kind === 'WALKED_IN' && isTheirs(actorUserId)).length,
    count('addWalkIn'),
  )
  made(
    'check-ins',
    events.filter(
      ({ kind, actorUserId, actorPatientId }) => kind === 'CHECKED_IN' && isTheirs(actorUserId ?? actorPatientId),
    ).length,
    count('checkIn'),
  )
  made('patients', everybody.length, count('createPatient'))
  const booked = new Set(
    applied.filter(({ command }) => command === 'bookAppointment').map(({ op_id }) => inputs.get(op_id)?.id),
  )
  const there = new Set(appointments.map(({ id }) => id))
  for (const id of booked)
    if (!there.has(String(id))) wrong.push(`not once: the booking ${id} was applied and is not there`)
  if (entries.some(({ patientId }) => !patientId)) wrong.push(`an entry of ${scene.clinicId} without its patient`)
  return wrong
}

/** Change numbers without a gap; queues, tickets and doctors as the rules want them. */
const invariants = ({ scene }: Played, { streams, entries, events, merged, appointments }: Server): string[] => {
  const wrong: string[] = []
  // Merging two records raises the version of their queues without a move.
  const wasMerged = merged.length > 0
  for (const { id, last, first, newest, count } of streams)
    if (first !== 1n || newest !== last || count !== last)
      wrong.push(`gap: stream ${id} has ${count} of ${last} changes`)
  for (const serviceId of scene.serviceIds) {
    const versions = [
      ...events.filter((event) => event.serviceId === serviceId).map(({ version }) => version),
      ...events.filter((event) => event.fromServiceId === serviceId).map(({ fromVersion }) => fromVersion as number),
    ].sort((a, b) => a - b)
    if (!wasMerged && versions.some((version, i) => version !== i + 1 + ((versions[0] as number) - 1)))
      wrong.push(`versions of queue ${serviceId}: ${versions}`)
  }
  const days = Map.groupBy(
    entries,
    ({ ticket, ticketDay }) => `${ticketDay.toISOString().slice(0, 10)} ${ticket.replace(/\d+$/, '')}`,
  )
  for (const [day, list] of days) {
    const numbers = list.map(({ ticketNumber }) => ticketNumber).sort((a, b) => a - b)
    if (numbers.some((number, i) => number !== i + 1)) wrong.push(`tickets of ${day}: ${numbers}`)
  }
  const open = entries.filter(({ status, doctorId }) => doctorId && (status === 'CALLED' || status === 'IN_SERVICE'))
  for (const [doctor, many] of countBy(open, ({ doctorId }) => String(doctorId)))
    if (many > 1) wrong.push(`doctor ${doctor} has ${many} open patients`)
  const waiting = new Set(entries.flatMap(({ appointmentId, finishedAt }) => (finishedAt ? [] : [appointmentId])))
  for (const { id, status } of appointments)
    if ((status === 'CHECKED_IN') !== waiting.has(id))
      wrong.push(`booking ${id} is ${status}, its patient ${waiting.has(id) ? 'waits' : 'does not wait'}`)
  for (const [entry, list] of Map.groupBy(events, ({ entryId }) => entryId)) {
    const times = list.toSorted((a, b) => a.entryVersion - b.entryVersion).map(({ at }) => at.getTime())
    if (times.some((at, i) => i > 0 && at < (times[i - 1] as number))) wrong.push(`times of entry ${entry} go back`)
  }
  return wrong
}

type FieldWrite = { id: string; isStaff: boolean; stamp: number; seenStamp: number }

/** The rule of the design once more, by itself: a test that asked the rule it tests would believe it. */
const isLarger = (one: FieldWrite, other: FieldWrite): boolean => {
  const keyOf = ({ id, isStaff, stamp, seenStamp }: FieldWrite) =>
    isStaff ? [stamp, 0, 0, id] : [seenStamp, 1, stamp, id]
  const [a, b] = [keyOf(one), keyOf(other)]
  for (const [i, part] of a.entries()) if (part !== b[i]) return part > (b[i] as typeof part)
  return false
}

type Candidate = { write: FieldWrite; value: string | null | undefined }

const fieldOf = (
  patient: { name: string; phoneNumber: string | null; dateOfBirth: Date | null; language: string | null },
  field: string,
) =>
  field === 'dateOfBirth'
    ? (patient.dateOfBirth?.toISOString().slice(0, 10) ?? null)
    : ((patient as unknown as Record<string, string | null>)[field] ?? null)

/**
 * The field belongs to the largest key of all that ever wrote it, whatever came first, so that the result does not depend on the
 * order of arrival and no patient overrides a desk whose write they had not seen; and whoever lost has been told.
 */
const fieldsRight = (played: Played, server: Server): string[] => {
  const { saved, sent, excused, redone, told, devices } = played
  const wrong: string[] = []
  const inputs = inputsOf(sent)
  const byId = new Map(saved.map((one) => [one.operation.id, one]))
  const staff = new Set(devices.flatMap(({ seat }) => (seat.kind === 'patient' ? [] : [seat.userId])))
  for (const patient of server.patients) {
    if (server.merged.some(({ mergedIntoId }) => mergedIntoId === patient.id)) continue
    for (const field of fields) {
      const rows = server.writes.filter((row) => row.patient_id === patient.id && row.field === field)
      const seenStamp = (seen: unknown) =>
        Math.max(
          0,
          ...rows.filter((row) => row.is_staff && row.version <= Number(seen ?? 0)).map(({ stamp }) => Number(stamp)),
        )
      const candidates: Candidate[] = rows.map((row) => ({
        write: { id: row.write_id, isStaff: row.is_staff, stamp: Number(row.stamp), seenStamp: Number(row.seen_stamp) },
        value: row.is_operation ? ((inputs.get(row.write_id)?.[field] as string | null) ?? null) : undefined,
      }))
      for (const row of server.operations) {
        const input = inputs.get(row.op_id)
        if (row.is_repeat || row.command !== 'updatePatient' || row.outcome === 'REJECTED') continue
        if (input?.id !== patient.id || !(field in input) || rows.some(({ write_id }) => write_id === row.op_id))
          continue
        const isStaff = staff.has(row.account_id)
        candidates.push({
          write: { id: row.op_id, isStaff, stamp: Number(row.stamp), seenStamp: isStaff ? 0 : seenStamp(input.seen) },
          value: (input[field] as string | null) ?? null,
        })
      }
      if (candidates.length === 0) continue
      const best = candidates.reduce((a, b) => (isLarger(b.write, a.write) ? b : a))
      const value = fieldOf(patient, field)
      if (best.value !== undefined && best.value !== value)
        wrong.push(
          `field: ${field} of ${patient.id} is ${value}, the largest key wrote ${best.value} (${best.write.id})`,
        )

      // Whoever won once and was beaten by somebody who had not seen it hears of it.
      for (const [i, row] of rows.entries()) {
        const next = rows[i + 1]
        const one = byId.get(row.write_id)
        if (!next?.is_operation || !row.is_operation || !one || next.account_id === row.account_id) continue
        const nextInput = inputs.get(next.write_id)
        if (!nextInput || Number(nextInput.seen ?? 0) >= row.version || nextInput[field] === one.operation.input[field])
          continue
        if (one.operation.command !== 'updatePatient' && one.operation.command !== 'createPatient') continue
        if (excused.has(row.write_id) || redone.has(row.write_id)) continue
        if (!isNoticed(one, field, devices)) {
          const hint = told.get(one.account)?.has(row.write_id) ? ', though the API told the account' : ''
          wrong.push(
            `silent: ${one.device} never heard that ${field} of ${one.operation.command} ${row.write_id} was overridden by ${next.write_id}${hint}`,
          )
        }
      }
      for (const row of server.operations) {
        const input = inputs.get(row.op_id)
        const one = byId.get(row.op_id)
        if (!one || !input || row.is_repeat || row.command !== 'updatePatient' || row.outcome === 'REJECTED') continue
        if (input.id !== patient.id || !(field in input) || rows.some(({ write_id }) => write_id === row.op_id))
          continue
        // It lost at once: it says so, unless what it wrote was there already.
        if (row.outcome === 'OVERRIDDEN' && row.overrides?.some((lost) => lost.field === field)) {
          if (!excused.has(row.op_id) && !redone.has(row.op_id) && !isNoticed(one, field, devices))
            wrong.push(`silent: ${one.device} did not show that ${field} of ${row.op_id} lost`)
        } else if (best.value !== undefined && best.value !== input[field] && rows.length === 1)
          wrong.push(`silent: ${field} of ${row.op_id} lost, and its answer did not say so`)
      }
    }
  }
  return wrong
}

const isNoticed = (one: Saved, field: string, devices: readonly Device[]): boolean =>
  devices
    .filter(({ name, seat }) => name === one.device || accountOf(seat) === one.account)
    .filter(({ name }) => name === one.device)
    .flatMap(({ tabs }) => tabs)
    .some(({ engine }) =>
      engine
        .status()
        .notices.some(
          ({ id, result }) => id === one.operation.id && result.overrides?.some((lost) => lost.field === field),
        ),
    )

const SECOND_US = 1_000_000

/** An act is stamped with the time at which it was done, whatever the device's clock says: the server's time less the true age. */
const stampsTrue = ({ saved, sent }: Played, { operations, writes }: Server): string[] => {
  const byId = new Map(saved.map((one) => [one.operation.id, one]))
  const taken = new Set(operations.map(({ client_id, stamp }) => `${client_id} ${stamp}`))
  // What was stamped once stays so, whatever comes later.
  const stamps = new Map(operations.filter(({ is_repeat }) => !is_repeat).map(({ op_id, stamp }) => [op_id, stamp]))
  const restamped = writes
    .filter(({ write_id, stamp, is_operation }) => is_operation && (stamps.get(write_id) ?? stamp) !== stamp)
    .map(({ write_id, field }) => `stamp: the ${field} of ${write_id} has another stamp than the operation`)
  return operations
    .flatMap(({ op_id, client_id, stamp, is_repeat }) => {
      const one = byId.get(op_id)
      const deliveries = sent.get(op_id)?.deliveries ?? []
      const isOneBoot = deliveries.every(
        ({ device, bootId }) => device === one?.device && bootId === one.operation.bootId,
      )
      // Stamps of one client rise: this one may follow the one before.
      if (!one || is_repeat || !isOneBoot || taken.has(`${client_id} ${stamp - 1n}`)) return []
      const isTrue = deliveries.some(({ from, to, sentAt }) => {
        const age = Math.max(0, sentAt - one.at)
        return Number(stamp) >= (from - age) * 1000 - SECOND_US && Number(stamp) <= (to - age) * 1000 + SECOND_US
      })
      return isTrue
        ? []
        : [
            `stamp: ${one.operation.command} ${op_id} of ${one.device} is stamped ${new Date(Number(stamp) / 1000).toISOString()}`,
          ]
    })
    .concat(restamped)
}

/** What was refused stands on the list of its device, with the code. */
const refusalsListed = ({ saved, excused, redone, devices }: Played, { operations }: Server): string[] => {
  const refused = new Map(
    operations.filter(({ is_repeat, outcome }) => !is_repeat && outcome === 'REJECTED').map((row) => [row.op_id, row]),
  )
  return saved.flatMap(({ operation: { id, command }, device }) => {
    if (!refused.has(id) || excused.has(id) || redone.has(id)) return []
    const notices = devices
      .filter(({ name }) => name === device)
      .flatMap(({ tabs }) => tabs)
      .flatMap(({ engine }) => engine.status().notices)
    return notices.some((notice) => notice.id === id && notice.result.code)
      ? []
      : [`not listed: ${command} ${id} was refused (${refused.get(id)?.code})`]
  })
}

const plain = (record: StoredRecord): string =>
  JSON.stringify(record, (_key, value) =>
    value && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )

/** Every device holds what the server would give it anew, field by field, and nothing else that it may not see. */
const replicasAgree = async ({ devices, scene }: Played, server: Server, api: Api): Promise<string[]> => {
  const wrong: string[] = []
  const fresh = new Map<string, Awaited<ReturnType<typeof freshLoad>>>()
  for (const { seat } of devices)
    if (!fresh.has(accountOf(seat))) fresh.set(accountOf(seat), await freshLoad(api.origin(), seat))
  const entries = new Map(server.entries.map((row) => [row.id, row]))
  const appointments = new Map(server.appointments.map((row) => [row.id, row]))
  const patients = new Map(server.patients.map((row) => [row.id, row]))
  for (const { name, seat, tabs } of devices) {
    const own = fresh.get(accountOf(seat))
    for (const { engine } of tabs) {
      const records = engine.records()
      for (const entity of ['patients', 'appointments', 'entries'] as const) {
        for (const [id, record] of own?.[entity] ?? []) {
          const held = records[entity].get(id)
          if (!held) wrong.push(`diverged: ${name} does not hold ${entity} ${id}`)
          else if (plain(held) !== plain(record))
            wrong.push(`diverged: ${name} holds ${plain(held)}, the server ${plain(record)}`)
        }
        // What a fresh load leaves out must be as it is in the database all the same.
        for (const [id, held] of records[entity]) {
          const row = { patients, appointments, entries }[entity].get(id)
          if (!row) wrong.push(`diverged: ${name} holds ${entity} ${id}, which is not there`)
          else if (row.version !== held.version)
            wrong.push(`diverged: ${name} holds version ${held.version} of ${entity} ${id}, the server ${row.version}`)
          else if (entity === 'patients' && (row as { mergedIntoId: string | null }).mergedIntoId)
            wrong.push(`diverged: ${name} holds the merged patient ${id}`)
        }
      }
      if (seat.kind === 'desk') {
        for (const { id, finishedAt, ticketDay } of server.entries)
          if ((!finishedAt || ticketDay.getTime() === server.today) && !records.entries.has(id))
            wrong.push(`diverged: ${name} misses entry ${id} of ${scene.clinicId}`)
        for (const { id } of server.appointments)
          if (!records.appointments.has(id)) wrong.push(`diverged: ${name} misses booking ${id}`)
      }
      if (seat.kind === 'patient') {
        const mine = new Set([seat.patientId, ...seat.wardIds])
        for (const { id, patientId } of server.entries)
          if (mine.has(patientId) !== records.entries.has(id))
            wrong.push(`diverged: ${name} ${mine.has(patientId) ? 'misses' : 'holds'} entry ${id}`)
        for (const { id, patientId } of server.appointments)
          if (mine.has(patientId) !== records.appointments.has(id))
            wrong.push(`diverged: ${name} ${mine.has(patientId) ? 'misses' : 'holds'} booking ${id}`)
      }
    }
  }
  return wrong
}

/** All that is wrong at the end of a history; nothing, if the promise holds. */
export const checkHistory = async (played: Played, api: Api): Promise<string[]> => {
  const server = await readServer(played, api)
  return [
    ...played.seen,
    ...nothingLost(played, server),
    ...answersAgree(played, server),
    ...nothingTwice(played, server),
    ...invariants(played, server),
    ...fieldsRight(played, server),
    ...stampsTrue(played, server),
    ...refusalsListed(played, server),
    ...(await replicasAgree(played, server, api)),
  ]
}
