/** What keeps the database from starting, in words for whoever starts it; its stack says nothing more. */
export class DatabaseProblem extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'DatabaseProblem'
  }
}
