import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { clinicDay } from '../clinic/day.ts'
import { uuidv7 } from '../database/uuid.ts'
import { addClinic, addPatient, type SceneClinic } from '../test/scene.ts'
import { startTestServer, type TestServer } from '../test/server.ts'
import { startTwilioStandIn, type TwilioStandIn, twilioAccount } from '../test/twilio-stand-in.ts'
import { createTwilio } from './twilio.ts'

const publicUrl = 'https://clinic.example.org'
let server: TestServer
let standIn: TwilioStandIn
let clinic: SceneClinic
let phoneNumber = ''
let patientId = ''
let count = 0

beforeAll(async () => {
  server = await startTestServer({ demo: false })
  standIn = await startTwilioStandIn()
  server.deps.config.publicUrl = publicUrl
  server.deps.config.twilio = { ...twilioAccount, apiUrl: standIn.url }
  clinic = await addClinic(server.db, { doctors: 1 })
})

afterAll(async () => {
  await standIn?.close()
  await server?.close()
})

beforeEach(async () => {
  phoneNumber = `+1415555${String(++count).padStart(4, '0')}`
  patientId = await addPatient(server.db, { clinics: [clinic], phoneNumber, phoneVerified: true })
})

const inbound = (body: string, changes: Record<string, string> = {}, target = '/webhooks/twilio/inbound') =>
  standIn.post(
    publicUrl,
    target,
    { MessageSid: `SM${uuidv7()}`, From: phoneNumber, To: twilioAccount.from, Body: body, ...changes },
    { origin: server.origin },
  )

/** The words of the reply; null for none. */
const replyTo = async (body: string, changes: Record<string, string> = {}): Promise<string | null> => {
  const response = await inbound(body, changes)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toContain('text/xml')
  const xml = await response.text()
  expect(xml).toContain('<Response')
  return /<Message>(.*)<\/Message>/s.exec(xml)?.[1] ?? null
}

let slot = 0
/** A booking at a time of its own, so that no two overlap. */
const book = async (changes: { startsAt?: Date; patientId?: string } = {}): Promise<string> => {
  const id = uuidv7()
  const startsAt = changes.startsAt ?? new Date(Date.now() + 86_400_000 * 20 + ++slot * 3_600_000)
  await server.db.appointment.create({
    data: {
      id,
      clinicId: clinic.id,
      serviceId: clinic.serviceId,
      doctorId: clinic.doctorIds[0] as string,
      patientId: changes.patientId ?? patientId,
      startsAt,
      endsAt: new Date(startsAt.getTime() + 900_000),
      reason: 'SECRET-REASON',
    },
  })
  return id
}

const statusOf = async (id: string) => (await server.db.appointment.findUniqueOrThrow({ where: { id } })).status

const ledgerRow = async (changes: object = {}) => {
  const id = uuidv7()
  await server.db.notification.create({
    data: { id, clinicId: clinic.id, patientId, kind: 'BOOKED', channel: 'SMS', key: id, phoneNumber, ...changes },
  })
  return id
}

const inLedger = (id: string) => server.db.notification.findUniqueOrThrow({ where: { id } })

describe('who is believed', () => {
  const params = { MessageSid: 'SM1', From: '+14155559999', Body: 'STOP' }
  const isStopped = () => server.db.stoppedNumber.findUnique({ where: { phoneNumber: '+14155559999' } })

  test('nobody without a signature, with a wrong one, or with one for another address', async () => {
    const form = { method: 'POST', body: new URLSearchParams(params) }
    expect((await fetch(`${server.origin}/webhooks/twilio/inbound`, form)).status).toBe(403)
    const forged = await standIn.post(publicUrl, '/webhooks/twilio/inbound', params, {
      origin: server.origin,
      token: 'another token',
    })
    expect(forged.status).toBe(403)
    const elsewhere = await standIn.post('https://other.example.org', '/webhooks/twilio/inbound', params, {
      origin: server.origin,
    })
    expect(elsewhere.status).toBe(403)
    expect(await isStopped()).toBeNull()
  })

  test('no form that is too large, no other method, no other path', async () => {
    const large = await standIn.post(
      publicUrl,
      '/webhooks/twilio/inbound',
      { ...params, Body: 'x'.repeat(20_000) },
      {
        origin: server.origin,
      },
    )
    expect(large.status).toBe(403)
    expect((await fetch(`${server.origin}/webhooks/twilio/inbound`)).status).toBe(405)
    expect((await standIn.post(publicUrl, '/webhooks/twilio/other', params, { origin: server.origin })).status).toBe(
      404,
    )
    expect(await isStopped()).toBeNull()
  })

  test('nobody where no auth token is known', async () => {
    server.deps.config.twilio = { ...twilioAccount, authToken: null, apiUrl: null }
    expect((await inbound('STOP')).status).toBe(403)
    server.deps.config.twilio = { ...twilioAccount, apiUrl: standIn.url }
  })
})

describe('delivery reports', () => {
  const sentMessage = async () => {
    const id = await ledgerRow()
    const sms = createTwilio({ config: { ...twilioAccount, apiUrl: standIn.url }, publicUrl })
    const outcome = await sms.send({ id, to: phoneNumber, body: `text ${id}`, validitySeconds: null })
    const providerId = outcome.kind === 'sent' ? outcome.providerId : ''
    await server.db.notification.update({ where: { id }, data: { status: 'SENT', providerId, sentAt: new Date() } })
    const message = standIn.accepted.find(({ sid }) => sid === providerId)
    if (!message) throw new Error('not accepted')
    const report = async (status: string, errorCode?: number) => {
      const told = errorCode ? { errorCode } : {}
      const response = await standIn.report(message, status, { publicUrl, origin: server.origin, ...told })
      expect(response.status).toBe(204)
    }
    return { id, report }
  }

  test('in any order and repeated, delivered is the last word', async () => {
    const { id, report } = await sentMessage()
    for (const status of ['queued', 'sent', 'delivered', 'sent', 'delivered', 'queued', 'undelivered'])
      await report(status)
    const row = await inLedger(id)
    expect(row).toMatchObject({ status: 'DELIVERED', error: null })
    expect(row.deliveredAt).not.toBeNull()
  })

  test('a failure is told with its code, and nothing later makes it sent again', async () => {
    const { id, report } = await sentMessage()
    for (const status of ['undelivered', 'sent', 'sending'])
      await report(status, status === 'undelivered' ? 30003 : undefined)
    expect(await inLedger(id)).toMatchObject({ status: 'FAILED', error: 'Twilio 30003' })
  })

  test('one on a message whose reply was lost proves that it was accepted', async () => {
    const id = await ledgerRow({ triedAt: new Date() })
    const params = { MessageSid: `SM${id}`, MessageStatus: 'sent', To: phoneNumber }
    await standIn.post(publicUrl, `/webhooks/twilio/status?id=${id}`, params, { origin: server.origin })
    expect(await inLedger(id)).toMatchObject({ status: 'SENT', providerId: `SM${id}` })
  })

  test('one on a copy that the ledger does not know changes nothing', async () => {
    const { id } = await sentMessage()
    const params = { MessageSid: 'SMother', MessageStatus: 'undelivered', To: phoneNumber }
    await standIn.post(publicUrl, `/webhooks/twilio/status?id=${id}`, params, { origin: server.origin })
    expect((await inLedger(id)).status).toBe('SENT')
  })

  test('that a number stopped us is remembered', async () => {
    const { report } = await sentMessage()
    await report('failed', 21610)
    expect(await server.db.stoppedNumber.findUnique({ where: { phoneNumber } })).not.toBeNull()
  })
})

describe('answers', () => {
  const isStopped = async () => (await server.db.stoppedNumber.findUnique({ where: { phoneNumber } })) !== null

  test('STOP is kept without a word until START', async () => {
    expect(await replyTo('Stop')).toBeNull()
    expect(await isStopped()).toBe(true)
    expect(await replyTo('What?')).toBeNull()
    expect(await replyTo('START')).toContain('again')
    expect(await isStopped()).toBe(false)
  })

  test("Twilio's own word for it counts, and Twilio has replied", async () => {
    expect(await replyTo('arrêt', { OptOutType: 'STOP' })).toBeNull()
    expect(await isStopped()).toBe(true)
  })

  test('a late repeat of an old STOP does not undo a START', async () => {
    const again = { MessageSid: `SM${uuidv7()}` }
    await replyTo('STOP', again)
    await replyTo('START')
    await replyTo('STOP', again)
    expect(await isStopped()).toBe(false)
  })

  test('C cancels the one booking as that patient', async () => {
    const id = await book()
    // The message that the booking was cancelled confirms it.
    expect(await replyTo('c')).toBeNull()
    expect(
      await server.db
        .$queryRaw`SELECT 1 FROM pgboss.job WHERE name = 'announce.booking' AND data->>'appointmentId' = ${id}`,
    ).toHaveLength(1)
    expect(await statusOf(id)).toBe('CANCELLED')
    const audit = await server.db.auditEvent.findFirst({ where: { entityId: id, action: 'appointment.cancelled' } })
    expect(audit?.actorPatientId).toBe(patientId)
    expect(await replyTo('C')).toContain('no appointment')
  })

  test('of several it asks which, and the number means the list as it was sent', async () => {
    const [first, second, third] = [await book(), await book(), await book()]
    const list = await replyTo('C')
    expect(list).toMatch(/1: .*\n2: .*\n3: /)
    await server.db.appointment.update({ where: { id: first }, data: { status: 'CANCELLED' } })
    expect(await replyTo('C 2')).toBeNull()
    expect([await statusOf(second), await statusOf(third)]).toEqual(['CANCELLED', 'BOOKED'])
    expect(await replyTo('C 1')).toContain('was cancelled before')
    expect(await statusOf(third)).toBe('BOOKED')
  })

  test('the same SMS twice does nothing twice', async () => {
    const [, second, third] = [await book(), await book(), await book()]
    await replyTo('C')
    const again = { MessageSid: `SM${uuidv7()}` }
    const reply = await replyTo('C 2', again)
    expect(await replyTo('C 2', again)).toBe(reply)
    expect(await statusOf(second)).toBe('CANCELLED')
    expect(await statusOf(third)).toBe('BOOKED')
    expect(await server.db.auditEvent.count({ where: { entityId: second } })).toBe(1)
  })

  test('one whose reply was lost in a crash is answered by what it did', async () => {
    const id = await book()
    const again = { MessageSid: `SM${uuidv7()}` }
    const reply = await replyTo('C', again)
    await server.db.inboundMessage.update({ where: { providerId: again.MessageSid }, data: { reply: null } })
    const other = await book()
    expect(await replyTo('C', again)).toBe(reply)
    expect([await statusOf(id), await statusOf(other)]).toEqual(['CANCELLED', 'BOOKED'])
  })

  test("a guardian cancels a ward's booking, a stranger nothing", async () => {
    const ward = await addPatient(server.db, { clinics: [clinic], guardianId: patientId })
    const id = await book({ patientId: ward })
    expect(await replyTo('C', { From: '+14155558888' })).toContain('Reply C')
    expect(await statusOf(id)).toBe('BOOKED')
    expect(await replyTo('C')).toBeNull()
    expect(await statusOf(id)).toBe('CANCELLED')
  })

  test('minutes say late for the booking of today, for the desk to see', async () => {
    const row = await server.db.clinic.findUniqueOrThrow({ where: { id: clinic.id } })
    await book()
    expect(await replyTo('15')).toContain('no appointment today')
    const startsAt = new Date(Date.now() + 60_000)
    expect(clinicDay(startsAt, row)).toBe(clinicDay(new Date(), row))
    const id = await book({ startsAt })
    expect(await replyTo('15 min')).toContain('late')
    expect((await server.db.appointment.findUniqueOrThrow({ where: { id } })).lateMinutes).toBe(15)
    const audit = await server.db.auditEvent.findFirst({ where: { entityId: id } })
    expect(audit).toMatchObject({ action: 'appointment.late', actorPatientId: patientId, detail: '15 min' })
    await replyTo('L')
    expect((await server.db.appointment.findUniqueOrThrow({ where: { id } })).lateMinutes).toBe(0)
  })

  test('anything else gets help, in the language of the patient, and is not kept', async () => {
    await server.db.patient.update({ where: { id: patientId }, data: { language: 'es' } })
    expect(await replyTo('I have chest pain')).toContain('Responda C')
    const rows = await server.db.inboundMessage.findMany({ where: { phoneNumber } })
    expect(JSON.stringify(rows)).not.toContain('chest')
  })

  test('an answering machine gets no more than twenty replies a day', async () => {
    const replies = []
    for (let index = 0; index < 25; index++) replies.push(await replyTo('I am away'))
    expect(replies.filter((reply) => reply !== null)).toHaveLength(20)
  })
})
