/**
 * Makes a value at most once in a turn of the event loop: who asks again in the same turn gets the
 * same. In between the actor's loop does not run, so nothing has been counted; and who floods the
 * control port with calls has it made no more often for that.
 */
export function oncePerTurn<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null
  return () => {
    if (made === null) {
      made = { value: make() }
      setImmediate(() => {
        made = null
      })
    }
    return made.value
  }
}
