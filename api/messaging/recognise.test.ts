import { expect, test } from 'vitest'
import { type ListedMessage, recogniseMessage } from './recognise.ts'

const since = new Date('2026-11-23T09:00:00Z')

const listed = (changes: Partial<ListedMessage>): ListedMessage => ({
  sid: 'SM1',
  body: 'Ticket G-014, please come in.',
  direction: 'outbound-api',
  status: 'sent',
  dateCreated: new Date('2026-11-23T09:00:01Z'),
  errorCode: null,
  ...changes,
})

const seek = (messages: ListedMessage[], known: string[] = []) =>
  recogniseMessage(messages, { body: 'Ticket G-014, please come in.', since, known })

test.each([
  ['the same text since then is it', [listed({})], { kind: 'sent', providerId: 'SM1' }],
  ['one still queued is it', [listed({ status: 'queued' })], { kind: 'sent', providerId: 'SM1' }],
  ['whole seconds may seem a little early', [listed({ dateCreated: since })], { kind: 'sent', providerId: 'SM1' }],
  ['the same text from before is another', [listed({ dateCreated: new Date('2026-11-23T08:59:00Z') })], null],
  ['another text is another', [listed({ body: 'Ticket G-015, please come in.' })], null],
  ['what the patient wrote is not it', [listed({ direction: 'inbound' })], null],
  [
    'a trial account puts words before it',
    [listed({ body: 'Sent from your Twilio trial account - Ticket G-014, please come in.' })],
    { kind: 'sent', providerId: 'SM1' },
  ],
  [
    'of two the earlier is it',
    [listed({ sid: 'SM2', dateCreated: new Date('2026-11-23T09:02:00Z') }), listed({})],
    { kind: 'sent', providerId: 'SM1' },
  ],
  ['without texts nothing can be said', [listed({ body: '' })], { kind: 'unclear' }],
  [
    'one that failed was accepted, and failed',
    [listed({ status: 'undelivered', errorCode: 30003 })],
    { kind: 'rejected', error: 'Twilio 30003' },
  ],
  ['nothing listed, nothing sent', [], null],
])('%s', (_name, messages, outcome) => {
  const found = seek(messages as ListedMessage[])
  if (outcome === null) expect(found).toBeNull()
  else expect(found).toMatchObject(outcome)
})

test('what another row of the ledger holds is not it, even with the same text', () => {
  expect(seek([listed({})], ['SM1'])).toBeNull()
})
