/** An end whose message is all that the user needs to see; no stack is printed. */
export class UserError extends Error {
  readonly exitCode: number

  /** `exitCode` 2 for what the user asked for, 1 for what went wrong while it was done. */
  constructor(message: string, exitCode: number) {
    super(message)
    this.exitCode = exitCode
  }
}
