import { type Agent, request } from 'node:https'
import type { Credential } from 'firebase-admin/app'
import type { SendOutcome } from './provider.ts'
import { within } from './within.ts'

type Options = {
  credential: Credential
  agent: Agent | null
  /** The app's bundle identifier, under which Firebase knows Apple's key. */
  bundleId: string
  /** Tokens of builds for development, which Apple serves elsewhere. */
  isSandbox: boolean
  timeoutMs: number
}

type Answer = { status: number; text: string }
type Imported = { results?: { status?: string; registration_token?: string }[] }
export type Exchanged = { kind: 'token'; token: string } | Extract<SendOutcome, { kind: 'retry' | 'rejected' }>

const KEPT = 10_000

/** A token of Apple's, which is all that an iPhone has without Firebase's own library; Firebase's have a colon. */
export const isApples = (token: string): boolean => /^[0-9a-f]{64,200}$/i.test(token)

const post = (agent: Agent | null, accessToken: string, body: object): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const asked = request(
      'https://iid.googleapis.com/iid/v1:batchImport',
      {
        method: 'POST',
        ...(agent && { agent }),
        headers: {
          authorization: `Bearer ${accessToken}`,
          access_token_auth: 'true',
          'content-type': 'application/json',
        },
      },
      async (answer) => {
        try {
          const parts = await answer.toArray()
          resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') })
        } catch (error) {
          reject(error)
        }
      },
    )
    asked.on('error', reject)
    asked.end(JSON.stringify(body))
  })

/**
 * Gives each token of Apple's the token under which Firebase sends to it
 * (https://developers.google.com/instance-id/reference/server#create_registration_tokens_for_apns_tokens). Asking twice gives the same
 * one, so that a lost answer is asked for again; nothing was sent by then.
 */
export const createAppleTokens = ({ credential, agent, bundleId, isSandbox, timeoutMs }: Options) => {
  const known = new Map<string, string>()

  const exchange = async (apples: string): Promise<Exchanged> => {
    try {
      const { access_token } = await within(timeoutMs, credential.getAccessToken())
      const asked = { application: bundleId, sandbox: isSandbox, apns_tokens: [apples] }
      const { status, text } = await within(timeoutMs, post(agent, access_token, asked))
      if (status >= 400) {
        const error = `Firebase takes no token of Apple's (${status}): ${text.slice(0, 300)}`
        return status === 429 || status >= 500 ? { kind: 'retry', error } : { kind: 'rejected', error }
      }
      const [result] = (JSON.parse(text) as Imported).results ?? []
      if (result?.registration_token) return { kind: 'token', token: result.registration_token }
      const error = `Firebase takes this token of Apple's not: ${result?.status ?? 'no result'}`
      return /internal|unavailable/i.test(result?.status ?? '') ? { kind: 'retry', error } : { kind: 'rejected', error }
    } catch (error) {
      return {
        kind: 'retry',
        error: `Firebase was not asked for a token: ${error instanceof Error ? error.message : error}`,
      }
    }
  }

  return {
    exchange: async (apples: string): Promise<Exchanged> => {
      const kept = known.get(apples)
      if (kept !== undefined) return { kind: 'token', token: kept }
      const exchanged = await exchange(apples)
      if (exchanged.kind === 'token') {
        for (const oldest of known.keys()) {
          if (known.size < KEPT) break
          known.delete(oldest)
        }
        known.set(apples, exchanged.token)
      }
      return exchanged
    },
    forget: (apples: string) => void known.delete(apples),
  }
}
