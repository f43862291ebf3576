// A reader of cached-reads-race.test.ts: reads what is offered now, over and over, and looks whose it is.
import { parentPort, workerData } from 'node:worker_threads'
import { readCached } from './cached.ts'

/** Words that are shared with the test. */
export const GENERATION = 0
export const STOP = 1
export const READS = 2
export const WRONG = 3

export interface RaceOrders {
  readonly words: Int32Array<SharedArrayBuffer>
  readonly slot: number
  readonly owner: number
  readonly files: number
}

if (parentPort !== null) {
  const { words, slot, owner, files } = workerData as RaceOrders
  const memory = new Uint8Array(512)
  while (Atomics.load(words, STOP) === 0) {
    const generation = Atomics.load(words, GENERATION)
    const { result } = readCached({ slot, generation, owner, position: 0 }, memory)
    if (result < 0) continue
    Atomics.add(words, READS, 1)
    // A file holds nothing but its number.
    const expected = generation % files
    if (result !== memory.length || memory.some((byte) => byte !== expected)) {
      Atomics.add(words, WRONG, 1)
    }
  }
}
