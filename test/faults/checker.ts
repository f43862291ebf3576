// A model of the files, and what the history of injected faults says must have come of each operation.
import assert from 'node:assert/strict'
import type { FaultEvent } from '@uring-actor/actor/testing'
import { BLOCK_BYTES, BLOCKS, type Outcome, type Step } from './burst.ts'
import type { Failure } from './failure.ts'

const ECANCELED = -125

/** What must have come of one operation: bytes done, and the error, or 0. */
interface Expected {
  readonly done: number
  readonly errno: number
}

/** Holds each outcome against the history, and the bytes against a model of its own. */
export class Checker {
  readonly files: readonly Uint8Array[]
  /** Operations that failed, as the history said they would. */
  failed = 0
  /** Operations that the engine did in parts. */
  inParts = 0
  readonly #paths: readonly string[]
  /** The faults of each block in this burst. */
  readonly #events = new Map<string, FaultEvent[]>()
  /** Errors of the syncs of each file. */
  #syncErrors: Array<Set<number>> = []

  constructor(paths: readonly string[]) {
    this.#paths = paths
    this.files = paths.map(() => new Uint8Array(BLOCKS * BLOCK_BYTES))
  }

  /** Takes the history of a burst. */
  begin(events: readonly FaultEvent[]): void {
    this.#events.clear()
    this.#syncErrors = this.#paths.map(() => new Set())
    for (const event of events) {
      if (event.name === 'submit') continue
      const file = this.#paths.indexOf(event.path)
      if (event.name === 'fsync') {
        if (event.kind === 'error') this.#syncErrors[file]!.add(event.result)
        continue
      }
      const key = keyOf(file, event.position)
      const known = this.#events.get(key)
      if (known === undefined) this.#events.set(key, [event])
      else known.push(event)
    }
  }

  /** The errors with which a file's syncs have failed in this burst. */
  syncErrorsOf(file: number): ReadonlySet<number> {
    return this.#syncErrors[file]!
  }

  /** Faults that came to no operation: there must be none. */
  get unexplained(): number {
    return this.#events.size
  }

  check(outcome: Outcome): void {
    const { steps, chain, failure, counts } = outcome
    assert.equal(outcome.settled, 1, 'an operation settles once')
    const failedAt = failure === null ? -1 : chain ? failure.failedIndex! : 0
    if (failure !== null) this.failed++
    for (const [index, step] of steps.entries()) {
      const expected = this.#expected(step, index, failedAt)
      if (index === failedAt) this.#checkFailed(step, chain, expected, failure!)
      else if (failedAt >= 0 && index > failedAt) continue
      else this.#checkDone(step, chain, expected, counts[index] ?? null)
    }
  }

  /** Adds up the tries of an operation that the history has faults of. */
  #expected(step: Step, index: number, failedAt: number): Expected {
    const { length } = step.bytes
    if (step.name === 'fsync') return { done: 0, errno: 0 }
    const key = keyOf(step.file, step.position)
    const events = this.#events.get(key) ?? []
    this.#events.delete(key)
    const transfer = step.name === 'read' || step.name === 'write'
    let done = 0
    let errno = 0
    for (const event of events) {
      assert.equal(event.name, step.name)
      assert.equal(event.position, step.position + done, 'each try goes on where the last ended')
      if (transfer) assert.equal(event.length, length - done, 'and asks for the rest')
      assert.equal(errno === 0 || errno === event.result, true, 'nothing follows an error')
      if (event.kind === 'short') done += event.result
      else if (event.kind === 'error') errno = event.result
    }
    if (done > 0) this.inParts++
    // What comes after the failed member of a chain was cancelled, each time.
    if (failedAt >= 0 && index > failedAt) {
      assert.ok(events.every(({ result }) => result === ECANCELED))
    }
    return { done: errno === 0 ? length : done, errno }
  }

  #checkDone(step: Step, chain: boolean, { done, errno }: Expected, count: number | null): void {
    const file = this.files[step.file]!
    const { bytes, position } = step
    if (step.name === 'read') {
      // A read that failed after some bytes is a short read; but it ends a chain.
      assert.ok(
        errno === 0 || (done > 0 && !chain),
        `a read succeeded that had to fail with ${errno}`,
      )
      if (count !== null) assert.equal(count, done)
      const there = file.subarray(position, position + done)
      assert.equal(Buffer.compare(bytes.subarray(0, done), there), 0, 'what was read is the model')
      return
    }
    assert.equal(errno, 0, `a ${step.name} succeeded that had to fail`)
    if (step.name === 'write') {
      if (count !== null) assert.equal(count, bytes.length)
      file.set(bytes, position)
    } else if (step.name === 'trim') file.fill(0, position, position + bytes.length)
  }

  #checkFailed(step: Step, chain: boolean, { done, errno }: Expected, failure: Failure): void {
    const { bytes, position } = step
    const syncErrors = this.#syncErrors[step.file]!
    if (step.name === 'write') {
      // Of a durable write it can be the sync that failed: then all of it is written.
      if (errno === 0) assert.ok(step.durable && syncErrors.has(failure.errno!), `${failure.stack}`)
      else assert.equal(failure.errno, errno)
      assert.equal(failure.bytesWritten, done)
      this.files[step.file]!.set(bytes.subarray(0, done), position)
    } else if (step.name === 'fsync') {
      assert.ok(syncErrors.has(failure.errno!), `${failure.stack}`)
    } else {
      assert.equal(failure.errno, errno, `${failure.stack}`)
      if (step.name === 'read' && !chain) assert.equal(done, 0)
    }
  }
}

function keyOf(file: number, position: number): string {
  return `${file}:${Math.floor(position / BLOCK_BYTES)}`
}
