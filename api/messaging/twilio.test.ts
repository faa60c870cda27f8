import { afterEach, describe, expect, test } from 'vitest'
import { startTwilioStandIn, type TwilioFaults, twilioAccount } from '../test/twilio-stand-in.ts'
import { createTwilio } from './twilio.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

const publicUrl = 'https://clinic.example.org'

const start = async (faults: TwilioFaults = {}, options: { timeoutMs?: number; settleMs?: number } = {}) => {
  const standIn = await startTwilioStandIn(faults)
  closing.push(standIn.close)
  const config = { ...twilioAccount, apiUrl: standIn.url }
  return { standIn, config, sms: createTwilio({ config, publicUrl, settleMs: 0, ...options }) }
}

const message = (changes: object = {}) => ({
  id: '01934567-89ab-7cde-8f01-23456789abcd',
  to: '+14155550100',
  body: 'Ticket G-014, please come in.',
  validitySeconds: 180 as number | null,
  ...changes,
})

describe('SMS by the official client', () => {
  test('say whose they are, how long they are good for and where their fate is told', async () => {
    const { standIn, sms } = await start()
    expect(await sms.send(message())).toEqual({ kind: 'sent', providerId: standIn.accepted[0]?.sid })
    expect(standIn.accepted[0]).toMatchObject({
      to: '+14155550100',
      from: twilioAccount.from,
      body: 'Ticket G-014, please come in.',
      validityPeriod: '180',
      statusCallback: `${publicUrl}/webhooks/twilio/status?id=01934567-89ab-7cde-8f01-23456789abcd`,
    })
    await sms.send(message({ validitySeconds: null }))
    expect(standIn.accepted[1]?.validityPeriod).toBeNull()
    await sms.send(message({ validitySeconds: 2 }))
    expect(standIn.accepted[2]?.validityPeriod).toBe('6')
  })

  test('come from the messaging service where there is one', async () => {
    const { standIn, config } = await start()
    const messagingServiceSid = `MG${'0'.repeat(32)}`
    await createTwilio({ config: { ...config, messagingServiceSid }, publicUrl }).send(message())
    expect(standIn.accepted[0]).toMatchObject({ messagingServiceSid, from: null })
  })

  test.each([
    [21610, 'Twilio 21610: Attempt to send to unsubscribed recipient'],
    [21211, "Twilio 21211: The 'To' number is not a valid phone number."],
  ])('refused with %i are never tried again', async (code, error) => {
    const { sms } = await start({ refusedNumbers: { '+14155550100': code } })
    expect(await sms.send(message())).toEqual({ kind: 'rejected', error })
  })

  test('429 is surely not sent and says when to come back', async () => {
    const { standIn, sms } = await start({ busyOneIn: 1 })
    expect(await sms.send(message())).toEqual({
      kind: 'retry',
      error: 'Twilio 20429: Too Many Requests',
      afterSeconds: 1,
    })
    expect(standIn.accepted).toEqual([])
  })

  test('nobody listening is surely not sent', async () => {
    const { standIn, sms } = await start()
    await standIn.close()
    closing.length = 0
    expect((await sms.send(message())).kind).toBe('retry')
  })

  test('wrong credentials wait for better ones, and the check says so', async () => {
    const { config } = await start()
    const sms = createTwilio({ config: { ...config, password: 'wrong' }, publicUrl })
    expect((await sms.send(message())).kind).toBe('retry')
    expect(await sms.check()).toContain('TWILIO_ACCOUNT_SID')
  })

  test('good credentials pass the check without a message', async () => {
    const { standIn, sms } = await start()
    expect(await sms.check()).toBeNull()
    expect(standIn.asked()).toBe(0)
  })

  test.each([
    ['a lost reply', { dropOneIn: 1 }],
    ['a 500 after it was accepted', { failOneIn: 1 }],
  ])('after %s it is unclear, and found by looking', async (_name, faults) => {
    const { standIn, sms } = await start(faults)
    const since = new Date()
    expect((await sms.send(message())).kind).toBe('unclear')
    expect(await sms.find({ ...message(), since })).toEqual({ kind: 'sent', providerId: standIn.accepted[0]?.sid })
  })

  test('an answer that does not come in time is unclear', async () => {
    const { standIn, sms } = await start({ slowMs: 400 }, { timeoutMs: 100 })
    expect((await sms.send(message())).kind).toBe('unclear')
    expect(await sms.find({ ...message(), since: new Date() })).toMatchObject({ kind: 'unclear' })
    standIn.faults.slowMs = 0
  })

  test('what is not listed was not sent, but only after long enough', async () => {
    const { sms } = await start()
    expect(await sms.find({ ...message(), since: new Date() })).toBeNull()
    const { sms: patient } = await start({}, { settleMs: 20_000 })
    expect(await patient.find({ ...message(), since: new Date() })).toMatchObject({ kind: 'unclear' })
  })

  test('with one reply in four lost, looking before each repeat sends every message once', async () => {
    const { standIn, sms } = await start({ seed: 11, dropOneIn: 4, busyOneIn: 7, failOneIn: 9 })
    for (let count = 0; count < 200; count++) {
      const one = message({ body: `Ticket G-${count}`, to: `+1415555${String(count % 7).padStart(4, '0')}` })
      const since = new Date()
      let outcome = await sms.send(one)
      while (outcome.kind !== 'sent') {
        const found = outcome.kind === 'unclear' ? await sms.find({ ...one, since }) : null
        outcome = found ?? (await sms.send(one))
      }
    }
    const bodies = standIn.accepted.map(({ body }) => body)
    expect(new Set(bodies).size).toBe(200)
    expect(bodies.length).toBe(200)
  })
})
