import { createDevice, type TestOperation } from '../../../api/test/device.ts'
import type { Api } from './api.ts'
import type { Random } from './chance.ts'
import type { Scene } from './scene.ts'

const MINUTE = 60_000

/** The same acts of the same times, brought in by several orders of arrival to records that are alike: the same fields each time. */
export const ordersAgree = async ({ deps, db }: Api, scene: Scene, random: Random): Promise<string[]> => {
  const desks = [scene.clinic.desk.viewer, await scene.clinic.user('RECEPTIONIST')]
  const acts = Array.from({ length: 3 + random.int(2) }, (_, i) => ({
    isStaff: random.chance(0.5),
    desk: random.pick(desks),
    // No two of the same time, and far enough from each other that the time between two orders changes nothing.
    ageMs: (10 + 10 * i + random.int(9)) * MINUTE,
    input: {
      ...(random.chance(0.5) ? {} : { seen: 1 }),
      name: `Order ${i}`,
      ...(random.chance(0.5) ? { language: random.pick(['en', 'de', 'fr']) } : {}),
      ...(random.chance(0.3) ? { dateOfBirth: `19${10 + random.int(89)}-01-01` } : {}),
    },
  }))
  const results: string[] = []
  for (let order = 0; order < 3; order++) {
    const id = await scene.clinic.addPatient('Ordered')
    await db.patient.update({ where: { id }, data: { guardianId: scene.guardian } })
    const left = order === 0 ? acts.toReversed() : [...acts]
    while (left.length > 0) {
      const [act] = left.splice(order === 0 ? 0 : random.int(left.length), 1) as [(typeof acts)[number]]
      const viewer = act.isStaff
        ? act.desk
        : ({ kind: 'patient', sessionId: random.uuid(), patientId: scene.guardian, wardIds: [id] } as const)
      const device = createDevice(deps, viewer, random.uuid())
      const operation: TestOperation = {
        ...device.operation('updatePatient', { id, ...act.input }, act.ageMs),
        id: `${act.ageMs.toString(16).padStart(8, '0')}-0000-7000-8000-${random.uuid().slice(-12)}`,
      }
      const { outcomes, errors } = await device.send([operation])
      if (outcomes[0]?.outcome !== 'APPLIED' && outcomes[0]?.outcome !== 'OVERRIDDEN')
        return [`orders: ${JSON.stringify(outcomes)} ${JSON.stringify(errors)}`]
    }
    const { name, language, dateOfBirth } = await db.patient.findUniqueOrThrow({ where: { id } })
    results.push(JSON.stringify({ name, language, dateOfBirth }))
  }
  return new Set(results).size === 1
    ? []
    : [
        `order: the order of arrival decided: ${results.join(' or ')} of ${JSON.stringify(acts.map(({ isStaff, ageMs, input }) => ({ isStaff, ageMs, input })))}`,
      ]
}
