import { ApolloLink } from '@apollo/client'
import { catchError, defer, from, mergeMap, type Observable, of, throwError } from 'rxjs'
import type { Session } from '../session.ts'

const isUnauthenticated = (result: ApolloLink.Result): boolean =>
  ('errors' in result ? result.errors : undefined)?.some(({ extensions }) => extensions?.code === 'UNAUTHENTICATED') ??
  false

const says401 = (error: unknown): boolean => (error as { statusCode?: unknown }).statusCode === 401

/** Sends the access token; where it has ended, once more with a new one. */
export const createAuthLink = (session: Session): ApolloLink =>
  new ApolloLink((operation, forward) => {
    const send = (token: string | null): Observable<ApolloLink.Result> => {
      if (token !== null)
        operation.setContext((context) => ({
          ...context,
          headers: { ...context.headers, authorization: `Bearer ${token}` },
        }))
      return forward(operation)
    }
    return defer(() => from(session.token().catch(() => null))).pipe(
      mergeMap((token) => {
        const again = (otherwise: () => Observable<ApolloLink.Result>) =>
          from(token === null ? Promise.resolve(null) : session.renewed(token).catch(() => null)).pipe(
            mergeMap((fresh) => (fresh === null ? otherwise() : send(fresh))),
          )
        return send(token).pipe(
          mergeMap((result) => (token !== null && isUnauthenticated(result) ? again(() => of(result)) : of(result))),
          catchError((error) => {
            const lost = () => throwError(() => error)
            return token !== null && says401(error) ? again(lost) : lost()
          }),
        )
      }),
    )
  })
