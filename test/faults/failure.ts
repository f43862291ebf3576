// The error of a call that has to fail.
import assert from 'node:assert/strict'

export interface Failure extends Error {
  readonly code: string
  readonly errno?: number
  readonly bytesWritten?: number
  readonly failedIndex?: number
}

export async function failureOf(call: Promise<unknown>): Promise<Failure> {
  return call.then(
    () => assert.fail('it succeeded'),
    (error) => error as Failure,
  )
}
