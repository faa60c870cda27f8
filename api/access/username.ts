import { badInput } from '../errors.ts'

/** Usernames do not depend on upper or lower case, nor on blanks around them. */
export const toUsername = (typed: string): string => typed.trim().toLowerCase()

/** What is wrong with a new username, or null: 3 to 40 of a–z, digits, dot, underscore, hyphen. */
export const usernameProblem = (username: string): string | null =>
  /^[a-z0-9._-]{3,40}$/.test(username)
    ? null
    : 'must have 3 to 40 characters: letters a to z, digits, dot, underscore or hyphen'

/** A new username as it is stored, or a refusal that names the field and the rule. */
export const demandUsername = (typed: string, field: string): string => {
  const username = toUsername(typed)
  const problem = usernameProblem(username)
  if (problem) throw badInput(field, problem)
  return username
}
