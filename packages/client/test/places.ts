// What tracing asks of a client, and what a transport does for it, where there is none.
import assert from 'node:assert/strict'
import {
  COMPLETION_USER_HIGH,
  COMPLETION_USER_LOW,
  COMPLETION_WORDS,
} from '#dist/protocol/index.js'
import type { OperationTrace } from '#dist/trace/operation-trace.js'
import type { Operation } from '#dist/transport/operation.js'

export const PLACES = {
  threadId: 1,
  pathOf: (): string => '/file',
  openedPath: (): string => '/file',
  errorOf: (): Error => new Error('none is expected'),
}

/** Nothing is slow, and nothing recorded. */
export const unexpected = (): never => assert.fail('this is not to be told of')

/** Delivers some operations together, all with the same times, as a transport does. */
export function deliver(
  trace: OperationTrace,
  operations: readonly Operation[],
  alike: Float64Array = new Float64Array(COMPLETION_WORDS / 2),
): void {
  const times = new Float64Array((operations.length * COMPLETION_WORDS) / 2)
  const words = new Int32Array(times.buffer)
  for (const [index, { slot, generation }] of operations.entries()) {
    times.set(alike, (index * COMPLETION_WORDS) / 2)
    words[index * COMPLETION_WORDS + COMPLETION_USER_LOW] = slot
    words[index * COMPLETION_WORDS + COMPLETION_USER_HIGH] = generation
  }
  const completions = { words, times, wordOf: (index: number) => index * COMPLETION_WORDS }
  const expected = (slot: number) => operations.find((operation) => operation.slot === slot) ?? null
  if (trace.delivering(operations.length, completions, { expected })) {
    for (const [index, operation] of operations.entries()) {
      trace.completed(operation, 0, 0, times, (index * COMPLETION_WORDS) / 2)
    }
  }
  trace.delivered(operations.length)
}
