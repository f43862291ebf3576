/** An end whose message is all that the user needs to see; no stack is printed. */
export class UserError extends Error {
  readonly exitCode: number

  /** `exitCode` 2 for what the user asked for, 1 for what went wrong while it was done. */
  constructor(message: string, exitCode: number) {
    super(message)
    this.exitCode = exitCode
  }
}

/** Whether the machine is at fault and not the program: a full disk, a file that has gone. */
export function isOfSurroundings(error: unknown): error is Error {
  if (error instanceof UserError) return true
  return error instanceof Error && 'syscall' in error && 'code' in error
}
