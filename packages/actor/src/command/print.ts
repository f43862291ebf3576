/**
 * Writes to the standard output. That nobody reads it, as with `| true`, is no failure; whatever else is wrong
 * is told in one line, and ends the program with `exitCode`.
 */
export async function print(text: string, exitCode: number): Promise<void> {
  // The stream tells of it as an event too, which would end the program by itself.
  process.stdout.on('error', () => {})
  const error = await written(text)
  if (error === null || error.code === 'EPIPE') return
  throw Object.assign(new Error(`the output cannot be written: ${error.message}`), { exitCode })
}

/** Writes to the standard output; resolves, when that is done, with what was wrong. */
export function written(text: string): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    process.stdout.write(text, (error) => resolve(error ?? null))
  })
}
