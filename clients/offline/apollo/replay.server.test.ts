import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer, type TestServer } from '../../../api/test/server.ts'
import type { CommandName, EntryRecord } from '../model.ts'
import { createDeviceSession, createPlace, type OnlineDevice, openDevice, until } from '../test/online-device.ts'

let server: TestServer
let desk: OnlineDevice
let services: string[] = []
let doctors: string[] = []

beforeAll(async () => {
  server = await startTestServer()
  const place = createPlace()
  const session = createDeviceSession(server.origin, place)
  await session.logInStaff('reception', 'anteroom-demo')
  desk = await openDevice(server.origin, place, session)
  await until(() => desk.engine.status().syncedAt && desk.offline.local?.clinics().length)
  const [clinic] = desk.offline.local?.clinics() ?? []
  services = (clinic?.services ?? []).map(({ id }) => id).slice(0, 2)
  doctors = (clinic?.services[0]?.doctorIds ?? []).slice(0, 2)
})
afterAll(async () => {
  await desk?.close()
  await server?.close()
})

type Wish = { kind: number; who: number; other: number; flag: boolean }
const wish = fc.record({ kind: fc.nat(13), who: fc.nat(40), other: fc.nat(40), flag: fc.boolean() })

const at = <T>(list: readonly T[], index: number): T => list[index % list.length] as T

/** An act on what the device shows at this moment. */
const actOf = ({ kind, who, other, flag }: Wish, entries: readonly EntryRecord[], patients: readonly string[]) => {
  const id = at(entries, who)?.id ?? randomUUID()
  const doctorId = flag ? at(doctors, other) : null
  const acts: [CommandName, Record<string, unknown>][] = [
    ['addWalkIn', { id: randomUUID(), patientId: at(patients, other), serviceId: at(services, who) }],
    ['addWalkIn', { id: randomUUID(), patientId: at(patients, other), serviceId: at(services, 0), urgency: 'URGENT' }],
    ['addWalkIn', { id: randomUUID(), patientId: at(patients, who), serviceId: at(services, 0), doctorId }],
    ['setUrgency', { id, urgency: at(['ROUTINE', 'URGENT', 'EMERGENCY'], other) }],
    ['callEntry', { id, doctorId }],
    ['callEntry', { id, doctorId: at(doctors, other), room: 'R 7' }],
    ['recall', { id }],
    ['startService', { id }],
    ['markServed', { id }],
    ['markNoShow', { id }],
    ['hold', { id }],
    ['returnToQueue', { id }],
    ['transfer', { id, serviceId: at(services, other), doctorId }],
    ['moveEntry', { id, after: flag ? null : (at(entries, other)?.id ?? null), reason: 'as played' }],
  ]
  return at(acts, kind)
}

const shown = (device: OnlineDevice) => {
  const replay = device.offline.local?.replay()
  return Object.fromEntries(
    services.map((service) => {
      const view = replay?.queue(service)
      const facts = ({ id, status, urgency, room, doctor, boundDoctor }: EntryRecord) => [
        ...[id, status, urgency, room],
        ...[doctor?.id ?? null, boundDoctor?.id ?? null],
      ]
      return [
        service,
        {
          waiting: view?.waiting.map(facts),
          positions: view?.waiting.map(({ id }) => view.positions.get(id)),
          serving: view?.serving.map(facts).toSorted(),
          onHold: view?.onHold.map(facts).toSorted(),
          ended: view?.ended.map(facts).toSorted(),
        },
      ]
    }),
  )
}

describe('what a device shows while it is alone', () => {
  it('is what the server makes of it, acts that are refused among them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(wish, { minLength: 10, maxLength: 30 }), async (wishes) => {
        const { engine, offline, place } = desk
        place.network.set(false)
        engine.nudge()
        await until(() => !engine.status().isOnline)
        const patients: string[] = []
        for (let index = 0; index < 6; index++) {
          const { input } = await engine.act('createPatient', { id: randomUUID(), name: `Patient ${index}` })
          patients.push(String(input.id))
        }
        for (const one of wishes) {
          const world = offline.local?.replay().world
          const entries = services.flatMap((service) => [...(world?.entriesOf(service) ?? [])])
          const [command, input] = actOf(one, entries.toReversed(), patients)
          if (command === 'moveEntry' && input.after === input.id) continue
          await engine.act(command, input)
        }
        const before = shown(desk)
        const log = engine.pending()
        const marks = [...(offline.local?.replay().marks.values() ?? [])]
        const doubtful = new Set(
          marks.filter((mark) => mark.mayBeRefused !== null).flatMap(({ operations }) => operations),
        )
        place.network.set(true)
        engine.nudge()
        await until(() => engine.status().isOnline && engine.pending().length === 0)
        expect(shown(desk)).toEqual(before)
        for (const { id } of log) {
          const outcome = await engine.outcome(id)
          if (outcome?.outcome === 'REJECTED') expect(doubtful).toContain(id)
          await engine.dismiss(id)
        }
      }),
      { numRuns: 12, endOnFailure: true },
    )
  }, 120_000)
})
