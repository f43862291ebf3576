/**
 * Makes a value at most twice in a turn of the event loop, however often it is asked for: who floods the
 * control port with calls has it made no more often for that. Everybody gets one that was made after he
 * has asked, for clients count reads of their own at any time: the first one of a turn at once, all
 * others the one that is made at its end.
 */
export function oncePerTurn<T>(make: () => T): () => T | Promise<T> {
  let isFirst = true
  let later: Promise<T> | null = null
  const begin = (): void => {
    isFirst = true
  }
  const makeLater = (resolve: (value: T) => void, reject: (reason: unknown) => void): void => {
    setImmediate(() => {
      later = null
      try {
        resolve(make())
      } catch (error) {
        reject(error)
      }
    })
  }
  return () => {
    if (!isFirst) {
      later ??= new Promise<T>(makeLater)
      return later
    }
    isFirst = false
    setImmediate(begin)
    return make()
  }
}
