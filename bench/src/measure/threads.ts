import type { Worker } from 'node:worker_threads'

/** The next message of a worker; rejects when it fails. */
export function messageOf<T>(worker: Worker): Promise<T> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}

/** Rejects when a worker fails, as one does that has read what is not there; never resolves. */
export function failureOf(worker: Worker): Promise<never> {
  const failure = new Promise<never>((_resolve, reject) => worker.once('error', reject))
  // Whoever waits for it hears of it; nobody may, when it comes as the measurement ends.
  failure.catch(() => {})
  return failure
}

/** One word that workers wait for, so that all begin at the same time. */
export function letGo(go: SharedArrayBuffer): void {
  const word = new Int32Array(go)
  Atomics.store(word, 0, 1)
  Atomics.notify(word, 0)
}
