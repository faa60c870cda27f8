import { createHash } from 'node:crypto'
import { type DocumentNode, type ExecutionResult, getOperationAST, isNonNullType, Kind, print } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { Context } from '../context.ts'
import { Refusal } from '../errors.ts'
import { presentError } from './errors.ts'

const KEY = /^[\x21-\x7e]{1,255}$/

/** Answers that say nothing lasting: asked again, the request may do better. */
const passing = new Set(['UNAUTHENTICATED', 'UNAVAILABLE', 'INTERNAL', 'TOO_MANY_ATTEMPTS'])

type Stored = { request_hash: string; answer: string | null; is_old: boolean }

const asResult = (ctx: Context, refusal: Refusal): ExecutionResult => ({ errors: [presentError(refusal, ctx.log)] })

/** What stands under this key, after making sure that something does; what is older than 24 hours is forgotten first. */
const claimAnswer = async (ctx: Context, caller: string, key: string, hash: string): Promise<Stored | undefined> => {
  const [stored] = await ctx.db.$queryRaw<Stored[]>`
    INSERT INTO idempotent_answers (caller, key, request_hash) VALUES (${caller}, ${key}, ${hash})
    ON CONFLICT (caller, key) DO UPDATE SET request_hash = idempotent_answers.request_hash
    RETURNING request_hash, answer, created_at < now() - interval '24 hours' AS is_old`
  if (!stored?.is_old) return stored
  await ctx.db.idempotentStep.deleteMany({ where: { caller, key } })
  await ctx.db.idempotentAnswer.deleteMany({ where: { caller, key } })
  return claimAnswer(ctx, caller, key, hash)
}

/**
 * The header Idempotency-Key: a mutation request repeated by the same caller within 24 hours answers the first result and does nothing.
 * The answer is kept here; that nothing is done twice even where a process died before keeping it, or two repeats run at once,
 * is ensured by `transact`, which claims each step in the transaction of its change.
 */
export const useIdempotency = (): Plugin => ({
  onExecute: async ({ args, setResultAndStopExecution }) => {
    const ctx = args.contextValue as unknown as Context & { idempotencyKey: string | null }
    const operation = getOperationAST(args.document as DocumentNode, args.operationName)
    if (!ctx.idempotencyKey || !ctx.viewer || operation?.operation !== 'mutation') return
    if (!KEY.test(ctx.idempotencyKey)) {
      const refusal = new Refusal('BAD_INPUT', 'Idempotency-Key must have 1 to 255 visible ASCII characters.', {
        field: 'Idempotency-Key',
      })
      setResultAndStopExecution(asResult(ctx, refusal))
      return
    }
    // Tokens are never stored.
    const fields = args.schema.getMutationType()?.getFields() ?? {}
    const opensSession = operation.selectionSet.selections.some((node) => {
      if (node.kind !== Kind.FIELD) return true
      const type = fields[node.name.value]?.type
      return type !== undefined && (isNonNullType(type) ? type.ofType : type).toString() === 'Session'
    })
    if (opensSession) return
    const caller = ctx.viewer.kind === 'user' ? ctx.viewer.userId : ctx.viewer.patientId
    const key = ctx.idempotencyKey
    const hash = createHash('sha256')
      .update(
        JSON.stringify([print(args.document as DocumentNode), args.operationName ?? null, args.variableValues ?? {}]),
      )
      .digest('base64url')
    const stored = await claimAnswer(ctx, caller, key, hash)
    if (stored && stored.request_hash !== hash) {
      setResultAndStopExecution(asResult(ctx, new Refusal('IDEMPOTENCY_KEY_REUSED')))
      return
    }
    if (stored?.answer) {
      setResultAndStopExecution(JSON.parse(stored.answer))
      return
    }
    ctx.idempotency = { caller, key, steps: 0 }
    return {
      onExecuteDone: async ({ result }) => {
        if (Symbol.asyncIterator in (result as object)) return
        const errors = (result as ExecutionResult).errors?.map((error) => presentError(error, ctx.log))
        if (errors?.some((error) => passing.has(String(error.extensions.code)))) return
        const answer = JSON.stringify({ ...result, ...(errors ? { errors } : {}) })
        await ctx.db.$executeRaw`
          UPDATE idempotent_answers SET answer = ${answer} WHERE caller = ${caller} AND key = ${key} AND answer IS NULL`
      },
    }
  },
})
