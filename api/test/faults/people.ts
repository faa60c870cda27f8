import { randomUUID } from 'node:crypto'
import type { Db } from '../../database/client.ts'
import { uuidv7 } from '../../database/uuid.ts'
import type { createRandom } from '../random.ts'

type Random = ReturnType<typeof createRandom>

/** A patient of the run, and what reaches them. */
export type Person = {
  id: string
  /** Null for those whom only push reaches. */
  phone: string | null
  tokens: string[]
  /** `bad`: the provider refuses the number, or every device, for good; `gone`: the device is no more. */
  phoneIs: 'good' | 'bad'
  devicesAre: 'good' | 'bad' | 'gone'
  route: 'BOTH' | 'PUSH_FIRST'
}

type Refused = { numbers: Record<string, number>; tokens: Record<string, string> }

/** Of each thousand numbers with the same first digits only few are given, since codes to such are capped. */
const exchanges = Array.from({ length: 700 }, (_, index) => 200 + index).filter((exchange) => exchange % 100 !== 11)

/** The nth valid number. */
const numberOf = (index: number): string => {
  const exchange = exchanges[index % exchanges.length]
  return `+1202${exchange}${String(1000 + Math.floor(index / exchanges.length)).padStart(4, '0')}`
}

/** Makes patients with every mixture of phones and devices; `refused` learns what the providers must refuse. */
export const createPeople = (db: Db, random: Random, refused: Refused) => {
  const people = new Map<string, Person>()
  const byPhone = new Map<string, Person>()
  const add = async (clinicId: string, route: Person['route']): Promise<Person> => {
    const id = uuidv7()
    const chance = random.next()
    const hasPhone = chance < 0.92
    const devices = chance >= 0.92 ? 1 : chance < 0.62 ? 1 + random.int(2) : 0
    const phone = hasPhone ? numberOf(people.size) : null
    const phoneIs = hasPhone && random.next() < 0.01 ? 'bad' : 'good'
    const fate = random.next()
    const devicesAre = fate < 0.03 ? 'gone' : fate < (route === 'PUSH_FIRST' ? 0.3 : 0.04) ? 'bad' : 'good'
    const tokens = Array.from({ length: devices }, (_, index) => `token-${id}-${index}`)
    if (phone && phoneIs === 'bad') refused.numbers[phone] = 21211
    if (devicesAre !== 'good')
      for (const token of tokens) refused.tokens[token] = devicesAre === 'gone' ? 'UNREGISTERED' : 'INVALID_ARGUMENT'
    const person: Person = { id, phone, tokens, phoneIs, devicesAre, route }
    people.set(id, person)
    if (phone) byPhone.set(phone, person)
    const language = random.pick(['en', 'es'])
    await db.$executeRaw`
      WITH patient AS (
        INSERT INTO patients (id, name, code, phone_number, language)
        VALUES (${id}::uuid, 'A patient', ${randomUUID()}, ${phone}, ${language}) RETURNING id
      ), device AS (
        INSERT INTO devices (id, patient_id, push_token, platform)
        SELECT gen_random_uuid(), id, token, 'ios' FROM patient, unnest(${tokens}::text[]) token
      )
      INSERT INTO clinic_patients (clinic_id, patient_id) SELECT ${clinicId}::uuid, id FROM patient`
    return person
  }
  return { people, byPhone, add }
}
