/** How `uring-actor top` ends, but for wrong arguments; see its usage. */
export const OK = 0
export const GONE = 1
export const UNWRITABLE = 1
export const NOT_WATCHABLE = 3

/** Why there is nothing to watch, in one line for the user. */
export class Failure extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode: number) {
    super(message)
    this.exitCode = exitCode
  }
}
