/**
 * Writes to the standard output. That nobody reads it, as with `| true`, is no failure; whatever else is wrong
 * is told in one line, and ends the program with `exitCode`.
 */
export async function print(text: string, exitCode: number): Promise<void> {
  const { stdout } = process
  // The stream tells of it as an event too, which would end the program by itself.
  stdout.on('error', () => {})
  const error = await new Promise<NodeJS.ErrnoException | null | undefined>((resolve) => {
    stdout.write(text, resolve)
  })
  if (!error || error.code === 'EPIPE') return
  throw Object.assign(new Error(`the output cannot be written: ${error.message}`), { exitCode })
}
