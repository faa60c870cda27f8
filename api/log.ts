import { type DestinationStream, type Logger, pino } from 'pino'

type Logged = { type: string; code?: string; message?: string; stack?: string; cause?: Logged }

/** Errors of the database layer quote rows and parameters: patients' data. Of them only the kind and the place are logged. */
const quotesData = (error: Error): boolean => /^(Prisma|DriverAdapter|DatabaseError|error$)/.test(error.name)

/** A fixed list of fields, whatever else an error carries. */
export const loggedError = (error: unknown, depth = 0): Logged => {
  if (!(error instanceof Error)) return { type: typeof error }
  const { code, cause } = error as Error & { code?: unknown }
  const isQuoting = quotesData(error)
  const frames = error.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? []
  return {
    type: error.name,
    ...(typeof code === 'string' ? { code } : {}),
    ...(isQuoting ? {} : { message: error.message }),
    stack: frames.join('\n'),
    ...(cause instanceof Error && depth < 3 ? { cause: loggedError(cause, depth + 1) } : {}),
  }
}

/** The log: one JSON line for each event, to standard output unless told. */
export const createLog = (level: string, destination?: DestinationStream): Logger => {
  const options = { level, serializers: { err: (error: unknown) => loggedError(error) } }
  return destination ? pino(options, destination) : pino(options)
}
