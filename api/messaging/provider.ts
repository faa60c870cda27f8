/** What became of one attempt to send. Nothing else is thrown: whoever sends decides by this alone. */
export type SendOutcome =
  | { kind: 'sent'; providerId: string }
  /** Permanent: never tried again. */
  | { kind: 'rejected'; error: string }
  /** Surely not sent: refused before it was accepted, or never reached the provider. */
  | { kind: 'retry'; error: string; afterSeconds?: number }
  /** Maybe accepted: no answer came. Looked up before it is tried again. */
  | { kind: 'unclear'; error: string }

export type SmsMessage = {
  /** The row of the ledger; comes back in the status callbacks. */
  id: string
  /** In E.164. */
  to: string
  body: string
  /** Not delivered later than this after it is accepted; null: no matter when. */
  validitySeconds: number | null
}

export type SoughtMessage = {
  id: string
  to: string
  body: string
  /** When it was first tried, by the database's clock. */
  since: Date
  /** Provider's ids that other rows of the ledger hold: those are not this message, even with the same text. */
  known?: readonly string[]
}

export type SmsProvider = {
  name: string
  send: (message: SmsMessage) => Promise<SendOutcome>
  /** Looks up a message whose outcome is unclear: sent (or rejected), null if it surely never arrived, unclear if that cannot be said now. */
  find: (message: SoughtMessage) => Promise<SendOutcome | null>
  /** Are the credentials good? Null, or a sentence that says what is wrong. Sends nothing. */
  check: () => Promise<string | null>
  /** Shows a code to whoever tries Anteroom out. Only the outbox of a demonstration can: where SMS go out, nobody but the phone sees it. */
  showCode?: (code: { to: string; purpose: string; code: string }) => void
}

export type PushMessage = {
  id: string
  tokens: string[]
  title: string
  body: string
  /** Opened by a tap. */
  link: string | null
  /** The screen of the patient's app that it is about, as in /turn/<entry id>. */
  path: string | null
  ttlSeconds: number | null
  /** A newer message with this key takes the place of an older one that is still under way. */
  collapseKey: string
  /** A newer notification with this tag takes the place of an older one on the screen. */
  tag: string
}

export type PushResult = {
  /** The devices that took it: whatever becomes of the others, these are not asked again. */
  accepted: string[]
  /** Devices that are no more: they are to be forgotten. */
  goneTokens: string[]
  /** Of all devices together: sent where none is left that may take it later. */
  outcome: SendOutcome
}

export type PushProvider = {
  name: string
  send: (message: PushMessage) => Promise<PushResult>
  check: () => Promise<string | null>
}

export type Messaging = { sms: SmsProvider; push: PushProvider }
