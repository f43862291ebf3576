// Errors as values, so that a test can compare them and a thread can post them.

/** The `code` of what a call throws or rejects with; null when it succeeds. */
export async function codeOf(call: () => unknown): Promise<string | null> {
  try {
    await call()
    return null
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
}

/** Fails when a promise takes longer: a test that hangs says where. */
export async function within<T>(millis: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing after ${millis} ms`)), millis)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
