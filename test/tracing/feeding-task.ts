// A thread that writes into a pipe for one that blocks.
import { openSync, writeSync } from 'node:fs'

export interface FeedingOrders {
  path: string
  /** Counts how often it was asked for. */
  asked: Int32Array
  /** Milliseconds from the question to the bytes. */
  millis: number
  bytes: number
}

/** Writes each time that it is asked to, some time later; until the thread is terminated. */
export function feedWhenAsked({ path, asked, millis, bytes }: FeedingOrders): void {
  const pipe = openSync(path, 'r+')
  for (let answered = 0; ; answered++) {
    Atomics.wait(asked, 0, answered)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, millis)
    writeSync(pipe, Buffer.alloc(bytes))
  }
}
