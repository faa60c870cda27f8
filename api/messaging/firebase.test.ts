import pino from 'pino'
import { afterEach, describe, expect, test } from 'vitest'
import { parseConfig } from '../config.ts'
import { type FcmFaults, startFcmStandIn, writeServiceAccount } from '../test/fcm-stand-in.ts'
import { createMessaging } from './create.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

const start = async (faults: FcmFaults = {}) => {
  const standIn = await startFcmStandIn(faults)
  closing.push(standIn.close)
  const config = parseConfig({
    FIREBASE_SERVICE_ACCOUNT: writeServiceAccount(),
    FIREBASE_API_URL: standIn.url,
  })
  return { standIn, push: createMessaging(config, pino({ level: 'silent' })).push }
}

const message = (tokens: string[]) => ({
  id: '0193-a',
  tokens,
  title: 'Your turn',
  body: 'Ticket G-014, please come to: Room 2.',
  link: 'https://clinic.example.org/t/abc',
  path: '/turn/019400',
  ttlSeconds: 180,
  collapseKey: 'turn:entry-1',
  tag: 'entry-1',
})

describe('push by the official client', () => {
  test('carries how long it is good for, what it takes the place of, and where a tap leads', async () => {
    const { standIn, push } = await start()
    const result = await push.send(message(['phone-1']))
    expect(result).toEqual({
      accepted: ['phone-1'],
      goneTokens: [],
      outcome: { kind: 'sent', providerId: 'projects/anteroom-trial/messages/1' },
    })
    const [sent] = standIn.accepted
    expect(sent?.notification).toEqual({ title: 'Your turn', body: 'Ticket G-014, please come to: Room 2.' })
    expect(sent?.android.ttl).toBe('180s')
    expect(sent?.android.notification.tag).toBe('entry-1')
    expect(sent?.webpush.notification.tag).toBe('entry-1')
    expect(sent?.webpush.headers.TTL).toBe('180')
    expect(sent?.webpush.fcmOptions?.link).toBe('https://clinic.example.org/t/abc')
    expect(sent?.data.path).toBe('/turn/019400')
    const key = sent?.android.collapse_key as string
    expect(sent?.apns.headers['apns-collapse-id']).toBe(key)
    expect(sent?.webpush.headers.Topic).toBe(key)
    expect(key.length).toBeLessThanOrEqual(32)
    expect([...standIn.hosts].sort()).toEqual(['fcm.googleapis.com', 'oauth2.googleapis.com'])
  })

  test('names the devices that are no more, and is sent if any other took it', async () => {
    const { push } = await start({ refusedTokens: { old: 'UNREGISTERED' } })
    expect(await push.send(message(['old', 'phone-1']))).toMatchObject({
      accepted: ['phone-1'],
      goneTokens: ['old'],
      outcome: { kind: 'sent' },
    })
    expect(await push.send(message(['old']))).toMatchObject({
      accepted: [],
      goneTokens: ['old'],
      outcome: { kind: 'rejected' },
    })
  })

  test.each([
    ['QUOTA_EXCEEDED', 'retry'],
    ['INTERNAL', 'unclear'],
    ['INVALID_ARGUMENT', 'sent'],
  ])('where one device took it and another answers %s, all in all it is %s', async (code, kind) => {
    const { push } = await start({ refusedTokens: { 'phone-2': code } })
    expect(await push.send(message(['phone-1', 'phone-2']))).toMatchObject({
      accepted: ['phone-1'],
      outcome: { kind },
    })
  })

  test.each([
    ['QUOTA_EXCEEDED', 'retry'],
    ['INTERNAL', 'unclear'],
    ['INVALID_ARGUMENT', 'rejected'],
    ['SENDER_ID_MISMATCH', 'rejected'],
  ])('%s from FCM is %s', async (code, kind) => {
    const { push } = await start({ refusedTokens: { phone: code } })
    expect((await push.send(message(['phone']))).outcome.kind).toBe(kind)
  })

  describe('to an iPhone', () => {
    const apples = 'a1b2c3d4'.repeat(8)

    test('goes under the token that Firebase gives for that of Apple, asked for once', async () => {
      const { standIn, push } = await start()
      for (let count = 0; count < 2; count++)
        expect(await push.send(message([apples, 'phone-1']))).toMatchObject({
          accepted: [apples, 'phone-1'],
          outcome: { kind: 'sent' },
        })
      expect(standIn.accepted.map(({ token }) => token).sort()).toEqual([
        'ios:a1b2c3d4',
        'ios:a1b2c3d4',
        'phone-1',
        'phone-1',
      ])
      expect(standIn.imports).toEqual([{ application: 'org.anteroom.patient', sandbox: false, apns_tokens: [apples] }])
      const [first] = standIn.accepted
      expect(first?.apns.headers['apns-priority']).toBe('10')
    })

    test.each([
      ['Internal Server Error', 'retry'],
      ['Invalid APNs token', 'rejected'],
    ])('%s from the Instance ID service is %s, and nothing is sent', async (status, kind) => {
      const { standIn, push } = await start({ refusedApples: { [apples]: status } })
      expect(await push.send(message([apples]))).toMatchObject({ accepted: [], goneTokens: [], outcome: { kind } })
      expect(standIn.accepted).toEqual([])
    })

    test('waits while Firebase gives no access, and is heard of once it does', async () => {
      const { standIn, push } = await start({ refuseAccess: true })
      expect((await push.send(message([apples]))).outcome.kind).toBe('retry')
      standIn.faults.refuseAccess = false
      expect((await push.send(message([apples]))).outcome.kind).toBe('sent')
    })

    test('that is no more is named by the token that it registered, and asked for anew if it comes back', async () => {
      const { standIn, push } = await start({ refusedTokens: { 'ios:a1b2c3d4': 'UNREGISTERED' } })
      expect(await push.send(message([apples]))).toMatchObject({ goneTokens: [apples] })
      standIn.faults.refusedTokens = {}
      expect(await push.send(message([apples]))).toMatchObject({ accepted: [apples] })
      expect(standIn.imports.length).toBe(2)
    })
  })

  test('a lost reply is repeated by the client itself, under the same key and tag', async () => {
    const { standIn, push } = await start({ seed: 5, dropOneIn: 2 })
    for (let count = 0; count < 8; count++) await push.send(message([`phone-${count}`]))
    const keys = new Set(standIn.accepted.map(({ android }) => `${android.collapse_key} ${android.notification.tag}`))
    expect(standIn.accepted.length).toBeGreaterThan(8)
    expect(keys.size).toBe(1)
  })

  test('a refusal of what the client itself had repeated says nothing about the first request', async () => {
    const { standIn, push } = await start({ dropOneIn: 1 })
    standIn.faults.onAccepted = () => {
      standIn.faults.refusedTokens = { phone: 'QUOTA_EXCEEDED' }
    }
    expect((await push.send(message(['phone']))).outcome.kind).toBe('unclear')
    expect(standIn.accepted.length).toBe(1)
    // Asked anew, the first answer is a refusal: that is sure.
    expect((await push.send(message(['phone']))).outcome.kind).toBe('retry')
  })

  test('a service account without access is said at the start, and its messages wait', async () => {
    const { push } = await start({ refuseAccess: true })
    expect(await push.check()).toContain('FIREBASE_SERVICE_ACCOUNT')
    expect((await push.send(message(['phone']))).outcome.kind).toBe('retry')
  })

  test('good credentials pass the check without a message', async () => {
    const { standIn, push } = await start()
    expect(await push.check()).toBeNull()
    expect(standIn.accepted).toEqual([])
  })

  test.each([
    ['{"type":', 'not valid JSON'],
    ['/no/such/file.json', 'neither JSON nor a file'],
    ['{"type":"service_account"}', "not a service account's key"],
  ])('a malformed key (%s) stops the start: %s', (given, words) => {
    const config = parseConfig({ FIREBASE_SERVICE_ACCOUNT: given })
    expect(() => createMessaging(config, pino({ level: 'silent' }))).toThrow(words)
  })
})
