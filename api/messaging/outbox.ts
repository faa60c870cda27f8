import type { PushProvider, SmsProvider } from './provider.ts'

/** Without Twilio's credentials: the text stays in the ledger, where staff can read it. */
export const outboxSms: SmsProvider = {
  name: 'outbox',
  send: async ({ id }) => ({ kind: 'sent', providerId: `outbox:${id}` }),
  find: async ({ id }) => ({ kind: 'sent', providerId: `outbox:${id}` }),
  check: async () => null,
}

/** The outbox of a demonstration: codes, which stand in no list, are shown where it was started. */
export const demonstrationSms = (say: (text: string) => void): SmsProvider => ({
  ...outboxSms,
  showCode: ({ to, purpose, code }) =>
    say(
      `\n  Demonstration: the code for ${to} (${purpose}) is ${code}. With Twilio, or in production, it is shown nowhere.\n`,
    ),
})

/** Without Firebase's credentials, likewise. */
export const outboxPush: PushProvider = {
  name: 'outbox',
  send: async ({ id, tokens }) => ({
    accepted: tokens,
    goneTokens: [],
    outcome: { kind: 'sent', providerId: `outbox:${id}` },
  }),
  check: async () => null,
}
