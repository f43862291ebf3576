/** What is told that a signal was aborted. */
interface Watching {
  abort(signal: AbortSignal): void
}

/**
 * Calls by the signal that they watch. A signal has one listener of ours, however many calls watch
 * it, and none when no call does: adding and removing costs the same for the first as for the
 * ten-thousandth, and Node has nothing to warn of.
 */
const watched = new WeakMap<AbortSignal, Set<Watching>>()

export function watchSignal(signal: AbortSignal, call: Watching): void {
  const calls = watched.get(signal)
  if (calls !== undefined) {
    calls.add(call)
    return
  }
  watched.set(signal, new Set([call]))
  signal.addEventListener('abort', onAbort)
}

export function unwatchSignal(signal: AbortSignal, call: Watching): void {
  const calls = watched.get(signal)
  if (calls === undefined) return
  calls.delete(call)
  if (calls.size > 0) return
  watched.delete(signal)
  signal.removeEventListener('abort', onAbort)
}

function onAbort(event: Event): void {
  const signal = event.target as AbortSignal
  for (const call of [...(watched.get(signal) ?? [])]) call.abort(signal)
}
