/** A mistake in the arguments, told in one line. */
export function mistake(message: string): Error {
  return Object.assign(new Error(message), { code: 'ERR_PARSE_ARGS' })
}
